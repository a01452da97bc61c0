"""Documents: a whole session as JSON, written piece by piece, so that memory stays flat however long it is.

Owns the order in which a replay's members are written and where it is cut. What an event looks like is ``present``'s;
who may read it is decided before.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from playhead.model.event import EVENT_TYPES, EventType
from playhead.model.session import Session
from playhead.server.present import flat_event, session_item
from playhead.server.view import View

REPLAY_EVENTS: Final = 10_000
REPLAY_BYTES: Final = 64 << 20
"""Of events as they were sent: a chat sends its history with every turn, and a replay repeats it."""
CHUNK_BYTES: Final = 64 << 10
MAX_SIZE: Final = 2**32 - 1
ARRAYS: Final[dict[str, EventType]] = {
    "aiInteractions": "interaction",
    "userActions": "user_action",
    "codeContext": "code_context",
    "systemMetrics": "system_metrics",
    "workspaceStates": "workspace_state",
    "steps": "step",
    "feedback": "feedback",
    "gaps": "gap",
}

encode = msgspec.json.Encoder().encode


class Plan:
    """Which events a document has: their seqs and sizes by kind, in time order, eight bytes an event."""

    def __init__(self, view: View, limit: int | None, most_bytes: int) -> None:
        self.seqs: dict[EventType, array[int]] = {kind: array("I") for kind in EVENT_TYPES}
        self.sizes: dict[EventType, array[int]] = {kind: array("I") for kind in EVENT_TYPES}
        self.last_seq = 0
        self.truncated = False
        size_bytes = 0
        for place, mark in enumerate(view.marks()):
            size_bytes += mark.size_bytes
            if limit is not None and (place == limit or (place and size_bytes > most_bytes)):
                self.truncated = True
                break
            self.seqs[mark.type].append(mark.seq)
            self.sizes[mark.type].append(min(mark.size_bytes, MAX_SIZE))
            if not mark.pending:  # one that is moves when it is completed: nobody could go on behind it
                self.last_seq = mark.seq

    def places(self, kind: EventType) -> Iterable[tuple[int, int]]:
        """Return (seq, size in bytes) of the events of a kind."""
        return zip(self.seqs[kind], self.sizes[kind], strict=True)


def replay_chunks(view: View, limit: int | None = REPLAY_EVENTS, most_bytes: int = REPLAY_BYTES) -> Iterator[bytes]:
    """Yield a session's replay as JSON; of more than ``limit`` events, or of events that are larger together than
    ``most_bytes``, the first ones and a link to the others. Without a limit it is whole.

    Raises SessionNotFound, before the first piece.
    """
    session = view.session()
    plan = Plan(view, limit, most_bytes)
    yield from gathered(_pieces(view, session, plan))


def gathered(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield pieces of bytes joined to chunks that are worth sending."""
    waiting: list[bytes] = []
    size_bytes = 0
    for piece in pieces:
        waiting.append(piece)
        size_bytes += len(piece)
        if size_bytes >= CHUNK_BYTES:
            yield b"".join(waiting)
            waiting, size_bytes = [], 0
    if waiting:
        yield b"".join(waiting)


def _pieces(view: View, session: Session, plan: Plan) -> Iterator[bytes]:
    yield encode(session_item(session, view.base_url))[:-1]
    yield b',"replayData":{'
    latest = b"null"
    for name, kind in ARRAYS.items():
        yield b'"%s":[' % name.encode()
        separator = b""
        for event in _encoded(view, plan, kind):
            yield separator + event
            separator = b","
            latest = event if kind == "workspace_state" else latest
        yield b"],"
    yield b'"workspaceState":' + latest + b"}"
    yield b',"notes":' + encode(view.notes())
    yield b',"truncated":%s' % (b"true" if plan.truncated else b"false")
    following = f"{view.url}/events?after={plan.last_seq}&limit=1000" if plan.truncated else None
    yield b',"next":' + encode(following) + b"}"


def _encoded(view: View, plan: Plan, kind: EventType) -> Iterator[bytes]:
    for batch in view.batches(plan.places(kind)):
        yield from (encode(flat_event(event)) for event in batch)
