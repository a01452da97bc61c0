"""Cursors: where a list goes on, as text that only this server makes and that fits one filter and order alone."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from playhead.errors import Invalid
from playhead.model.filters import PageRequest, Position, SessionFilter
from playhead.server.signing import Signer


class Place(Struct, frozen=True, array_like=True):
    """What a cursor says: the position of the last session seen, and the number of the page that follows it."""

    after: Position
    page: int


DECODER = msgspec.msgpack.Decoder(Place)


class Cursors:
    """Makes and reads cursors. One edited, or brought from another filter, order, project or server, is Invalid."""

    def __init__(self, secret: bytes) -> None:
        self._signer = Signer(secret, "cursor")

    def seal(self, place: Place, project: int, where: SessionFilter, page: PageRequest) -> str:
        """Return the cursor of a place in the list of these filters and this order."""
        return self._signer.sign(msgspec.msgpack.encode(place), _context(project, where, page))

    def open(self, cursor: str, project: int, where: SessionFilter, page: PageRequest) -> Place:
        """Return the place of a cursor."""
        payload = self._signer.open(cursor, _context(project, where, page))
        if payload is None:
            raise Invalid.field("cursor", "not a cursor of this list; take nextCursor as it was answered")
        return DECODER.decode(payload)


def _context(project: int, where: SessionFilter, page: PageRequest) -> bytes:
    return msgspec.json.encode([project, where, page.sort_by, page.order], order="deterministic")
