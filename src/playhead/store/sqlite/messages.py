"""Messages: which of a conversation's nodes a session has already, and the conversations that are read of it.

A node is only ever stored together with its parents, so a prompt's known part is a prefix of it, and a chat that sends
its whole history every time stores what is new. How prompts are taken apart and put together is in ``conversations``.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterator, Sequence
from typing import Any

import apsw

from playhead.store.conversations import Link, Prompts
from playhead.store.payload import decode, from_json

MAX_KNOWN = 20_000
TAIL = 16
"""How far back a conversation is compared at first: a chat adds a message or two with a turn."""


class KnownNodes:
    """Which nodes a session has: a bounded memory in front of the table, for the one writer.

    Must be forgotten when a transaction is rolled back, and when another process has written.
    """

    def __init__(self, db: apsw.Connection) -> None:
        self._db = db
        self._known: set[tuple[int, bytes]] = set()
        self._looked_up: set[tuple[int, bytes]] = set()

    def forget(self) -> None:
        """Trust the table only."""
        self._known.clear()
        self._looked_up.clear()

    def look_up(self, conversations: Sequence[tuple[int, Sequence[Link]]]) -> None:
        """Learn in one query a session what ``new_links`` is going to ask of these conversations."""
        if len(self._known) > MAX_KNOWN:
            self._known.clear()
        self._looked_up.clear()
        unknown: dict[int, set[bytes]] = {}
        for session_no, links in conversations:
            unknown.setdefault(session_no, set()).update(self._unknown_tail(session_no, links))
        for session_no, keys in unknown.items():
            self._looked_up.update((session_no, key) for key in keys)
            self._known.update((session_no, key) for key in self._stored(session_no, keys))

    def new_links(self, session_no: int, links: Sequence[Link]) -> Sequence[Link]:
        """Return the part of a conversation that the session does not have, and remember it as had."""
        new = links[self._count_known(session_no, links) :]
        self._known.update((session_no, link.key) for link in new)
        return new

    def _count_known(self, session_no: int, links: Sequence[Link]) -> int:
        for place in range(len(links) - 1, -1, -1):
            node = session_no, links[place].key
            if node in self._known:
                return place + 1
            if node not in self._looked_up:
                return bisect_left(range(place + 1), 1, key=lambda at: not self._stored(session_no, [links[at].key]))
        return 0

    def _unknown_tail(self, session_no: int, links: Sequence[Link]) -> Iterator[bytes]:
        for link in links[: -TAIL - 1 : -1]:
            if (session_no, link.key) in self._known:
                return
            yield link.key

    def _stored(self, session_no: int, keys: Collection[bytes]) -> list[bytes]:
        if not keys:
            return []
        rows = self._db.execute(
            "SELECT key FROM nodes WHERE session_no = ? AND key IN (SELECT value FROM carray(?))",
            (session_no, apsw.carray(tuple(keys))),
        )
        return [key for (key,) in rows]


def read_prompts(db: apsw.Connection, session_no: int, ends: Collection[bytes]) -> Prompts:
    """Read the conversations of a session that end with these nodes."""
    nodes = _nodes(db, session_no, ends)
    return Prompts(nodes, _messages(db, session_no, {message for _, message in nodes.values()}))


def _nodes(db: apsw.Connection, session_no: int, ends: Collection[bytes]) -> dict[bytes, tuple[bytes | None, bytes]]:
    """Return the parent and the message of every node on the way to these, read in one row."""
    if not ends:
        return {}
    found = str(db.execute(_CHAINS, (apsw.carray(tuple(ends)), session_no, session_no)).get)
    decode_hex = bytes.fromhex
    rows: list[tuple[str, str, str]] = from_json(found)
    return {decode_hex(key): (decode_hex(parent) or None, decode_hex(message)) for key, parent, message in rows}


def _messages(db: apsw.Connection, session_no: int, hashes: Collection[bytes]) -> dict[bytes, Any]:
    if not hashes:
        return {}
    rows = db.execute(
        "SELECT hash, body FROM messages WHERE session_no = ? AND hash IN (SELECT value FROM carray(?))",
        (session_no, apsw.carray(tuple(hashes))),
    )
    return {hash_: decode(body) for hash_, body in rows}


_CHAINS = (
    "WITH RECURSIVE chain (key) AS (SELECT value FROM carray(?) UNION"
    " SELECT n.parent FROM chain CROSS JOIN nodes AS n ON n.session_no = ? AND n.key = chain.key"
    " WHERE n.parent IS NOT NULL)"
    " SELECT json_group_array(json_array(hex(n.key), hex(n.parent), hex(n.message)))"
    " FROM chain CROSS JOIN nodes AS n ON n.session_no = ? AND n.key = chain.key"
)
