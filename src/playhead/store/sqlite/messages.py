"""Messages: a prompt that is a list is taken apart when it is written and put together when it is read.

Every element of the list is a message. It is stored once per session, under the BLAKE2b-128 hash of its JSON; a
conversation is a chain of nodes, each keyed by the hash of its parent's key and its message's hash, and the event
keeps the key of the last one. A node is only ever stored together with its parents, so a prompt's known part is a
prefix of it, and a chat that sends its whole history every time stores what is new.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import Any, TypeAlias

import apsw
from msgspec import Struct

from playhead.store.sqlite.payload import decode, pack, to_json

HASH_BYTES = 16
MAX_KNOWN = 20_000

NodeRow: TypeAlias = tuple[int, bytes, bytes | None, bytes]
MessageRow: TypeAlias = tuple[int, bytes, int, bytes]

INSERT_NODE = "INSERT INTO nodes (session_no, key, parent, message) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
INSERT_MESSAGE = "INSERT INTO messages (session_no, hash, seq, body) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"


class Link(Struct, frozen=True):
    """One node of a conversation that is being written: its key, its parent's and its message."""

    key: bytes
    parent: bytes | None
    message: bytes
    text: bytes


def take_apart(prompt: Sequence[Any]) -> list[Link]:
    """Return the nodes of a prompt, first message first. Raises UnicodeEncodeError on a lone surrogate."""
    links: list[Link] = []
    parent: bytes | None = None
    for element in prompt:
        text = to_json(element)
        message = blake2b(text, digest_size=HASH_BYTES).digest()
        key = blake2b((parent or b"") + message, digest_size=HASH_BYTES).digest()
        links.append(Link(key, parent, message, text))
        parent = key
    return links


class KnownNodes:
    """Which nodes a session has: a bounded memory in front of the table, for the one writer.

    Must be forgotten when a transaction is rolled back, and when another process has written.
    """

    def __init__(self, db: apsw.Connection) -> None:
        self._db = db
        self._known: set[tuple[int, bytes]] = set()

    def forget(self) -> None:
        """Trust the table only."""
        self._known.clear()

    def new_links(self, session_no: int, links: Sequence[Link]) -> Sequence[Link]:
        """Return the part of a conversation that the session does not have, and remember it as had."""
        low, high = 0, len(links)
        probe = high - 2  # what a chat adds in a turn is usually an answer and the next question
        while low < high:
            middle = probe if low <= probe < high else (low + high) // 2
            probe = -1
            if self._has(session_no, links[middle].key):
                low = middle + 1
            else:
                high = middle
        self._remember(session_no, links[max(0, low - 1) :])
        return links[low:]

    def _has(self, session_no: int, key: bytes) -> bool:
        if (session_no, key) in self._known:
            return True
        return (
            self._db.execute("SELECT 1 FROM nodes WHERE session_no = ? AND key = ?", (session_no, key)).get is not None
        )

    def _remember(self, session_no: int, links: Sequence[Link]) -> None:
        if len(self._known) + len(links) > MAX_KNOWN:
            self._known.clear()
        self._known.update((session_no, link.key) for link in links)


def rows_of(session_no: int, seq: int, links: Sequence[Link]) -> tuple[list[NodeRow], list[MessageRow]]:
    """Return the rows of new nodes and of their messages, first seen with the event ``seq``."""
    nodes: list[NodeRow] = [(session_no, link.key, link.parent, link.message) for link in links]
    return nodes, [(session_no, link.message, seq, pack(link.text)) for link in links]


class Prompts:
    """Puts prompts of one session together; what they share is read once and **shared** between the answers."""

    def __init__(self, db: apsw.Connection, session_no: int) -> None:
        self._db = db
        self._session_no = session_no
        self._nodes: dict[bytes, tuple[bytes | None, bytes]] = {}
        self._messages: dict[bytes, Any] = {}

    def prompt(self, node: bytes) -> list[Any]:
        """Return the conversation that ends with a node."""
        messages: list[Any] = []
        key: bytes | None = node
        while key is not None:
            key, message = self._node(key)
            messages.append(self._message(message))
        messages.reverse()
        return messages

    def _node(self, key: bytes) -> tuple[bytes | None, bytes]:
        found = self._nodes.get(key)
        if found is None:
            row = self._db.execute(
                "SELECT parent, message FROM nodes WHERE session_no = ? AND key = ?", (self._session_no, key)
            ).fetchone()
            if row is None:
                raise LookupError(f"session {self._session_no} lacks the conversation node {key.hex()}")
            found = self._nodes[key] = (row[0], row[1])
        return found

    def _message(self, hash_: bytes) -> Any:
        if hash_ not in self._messages:
            body = self._db.execute(
                "SELECT body FROM messages WHERE session_no = ? AND hash = ?", (self._session_no, hash_)
            ).get
            self._messages[hash_] = decode(body)
        return self._messages[hash_]
