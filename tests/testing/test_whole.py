"""``MemoryPlayhead`` does what a server does, without a socket, and ends when it is told to."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from playhead.errors import SessionNotFound, Unauthorized, Unreachable
from playhead.testing import FakeClock, MemoryPlayhead


@pytest.fixture
def playhead() -> Iterator[MemoryPlayhead]:
    with MemoryPlayhead() as memory:
        yield memory


def test_what_a_client_records_it_reads_back(playhead: MemoryPlayhead) -> None:
    with playhead.client() as client:
        with client.session(feature="chat", label="first") as session:
            session.record_interaction(model="gpt-4o", prompt="Hello", response="Hi", cost=0.25)
        replay = client.get_session_replay(session.session_id)
        assert [call.prompt for call in replay.replay_data.ai_interactions] == ["Hello"]
        assert client.stats().total_cost == 0.25
        client.delete_session(session.session_id)
        with pytest.raises(SessionNotFound):
            client.get_session(session.session_id)


def test_what_a_recorder_sends_is_in_the_store(playhead: MemoryPlayhead) -> None:
    recorder = playhead.recorder()
    with recorder.session(feature="agent") as session:
        session.record_step(name="search", kind="tool")
    assert recorder.flush(10)
    recorder.shutdown()
    [project] = playhead.store.list_projects()
    stored = playhead.store.get_session(project.no, session.session_id)
    assert (stored.feature, stored.status, stored.totals.steps) == ("agent", "completed", 1)


def test_keys_and_limits_are_the_servers() -> None:
    with MemoryPlayhead(max_label=5) as playhead, playhead.client("ph_default_wrong") as stranger:
        with pytest.raises(Unauthorized):
            stranger.stats()
        with playhead.client() as client, pytest.raises(Exception, match="label"):
            client.start_recording(feature="chat", label="too long")


def test_time_is_the_clocks_that_is_given() -> None:
    clock = FakeClock()
    with MemoryPlayhead(clock=clock) as playhead, playhead.client() as client:
        clock.advance(3600)
        started = client.start_recording(feature="chat")
        assert client.get_session(started.session_id).created_at.timestamp() == clock.now_ns / 1e9


def test_many_threads_may_record_at_once(playhead: MemoryPlayhead) -> None:
    def record(number: int) -> None:
        with playhead.client() as client, client.session(feature="chat") as session:
            session.record_interaction(model="gpt-4o", prompt=str(number), response="")

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(record, range(20)))
    with playhead.client() as client:
        assert client.stats().total_interactions == 20


def test_a_closed_one_answers_nothing_and_leaves_no_thread() -> None:
    before = threading.active_count()
    playhead = MemoryPlayhead()
    with playhead.client(max_retries=0) as client:
        assert client.stats().total_sessions == 0
        playhead.close()
        with pytest.raises(Unreachable):
            client.stats()
    assert threading.active_count() == before
    playhead.close()
