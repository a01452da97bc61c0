"""Redaction on the way in: whatever an event is made of, what reaches the store holds nothing that a rule finds."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from playhead.errors import Invalid, Unavailable
from playhead.model.event import EVENT_TYPES
from playhead.model.project_settings import ProjectSettings
from playhead.model.redaction import NamedPattern, Redaction
from playhead.replay.cost import PriceTable
from playhead.replay.redaction import Redactor
from playhead.server.ingest import Ingest
from playhead.server.project_settings import SettingsCache
from playhead.server.redacting import Redactions, redactor_of
from playhead.server.settings import Settings
from playhead.store.base import SessionChange
from playhead.store.memory import MemoryStore

MAIL, CARD, KEY = "ann.lee@example.com", "4111 1111 1111 1111", "sk-proj-abcDEF1234567890abcd"
PLANTED = (MAIL, CARD, KEY)
NOW_US = 1_772_000_000_000_000
INGEST = Ingest(Settings(), PriceTable(), os.urandom)
RULES = redactor_of(Redaction(enabled=True))

NAMES = [
    "prompt",
    "response",
    "error",
    "metadata",
    "details",
    "status",
    "kind",
    "parentId",
    "pending",
    "tokens",
    "cost",
]
NAMES += [
    "from",
    "until",
    "count",
    "reasons",
    "score",
    "comment",
    "interactionId",
    "name",
    "input",
    "output",
    "latency",
]
NAMES += ["timestamp", "action", "target", "file", "snippet", "content", "cursorPosition", "settings", "activeFiles"]
NAMES += ["feature", "source", "userId", "label", "tags", "workspaceId", "integrationName", "startedAt", "id", "model"]
TEXTS = st.sampled_from(["", "fine", *PLANTED, f"write to {MAIL}, pay by {CARD}\nor {KEY}", f'{{"to":"{MAIL}"}}'])
LEAVES = TEXTS | st.none() | st.booleans() | st.integers(0, 9)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS | st.sampled_from(NAMES), inner, max_size=3),
)
WHOLE: dict[str, dict[str, Any]] = {
    "interaction": {"model": "m", "prompt": "p", "response": "r"},
    "user_action": {"action": "a"},
    "step": {"name": "n"},
    "gap": {"count": 1},
}
EVENTS = st.sampled_from([*EVENT_TYPES, "session.start", "session.end", MAIL]).flatmap(
    lambda kind: st.fixed_dictionaries(
        {
            "type": st.just(kind),
            "sessionId": st.just("s"),
            "data": st.dictionaries(st.sampled_from(NAMES) | TEXTS, VALUES, max_size=6).map(
                lambda data: WHOLE.get(kind, {"feature": "chat"} if kind == "session.start" else {}) | data
            ),
        },
        optional={"timestamp": st.sampled_from(["2026-03-01T12:00:00Z", 1_772_366_400_123, MAIL])},
    )
)


def planted_in(stored: object) -> list[str]:
    """Return what was planted and is still there, but for ids: they are nobody's text."""
    text = msgspec.json.encode(stored, enc_hook=str).decode()
    return [one for one in PLANTED if one in text]


def without_ids(change: SessionChange) -> Any:
    """Return all of a change that would be stored but the event's own id, and those of others."""
    plain = msgspec.to_builtins(change.change) | {"id": None}
    text = getattr(change.change, "text", None)
    plain["data"] = msgspec.json.decode(text) if text else plain.get("data")
    if isinstance(plain["data"], dict):
        for name in ("parentId", "interactionId"):
            if isinstance(plain["data"].get(name), str):
                del plain["data"][name]
    plain.pop("text", None)
    return plain


@given(st.lists(EVENTS, min_size=1, max_size=4), st.booleans())
def test_nothing_planted_anywhere_in_a_batch_reaches_the_store_or_an_answer(
    events: list[dict[str, Any]], lines: bool
) -> None:
    encoded = [msgspec.json.encode(event) for event in events]
    body = b"\n".join(encoded) if lines else b'{"events":[' + b",".join(encoded) + b"]}"
    _, changes, rejected = INGEST.batch(body, lines=lines, now_us=NOW_US, redactor=RULES)
    assert len(changes) + len(rejected) == len(events)
    assert planted_in([without_ids(change) for change in changes]) == []
    assert planted_in([each.message for each in rejected]) == []


@given(EVENTS)
def test_nothing_planted_in_a_snapshot_reaches_the_store(event: dict[str, Any]) -> None:
    for body in ({"events": [event]}, {name: event[name] for name in ("type", "data")}):
        try:
            _, events = INGEST.snapshot(msgspec.json.encode(body), "s", NOW_US, RULES)
        except Invalid:
            continue
        assert planted_in([without_ids(SessionChange("s", one)) for one in events]) == []


def test_of_a_name_that_comes_twice_neither_value_is_stored() -> None:
    body = b'{"type":"user_action","data":{"action":"a","target":"%s","target":"b"}}' % MAIL.encode()
    _, [event] = INGEST.snapshot(body, "s", NOW_US, RULES)
    assert planted_in(without_ids(SessionChange("s", event))) == []
    assert MAIL.encode() not in getattr(event, "text", b"")


def test_what_holds_a_recording_together_stays() -> None:
    data = {"name": "n", "kind": "tool", "parentId": MAIL, "status": "failed", "input": 4111111111111111}
    body = {"type": "step", "id": MAIL, "timestamp": 1_772_366_400_123, "data": data}
    _, [event] = INGEST.snapshot(msgspec.json.encode(body), "s", NOW_US, RULES)
    assert (event.id, event.timestamp_us, event.error) == (MAIL, 1_772_366_400_123_000, True)
    assert event.data == data


def test_an_id_that_stands_in_the_data_stays_an_id() -> None:
    body = {"type": "user_action", "data": {"id": MAIL, "action": MAIL}}
    _, [event] = INGEST.snapshot(msgspec.json.encode(body), "s", NOW_US, RULES)
    assert (event.id, event.data) == (MAIL, {"action": "[email]"})


def test_a_call_is_priced_and_counted_as_it_would_be_without_rules() -> None:
    data: dict[str, Any] = {"model": "gpt-4o", "prompt": [{"role": "user", "content": MAIL}], "response": "r"}
    data |= {"tokens": {"input": 10, "output": 20}, "latency": 5}
    body = msgspec.json.encode({"type": "interaction", "data": data})
    _, [plain] = INGEST.snapshot(body, "s", NOW_US)
    _, [redacted] = INGEST.snapshot(body, "s", NOW_US, RULES)
    assert redacted.call == plain.call
    assert redacted.data["prompt"] == [{"role": "user", "content": "[email]"}]


class Failing:
    """A pattern that fails."""

    def sub(self, _replacement: object, _text: str) -> str:
        raise RuntimeError(MAIL)

    def fullmatch(self, _text: str) -> None:
        raise RuntimeError(MAIL)


def test_a_rule_that_fails_drops_the_text_and_keeps_the_event() -> None:
    body = {"type": "interaction", "data": {"model": "m", "prompt": "p", "response": "r", "latency": 3}}
    _, [event] = INGEST.snapshot(msgspec.json.encode(body), "s", NOW_US, Redactor(patterns={"own": Failing()}))
    assert event.data == dict.fromkeys(("model", "prompt", "response"), "[redaction failed]") | {"latency": 3}


@pytest.fixture
def without_engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A server on a platform that RE2 has no wheel for: a patch, because each that tests run on has one."""
    monkeypatch.setitem(sys.modules, "re2", None)
    monkeypatch.delitem(sys.modules, "playhead.server.patterns", raising=False)
    yield
    sys.modules.pop("playhead.server.patterns", None)


@pytest.mark.usefixtures("without_engine")
def test_without_the_engine_for_patterns_they_are_refused_and_all_else_goes_on() -> None:
    with pytest.raises(Invalid, match=r"patterns\[0\].pattern: needs google-re2"):
        redactor_of(Redaction(patterns=(NamedPattern("never", "seen"),)))
    assert redactor_of(Redaction(secret_names=("name",))).redact({"name": MAIL, "to": MAIL}) == {
        "name": "[secret]",
        "to": "[email]",
    }


@pytest.mark.usefixtures("without_engine")
def test_where_a_projects_rules_cannot_be_used_nothing_is_let_through() -> None:
    store = MemoryStore()
    project = store.ensure_project("p", 1).no
    rules = Redaction(enabled=True, patterns=(NamedPattern("elsewhere", "made"),))
    store.set_project_settings(project, lambda _: ProjectSettings(redaction=rules), 1)
    with ThreadPoolExecutor() as threads, pytest.raises(Unavailable, match="cannot be used here"):
        asyncio.run(Redactions(SettingsCache(store, Settings(), threads)).of(project))
