"""Copies: what a store gives away of a session, a key or a share so that another store can have the same.

They hold what answers never show: hashes, arrivals, sizes. Structs alone; ``copying`` moves them, engines make them.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct, field

from playhead.model.event import NewEvent
from playhead.model.results import KeyRecord, ShareRecord
from playhead.model.session import Session


class SessionCopy(Struct, frozen=True):
    """A session with its summary. ``position`` is the store's own and rises in order of creation;
    ``last_arrival_us`` is when anything of it last came, from which its time-out counts."""

    position: int
    session: Session
    last_arrival_us: int


class EventCopy(Struct, frozen=True):
    """An event as it was taken, and its place.

    ``change`` is the number of the change that completed it, 0 for one that came whole or is pending. ``brought`` are
    the messages of the session that search shows with this event, for one with a change; for others it is empty: theirs
    are those of their prompt that no earlier event has.
    """

    seq: int
    event: NewEvent
    change: int = 0
    brought: list[Any] = field(default_factory=list)


class ErasedSession(Struct, frozen=True):
    """An id that no session may have again, and when it was erased."""

    session_id: str
    erased_us: int


class KeyCopy(Struct, frozen=True):
    """A key and the keyed hash that it is found by."""

    record: KeyRecord
    key_hash: bytes


class ShareCopy(Struct, frozen=True):
    """A share and the hash of its token."""

    record: ShareRecord
    token_hash: bytes
