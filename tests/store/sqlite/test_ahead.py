"""Large writes are made ready ahead of their turn; what is stored does not show it."""

from __future__ import annotations

from concurrent.futures import Future, wait
from typing import Any

import pytest
from tests.store.sqlite.parts import NOW_US, action, begin, held, ids_of, interaction
from tests.store.test_dictionaries import trained

from playhead.errors import Invalid
from playhead.model.event import NewEvent
from playhead.store.base import SessionChange
from playhead.store.conversations import Encoded
from playhead.store.payload import Packer, dictionary_of
from playhead.store.sqlite.ahead import MANY_EVENTS, Ahead, Prepared, take_ready
from playhead.store.sqlite.appending import Append
from playhead.store.sqlite.store import SqliteStore

UNWRITABLE: dict[str, Any] = {"action": "\ud800"}


def events(count: int, first: int = 0) -> list[NewEvent]:
    return [interaction(f"i{number}", f"Why is {number} not a prime? " * 9) for number in range(first, first + count)]


def prepared(many: list[NewEvent], packer: Packer) -> Append:
    """Return a write whose events are made ready."""
    ahead = Ahead(packer)
    write = Append(1, "s", many, NOW_US, ahead.prepare(many))
    wait([write.ahead] if write.ahead is not None else [])
    ahead.close()
    return write


def test_few_events_are_left_to_the_writer() -> None:
    assert prepared(events(MANY_EVENTS - 1), Packer()).ahead is None
    assert prepared(events(MANY_EVENTS), Packer()).ahead is not None


def test_nothing_is_begun_after_the_end() -> None:
    ahead = Ahead(Packer())
    ahead.close()
    assert ahead.prepare(events(MANY_EVENTS)) is None


def test_payloads_of_another_dictionary_are_made_anew() -> None:
    packer = Packer(trained(1))
    write = prepared(events(MANY_EVENTS), packer)
    kept = [each for each in take_ready(write, packer) if isinstance(each, Encoded)]
    assert {dictionary_of(each.payload or b"") for each in kept} == {packer.dictionary}
    packer.dictionary = trained(2)
    anew = [each for each in take_ready(write, packer) if isinstance(each, Encoded)]
    assert [each.payload for each in anew] == [None] * MANY_EVENTS
    assert [each.text for each in anew] == [each.text for each in kept]


def test_a_write_that_is_reached_first_is_made_ready_by_the_writer() -> None:
    waiting: Future[Prepared] = Future()
    write = Append(1, "s", events(MANY_EVENTS), NOW_US, waiting)
    assert len(list(take_ready(write, Packer()))) == MANY_EVENTS
    assert waiting.cancelled()


def test_one_of_many_events_that_cannot_be_written_fails_alone(sqlite: SqliteStore) -> None:
    project = begin(sqlite)
    many = [*events(MANY_EVENTS), action("bad", UNWRITABLE), action("good")]
    outcomes = sqlite.apply(project, [SessionChange("s", event) for event in many], NOW_US).result()
    assert [outcome.id for outcome in outcomes if outcome.code is not None] == ["bad"]
    assert ids_of(sqlite, project) == [event.id for event in many if event.id != "bad"]


def test_many_events_of_one_session_are_stored_all_or_none(sqlite: SqliteStore) -> None:
    project = begin(sqlite)
    with pytest.raises(Invalid):
        sqlite.append(project, "s", [*events(MANY_EVENTS), action("bad", UNWRITABLE)], NOW_US).result()
    assert ids_of(sqlite, project) == []


def test_large_and_small_writes_keep_their_order(sqlite: SqliteStore) -> None:
    project = begin(sqlite)
    sizes = [MANY_EVENTS, 1, 3 * MANY_EVENTS, 2, MANY_EVENTS]
    parts = [events(size, first=sum(sizes[:place])) for place, size in enumerate(sizes)]
    with held(sqlite):
        futures = [sqlite.append(project, "s", part, NOW_US) for part in parts]
    assert [outcome.seq for future in futures for outcome in future.result()] == list(range(1, sum(sizes) + 1))
    stored = sqlite.get_events_since(project, "s", 0, limit=1000).events
    assert [(event.id, event.data) for event in stored] == [(each.id, each.data) for part in parts for each in part]
