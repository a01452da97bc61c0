"""Publishing: from the book's entries to the rows of ``sessions``, by which readers see what was committed.

Owns the form of these rows, and the removal of what an erased session has left. To publish twice does no harm.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any, Final

from playhead.model.session import metadata_text
from playhead.store.clickhouse.batch import day_of
from playhead.store.clickhouse.connection import Connection
from playhead.store.clickhouse.state import Entry, State, encode_state
from playhead.store.clickhouse.wording import text_of
from playhead.store.rows import Row
from playhead.store.texts import label_document

SESSION_COLUMNS: Final = {
    "project_no": "UInt32",
    "id": "String",
    "no": "UInt64",
    "created": "Date",
    "revision": "UInt64",
    "erased": "UInt8",
    "slots": "UInt32",
    "changes": "UInt32",
    "messages": "UInt32",
    "feature": "LowCardinality(String)",
    "source": "LowCardinality(String)",
    "status": "LowCardinality(String)",
    "user_id": "Nullable(String)",
    "label": "Nullable(String)",
    "workspace_id": "Nullable(String)",
    "tags": "Array(String)",
    "metadata": "Map(String, String)",
    "started_us": "Int64",
    "duration_us": "Int64",
    "bookmarked": "UInt8",
    "interactions": "Int64",
    "finished": "Int64",
    "errors": "Int64",
    "cost_nanos": "Int64",
    "input_tokens": "Int64",
    "output_tokens": "Int64",
    "tokens": "Int64",
    "unpriced": "Int64",
    "dropped": "Int64",
    "sums.model": "Array(String)",
    "sums.provider": "Array(String)",
    "sums.interactions": "Array(Int64)",
    "sums.errors": "Array(Int64)",
    "sums.cost_nanos": "Array(Int64)",
    "sums.input_tokens": "Array(Int64)",
    "sums.output_tokens": "Array(Int64)",
    "text": "String",
    "state": "String",
}
TOMBSTONE_COLUMNS: Final = {
    name: SESSION_COLUMNS[name] for name in ("project_no", "id", "no", "created", "revision", "erased")
}
_OF_SESSIONS: Final = "project_no = {project:UInt32} AND no IN {numbers:Array(UInt64)}"
_EARLIER: Final = "revision < transform(no, {numbers:Array(UInt64)}, {revisions:Array(UInt64)}, toUInt64(0))"


def publish(connection: Connection, entries: Iterable[Entry]) -> None:
    """Insert the rows of sessions that were committed, and remove those that were erased. Raises Unavailable."""
    entries = list(entries)
    connection.insert(
        "sessions", SESSION_COLUMNS, [_row(each, each.state) for each in entries if each.state is not None]
    )
    erased = sorted((each for each in entries if each.state is None), key=lambda each: each.project_no)
    for project, of_project in groupby(erased, key=lambda each: each.project_no):
        _remove(connection, project, list(of_project))


def published_revision(entry: Entry) -> int:
    """Return the revision that readers see of an entry when all is done; of an erased session it is one higher."""
    return entry.revision + (entry.state is None)


def revisions(connection: Connection, entries: Sequence[Entry]) -> dict[int, int]:
    """Return the revision of each of these sessions that readers see, by number."""
    rows = connection.query(
        "SELECT no, max(revision) FROM sessions WHERE no IN {numbers:Array(UInt64)} GROUP BY no",
        {"numbers": [entry.no for entry in entries]},
    )
    return dict(rows)


def _remove(connection: Connection, project: int, erased: Sequence[Entry]) -> None:
    """Put tombstones in the place of a project's sessions, remove all else from the disk, and then say that it is done.

    No row that comes late takes the place of a tombstone, because none has a later revision.
    """
    values = {
        "project": project,
        "numbers": [entry.no for entry in erased],
        "revisions": [entry.revision for entry in erased],
    }
    connection.insert("sessions", TOMBSTONE_COLUMNS, [_tombstone(entry, entry.revision) for entry in erased])
    connection.delete("events", _OF_SESSIONS, values)
    connection.delete("messages", _OF_SESSIONS, values)
    connection.delete("sessions", f"{_OF_SESSIONS} AND {_EARLIER}", values)
    connection.insert("sessions", TOMBSTONE_COLUMNS, [_tombstone(entry, published_revision(entry)) for entry in erased])


def _tombstone(entry: Entry, revision: int) -> Row:
    return entry.project_no, entry.id, entry.no, day_of(entry.created_day), revision, 1


def _row(entry: Entry, state: State) -> Row:
    return (
        entry.project_no,
        entry.id,
        entry.no,
        day_of(entry.created_day),
        entry.revision,
        0,
        state.slots,
        state.changes,
        state.messages,
        state.feature,
        state.source,
        state.status,
        state.user_id,
        state.label,
        state.workspace_id,
        list(dict.fromkeys(state.tags)),
        _metadata(state.metadata),
        state.started_us,
        state.duration_us,
        int(state.bookmarked),
        state.interactions,
        state.interactions - state.pending,
        state.errors,
        state.cost_nanos,
        state.input_tokens,
        state.output_tokens,
        state.tokens,
        state.unpriced,
        state.dropped,
        *_sums(state),
        text_of(label_document(state.label, state.tags)).words,
        encode_state(state),
    )


def _metadata(metadata: dict[str, Any]) -> dict[str, str]:
    texts = ((name, metadata_text(value)) for name, value in metadata.items())
    return {name: text for name, text in texts if text is not None}


def _sums(state: State) -> tuple[list[Any], ...]:
    return (
        [each.model for each in state.sums],
        [each.provider for each in state.sums],
        [each.interactions for each in state.sums],
        [each.errors for each in state.sums],
        [each.cost_nanos for each in state.sums],
        [each.input_tokens for each in state.sums],
        [each.output_tokens for each in state.sums],
    )
