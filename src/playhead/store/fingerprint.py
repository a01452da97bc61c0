"""Fingerprints: one hash over all that is kept of a session's events, the same from every engine.

What goes in is the event as it was taken, its place, arrival and change; the order of members in an object does not
count. A prompt's messages are hashed each for itself, and once where the engine shares them between events.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import Any

import msgspec

from playhead.store.copies import EventCopy

_encode = msgspec.json.Encoder(order="deterministic").encode


class Fingerprint:
    """Takes a session's events in order of seq, some at a time."""

    def __init__(self) -> None:
        self._hash = blake2b(digest_size=32)
        self.events = 0

    def add(self, copies: Sequence[EventCopy]) -> None:
        """Take the next events."""
        known: dict[int, bytes] = {}  # by identity, which is nobody else's as long as the copies are there
        for copy in copies:
            self._hash.update(_digest(_members(copy)))
            prompt = copy.event.data.get("prompt")
            if isinstance(prompt, list):
                self._hash.update(_joined(prompt, known))
        self.events += len(copies)

    def digest(self) -> bytes:
        """Return the hash of what was taken so far."""
        return self._hash.digest()


def _members(copy: EventCopy) -> tuple[Any, ...]:
    event = copy.event
    prompt = event.data.get("prompt")
    data = {**event.data, "prompt": ["messages", len(prompt)]} if isinstance(prompt, list) else event.data
    return (
        copy.seq,
        copy.change,
        event.id,
        event.type,
        event.timestamp_us,
        event.received_us,
        event.error,
        event.latency_ms,
        event.call,
        event.size_bytes,
        event.pending,
        isinstance(prompt, list),
        data,
    )


def _joined(messages: Sequence[Any], known: dict[int, bytes]) -> bytes:
    """Return the hashes of messages behind each other, and have them known."""
    places = [*map(id, messages)]
    known |= {place: _digest(one) for place, one in zip(places, messages, strict=True) if place not in known}
    return b"".join(map(known.__getitem__, places))


def _digest(value: Any) -> bytes:
    return blake2b(_encode(value), digest_size=32).digest()
