"""The bytes of a segment file: frames of length, CRC-32, number of events, and the events as lines.

Numbers are little-endian, 32 bits each; the CRC covers the number of events and the lines. A frame that is cut short or
does not match its CRC is torn; those behind it are found again. Pure: no files.
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
LINE = b'{"sessionId":'
"""How each event begins."""


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
    """What cannot be read; ``count`` is how many events it was to hold and ``size`` how many bytes, as far as that can
    be read: else one event, and no bytes."""

    count: int
    size: int = 0


def unpack(raw: bytes, offset: int) -> Frame | Torn | None:
    """Return the frame that begins at ``offset``; None where nothing more begins."""
    if offset >= len(raw):
        return None
    if offset + HEADER.size > len(raw):
        return Torn(1)
    size, crc, count = HEADER.unpack_from(raw, offset)
    if size > MAX_FRAME_BYTES or not 0 < count <= size:
        return Torn(1)
    payload = raw[offset + HEADER.size : offset + HEADER.size + size]
    if len(payload) < size or _crc(payload, count) != crc:
        return Torn(count, HEADER.size + size)
    return Frame(payload, count)


def salvage(raw: bytes, offset: int) -> tuple[list[Frame], int]:
    """Return all frames from ``offset`` on that can be read, and how many events were in those that cannot."""
    frames: list[Frame] = []
    torn = 0
    while (found := unpack(raw, offset)) is not None:
        if isinstance(found, Frame):
            frames.append(found)
            offset += found.size
        else:
            after = _after(raw, offset, found)
            torn += found.count if found.size else max(1, raw.count(LINE, offset, after))
            offset = after
    return frames, torn


def _after(raw: bytes, offset: int, torn: Torn) -> int:
    """Return where the next frame begins that can be read: where the torn one says that it ends, or else before some
    event's line; the end without any."""
    if torn.size and isinstance(unpack(raw, offset + torn.size), Frame):
        return offset + torn.size
    place = raw.find(LINE, offset + HEADER.size + 1)
    while place >= 0 and not isinstance(unpack(raw, place - HEADER.size), Frame):
        place = raw.find(LINE, place + 1)
    return place - HEADER.size if place >= 0 else len(raw)


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
