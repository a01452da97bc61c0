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
FRAME_LINES = 500
FRAME_BYTES = 1 << 18
CRC_SLICE_BYTES = 5 << 10


class Frame(Struct, frozen=True):
    """Some events, as they are sent: lines of JSON without the last line's end."""

    payload: bytes
    count: int

    @property
    def size(self) -> int:
        """Bytes in a segment file."""
        return HEADER.size + len(self.payload)

    def header(self) -> bytes:
        """Return what stands before the payload in a segment file."""
        return HEADER.pack(len(self.payload), _crc(self.payload, self.count), self.count)


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


def cut(lines: list[bytes]) -> list[Frame]:
    """Return lines as frames, none of which is too large for one request (unless one line is)."""
    frames: list[Frame] = []
    first = size = 0
    for index, line in enumerate(lines):
        size += len(line) + 1
        if index > first and (size > FRAME_BYTES or index - first >= FRAME_LINES):
            frames.append(Frame(b"\n".join(lines[first:index]), index - first))
            first, size = index, len(line) + 1
    frames.append(Frame(b"\n".join(lines[first:]), len(lines) - first))
    return frames


def _crc(payload: bytes, count: int) -> int:
    """Return the CRC, taken in slices so small that zlib does not let other threads in between: each time, a busy one
    would keep this one waiting for the interpreter's whole switch interval."""
    crc = zlib.crc32(_COUNT.pack(count))
    view = memoryview(payload)
    for start in range(0, len(view), CRC_SLICE_BYTES):
        crc = zlib.crc32(view[start : start + CRC_SLICE_BYTES], crc)
    return crc
