"""The book: which session has come how far. What makes writes of one session follow each other, also between servers.

Owns the protocol alone. ClickHouse knows neither locks nor transactions, so an installation's book keeps, in a database
that does, one entry a session: how long its log is, and its state. A group of writes locks the entries that it touches,
writes to ClickHouse, and commits the entries: with that commit, and not before, the group has happened. See ``schema``
for what readers make of rows that no commit followed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from playhead.model.audit import NewEntry
from playhead.store.clickhouse.state import Entry, State
from playhead.store.copies import ErasedSession


class Contended(Exception):  # noqa: N818  # named for what happened, as all failures are
    """Another server holds what a group needs, and waits for this one: to be tried again from the beginning."""


class Page(Protocol):
    """The book while a group is written: one transaction, for one thread."""

    @property
    def clock_us(self) -> int:
        """The book's own time, in microseconds since the epoch, not before the last lock of this page."""
        ...

    def lock(self, project: int, ids: Collection[str]) -> list[Entry]:
        """Return the entries of these sessions, erased ones too, and keep all others from them until the page is
        closed. Absent ones are left out."""
        ...

    def lock_silent(self, project: int, until_us: int, limit: int) -> list[Entry]:
        """Lock and return active sessions of which nothing has arrived since a time, at most so many."""
        ...

    def claim_erasing(self) -> bool:
        """Keep other servers from erasing what is over until the page is closed; False when one does already."""
        ...

    def add(self, project: int, session_id: str, state: State | None, now_us: int) -> Entry | None:
        """Enter a session that was made, or without a state erased, at a time, and lock it; None when there is one of
        this id, which another has entered meanwhile."""
        ...

    def save(self, entries: Iterable[Entry]) -> None:
        """Replace entries that are locked."""
        ...

    def enter(self, entries: Sequence[NewEntry]) -> bool:
        """Append to the audit log in this transaction, as its last lock; False where the log is in another database."""
        ...


class LedgerBook(Protocol):
    """Keeps an entry for each session of an installation, for good: an erased session's says that it was."""

    def open_page(self) -> AbstractContextManager[Page]:
        """Begin a transaction. It is committed, on stable storage, when the block ends, and undone when it raises.

        Raises Contended when two groups wait for each other; Unavailable when the book cannot be reached, StoreFull
        when it has no room. Then nothing is changed, unless the connection was lost during the commit itself, which the
        same writes find out when they come again.
        """
        ...

    def saved_since(self, attempt: int, after_no: int, limit: int) -> Sequence[Entry]:
        """Return committed entries with at least this attempt and a number above ``after_no``, by number."""
        ...

    def list_erased(self, project: int, after: str, limit: int) -> list[ErasedSession]:
        """Return erased sessions in order of their ids, by code point, from behind one."""
        ...

    def settled_us(self) -> int:
        """Return the time up to which all entries are known to be in ClickHouse too."""
        ...

    def set_settled_us(self, time_us: int) -> None:
        """Remember that time, if it is later than what was remembered."""
        ...

    def close(self) -> None:
        """Close the connections."""
        ...
