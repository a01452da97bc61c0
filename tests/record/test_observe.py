"""``observe``: calls become steps, nested as they were called; what the application sees of its functions stays."""

from __future__ import annotations

import asyncio
import functools
import inspect
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, closing, contextmanager
from contextvars import ContextVar, copy_context
from typing import Any

import pytest

import playhead
from playhead import Session, observe
from playhead.record import door
from playhead.record.current import current_session, suppressed
from playhead.testing import MemoryServer


class Recorded:
    """What has been recorded in one session."""

    def __init__(self) -> None:
        self.server = MemoryServer()
        self.recorder = self.server.recorder()

    @contextmanager
    def session(self) -> Iterator[Session]:
        with self.recorder.session(feature="test") as session:
            yield session

    def events(self, kind: str = "step") -> list[dict[str, Any]]:
        assert self.recorder.flush(5)
        return self.server.of_type(kind)

    def steps(self) -> list[dict[str, Any]]:
        return [event["data"] for event in self.events()]

    def step(self) -> dict[str, Any]:
        (step,) = self.steps()
        return step


@pytest.fixture
def recorded() -> Iterator[Recorded]:
    recorded = Recorded()
    yield recorded
    assert recorded.recorder.stats().dropped == {}
    assert recorded.recorder.stats().altered == {}
    recorded.recorder.shutdown(5)


@observe
def add(one: int, two: int = 2) -> int:
    return one + two


def test_a_call_is_a_step_with_its_arguments_by_name_and_its_result(recorded: Recorded) -> None:
    with recorded.session():
        assert add(1) == 3
    step = recorded.step()
    assert (step["name"], step["kind"], step["input"], step["output"]) == ("add", "custom", {"one": 1}, 3)
    assert step["status"] == "completed"
    assert step["latency"] >= 0


def test_without_a_session_nothing_is_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "_recorder", None)
    assert add(1, two=1) == 2
    assert door._recorder is None


def test_what_is_suppressed_is_not_recorded(recorded: Recorded) -> None:
    with recorded.session(), suppressed():
        assert add(1) == 3
    assert recorded.steps() == []


def test_name_and_kind_can_be_given_and_captures_switched_off(recorded: Recorded) -> None:
    @observe(name="lookup", kind="tool", capture_input=False, capture_output=False)
    def secret(password: str) -> str:
        return password

    with recorded.session():
        assert secret("hunter2") == "hunter2"
    step = recorded.step()
    assert (step["name"], step["kind"]) == ("lookup", "tool")
    assert "hunter2" not in str(step)


def test_an_error_is_recorded_and_passed_on_as_it_is(recorded: Recorded) -> None:
    failure = LookupError("no such city")

    @observe
    def fails() -> None:
        raise failure

    with recorded.session(), pytest.raises(LookupError) as caught:
        fails()
    assert caught.value is failure
    step = recorded.step()
    assert step["error"] == {"type": "LookupError", "message": "no such city"}
    assert step["status"] == "error"


def test_arguments_that_do_not_fit_fail_as_they_would_and_are_recorded(recorded: Recorded) -> None:
    with recorded.session(), pytest.raises(TypeError, match="missing 1 required positional argument"):
        add(two=1)  # type: ignore[call-arg]
    assert recorded.step()["input"] == {"two": 1}


def test_arguments_are_recorded_as_they_were_before_the_call_changed_them(recorded: Recorded) -> None:
    @observe
    def empty(items: list[int]) -> None:
        items.clear()

    with recorded.session():
        empty([1, 2])
    assert recorded.step()["input"] == {"items": [1, 2]}


def test_steps_and_interactions_inside_a_call_are_its_children(recorded: Recorded) -> None:
    @observe
    def outer() -> int:
        session = current_session()
        assert session is not None
        session.record_interaction(model="m", prompt="p", response="r")
        return add(add(1), 0)

    with recorded.session():
        outer()
        add(7)
    steps = recorded.events()
    top = next(step for step in steps if step["data"]["name"] == "outer")
    parents = [step["data"].get("parentId") for step in steps]
    assert parents == [top["id"], top["id"], None, None]
    assert recorded.events("interaction")[0]["data"]["parentId"] == top["id"]


def test_a_function_that_calls_itself_nests(recorded: Recorded) -> None:
    @observe
    def down(depth: int) -> int:
        return 0 if depth == 0 else 1 + down(depth - 1)

    with recorded.session():
        assert down(3) == 3
    steps = recorded.events()
    assert [step["data"].get("parentId") for step in steps] == [*[step["id"] for step in steps[1:]], None]


class Tools:
    @observe
    def method(self, word: str) -> str:
        return word.upper()

    @observe
    @staticmethod
    def outer_static(word: str) -> str:
        return word

    @staticmethod
    @observe
    def inner_static(word: str) -> str:
        return word

    @observe
    @classmethod
    def of_class(cls, word: str) -> str:
        return f"{cls.__name__} {word}"

    @observe
    async def later(self, word: str) -> str:
        return word

    @property
    @observe
    def value(self) -> int:
        return 4


def test_methods_of_every_kind_are_recorded_without_their_object(recorded: Recorded) -> None:
    with recorded.session():
        tools = Tools()
        assert tools.method("a") == "A"
        assert Tools.outer_static("b") == Tools.inner_static("b") == tools.outer_static("b") == "b"
        assert Tools.of_class("c") == "Tools c"
        assert asyncio.run(tools.later("d")) == "d"
        assert tools.value == 4
    steps = recorded.steps()
    assert [step["name"] for step in steps] == [
        "Tools.method", *["Tools.outer_static", "Tools.inner_static", "Tools.outer_static"],
        "Tools.of_class", "Tools.later", "Tools.value",
    ]  # fmt: skip
    assert [step.get("input") for step in steps] == [{"word": word} for word in "abbbcd"] + [None]


def test_a_decorated_function_is_still_of_its_kind() -> None:
    async def coroutine() -> None: ...
    def generator() -> Iterator[int]:
        yield 1

    async def async_generator() -> AsyncIterator[int]:
        yield 1

    assert inspect.iscoroutinefunction(observe(coroutine))
    assert inspect.isgeneratorfunction(observe(generator))
    assert inspect.isasyncgenfunction(observe(async_generator))
    assert add.__name__ == "add"
    assert list(inspect.signature(add).parameters) == ["one", "two"]


def test_what_has_no_name_of_its_own_can_be_observed(recorded: Recorded) -> None:
    class Caller:
        def __call__(self, word: str) -> str:
            return word

    with recorded.session():
        assert observe(Caller())("a") == "a"
        assert observe(functools.partial(add, 1))(two=5) == 6
        assert observe(max)(3, 4) == 4
    assert [step["output"] for step in recorded.steps() if step["name"] != "add"] == ["a", 6, 4]


@pytest.mark.parametrize("thing", [7, "text", Tools])
def test_what_is_no_function_is_refused(thing: Any) -> None:
    with pytest.raises(TypeError, match="expects a function"):
        observe(thing)


def test_a_coroutine_is_recorded_with_what_it_awaits(recorded: Recorded) -> None:
    @observe
    async def inner(number: int) -> int:
        await asyncio.sleep(0)
        return number

    @observe
    async def outer() -> list[int]:
        return list(await asyncio.gather(inner(1), inner(2)))

    with recorded.session():
        assert asyncio.run(outer()) == [1, 2]
    *below, top = recorded.events()
    assert [step["data"]["parentId"] for step in below] == [top["id"]] * 2
    assert sorted(step["data"]["output"] for step in below) == [1, 2]


def test_a_cancelled_task_is_recorded_as_cancelled_and_not_as_failed(recorded: Recorded) -> None:
    @observe(capture_input=False)
    async def endless(begun: asyncio.Event) -> None:
        begun.set()
        await asyncio.Event().wait()

    async def cancel() -> None:
        begun = asyncio.Event()
        task = asyncio.ensure_future(endless(begun))
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    with recorded.session():
        asyncio.run(cancel())
    step = recorded.step()
    assert step["status"] == "cancelled"
    assert "error" not in step


def test_a_coroutine_that_is_closed_before_its_end_is_cancelled_too(recorded: Recorded) -> None:
    @observe
    async def waits() -> None:
        await asyncio.Event().wait()

    async def close() -> None:
        coroutine = waits()
        coroutine.send(None)
        coroutine.close()

    with recorded.session():
        asyncio.run(close())
    assert recorded.step()["status"] == "cancelled"


@observe
def letters(word: str) -> Iterator[str]:
    for letter in word:
        session = current_session()
        assert session is not None
        session.record_user_action(action=letter)
        session.record_step(name=f"inside {letter}")
        yield letter


def test_a_generator_is_a_step_with_what_it_yielded_and_the_parent_of_its_own_work_alone(recorded: Recorded) -> None:
    with recorded.session() as session:
        for letter in letters("ab"):
            session.record_step(name=f"outside {letter}")
    steps = {step["data"]["name"]: step for step in recorded.events()}
    top = steps["letters"]
    assert (top["data"]["output"], top["data"]["items"]) == ("ab", 2)
    assert steps["inside a"]["data"]["parentId"] == steps["inside b"]["data"]["parentId"] == top["id"]
    assert "parentId" not in steps["outside a"]["data"]
    assert "parentId" not in steps["outside b"]["data"]


def test_a_step_that_is_open_in_a_generator_is_still_its_parent_when_it_goes_on(recorded: Recorded) -> None:
    @observe(name="generator", capture_input=False)
    def generator(session: Session) -> Iterator[int]:
        with session.step("open"):
            yield 1
            session.record_step(name="inside")
        session.record_step(name="after")

    with recorded.session() as session:
        for _ in generator(session):
            session.record_step(name="outside")
    steps = {step["data"]["name"]: step for step in recorded.events()}
    assert steps["inside"]["data"]["parentId"] == steps["open"]["id"]
    assert steps["after"]["data"]["parentId"] == steps["generator"]["id"] == steps["open"]["data"]["parentId"]
    assert "parentId" not in steps["outside"]["data"]


def test_a_generator_that_is_closed_early_is_recorded_with_what_it_had_yielded(recorded: Recorded) -> None:
    with recorded.session(), closing(letters("abc")) as generator:  # type: ignore[type-var]
        assert next(generator) == "a"
    step = next(step for step in recorded.steps() if step["name"] == "letters")
    assert (step["status"], step["output"], step["items"]) == ("closed", "a", 1)
    assert "error" not in step


def test_a_generator_that_was_never_begun_is_not_recorded(recorded: Recorded) -> None:
    with recorded.session():
        letters("abc")
    assert recorded.steps() == []


def test_send_throw_and_return_go_through_an_observed_generator(recorded: Recorded) -> None:
    @observe
    def echo() -> Any:
        received: list[Any] = []
        while True:
            try:
                received.append((yield len(received)))
            except KeyError as error:
                received.append(error.args[0])
            if received[-1] is None:
                return received

    with recorded.session():
        generator = echo()
        assert next(generator) == 0
        assert generator.send("a") == 1
        assert generator.throw(KeyError("b")) == 2
        with pytest.raises(StopIteration) as stop:
            next(generator)
        assert stop.value.value == ["a", "b", None]
    assert recorded.step()["output"] == [0, 1, 2]


def test_an_error_in_a_generator_is_recorded_with_what_it_had_yielded(recorded: Recorded) -> None:
    @observe
    def breaks() -> Iterator[int]:
        yield 1
        raise OSError("gone")

    with recorded.session(), pytest.raises(OSError, match="gone"):
        list(breaks())
    step = recorded.step()
    assert (step["output"], step["error"], step["items"]) == ([1], {"type": "OSError", "message": "gone"}, 1)


@observe
async def numbers(count: int) -> AsyncIterator[int]:
    for number in range(count):
        add(number, 0)
        yield number


def test_an_async_generator_is_a_step_too(recorded: Recorded) -> None:
    async def consume() -> list[int]:
        seen = []
        async for number in numbers(3):
            add(number, 100)
            seen.append(number)
        return seen

    with recorded.session():
        assert asyncio.run(consume()) == [0, 1, 2]
    top = next(step for step in recorded.events() if step["data"]["name"] == "numbers")
    assert (top["data"]["output"], top["data"]["items"]) == ([0, 1, 2], 3)
    inside = [step["data"] for step in recorded.events() if step["data"].get("parentId") == top["id"]]
    assert [step["input"]["two"] for step in inside] == [0, 0, 0]


def test_an_async_generator_that_is_closed_early_or_breaks_says_so(recorded: Recorded) -> None:
    @observe(name="breaking")
    async def breaking() -> AsyncIterator[int]:
        yield 1
        raise OSError("gone")

    async def consume() -> None:
        async with aclosing(numbers(3)) as stream:  # type: ignore[type-var]
            assert await anext(stream) == 0
        with pytest.raises(OSError, match="gone"):
            _ = [number async for number in breaking()]

    with recorded.session():
        asyncio.run(consume())
    steps = {step["name"]: step for step in recorded.steps()}
    assert (steps["numbers"]["status"], steps["numbers"]["output"]) == ("closed", [0])
    assert (steps["breaking"]["status"], steps["breaking"]["output"]) == ("error", [1])


def test_asend_and_athrow_go_through_an_observed_async_generator(recorded: Recorded) -> None:
    @observe
    async def echo() -> Any:
        given = None
        while True:
            try:
                given = yield given
            except KeyError as error:
                given = f"caught {error.args[0]}"

    async def talk() -> list[Any]:
        stream = echo()
        said = [await stream.asend(None), await stream.asend("a"), await stream.athrow(KeyError("b"))]
        await stream.aclose()
        return said

    with recorded.session():
        assert asyncio.run(talk()) == [None, "a", "caught b"]
    assert recorded.step()["status"] == "closed"
    assert asyncio.run(talk()) == [None, "a", "caught b"]


def test_what_a_generator_sets_in_its_context_reaches_its_consumer_as_ever(recorded: Recorded) -> None:
    variable: ContextVar[int] = ContextVar("variable", default=0)

    @observe
    def sets() -> Iterator[int]:
        variable.set(1)
        yield variable.get()
        yield variable.get()

    def consume() -> list[int]:
        seen = []
        for value in sets():
            seen.append(value)
            seen.append(variable.get())
            variable.set(2)
        return seen

    with recorded.session():
        assert copy_context().run(consume) == [1, 1, 2, 2]


def test_very_long_generators_are_counted_and_recorded_up_to_a_bound(recorded: Recorded) -> None:
    @observe
    def many() -> Iterator[int]:
        yield from range(12_000)

    with recorded.session():
        assert sum(1 for _ in many()) == 12_000
    step = recorded.step()
    assert (step["items"], len(step["output"])) == (12_000, 10_000)


def test_a_call_can_start_a_session_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    server = MemoryServer()
    monkeypatch.setattr(door, "_recorder", server.recorder())

    @observe(session=True, name="Answer")
    async def answer(question: str) -> str:
        add(1)
        if not question:
            raise ValueError("nothing asked")
        return question

    assert asyncio.run(answer("why?")) == "why?"
    with pytest.raises(ValueError, match="nothing asked"):
        asyncio.run(answer(""))
    assert playhead.flush(5)
    assert [event["data"]["status"] for event in server.of_type("session.end")] == ["completed", "error"]
    assert [event["data"]["feature"] for event in server.of_type("session.start")] == ["answer"] * 2
    first = server.of_type("step")[:2]
    assert first[0]["data"]["parentId"] == first[1]["id"]
    assert current_session() is None
    playhead.shutdown(5)


def test_threads_keep_to_the_session_that_they_were_given(recorded: Recorded) -> None:
    with recorded.session(), ThreadPoolExecutor(4) as pool:
        calls: list[Callable[[], int]] = [functools.partial(copy_context().run, add, number) for number in range(20)]
        assert [future.result() for future in [pool.submit(call) for call in calls]] == list(range(2, 22))
    assert len(recorded.steps()) == 20


def test_a_failure_of_ours_is_counted_and_the_call_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a bug of ours")

    monkeypatch.setattr("playhead.record._observed.RunningStep", broken)
    server = MemoryServer()
    recorder = server.recorder()
    with recorder.session(feature="test"):
        assert add(1) == 3
    assert recorder.flush(5)
    assert sum(recorder.stats().dropped.values()) == 1
    recorder.shutdown(5)


def test_an_object_without_a_json_form_neither_breaks_the_call_nor_hides_it() -> None:
    class Odd:
        def __str__(self) -> str:
            raise RuntimeError

        def to_dict(self) -> dict[str, Any]:
            raise RuntimeError

    server = MemoryServer()
    recorder = server.recorder()
    with recorder.session(feature="test"):
        assert isinstance(observe(lambda odd: odd)(Odd()), Odd)
    assert recorder.flush(5)
    step = server.of_type("step")[0]["data"]
    assert "Odd" in step["input"]["odd"]
    assert "Odd" in step["output"]
    recorder.shutdown(5)
