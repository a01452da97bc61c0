"""The client against a real server: every operation, what comes back, and what is refused."""

from __future__ import annotations

import asyncio
import csv
import io
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from tests.support.server import Server

from playhead import AsyncSessionReplayClient, SessionReplayClient, errors
from playhead.model.event import DATA_OF

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def client(server: Server) -> Iterator[SessionReplayClient]:
    """A client with a project of its own."""
    with SessionReplayClient(server.url, server.new_key("admin")) as client:
        yield client


def test_a_recorded_session_comes_back_whole(client: SessionReplayClient) -> None:
    with client.session(
        user_id="u-1", feature="chat", label="Hello", tags=["a"], metadata={"plan": {"tier": 2}}, started_at=START
    ) as session:
        call = session.record_interaction(
            {"model": "gpt-4o", "my_own": [1, None, "ü"]},
            prompt=[{"role": "user", "content": "Hi"}],
            response="Hello",
            provider="openai",
            tokens={"input": 1000, "output": 100},
            latency=timedelta(seconds=1.5),
            time_to_first_token=200,
            timestamp=START + timedelta(seconds=2),
        )
        session.record_user_action(action="click", target="#x", timestamp=START + timedelta(seconds=3))
        session.record_code_context(
            file="a.py", snippet="x = 1", language="python", cursor_position={"line": 1, "column": 2}
        )
        session.record_system_metrics(cpu=12.5, memory=40, active_requests=2, network={"sent": 1, "received": 2})
        session.record_workspace_state(environment={"os": "linux"}, active_files=["a.py"])
        session.record_step(name="look", kind="tool", parent_id=call.id, input={"q": 1}, output=[2], latency=30)
        session.record_feedback(score=True, comment="good", interaction_id=call.id)
    replay = client.get_session_replay(session.session_id)
    assert (replay.user_id, replay.label, replay.tags, replay.metadata) == (
        "u-1",
        "Hello",
        ["a"],
        {"plan": {"tier": 2}},
    )
    assert (replay.status, replay.started_at, replay.summary.total_events) == ("completed", START, 7)
    data = replay.replay_data
    interaction = data.ai_interactions[0]
    assert (interaction.id, interaction.latency, interaction.time_to_first_token) == (call.id, 1500, 200)
    assert (interaction.cost, interaction.cost_source) == (0.0035, "computed")
    assert data.steps[0].parent_id == call.id
    assert data.feedback[0].score is True
    assert data.workspace_state is not None
    assert data.workspace_state.environment == {"os": "linux"}
    assert data.code_context[0].cursor_position is not None
    assert replay.replay_url == f"{session.replay_url}"


def test_members_of_ones_own_are_in_the_events(client: SessionReplayClient) -> None:
    with client.session(feature="chat") as session:
        session.record_interaction(
            {"model": "m", "prompt": "p", "response": "r", "deep": {"nul": "a\x00b", "big": 10**30}}
        )
    event = next(client.get_events(session.session_id))
    assert event["deep"] == {"nul": "a\x00b", "big": 10**30}


def test_events_come_in_order_of_time_over_many_pages(client: SessionReplayClient) -> None:
    session = client.start_recording(feature="workflow", started_at=START).session_id
    events = [
        {"session_id": session, "type": "step", "data": {"name": str(n)}, "timestamp": START + timedelta(seconds=n)}
        for n in reversed(range(25))
    ]
    assert client.record_events(events).accepted == 25
    assert [event["name"] for event in client.get_events(session, page_size=7)] == [str(n) for n in range(25)]
    assert list(client.get_events(session, types=["interaction"])) == []


def test_a_batch_tells_what_was_refused_and_keeps_the_rest(client: SessionReplayClient) -> None:
    session = client.start_recording(feature="chat").session_id
    events: list[dict[str, Any]] = [
        {"session_id": session, "id": "1", "type": "step", "data": {"name": "a"}},
        {"session_id": session, "id": "1", "type": "step", "data": {"name": "a"}},
        {"session_id": session, "id": "2", "type": "step", "data": {"latency": -1}},
        {"session_id": "absent", "id": "3", "type": "step", "data": {"name": "a"}},
    ]
    result = client.record_events(events)
    assert (result.accepted, result.duplicates) == (1, 1)
    assert [(each.index, each.id, each.code) for each in result.rejected] == [
        (2, "2", "validation_error"),
        (3, "3", "session_not_found"),
    ]


def test_a_whole_session_travels_in_one_request(client: SessionReplayClient) -> None:
    batch: list[dict[str, Any]] = [
        {
            "session_id": "whole",
            "type": "session.start",
            "data": {"feature": "agent", "user_id": "u", "started_at": START},
        },
        {"session_id": "whole", "type": "step", "data": {"name": "x"}, "timestamp": START + timedelta(seconds=1)},
        {
            "session_id": "whole",
            "type": "session.end",
            "data": {"status": "error", "ended_at": START + timedelta(seconds=2)},
        },
    ]
    assert client.record_events(batch).rejected == []
    session = client.get_session("whole")
    assert (session.user_id, session.started_at, session.status, session.duration) == ("u", START, "error", 2000)


def test_a_start_under_an_own_id_is_harmless_until_the_session_has_ended(client: SessionReplayClient) -> None:
    first = client.start_recording(feature="chat", session_id="mine")
    again = client.start_recording(feature="chat", session_id="mine")
    assert again.started_at == first.started_at
    client.end_recording("mine")
    assert client.end_recording("mine").status == "completed"
    with pytest.raises(errors.SessionEnded):
        client.start_recording(feature="chat", session_id="mine")


def test_filters_find_sessions(client: SessionReplayClient) -> None:
    for number in range(5):
        with client.session(
            feature="chat" if number % 2 else "agent",
            user_id=f"u-{number}",
            tags=["odd"] if number % 2 else ["even"],
            metadata={"n": number},
            started_at=START + timedelta(days=number),
        ) as session:
            session.record_interaction(model=f"m-{number}", prompt="p", response="r", cost=number)
    last = client.list_session_replays(limit=1).data[0]
    client.update_session(last.session_id, label="last", bookmarked=True)

    def users(**filters: Any) -> list[str | None]:
        return [each.user_id for each in client.list_session_replays(sort_order="asc", **filters).data]

    assert users(feature="chat") == ["u-1", "u-3"]
    assert users(tags=["even"]) == ["u-0", "u-2", "u-4"]
    assert users(start_date=START + timedelta(days=1), end_date=(START + timedelta(days=2)).date()) == ["u-1", "u-2"]
    assert users(min_cost=1.5, max_cost=3) == ["u-2", "u-3"]
    assert users(metadata={"n": 3}) == ["u-3"]
    assert users(model="m-4", bookmarked=True, label="last", has_errors=False) == ["u-4"]
    listed = client.list_session_replays(limit=2, sort_by="cost")
    assert (listed.pagination.total, listed.pagination.total_pages, len(listed.data)) == (5, 3, 2)
    assert [each.user_id for each in client.iterate_session_replays(page_size=2)] == ["u-4", "u-3", "u-2", "u-1", "u-0"]
    stats = client.stats(group_by="feature", feature="chat")
    assert (stats.total_sessions, stats.total_cost) == (2, 4.0)


def test_search_finds_what_was_said(client: SessionReplayClient, server: Server) -> None:
    with client.session(feature="chat") as session:
        session.record_interaction(model="m", prompt="Where is the aubergine?", response="On the left")
    hits = _until(lambda: client.search("aubergine", feature="chat").data)
    assert hits[0].session.session_id == session.session_id
    assert "aubergine" in [part.text for part in hits[0].parts if part.match]


def test_a_session_is_exported_in_every_format(client: SessionReplayClient) -> None:
    with client.session(feature="chat") as session:
        session.record_interaction(model="m", prompt="mail jo@example.com", response="ok")
        session.record_user_action(action="click")
    whole = msgspec.json.decode(client.export_session(session.session_id))
    assert whole["sessionId"] == session.session_id
    rows = list(csv.DictReader(io.StringIO(client.export_session(session.session_id, format="csv").decode())))
    assert [row["type"] for row in rows] == ["interaction", "user_action"]
    lines = client.export_session(session.session_id, format="ndjson", redact=True)
    assert b"jo@example.com" not in lines
    with pytest.raises(errors.Invalid, match="format"):
        client.export_session(session.session_id, format="pdf")


def test_links_are_made_listed_and_revoked(client: SessionReplayClient) -> None:
    with client.session(feature="chat") as session:
        pass
    shared = client.share_session(
        session.session_id, access_level="password", password="secret", expires_in=3600, max_views=3
    )
    assert shared.share_token in shared.share_url
    listed = client.list_shares(session.session_id)
    assert [(each.share_id, each.has_password, each.max_views) for each in listed] == [(shared.share_id, True, 3)]
    assert client.revoke_share(session.session_id, shared.share_id).active is False


def test_an_erased_session_is_gone_and_stays_gone(client: SessionReplayClient) -> None:
    with client.session(feature="chat", session_id="doomed") as session:
        session.record_user_action(action="click")
    assert client.delete_session("doomed").events == 1
    with pytest.raises(errors.SessionNotFound):
        client.get_session_replay("doomed")
    with pytest.raises(errors.SessionErased):
        client.start_recording(feature="chat", session_id="doomed")


def test_metrics_without_a_sample_are_the_servers_own(client: SessionReplayClient) -> None:
    with client.session(feature="chat") as session:
        session.record_system_metrics()
    metrics = client.get_session_replay(session.session_id).replay_data.system_metrics[0]
    assert metrics.memory is not None
    assert metrics.metadata == {"capturedBy": "server"}


def test_large_prompts_arrive_whole(client: SessionReplayClient) -> None:
    prompt = "".join(f"line {number} ✓\n" for number in range(50_000))
    with client.session(feature="chat") as session:
        session.record_interaction(model="m", prompt=prompt, response="r")
    assert next(client.get_events(session.session_id))["prompt"] == prompt


@pytest.mark.parametrize("kind", DATA_OF)
def test_the_client_has_an_operation_for_each_kind_of_event(kind: str) -> None:
    assert hasattr(SessionReplayClient, f"record_{kind}")


def test_refusals_carry_the_servers_words(client: SessionReplayClient, server: Server) -> None:
    session = client.start_recording(feature="chat").session_id
    with pytest.raises(errors.Invalid) as failure:
        client.record_interaction(session, model="m", prompt="p", response="r", cost=-1)
    assert "cost" in failure.value.details[0]["field"]
    with pytest.raises(errors.SessionNotFound):
        client.record_user_action("absent", action="x")
    with SessionReplayClient(server.url, "ph_wrong_key") as stranger, pytest.raises(errors.Unauthorized):
        stranger.stats()
    with SessionReplayClient(server.url, server.new_key("ingest")) as recorder, pytest.raises(errors.Forbidden):
        recorder.stats()


def test_a_proxy_of_the_environment_is_not_asked_for_this_machine(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    with SessionReplayClient(server.url, server.new_key("admin"), max_retries=0) as client:
        assert client.stats().total_sessions == 0


def test_threads_may_share_a_client(client: SessionReplayClient) -> None:
    session = client.start_recording(feature="workflow").session_id

    def work() -> None:
        for number in range(20):
            client.record_step(session, name=f"{number}")

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert client.get_session(session).summary.total_events == 80


def test_the_asyncio_client_records_and_reads_back(server: Server) -> None:
    async def story() -> tuple[int, str]:
        async with AsyncSessionReplayClient(server.url, server.new_key("admin")) as client:
            async with client.session(feature="agent") as session:
                await asyncio.gather(*(session.record_step(name=f"{number}") for number in range(10)))
            events = [event async for event in client.get_events(session.session_id, page_size=3)]
            return len(events), (await client.get_session(session.session_id)).status

    assert asyncio.run(story()) == (10, "completed")


def test_a_server_that_comes_back_gets_what_was_recorded_meanwhile(own_server: Server) -> None:
    """While there is no server the client finds a refused connection, and asks again."""
    from tests.support.server import start_server  # noqa: PLC0415

    port = own_server.url.rpartition(":")[2]
    with SessionReplayClient(own_server.url, own_server.admin_key, max_retries=20) as client:
        session = client.start_recording(feature="chat").session_id
        own_server.kill()
        recording = threading.Thread(target=client.record_user_action, args=(session,), kwargs={"action": "click"})
        recording.start()
        again = start_server(own_server.data_dir, port=port)
        try:
            recording.join()
            assert [event["action"] for event in client.get_events(session)] == ["click"]
        finally:
            again.stop()
            assert again.process.stdout is not None
            again.process.stdout.close()


def _until(ask: Any, tries: int = 100) -> Any:
    """Ask until there is an answer: the search index follows the writes within a second."""
    moment = threading.Event()
    for _ in range(tries):
        if found := ask():
            return found
        moment.wait(0.05)
    raise AssertionError("nothing came")
