"""Ahead: the events of large writes, encoded and compressed on a thread of their own.

Owns what can be done of a write before its turn: while the writer is at earlier ones, and waits for the disk, the next
ones are made ready. A write that is reached first is done by the writer itself. Knows no table.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol, TypeAlias

from msgspec import Struct

from playhead.errors import Invalid
from playhead.model.event import NewEvent
from playhead.store.conversations import Encoded, encode_event
from playhead.store.payload import Packer

Ready: TypeAlias = Encoded | Invalid
"""An event as it goes into a batch, or why it cannot be stored."""

MANY_EVENTS = 32
"""From how many events on a write is worth the way to another thread."""


class Prepared(Struct, frozen=True):
    """Events made ready, in order, and the dictionary that they are compressed with."""

    dictionary: int
    events: list[Ready]


class Bulk(Protocol):
    """A write that brings events; ``ahead`` is None when they are not made ready ahead."""

    ahead: Future[Prepared] | None

    @property
    def events(self) -> Sequence[NewEvent]:
        """Its events, in order."""


class Ahead:
    """Makes events ready; ``packer`` says with which dictionary. The thread starts with the first large write."""

    def __init__(self, packer: Packer) -> None:
        self._packer = packer
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="playhead-packer")

    def prepare(self, events: Sequence[NewEvent]) -> Future[Prepared] | None:
        """Begin to make events ready, if they are many. Returns at once."""
        if len(events) < MANY_EVENTS:
            return None
        try:
            return self._pool.submit(self._prepared, events)
        except RuntimeError:  # closed a moment ago: the writer, which writes what is queued, does it
            return None

    def close(self) -> None:
        """Stop the thread; nobody waits for what it had before it any more."""
        self._pool.shutdown(cancel_futures=True)

    def _prepared(self, events: Sequence[NewEvent]) -> Prepared:
        packer = Packer(self._packer.dictionary)
        ready = [_ready(event) for event in events]
        payloads = iter(packer.pack_all([each.text for each in ready if isinstance(each, Encoded)]))
        packed = (
            Encoded(each.links, each.text, next(payloads)) if isinstance(each, Encoded) else each for each in ready
        )
        return Prepared(packer.dictionary, list(packed))


def take_ready(write: Bulk, packer: Packer) -> Iterable[Ready]:
    """Return the events of a write as they go into a batch, in order.

    What was prepared is taken when it is there or about to be, unless the dictionary has changed since: the one that it
    was compressed with may not be in the database any more.
    """
    if write.ahead is not None and not write.ahead.cancel():
        found = write.ahead.result()
        if found.dictionary == packer.dictionary:
            return found.events
    return map(_ready, write.events)


def _ready(event: NewEvent) -> Ready:
    try:
        return encode_event(event)
    except Invalid as error:
        return error
