"""The clients, against a transport that keeps what they send. What a real server says to it stands in test_server."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from datetime import UTC, date, datetime
from typing import Any

import httpx
import pytest
from tests.record.wire import Wire, answer, ended, problem, started, stored

from playhead import AsyncSessionReplayClient, SessionReplayClient, errors
from playhead.record.settings import read_settings

EMPTY_LIST = {
    "success": True,
    "data": [],
    "pagination": {"page": 1, "limit": 20, "total": 0, "totalPages": 0},
    "meta": {"total": 0, "page": 1, "totalPages": 0},
}


def client_of(wire: Wire, **settings: Any) -> SessionReplayClient:
    return SessionReplayClient("http://server", "secret-key", transport=wire.transport, **settings)


def test_a_start_carries_the_key_and_an_id_of_the_agreed_form() -> None:
    wire = Wire(started())
    with client_of(wire) as client:
        begun = client.start_recording(
            feature="chat", user_id="u-1", tags=["a"], started_at=datetime(2026, 1, 2, tzinfo=UTC)
        )
    assert begun.session_id == "s-1"
    assert wire.requests[0].headers["authorization"] == "Bearer secret-key"
    assert wire.requests[0].url == "http://server/api/session-replay/recording/start"
    body = wire.bodies[0]
    assert re.fullmatch(r"inapp_chat_\d{13}_[a-z2-7]{26}", body.pop("sessionId"))
    assert body == {"feature": "chat", "userId": "u-1", "tags": ["a"], "startedAt": "2026-01-02T00:00:00.000Z"}


def test_a_repeated_attempt_sends_the_same_bytes() -> None:
    wire = Wire(httpx.ReadError("reset"), problem(503, "store_busy"), stored())
    with client_of(wire) as client:
        client.record_interaction("s-1", model="m", prompt="p", response="r")
    assert len(wire.requests) == 3
    assert len({request.content for request in wire.requests}) == 1


def test_two_events_have_ids_of_their_own_in_order_of_time() -> None:
    wire = Wire(stored())
    with client_of(wire) as client:
        for _ in range(3):
            client.record_user_action("s-1", action="click")
    ids = [body["id"] for body in wire.bodies]
    assert len(set(ids)) == 3
    assert all(re.fullmatch(r"[0-9a-f]{32}", each) for each in ids)
    assert [each[:12] for each in ids] == sorted(each[:12] for each in ids)


def test_members_travel_under_the_wires_names() -> None:
    wire = Wire(stored())
    with client_of(wire) as client:
        client.record_interaction(
            session_id="s-1",
            interaction={"model": "gpt-4o", "time_to_first_token": 210, "my_own": {"kept": True}},
            prompt={"role": "user", "content": "hi"},
            response="hello",
            tokens={"prompt_tokens": 3, "completion_tokens": 5},
            request_metadata={"snake_case": "stays"},
            timestamp="2026-01-02T03:04:05Z",
            id="mine",
        )
    assert wire.bodies[0] == {
        "id": "mine",
        "type": "interaction",
        "timestamp": "2026-01-02T03:04:05Z",
        "data": {
            "response": "hello",
            "prompt": [{"role": "user", "content": "hi"}],
            "tokens": {"input": 3, "output": 5},
            "model": "gpt-4o",
            "timeToFirstToken": 210,
            "my_own": {"kept": True},
            "requestMetadata": {"snake_case": "stays"},
        },
    }


def test_what_the_caller_says_comes_before_what_the_response_tells() -> None:
    wire = Wire(stored())
    told = {
        "choices": [{"message": {"role": "assistant", "content": "x"}}],
        "model": "long-name",
        "usage": {"prompt_tokens": 1},
    }
    with client_of(wire) as client:
        client.record_interaction("s-1", model="mine", prompt="p", response=told, tokens={"input": 9})
    assert wire.bodies[0]["data"]["model"] == "mine"
    assert wire.bodies[0]["data"]["tokens"] == {"input": 9}


def test_an_exception_is_recorded_as_what_it_says() -> None:
    wire = Wire(stored())
    with client_of(wire) as client:
        client.record_interaction("s-1", model="m", prompt="p", error=TimeoutError("too slow"))
    assert wire.bodies[0]["data"]["error"] == {"type": "TimeoutError", "message": "too slow"}


def test_metrics_without_a_sample_ask_the_server_for_one() -> None:
    wire = Wire(stored())
    with client_of(wire) as client:
        client.record_system_metrics("s-1")
        client.record_system_metrics("s-1", cpu=0)
    assert wire.bodies[0] == {"captureSystemMetrics": True}
    assert wire.bodies[1]["data"] == {"cpu": 0}


@pytest.mark.parametrize(
    ("members", "named"),
    [
        ({"prompt": "\ud800", "response": "r"}, "prompt"),
        ({"prompt": [{"content": float("nan")}], "response": "r"}, "prompt[0].content"),
        ({"prompt": "p", "response": "r", "cost": float("inf")}, "cost"),
        ({"prompt": "p", "response": "r", "timestamp": object()}, "timestamp"),
    ],
)
def test_what_cannot_be_kept_is_refused_before_anything_is_sent(members: dict[str, Any], named: str) -> None:
    wire = Wire(stored())
    with client_of(wire) as client, pytest.raises(errors.Invalid) as failure:
        client.record_interaction("s-1", model="m", **members)
    assert failure.value.details[0]["field"] == named
    assert wire.requests == []


def test_large_requests_are_compressed() -> None:
    wire = Wire(stored())
    with client_of(wire) as client:
        client.record_interaction("s-1", model="m", prompt="word " * 10_000, response="r")
        client.record_interaction("s-1", model="m", prompt="word", response="r")
    large, small = wire.requests
    assert large.headers["content-encoding"] == "zstd"
    assert len(large.content) < 1000
    assert wire.bodies[0]["data"]["prompt"] == "word " * 10_000
    assert "content-encoding" not in small.headers


def test_a_batch_carries_whole_sessions() -> None:
    wire = Wire(answer(200, {"success": True, "data": {"accepted": 3, "duplicates": 0, "rejected": []}}))
    with client_of(wire) as client:
        result = client.record_events(
            [
                {
                    "session_id": "s",
                    "type": "session.start",
                    "timestamp": datetime(2026, 1, 1, tzinfo=UTC),
                    "data": {"user_id": "u", "feature": "chat"},
                },
                {"session_id": "s", "type": "step", "id": "e", "data": {"name": "look", "parent_id": "p"}},
                {"sessionId": "s", "type": "session.end", "data": {"status": "completed"}},
            ]
        )
    assert result.accepted == 3
    start, step, end = wire.bodies[0]["events"]
    assert (start["type"], start["timestamp"], start["data"]) == (
        "session.start",
        "2026-01-01T00:00:00.000Z",
        {"userId": "u", "feature": "chat"},
    )
    assert (step["id"], step["data"]) == ("e", {"name": "look", "parentId": "p"})
    assert end["data"] == {"status": "completed"}


def test_a_batch_names_what_does_not_belong_there() -> None:
    with client_of(Wire(stored())) as client:
        with pytest.raises(errors.Invalid, match=r"events\[1\]\.name"):
            client.record_events(
                [{"session_id": "s", "type": "step", "data": {}}, {"session_id": "s", "type": "step", "name": "x"}]
            )
        with pytest.raises(errors.Invalid, match="session_id"):
            client.record_events([{"type": "step"}])


def test_every_filter_has_a_python_name() -> None:
    wire = Wire(answer(200, EMPTY_LIST))
    with client_of(wire) as client:
        client.list_session_replays(
            page=2,
            limit=5,
            sort_by="cost",
            sort_order="asc",
            user_id="u",
            feature="chat",
            model="m",
            tags=["a", "b"],
            has_errors=False,
            start_date=date(2026, 1, 1),
            end_date=datetime(2026, 1, 31, tzinfo=UTC),
            min_cost=0.5,
            metadata={"plan": "pro", "beta": True},
            search='"two words"',
            bookmarked=True,
        )
    assert wire.requests[0].url.params.multi_items() == [
        ("page", "2"), ("limit", "5"), ("sortBy", "cost"), ("sortOrder", "asc"), ("userId", "u"), ("feature", "chat"),
        ("model", "m"), ("tag", "a"), ("tag", "b"), ("hasErrors", "false"), ("startDate", "2026-01-01"),
        ("endDate", "2026-01-31T00:00:00.000Z"), ("minCost", "0.5"), ("metadata.plan", "pro"),
        ("metadata.beta", "true"), ("search", '"two words"'), ("bookmarked", "true"),
    ]  # fmt: skip


def test_a_filter_that_does_not_exist_is_a_type_error() -> None:
    with client_of(Wire(answer(200, EMPTY_LIST))) as client, pytest.raises(TypeError, match="userid"):
        client.list_session_replays(userid="u")  # type: ignore[call-arg]


def test_events_come_page_after_page() -> None:
    wire = Wire(
        answer(200, {"success": True, "data": [{"seq": 1}, {"seq": 2}], "next": 2}),
        answer(200, {"success": True, "data": [{"seq": 3}], "next": None}),
    )
    with client_of(wire) as client:
        assert [event["seq"] for event in client.get_events("s-1", types=["step"], page_size=2)] == [1, 2, 3]
    assert [request.url.query for request in wire.requests] == [
        b"after=0&limit=2&type=step",
        b"after=2&limit=2&type=step",
    ]


def test_session_ids_are_quoted_and_never_empty() -> None:
    wire = Wire(ended())
    with client_of(wire) as client:
        client.end_recording("a/b?c")
        with pytest.raises(errors.Invalid, match="session_id"):
            client.end_recording("")
    assert wire.requests[0].url.raw_path == b"/api/session-replay/a%2Fb%3Fc/end"


def test_a_block_is_a_session() -> None:
    wire = Wire(started(), stored(), ended())
    with client_of(wire) as client, client.session(user_id="u", feature="chat") as session:
        assert session.session_id == "s-1"
        session.record_interaction(model="m", prompt="p", response="r")
    assert [request.url.path.rsplit("/", 1)[-1] for request in wire.requests] == ["start", "snapshot", "end"]
    assert wire.bodies[2] == {"status": "completed"}


def test_a_block_that_raises_ends_its_session_with_error() -> None:
    wire = Wire(started(), ended(status="error"))
    with client_of(wire) as client, pytest.raises(ZeroDivisionError), client.session(feature="chat"):
        _ = 1 // 0
    assert wire.bodies[1] == {"status": "error"}
    assert len(wire.requests) == 2


def test_a_failing_end_does_not_hide_what_the_block_raised() -> None:
    wire = Wire(started(), problem(404, "session_not_found"))
    with client_of(wire) as client, pytest.raises(ZeroDivisionError) as failure, client.session(feature="chat"):
        _ = 1 // 0
    assert "could not end session s-1" in failure.value.__notes__[0]


def test_the_asyncio_client_does_the_same() -> None:
    wire = Wire(started(), httpx.ReadError("reset"), stored(), ended())
    pages = Wire(
        answer(200, {"success": True, "data": [{"seq": 1}], "next": 1}),
        answer(200, {"success": True, "data": [{"seq": 2}], "next": None}),
    )

    async def story() -> list[int]:
        async with (
            AsyncSessionReplayClient("http://server", transport=wire.transport) as client,
            client.session(feature="chat") as session,
        ):
            await session.record_interaction(model="m", prompt="p", response="r")
        async with AsyncSessionReplayClient("http://server", transport=pages.transport) as client:
            return [event["seq"] async for event in client.get_events("s-1")]

    assert asyncio.run(story()) == [1, 2]
    assert [request.url.path.rsplit("/", 1)[-1] for request in wire.requests] == [
        "start",
        "snapshot",
        "snapshot",
        "end",
    ]


def test_an_asyncio_block_that_raises_ends_with_error() -> None:
    wire = Wire(started(), ended(status="error"))

    async def story() -> None:
        client = AsyncSessionReplayClient("http://server", transport=wire.transport)
        async with client, client.session(feature="chat"):
            raise LookupError

    with pytest.raises(LookupError):
        asyncio.run(story())
    assert wire.bodies[1] == {"status": "error"}


def test_both_clients_offer_the_same() -> None:
    def offers(kind: type) -> set[str]:
        return {name for name in vars(kind) if not name.startswith("_")}

    assert offers(SessionReplayClient) == offers(AsyncSessionReplayClient)


def test_a_server_that_is_not_there_is_named() -> None:
    with (
        SessionReplayClient("http://127.0.0.1:9", max_retries=0) as client,
        pytest.raises(errors.Unreachable) as failure,
    ):
        client.stats()
    assert "http://127.0.0.1:9" in str(failure.value)


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLAYHEAD_URL", "https://replay.example/api/session-replay/")
    monkeypatch.setenv("PLAYHEAD_API_KEY", "from-the-environment")
    settings = read_settings(None, None, 30.0, 4)
    assert (settings.url, settings.api_key) == ("https://replay.example", "from-the-environment")
    assert read_settings("http://other:1", "mine", 30.0, 4).url == "http://other:1"


def test_the_end_of_a_failing_block_has_less_time_than_other_operations() -> None:
    settings = read_settings("http://server", None, 30.0, 4)
    assert settings.within(5.0).timeout_s == 5.0
    assert settings.within(60.0).timeout_s == 30.0
    assert settings.within(None) is settings


@pytest.mark.parametrize("url", ["localhost:4747", "ftp://x", "", "http://x:port", "http://"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(errors.Invalid, match="url"):
        SessionReplayClient(url)


def test_a_key_with_a_line_break_is_refused() -> None:
    with pytest.raises(errors.Invalid, match="api_key"):
        SessionReplayClient("http://x", "one\ntwo")


def test_importing_playhead_loads_no_library() -> None:
    program = "import sys, playhead; print([m for m in ('httpx', 'msgspec', 'starlette') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_client_loads_nothing_of_the_server() -> None:
    program = (
        "import sys; from playhead import SessionReplayClient, AsyncSessionReplayClient; "
        "print([m for m in ('starlette', 'typer', 'apsw', 'uvicorn', 'genai_prices', 'playhead.server')"
        " if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
