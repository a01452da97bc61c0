"""The bytes of a segment file: frames of length, CRC-32, number of events, and the events as lines.

Numbers are little-endian, 32 bits each; the CRC covers the number of events and the lines. A frame that is cut short or
does not match its CRC is torn. Pure: no files.
"""

from __future__ import annotations

import struct
import zlib

from msgspec import Struct

HEADER = struct.Struct("<III")
_COUNT = struct.Struct("<I")
MAX_FRAME_BYTES = 1 << 28


class Frame(Struct, frozen=True):
    """Some events, as they are sent: lines of JSON without the last line's end."""

    payload: bytes
    count: int

    @property
    def size(self) -> int:
        """Bytes in a segment file."""
        return HEADER.size + len(self.payload)

    def pack(self) -> bytes:
        """Return the bytes of a segment file."""
        return HEADER.pack(len(self.payload), _crc(self.payload, self.count), self.count) + self.payload


class Torn(Struct, frozen=True):
    """What cannot be read; ``count`` is how many events it was to hold, as far as that can be read."""

    count: int


def unpack(raw: bytes, offset: int) -> Frame | Torn | None:
    """Return the frame that begins at ``offset``; None where nothing more begins."""
    if offset >= len(raw):
        return None
    if offset + HEADER.size > len(raw):
        return Torn(1)
    size, crc, count = HEADER.unpack_from(raw, offset)
    payload = raw[offset + HEADER.size : offset + HEADER.size + size]
    if size > MAX_FRAME_BYTES or not 0 < count <= size:
        return Torn(1)
    if len(payload) < size or _crc(payload, count) != crc:
        return Torn(count)
    return Frame(payload, count)


def _crc(payload: bytes, count: int) -> int:
    return zlib.crc32(payload, zlib.crc32(_COUNT.pack(count)))
