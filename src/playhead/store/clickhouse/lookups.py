"""Lookups: what ClickHouse has of sessions that are about to be written, where the writer does not remember it.

Rows behind the end of a session's log are left out, as by every reader. Lists of values are sent in parts, because a
server takes no field of any length.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from playhead.store.clickhouse.account import Account
from playhead.store.clickhouse.connection import Connection

T = TypeVar("T")

PART_BYTES = 60_000
"""How long the values of one query may be; ClickHouse takes 131,072 bytes."""

_IDS = (
    "SELECT no, id, seq, if(pending, received_us, NULL), slot FROM events FINAL WHERE project_no = {project:UInt32}"
    " AND no IN {numbers:Array(UInt64)} AND id IN {asked:Array(String)} ORDER BY slot"
)
_MESSAGES = (
    "SELECT no, hash, number FROM messages FINAL WHERE project_no = {project:UInt32}"
    " AND no IN {numbers:Array(UInt64)} AND hash IN {asked:Array(FixedString(16))}"
)
_BROUGHT = (
    "SELECT no, seq, number, body FROM messages FINAL WHERE project_no = {project:UInt32}"
    " AND no IN {numbers:Array(UInt64)} AND seq IN {asked:Array(UInt32)} ORDER BY number"
)


def stored_ids(
    connection: Connection, asked: Mapping[int, Collection[str]], accounts: Mapping[int, Account]
) -> Iterator[tuple[int, str, int, int | None]]:
    """Yield which of these ids, by session number, are stored: number, id, seq and, of a pending one, its arrival.

    Of an id that was completed the pending event comes first.
    """
    for project, numbers, ids in _by_project(asked, accounts):
        for part in parts(ids, len):
            values = {"project": project, "numbers": numbers, "asked": part}
            for no, id_, seq, arrived_us, slot in connection.query(_IDS, values):
                if slot <= accounts[no].slots and id_ in asked[no]:
                    yield no, id_, seq, arrived_us


def stored_messages(
    connection: Connection, asked: Mapping[int, Collection[bytes]], accounts: Mapping[int, Account]
) -> dict[tuple[int, bytes], int]:
    """Return the numbers of those of these messages that are stored, by session number and hash."""
    found: dict[tuple[int, bytes], int] = {}
    for project, numbers, hashes in _by_project(asked, accounts):
        for part in parts(hashes, lambda hash_: 4 * len(hash_)):
            values = {"project": project, "numbers": numbers, "asked": part}
            for no, hash_, number in connection.query(_MESSAGES, values):
                if number <= accounts[no].messages:
                    found[no, hash_] = number
    return found


def brought_messages(
    connection: Connection, asked: Mapping[int, Collection[int]], accounts: Mapping[int, Account]
) -> dict[tuple[int, int], list[bytes]]:
    """Return the messages that events brought first, by session number and seq, as JSON."""
    found: dict[tuple[int, int], list[bytes]] = {}
    for project, numbers, seqs in _by_project(asked, accounts):
        for part in parts(seqs, lambda _: 10):
            values = {"project": project, "numbers": numbers, "asked": part}
            for no, seq, number, body in connection.query(_BROUGHT, values, raw=["body"]):
                if seq in asked[no] and number <= accounts[no].messages:
                    found.setdefault((no, seq), []).append(body)
    return found


def parts(values: Iterable[T], size: Any) -> Iterator[list[T]]:
    """Yield values in lists that are not too long for one query; ``size`` returns that of a value in bytes."""
    part: list[T] = []
    room = PART_BYTES
    for value in values:
        room -= size(value) + 4
        if room < 0 and part:
            yield part
            part, room = [], PART_BYTES - size(value) - 4
        part.append(value)
    if part:
        yield part


def _by_project(
    asked: Mapping[int, Collection[T]], accounts: Mapping[int, Account]
) -> Iterator[tuple[int, Sequence[int], set[T]]]:
    """Yield for each project its sessions' numbers and all that is asked of them."""
    for project in {accounts[no].entry.project_no for no in asked}:
        own = [no for no in asked if accounts[no].entry.project_no == project]
        for numbers in parts(own, lambda _: 20):
            yield project, numbers, {value for no in numbers for value in asked[no]}
