"""What the writer remembers of sessions that it alone has written, so that it need not ask ClickHouse.

A session is remembered from its first event on, for as long as no other server writes it: its entry's revision tells.
Of any other session, and of one that has grown too large, ids and messages are looked up when they are asked for.
"""

from __future__ import annotations

from collections import OrderedDict

from playhead.store.clickhouse.state import Entry

MAX_REMEMBERED = 400_000
"""Ids and messages of all sessions together."""
MAX_OF_ONE = 50_000


class KnownSession:
    """All ids of a session's events, with seq and, of a pending one, arrival; the numbers of its messages by hash."""

    def __init__(self) -> None:
        self.revision = 0
        self.ids: dict[str, tuple[int, int | None]] = {}
        self.messages: dict[bytes, int] = {}

    @property
    def size(self) -> int:
        """How much of the memory it takes."""
        return len(self.ids) + len(self.messages) + 1


class Known:
    """Sessions by number, those written last at the end. For the one writer; must forget what was not committed."""

    def __init__(self) -> None:
        self._sessions: OrderedDict[int, KnownSession] = OrderedDict()
        self._sizes: dict[int, int] = {}
        self._size = 0

    def of(self, entry: Entry) -> KnownSession | None:
        """Return what is known of a session, if that is all; a session without any event is known."""
        found = self._sessions.get(entry.no)
        if found is not None and found.revision == entry.revision:
            return found
        self.forget(entry.no)
        return KnownSession() if entry.state is not None and entry.state.last_seq == 0 else None

    def keep(self, no: int, session: KnownSession, revision: int) -> None:
        """Remember a session as of the revision that has been committed."""
        self.forget(no)
        session.revision = revision
        if session.size > MAX_OF_ONE:
            return
        self._sessions[no] = session
        self._sizes[no] = session.size
        self._size += session.size
        while self._size > MAX_REMEMBERED:
            self.forget(next(iter(self._sessions)))

    def forget(self, no: int) -> None:
        """Know nothing of a session."""
        if self._sessions.pop(no, None) is not None:
            self._size -= self._sizes.pop(no)
