"""The decorator that records calls of functions as steps; each kind of function stays the kind that it is.

@playhead.observe
def search(query): …

@playhead.observe(name="ask", kind="agent", capture_input=False)
async def ask(question): …
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import AsyncGenerator, Callable, Generator
from typing import Any, TypeVar, overload

from playhead.model.event import StepKind
from playhead.record._observed import Observation, Run, signature_of

F = TypeVar("F")


@overload
def observe(function: F, /) -> F: ...
@overload
def observe(
    *,
    name: str | None = None,
    kind: StepKind = "custom",
    capture_input: bool = True,
    capture_output: bool = True,
    session: bool = False,
) -> Callable[[F], F]: ...
def observe(
    function: Any = None,
    /,
    *,
    name: str | None = None,
    kind: StepKind = "custom",
    capture_input: bool = True,
    capture_output: bool = True,
    session: bool = False,
) -> Any:
    """Record each call of a function as a step of the current session; what it calls is nested in it.

    For functions, coroutines, generators, async generators, methods, static and class methods. A call's errors, its
    results and what it yields reach its caller unchanged. Without a current session nothing is recorded.

    Args:
        function: What is decorated, where ``observe`` stands without arguments.
        name: The step's name; else the function's.
        kind: tool, retrieval, agent, chain, http or custom.
        capture_input: False records no arguments.
        capture_output: False records neither what is returned nor what is yielded.
        session: True starts a session for a call that has none, and ends it with the call.

    Raises TypeError for what cannot be called.
    """

    def decorate(given: Any) -> Any:
        if isinstance(given, staticmethod | classmethod):
            return type(given)(decorate(given.__func__))
        if not callable(given) or inspect.isclass(given):
            raise TypeError(f"playhead.observe expects a function, not {given!r}")
        seen = Observation(
            name=(name or _name(given))[:500],
            kind=kind,
            signature=signature_of(given),
            capture_input=capture_input,
            capture_output=capture_output,
            session=session,
        )
        return functools.wraps(given)(_wrapper(given)(seen, given))

    return decorate if function is None else decorate(function)


def _name(function: Any) -> str:
    name = getattr(function, "__qualname__", None) or type(function).__qualname__
    return str(name).rpartition("<locals>.")[2]


def _wrapper(function: Any) -> Callable[[Observation, Any], Any]:
    inner = function.func if isinstance(function, functools.partial) else function
    called = inner if inspect.isroutine(inner) else type(inner).__call__
    if inspect.isasyncgenfunction(called):
        return _async_generator
    if inspect.isgeneratorfunction(called):
        return _generator
    return _coroutine if inspect.iscoroutinefunction(called) else _function


def _function(seen: Observation, function: Callable[..., Any]) -> Callable[..., Any]:
    def observed(*args: Any, **kwargs: Any) -> Any:
        run = seen.begin(args, kwargs)
        if run is None:
            return function(*args, **kwargs)
        run.resume()
        try:
            result = function(*args, **kwargs)
        except BaseException as error:
            run.raised(error)
            raise
        else:
            run.returned(result)
            return result
        finally:
            run.pause()

    return observed


def _coroutine(seen: Observation, function: Callable[..., Any]) -> Callable[..., Any]:
    async def observed(*args: Any, **kwargs: Any) -> Any:
        run = seen.begin(args, kwargs)
        if run is None:
            return await function(*args, **kwargs)
        run.resume()
        try:
            result = await function(*args, **kwargs)
        except BaseException as error:
            run.raised(error)
            raise
        else:
            run.returned(result)
            return result
        finally:
            run.pause()

    return observed


def _generator(seen: Observation, function: Callable[..., Any]) -> Callable[..., Any]:
    def observed(*args: Any, **kwargs: Any) -> Any:
        run = seen.begin(args, kwargs)
        inner = function(*args, **kwargs)
        return (yield from inner if run is None else _driven(run, inner))

    return observed


def _driven(run: Run, inner: Generator[Any, Any, Any]) -> Generator[Any, Any, Any]:
    """Pass everything through, both ways; what is current changes only while the generator's own code runs."""
    resume, given = inner.send, None
    while True:
        run.resume()
        try:
            item = resume(given)
        except StopIteration as stop:
            run.exhausted()
            return stop.value
        except BaseException as error:
            run.raised(error, yields=True)
            raise
        finally:
            run.pause()
        run.item(item)
        try:
            resume, given = inner.send, (yield item)
        except GeneratorExit:
            _close(run, inner)
            raise
        except BaseException as thrown:  # noqa: BLE001 - whatever the caller throws is the generator's to catch
            resume, given = inner.throw, thrown


def _close(run: Run, inner: Generator[Any, Any, Any]) -> None:
    run.resume()
    try:
        inner.close()
    except BaseException as error:
        run.raised(error, yields=True)
        raise
    else:
        run.exhausted("closed")
    finally:
        run.pause()


def _async_generator(seen: Observation, function: Callable[..., Any]) -> Callable[..., Any]:
    async def observed(*args: Any, **kwargs: Any) -> Any:
        run, inner = seen.begin(args, kwargs), function(*args, **kwargs)
        resume, given = inner.asend, None
        while True:
            try:
                item = await _awaited(run, resume(given))
            except StopAsyncIteration:
                return
            try:
                resume, given = inner.asend, (yield item)
            except GeneratorExit:
                await _aclose(run, inner)
                raise
            except BaseException as thrown:  # noqa: BLE001 - as in a generator
                resume, given = inner.athrow, thrown

    return observed


async def _awaited(run: Run | None, turn: Any) -> Any:
    """Let an async generator run to its next item and return it."""
    if run is None:
        return await turn
    run.resume()
    try:
        item = await turn
    except StopAsyncIteration:
        run.exhausted()
        raise
    except BaseException as error:
        run.raised(error, yields=True)
        raise
    finally:
        run.pause()
    run.item(item)
    return item


async def _aclose(run: Run | None, inner: AsyncGenerator[Any, Any]) -> None:
    if run is None:
        await inner.aclose()
        return
    run.resume()
    try:
        await inner.aclose()
    except BaseException as error:
        run.raised(error, yields=True)
        raise
    else:
        run.exhausted("closed")
    finally:
        run.pause()
