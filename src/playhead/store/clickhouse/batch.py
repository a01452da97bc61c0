"""A batch: the events that a group of writes adds, of all its sessions, on their way into the tables.

Owns the form of the rows of ``events`` and ``messages``, and which message of a session has which number.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from functools import lru_cache
from typing import Any, Final, TypeVar

from msgspec import Struct

from playhead.model.event import Call, NewEvent
from playhead.store.clickhouse.account import Account
from playhead.store.clickhouse.connection import Connection
from playhead.store.clickhouse.known import KnownSession
from playhead.store.clickhouse.lookups import brought_messages, stored_messages
from playhead.store.clickhouse.wording import text_of
from playhead.store.conversations import Encoded, Link
from playhead.store.payload import from_json
from playhead.store.rows import TYPE_NUMBERS, Row, clamp
from playhead.store.texts import event_document

T = TypeVar("T")

EVENT_COLUMNS: Final = {
    "project_no": "UInt32",
    "no": "UInt64",
    "slot": "UInt32",
    "seq": "UInt32",
    "change": "UInt32",
    "pending": "UInt8",
    "created": "Date",
    "attempt": "UInt64",
    "id": "String",
    "type": "UInt8",
    "timestamp_us": "Int64",
    "received_us": "Int64",
    "error": "UInt8",
    "latency_ms": "Nullable(Float64)",
    "size_bytes": "UInt64",
    "model": "LowCardinality(Nullable(String))",
    "provider": "LowCardinality(Nullable(String))",
    "cost_nanos": "Int64",
    "cost_source": "LowCardinality(String)",
    "input_tokens": "Nullable(Int64)",
    "output_tokens": "Nullable(Int64)",
    "cached_tokens": "Nullable(Int64)",
    "reasoning_tokens": "Nullable(Int64)",
    "first_token_ms": "Nullable(Float64)",
    "started_us": "Int64",
    "feature": "LowCardinality(String)",
    "user_id": "LowCardinality(String)",
    "prompt": "Array(UInt32)",
    "payload": "String",
    "prompt_bytes": "UInt32",
    "text": "String",
}
MESSAGE_COLUMNS: Final = {
    "project_no": "UInt32",
    "no": "UInt64",
    "number": "UInt32",
    "seq": "UInt32",
    "created": "Date",
    "attempt": "UInt64",
    "hash": "FixedString(16)",
    "body": "String",
}
AT_ONCE: Final = 5_000
"""Rows of one insert: while ClickHouse takes them, the next ones are made. Fewer would be more for it to merge."""
EPOCH: Final = date(1970, 1, 1)
NO_CALL: Final = (None, None, 0, "", None, None, None, None, None)


@lru_cache(maxsize=64)
def day_of(created_day: int) -> date:
    """Return a day that is counted from the epoch, as ``created`` has it."""
    return EPOCH + timedelta(days=max(0, created_day))


class _Added(Struct, frozen=True, gc=False):
    account: Account
    slot: int
    seq: int
    event: NewEvent
    encoded: Encoded
    change: int
    arrived_us: int


class Batch:
    """Events of one group; ``rows`` makes of them what is inserted."""

    def __init__(self, accounts: Mapping[int, Account], known: Mapping[int, KnownSession]) -> None:
        self._accounts = accounts
        self._known = known
        self._added: list[_Added] = []
        self._arrivals: dict[tuple[int, int], int] = {}
        self._numbers: dict[tuple[int, bytes], int] = {}
        self._brought: dict[tuple[int, int], list[bytes]] = {}
        self._messages: list[Row] = []
        self._clock_us = 0

    def add(self, session_no: int, seq: int, event: NewEvent, encoded: Encoded) -> None:
        """Take an event under its seq."""
        self._take(session_no, seq, event, encoded, 0)

    def complete(self, session_no: int, seq: int, event: NewEvent, encoded: Encoded, *, change: int) -> None:
        """Take the interaction that a pending one has become, by a change of the session."""
        self._take(session_no, seq, event, encoded, change)

    def arrived(self, session_no: int, seq: int, arrived_us: int) -> None:
        """Know when a pending event arrived: the completed one keeps that."""
        self._arrivals[session_no, seq] = arrived_us

    def store(self, connection: Connection, clock_us: int) -> None:
        """Insert all rows, behind the ends of the sessions' logs."""
        if not self._added:
            return
        self._clock_us = clock_us
        self._look_up(connection)
        with connection.inserting() as insert:
            for part in portions(self._added):
                insert("events", EVENT_COLUMNS, [self._event_row(each) for each in part])
            insert("messages", MESSAGE_COLUMNS, self._messages)

    def _take(self, session_no: int, seq: int, event: NewEvent, encoded: Encoded, change: int) -> None:
        account = self._accounts[session_no]
        arrived_us = self._arrivals.pop((session_no, seq), event.received_us)
        self._added.append(_Added(account, account.slots, seq, event, encoded, change, arrived_us))
        if event.pending:
            self.arrived(session_no, seq, arrived_us)
        known = self._known.get(session_no)
        if known is not None:
            known.ids[event.id] = (seq, arrived_us if event.pending else None)

    # --- messages ------------------------------------------------------------------------------------------------

    def _look_up(self, connection: Connection) -> None:
        """Learn what sessions have that are not known: their messages, and which of them belong to a completed call."""
        hashes: dict[int, set[bytes]] = {}
        seqs: dict[int, set[int]] = {}
        for each in self._added:
            no = each.account.entry.no
            if not each.account.messages:
                continue
            if no not in self._known and each.encoded.links:
                hashes.setdefault(no, set()).update(link.message for link in each.encoded.links)
            if each.change:
                seqs.setdefault(no, set()).add(each.seq)
        if hashes:
            self._numbers = stored_messages(connection, hashes, self._accounts)
        if seqs:
            self._brought = brought_messages(connection, seqs, self._accounts)

    def _number(self, added: _Added, link: Link) -> int:
        """Return the number of a message in its session; a new one gets the next, and is stored with this event."""
        account = added.account
        no = account.entry.no
        known = self._known.get(no)
        number = known.messages.get(link.message) if known is not None else self._numbers.get((no, link.message))
        if number is not None:
            return number
        number = account.messages = account.messages + 1
        if known is not None:
            known.messages[link.message] = number
        else:
            self._numbers[no, link.message] = number
        self._brought.setdefault((no, added.seq), []).append(link.text)
        self._messages.append(
            (
                account.entry.project_no,
                no,
                number,
                added.seq,
                day_of(account.created_day),
                account.attempt(self._clock_us),
                link.message,
                link.text,
            )
        )
        return number

    # --- rows ----------------------------------------------------------------------------------------------------

    def _event_row(self, added: _Added) -> Row:
        account, event = added.account, added.event
        prompt = runs(self._number(added, link) for link in added.encoded.links)
        brought = self._brought.get((account.entry.no, added.seq), ())
        text = text_of(event_document(event.type, event.data, map(from_json, brought)))
        return (
            account.entry.project_no,
            account.entry.no,
            added.slot,
            added.seq,
            added.change,
            int(event.pending),
            day_of(account.created_day),
            account.attempt(self._clock_us),
            event.id,
            TYPE_NUMBERS[event.type],
            event.timestamp_us,
            added.arrived_us,
            int(event.error),
            event.latency_ms,
            event.size_bytes,
            *(_call_values(event.call) if event.call is not None else NO_CALL),
            account.started_us,
            account.feature,
            account.user_id or "",
            prompt,
            added.encoded.text,
            text.prompt_bytes,
            text.words,
        )


def _call_values(call: Call) -> tuple[Any, ...]:
    return (
        call.model,
        call.provider,
        clamp(call.cost_nanos),
        call.cost_source,
        call.input_tokens,
        call.output_tokens,
        call.cached_tokens,
        call.reasoning_tokens,
        call.first_token_ms,
    )


def portions(added: Sequence[T]) -> Iterator[Sequence[T]]:
    """Yield all in order, in as few parts of about one size as hold ``AT_ONCE`` each."""
    count = -(-len(added) // AT_ONCE)
    for place in range(count):
        yield added[place * len(added) // count : (place + 1) * len(added) // count]


def runs(numbers: Iterable[int]) -> list[int]:
    """Return numbers as runs that rise by one: the first of each, and how many it has."""
    found: list[int] = []
    expected = None
    for number in numbers:
        if number == expected:
            found[-1] += 1
        else:
            found += (number, 1)
        expected = number + 1
    return found


def unfold(found: Iterable[int]) -> Iterator[int]:
    """Yield the numbers of runs."""
    pairs = iter(found)
    for first in pairs:
        yield from range(first, first + next(pairs))
