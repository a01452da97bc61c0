"""Payloads: JSON to bytes on the disk and back, without loss.

Owns the one encoding of stored texts: compact JSON, as a zstandard frame where that is shorter. The two are told apart
by the frame's magic number, with which no JSON begins; a frame that was made with a dictionary will name it itself.
Knows nothing of events, messages or tables.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import msgspec
import zstandard

LEVEL = 1
SHORTEST = 96  # below this many bytes a frame is hardly ever shorter
MAGIC = b"\x28\xb5\x2f\xfd"

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder()


class _Codecs(threading.local):
    """Compression contexts, which must not be shared between threads."""

    def __init__(self) -> None:
        self.compressor = zstandard.ZstdCompressor(level=LEVEL, write_checksum=False, write_content_size=True)
        self.decompressor = zstandard.ZstdDecompressor()


_codecs = _Codecs()


def to_json(value: Any) -> bytes:
    """Return a JSON value as compact UTF-8. Raises UnicodeEncodeError on a lone surrogate."""
    return _encoder.encode(value)


def from_json(text: bytes | str) -> Any:
    """Return the value of a JSON text; whole numbers of any size stay whole."""
    return _decoder.decode(text)


def pack(text: bytes) -> bytes:
    """Return JSON bytes as they are stored."""
    if len(text) < SHORTEST:
        return text
    frame = _codecs.compressor.compress(text)
    return frame if len(frame) < len(text) else text


def pack_all(texts: Sequence[bytes]) -> list[bytes]:
    """Return each of many JSON texts as it is stored: like ``pack``, in one call of the compressor."""
    long = [text for text in texts if len(text) >= SHORTEST]
    if len(long) < 2:
        return [pack(text) for text in texts]
    buffers = _codecs.compressor.multi_compress_to_buffer([*long])
    frames = (buffers[place].tobytes() for place in range(len(buffers)))
    return [text if len(text) < SHORTEST else min(next(frames), text, key=len) for text in texts]


def unpack(blob: bytes) -> bytes:
    """Return the JSON bytes of a stored blob."""
    return _codecs.decompressor.decompress(blob) if blob.startswith(MAGIC) else blob


def encode(data: Any) -> bytes:
    """Return a JSON value as it is stored. Raises UnicodeEncodeError on a lone surrogate."""
    return pack(to_json(data))


def decode(blob: bytes) -> Any:
    """Return the JSON value of a stored blob."""
    return from_json(unpack(blob))
