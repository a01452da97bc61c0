"""Request bodies: read up to a limit, unpacked up to the same limit, and nothing deeper or of more parts than allowed.

The limit counts while bytes arrive, packed and unpacked alike, so that neither an endless stream nor a small file that
unpacks to a huge one takes more memory than the limit. What the bytes mean is the routes' business.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import zlib
from collections.abc import AsyncGenerator, Callable, Iterator

import zstandard
from starlette.requests import Request

from playhead.errors import BadRequest, Invalid, InvalidEncoding, StoreBusy, TooLarge, UnsupportedMedia
from playhead.server.settings import Settings
from playhead.server.values import check_values
from playhead.store.allowance import Allowance

JSON_TYPES = frozenset({"", "application/json", "text/json", "text/plain", "application/x-www-form-urlencoded"})
"""Types under which JSON is taken. ``fetch``, ``sendBeacon`` and ``curl -d`` say text or form when nobody told them;
what the bytes are decides. A foreign page gains nothing: changes by the dashboard's cookie need an Origin of ours.
"""
WINDOW_BYTES = 1 << 23
"""The largest window that RFC 8878 asks a zstandard decoder to take."""
SLICE_BYTES = 1024
"""Packed bytes that go into a decoder at a time: 1 KiB of zstandard can unpack to 32 MiB, not more."""
MOST_FRAMES = 10_000
"""Members of gzip or frames of zstandard that a body may be packed in; each takes time, also when it is empty."""
THREADED_BYTES = 65_536
"""Packed bodies larger than this are unpacked on a thread."""
LARGE_BYTES = 1 << 20
"""Bodies larger than this are decoded on a thread."""
LINES = frozenset(
    {
        "application/x-ndjson",
        "application/ndjson",
        "application/jsonl",
        "application/x-jsonlines",
        "application/jsonlines",
    }
)
Unpack = Callable[[bytes, int], bytes]


class Room:
    """Bytes of bodies that are being received and answered at once, so that many large ones do not fill the memory.

    Each project has its part of it (``Allowance``), so that one project's bodies do not keep the others' out.
    """

    def __init__(self, limit: int) -> None:
        self._used = Allowance(limit)

    @contextlib.contextmanager
    def guest(self, project: int | None = None) -> Iterator[Guest]:
        """Let a request in; what it takes is given back when it is done."""
        guest = Guest(self, project)
        try:
            yield guest
        finally:
            self._used.give_back(project, guest.size)

    def take(self, guest: Guest, size: int) -> None:
        """Count bytes of a guest. Raises StoreBusy when there is no room; one alone may take what it likes."""
        if self._used.total > guest.size and not self._used.has_room(guest.project, size):
            raise StoreBusy("Too many large requests at once; try again shortly")
        self._used.take(guest.project, size)
        guest.size += size


class Guest:
    """One request's part of the room."""

    def __init__(self, room: Room, project: int | None) -> None:
        self._room = room
        self.project = project
        self.size = 0

    def take(self, size: int) -> None:
        """Count bytes. Raises StoreBusy."""
        self._room.take(self, size)


async def read_body(request: Request, settings: Settings, guest: Guest) -> bytes:
    """Return the unpacked body. Raises TooLarge, UnsupportedMedia, InvalidEncoding, StoreBusy."""
    limit = settings.max_body_bytes
    unpack = _unpacker(request.headers.get("content-encoding", ""))
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > limit:
        raise _over(limit)
    packed = await _collect(request.stream(), settings, guest)
    if packed and not is_lines(request):
        _check_type(request.headers.get("content-type", ""))
    body = packed if unpack is None or not packed else await _unpacked(unpack, packed, limit, guest)
    if len(body) > LARGE_BYTES:
        await asyncio.to_thread(_check_values, body, settings)
    else:
        _check_values(body, settings)
    return body


def is_lines(request: Request) -> bool:
    """Say whether the body is newline-delimited JSON by its Content-Type."""
    return _media_type(request.headers.get("content-type", "")) in LINES


def check_depth(text: bytes, limit: int, name: str = "body") -> None:
    """Refuse JSON that nests deeper than the limit, before a decoder recurses into it. Raises Invalid."""
    # ``replace`` finds the next of few by a search, where ``count`` looks at every byte.
    brackets = 2 * len(text) - len(text.replace(b"[", b"")) - len(text.replace(b"{", b""))
    if brackets > limit and _is_deeper(text, limit):
        raise Invalid.field(name, f"JSON nested deeper than {limit} levels (PLAYHEAD_MAX_DEPTH)")


def _check_values(body: bytes, settings: Settings) -> None:
    """Refuse too many values; where they are one within the other, as too deep."""
    try:
        check_values(body, settings.max_values)
    except TooLarge:
        check_depth(body[:THREADED_BYTES], settings.max_depth)
        raise


async def _collect(chunks: AsyncGenerator[bytes, None], settings: Settings, guest: Guest) -> bytes:
    parts: list[bytes] = []
    size, limit, patience_s = 0, settings.max_body_bytes, settings.request_timeout_s
    now_s = asyncio.get_running_loop().time
    try:
        async with asyncio.timeout(patience_s) as patience:
            async for chunk in chunks:
                if not chunk:
                    continue
                size += len(chunk)
                if size > limit:
                    raise _over(limit)
                guest.take(len(chunk))
                parts.append(chunk)
                patience.reschedule(now_s() + patience_s)
    except TimeoutError:
        raise BadRequest(f"Nothing more of the body came for {patience_s:g} s (PLAYHEAD_REQUEST_TIMEOUT_S)") from None
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _over(limit: int) -> TooLarge:
    return TooLarge(
        f"The body is larger than {limit} bytes (PLAYHEAD_MAX_BODY_BYTES)",
        details=[{"field": "body", "message": f"at most {limit} bytes, packed and unpacked", "limit": limit}],
    )


def _media_type(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()


def _check_type(content_type: str) -> None:
    kind = _media_type(content_type)
    if kind not in JSON_TYPES and not kind.endswith("+json"):
        raise UnsupportedMedia(f"Content-Type {kind} is not taken; send application/json")
    charset = content_type.lower().partition("charset=")[2].partition(";")[0].strip(' "')
    if charset and charset not in {"utf-8", "utf8", "us-ascii"}:
        raise UnsupportedMedia(f"charset {charset} is not taken; JSON is UTF-8")


# --- unpacking -------------------------------------------------------------------------------------------------------


async def _unpacked(unpack: Unpack, packed: bytes, limit: int, guest: Guest) -> bytes:
    threaded = len(packed) > THREADED_BYTES
    unpacked = await asyncio.to_thread(unpack, packed, limit) if threaded else unpack(packed, limit)
    guest.take(len(unpacked))
    return unpacked


def _unpacker(encoding: str) -> Unpack | None:
    name = encoding.strip().lower()
    if name in {"", "identity"}:
        return None
    if name in {"gzip", "x-gzip"}:
        return unpack_gzip
    if name == "zstd":
        return unpack_zstd
    raise UnsupportedMedia(f"Content-Encoding {encoding} is not taken; send gzip, zstd or none")


def unpack_gzip(packed: bytes, limit: int) -> bytes:
    """Unpack gzip of several members, up to ``limit`` bytes."""
    try:
        return _joined(_gzip_parts(packed), limit)
    except zlib.error as error:
        raise InvalidEncoding(f"The body is not valid gzip: {error}") from None


def unpack_zstd(packed: bytes, limit: int) -> bytes:
    """Unpack zstandard of several frames, up to ``limit`` bytes."""
    try:
        return _joined(_zstd_parts(packed), limit)
    except zstandard.ZstdError as error:
        raise InvalidEncoding(f"The body is not valid zstandard: {error}") from None


def _joined(pieces: Iterator[bytes], limit: int) -> bytes:
    parts, size = [], 0
    for part in pieces:
        parts.append(part)
        size += len(part)
        if size > limit:
            raise _over(limit)
    return b"".join(parts)


def _slices(packed: bytes) -> Iterator[bytes]:
    return (packed[start : start + SLICE_BYTES] for start in range(0, len(packed), SLICE_BYTES))


def _gzip_parts(packed: bytes) -> Iterator[bytes]:
    member, members = zlib.decompressobj(wbits=31), 1
    for piece in _slices(packed):
        rest = piece
        while rest:
            if member.eof:
                member, members = zlib.decompressobj(wbits=31), _one_more(members)
            yield member.decompress(rest)
            rest = member.unused_data
    if not member.eof:
        raise InvalidEncoding("The body's gzip ends too early")


def _zstd_parts(packed: bytes) -> Iterator[bytes]:
    decompressor = zstandard.ZstdDecompressor(max_window_size=WINDOW_BYTES)
    frame, frames = decompressor.decompressobj(), 1
    for piece in _slices(packed):
        rest = piece
        while rest:
            if frame.eof:
                frame, frames = decompressor.decompressobj(), _one_more(frames)
            yield frame.decompress(rest)
            rest = frame.unused_data if frame.eof else b""
    if not frame.eof:
        raise InvalidEncoding("The body's zstandard ends too early")


def _one_more(count: int) -> int:
    if count == MOST_FRAMES:
        raise TooLarge(f"The body is packed in more than {MOST_FRAMES} pieces")
    return count + 1


# --- depth -----------------------------------------------------------------------------------------------------------

TOKENS = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|([\[{]+)|([\]}]+)', re.DOTALL)


def _is_deeper(text: bytes, limit: int) -> bool:
    """Say whether brackets outside strings nest deeper than ``limit``; stops where that is certain."""
    depth = 0
    for token in TOKENS.finditer(text):
        if token.lastindex == 1:
            depth += token.end() - token.start()
            if depth > limit:
                return True
        elif token.lastindex == 2:
            depth -= token.end() - token.start()
    return False


# --- elements --------------------------------------------------------------------------------------------------------

MANY_COMMAS = 1_000_000
ELEMENTS = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|([\[{])|([\]}])|([,0-9.eE+\-\s]++)', re.DOTALL)


def has_more_elements(text: bytes, limit: int) -> bool:
    """Say whether a list inside an object has more elements than ``limit``, where the text may have very many.

    To be asked before a decoder makes an object of each: 32 MiB have room for millions, of which a gigabyte is made.
    """
    if len(text) <= MANY_COMMAS or text.count(b",") <= MANY_COMMAS:
        return False
    depth = commas = 0
    for token in ELEMENTS.finditer(text):
        if token.lastindex == 1:
            depth += 1
        elif token.lastindex == 2:
            depth -= 1
        elif token.lastindex == 3 and depth == 2:
            commas += text.count(b",", token.start(), token.end())
            if commas >= limit:
                return True
    return False
