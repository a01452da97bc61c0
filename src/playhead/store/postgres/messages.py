"""Messages: which of a conversation's nodes a session has already, and the conversations that are read of it.

A node is only ever stored together with its parents, so a prompt's known part is a prefix of it, and a chat that sends
its whole history every time stores what is new. How prompts are taken apart and put together is in ``conversations``.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from typing import Final

from playhead.store.conversations import Link, Prompts
from playhead.store.payload import decode
from playhead.store.postgres.connection import Db

MAX_KNOWN: Final = 20_000
TAIL: Final = 16
"""How far back a conversation is compared at first: a chat adds a message or two with a turn."""

_STORED: Final = (
    "SELECT n.session_no, n.key FROM unnest(%b::bigint[], %b::bytea[]) AS asked (session_no, key)"
    " JOIN nodes AS n ON n.month = %s AND n.session_no = asked.session_no AND n.key = asked.key"
)
_CHAINS: Final = (
    "WITH RECURSIVE chain (key, parent, message) AS ("
    " SELECT key, parent, message FROM nodes WHERE month = %(month)s AND session_no = %(no)s AND key = ANY(%(ends)b)"
    " UNION SELECT n.key, n.parent, n.message FROM chain"
    " JOIN nodes AS n ON n.month = %(month)s AND n.session_no = %(no)s AND n.key = chain.parent)"
    " SELECT key, parent, message FROM chain"
)


class KnownNodes:
    """Which nodes a session has: a bounded memory in front of the table, for the one writer of this process.

    What is stored stays as long as its session, whoever stored it, so only what was not committed must be forgotten.
    """

    def __init__(self, db: Db) -> None:
        self._db = db
        self._known: set[tuple[int, bytes]] = set()
        self._looked_up: set[tuple[int, bytes]] = set()

    def forget(self) -> None:
        """Trust the table only."""
        self._known.clear()
        self._looked_up.clear()

    def look_up(self, conversations: Sequence[tuple[int, int, Sequence[Link]]]) -> None:
        """Learn in one query a month what ``new_links`` is going to ask of these: month, session and nodes of each."""
        if len(self._known) > MAX_KNOWN:
            self._known.clear()
        self._looked_up.clear()
        unknown: defaultdict[int, set[tuple[int, bytes]]] = defaultdict(set)
        for month, session_no, links in conversations:
            unknown[month].update(self._unknown_tail(session_no, links))
        for month, nodes in unknown.items():
            self._looked_up |= nodes
            self._known.update(self._stored(month, nodes))

    def new_links(self, month: int, session_no: int, links: Sequence[Link]) -> Sequence[Link]:
        """Return the part of a conversation that the session does not have, and remember it as had."""
        new = links[self._count_known(month, session_no, links) :]
        self._known.update((session_no, link.key) for link in new)
        return new

    def _count_known(self, month: int, session_no: int, links: Sequence[Link]) -> int:
        for place in range(len(links) - 1, -1, -1):
            node = session_no, links[place].key
            if node in self._known:
                return place + 1
            if node not in self._looked_up:
                return bisect_left(
                    range(place + 1), 1, key=lambda at: not self._stored(month, [(session_no, links[at].key)])
                )
        return 0

    def _unknown_tail(self, session_no: int, links: Sequence[Link]) -> Iterator[tuple[int, bytes]]:
        for link in links[: -TAIL - 1 : -1]:
            if (session_no, link.key) in self._known:
                return
            yield session_no, link.key

    def _stored(self, month: int, nodes: Collection[tuple[int, bytes]]) -> list[tuple[int, bytes]]:
        if not nodes:
            return []
        rows = self._db.execute(_STORED, ([no for no, _ in nodes], [key for _, key in nodes], month))
        return [(session_no, bytes(key)) for session_no, key in rows]


def read_prompts(db: Db, month: int, session_no: int, ends: Collection[bytes]) -> Prompts:
    """Read the conversations of a session that end with these nodes."""
    if not ends:
        return Prompts({}, {})
    rows = db.execute(_CHAINS, {"month": month, "no": session_no, "ends": list(ends)})
    nodes = {key: (parent, message) for key, parent, message in rows}
    found = db.execute(
        "SELECT hash, body FROM messages WHERE month = %s AND session_no = %s AND hash = ANY(%b)",
        (month, session_no, list({message for _, message in nodes.values()})),
    )
    return Prompts(nodes, {hash_: decode(body) for hash_, body in found})
