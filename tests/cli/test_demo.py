"""``playhead demo``: the samples, what they are made of, and that a second one adds none."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from tests.cli.conftest import Playhead, Serving

from playhead.cli.samples import SAMPLES, live
from playhead.cli.samples.tape import Tape
from playhead.model.event import EVENT_TYPES
from playhead.replay.cost import PriceTable

NOW = datetime(2026, 6, 1, tzinfo=UTC)
PRICES = PriceTable()


def sessions(playhead: Playhead, place: Path) -> dict[str, dict[str, object]]:
    lines = playhead("list", "--json", "--limit", "100", "--data-dir", place).out.splitlines()
    return {session["sessionId"]: session for session in map(json.loads, lines)}


def test_there_are_at_least_a_dozen_sessions_of_every_feature(playhead: Playhead, samples: Path) -> None:
    found = sessions(playhead, samples)
    assert len(found) >= 12
    assert {session["appFeature"] for session in found.values()} == {
        "chat", "experimentation", "workflow", "agent", "notebook", "agent_trace",
    }  # fmt: skip
    assert len({str(session["startedAt"])[:10] for session in found.values()}) >= 5
    assert sum(session["status"] == "error" for session in found.values()) == 1


def test_a_second_demo_adds_nothing(playhead: Playhead, tmp_path: Path) -> None:
    first = playhead("demo", "--no-serve", "--port", "0", "--data-dir", tmp_path)
    before = sessions(playhead, tmp_path)
    second = playhead("demo", "--no-serve", "--port", "0", "--data-dir", tmp_path)
    assert (first.status, second.status) == (0, 0)
    assert "0 events new" in second.err
    assert {name: each["summary"] for name, each in sessions(playhead, tmp_path).items()} == {
        name: each["summary"] for name, each in before.items()
    }


def test_samples_alone_need_no_port_of_their_own(playhead: Playhead, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        outcome = playhead("demo", "--no-serve", "--data-dir", tmp_path, PLAYHEAD_PORT=str(port))
    assert outcome.status == 0, outcome.err
    assert len(sessions(playhead, tmp_path)) >= 12


def test_its_own_key_does_not_outlive_it(playhead: Playhead, samples: Path) -> None:
    states = {line[-1]: line[3] for line in playhead("keys", "list", "--data-dir", samples).lines}
    assert states["demo"] == "revoked"


def test_a_session_grows_while_one_watches(serving: Callable[..., Serving]) -> None:
    server = serving("demo", lines=3)
    key = server.first_lines[2].rpartition(" ")[2]
    headers = {"Authorization": f"Bearer {key}"}
    api = f"{server.url}/api/session-replay"
    with httpx.Client(headers=headers, trust_env=False, timeout=30) as client:
        found = _active(client, api)
        with client.stream("GET", f"{api}/{found}/live") as stream:
            seqs = [int(line.removeprefix("id:")) for line in _first(stream.iter_lines(), "id:", live_events() + 2)]
    assert seqs == list(range(1, live_events() + 3))
    status, rest = server.interrupt()
    assert status == 0
    assert "Traceback" not in rest


def live_events() -> int:
    from playhead.cli.demo import EARLIER_BEATS  # noqa: PLC0415

    return EARLIER_BEATS


def _active(client: httpx.Client, api: str) -> str:
    """Return the active session: the demo starts it right after it has printed where it listens."""
    for _ in range(200):
        found = client.get(f"{api}/list", params={"status": "active", "tag": live.TAG}).json()["data"]
        if found:
            return str(found[0]["sessionId"])
    raise AssertionError("no session is active")


def _first(lines: object, prefix: str, count: int) -> list[str]:
    found = []
    for line in lines:  # type: ignore[attr-defined]
        if line.startswith(prefix):
            found.append(line)
        if len(found) == count:
            return found
    raise AssertionError("the stream ended")


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.__name__)
class TestEachSample:
    def test_is_the_same_in_every_run(self, sample: Callable[[], Tape]) -> None:
        assert sample().unroll(NOW)[1:-1] == sample().unroll(NOW)[1:-1]

    def test_has_ids_that_are_told_apart_and_parents_that_exist(self, sample: Callable[[], Tape]) -> None:
        events = sample().unroll(NOW)[1:-1]
        ids = {event["id"] for event in events}
        assert len(ids) == len(events)
        assert {event["data"].get("parentId") for event in events} - {None} <= ids
        assert {event["data"].get("interactionId") for event in events} - {None} <= ids

    def test_happens_in_order_within_its_session(self, sample: Callable[[], Tape]) -> None:
        start, *events, end = sample().unroll(NOW)
        times = [event["timestamp"] for event in events]
        assert times == sorted(times)
        assert start["data"]["startedAt"] <= times[0]
        assert times[-1] <= end["data"]["endedAt"] < NOW

    def test_asks_models_whose_price_is_known(self, sample: Callable[[], Tape]) -> None:
        from playhead.model.event import Tokens  # noqa: PLC0415

        for event in sample().unroll(NOW)[1:-1]:
            data = event["data"]
            if event["type"] == "interaction":
                _, known = PRICES.cost(data["model"], data["provider"], Tokens(input=1), None, 0)
                assert known == "computed", data["model"]


def test_the_samples_hold_every_kind_of_event_and_2000_in_one() -> None:
    tapes = [sample() for sample in SAMPLES]
    assert {event["type"] for tape in tapes for event in tape.unroll(NOW)[1:-1]} == set(EVENT_TYPES)
    assert max(len(tape) for tape in tapes) == 2000
