"""Ids of every form are stored once, found again, and come back as they were."""

from __future__ import annotations

from pathlib import Path

import apsw
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.store.build import T0, action, new_session
from tests.store.sqlite.parts import begin

from playhead.errors import EventNotFound
from playhead.store.sqlite.connection import DATABASE
from playhead.store.sqlite.event_ids import SHORTEN, id_of, key_of
from playhead.store.sqlite.store import SqliteStore, open_sqlite

HEX = "0123456789abcdef" * 2
AWKWARD = [
    HEX,
    HEX.upper(),
    HEX[:-1],
    HEX[:-1] + "g",
    HEX[:-1] + "F",
    f"{HEX[:16]} {HEX[16:]}",
    f"{HEX}\x00{HEX}",
    f"{HEX}\n",
    f" {HEX}",
    "٠١٢٣٤٥٦٧٨٩abcdef",
    "0" * 16,
    "0" * 14,
    "0" * 200,
    "x'00112233445566778899'",
    "événement",
    "1e5",
    "12345678901234567890",
]
IDS = st.sampled_from(AWKWARD) | st.text("0123456789abcdefABCDEF \x00", min_size=1, max_size=40) | st.text(min_size=1)


@given(ids=st.lists(IDS, min_size=2, max_size=9))
@example(ids=AWKWARD)
def test_every_id_has_a_form_of_its_own_and_comes_back(ids: list[str]) -> None:
    assert [id_of(key_of(id_)) for id_ in ids] == ids
    assert len({key_of(id_) for id_ in ids}) == len(set(ids))


def test_ids_of_every_form_are_recognized_and_found(sqlite: SqliteStore) -> None:
    project = begin(sqlite)
    ids = [id_ for id_ in AWKWARD if "\x00" not in id_]
    sqlite.append(project, "s", [action(id_) for id_ in ids], T0).result()
    again = sqlite.append(project, "s", [action(id_) for id_ in reversed(ids)], T0).result()
    assert [(outcome.id, outcome.seq, outcome.duplicate) for outcome in again] == [
        (id_, ids.index(id_) + 1, True) for id_ in reversed(ids)
    ]
    assert [sqlite.find_event(project, "s", id_) for id_ in ids] == list(range(1, len(ids) + 1))
    assert [event.id for event in sqlite.get_events_since(project, "s", 0).events] == ids
    assert [mark.id for mark in sqlite.get_marks(project, "s")] == ids
    with pytest.raises(EventNotFound):
        sqlite.find_event(project, "s", HEX[:-2])


def test_ids_of_an_older_database_get_their_new_form(tmp_path: Path) -> None:
    store = open_sqlite(tmp_path)
    project = store.ensure_project("p", T0).no
    store.start_session(project, new_session("s"), T0).result()
    placeholders = [f"placeholder-{n}" for n in range(len(AWKWARD))]
    store.append(project, "s", [action(id_) for id_ in placeholders], T0).result()
    store.close()
    db = apsw.Connection(str(tmp_path / DATABASE))
    for placeholder, id_ in zip(placeholders, AWKWARD, strict=True):
        db.execute("UPDATE events SET id = ? WHERE id = ?", (id_, placeholder))
    db.execute(SHORTEN)
    assert [key for (key,) in db.execute("SELECT id FROM events ORDER BY no")] == [key_of(id_) for id_ in AWKWARD]
    db.close()
