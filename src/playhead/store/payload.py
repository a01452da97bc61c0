"""Payloads: JSON to bytes on the disk and back, without loss.

Owns the one encoding of stored texts: compact JSON, as a zstandard frame where that is shorter. The two are told apart
by the frame's magic number, with which no JSON begins. A frame that was made with a dictionary names it by its id, a
hash of its content, so that one table of the dictionaries that this process has learned serves every
store in it. An engine keeps the dictionaries that its payloads name and has them learned before it reads any.
Knows nothing of events, messages or tables.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any, Final

import msgspec
import zstandard

from playhead.errors import DictionaryMissing, PayloadDamaged

LEVEL = 1
COMPACT_LEVEL = 9
QUICK: Final = zstandard.ZstdCompressionParameters(
    strategy=zstandard.STRATEGY_FAST,
    window_log=19,
    chain_log=15,
    hash_log=16,
    min_match=7,
    write_checksum=False,
    write_dict_id=True,
    write_content_size=True,
)
"""With a dictionary and no level: a sixth less work than level 3, because one table is looked into instead of two and
short matches are let go, for payloads a twentieth longer."""
SHORTEST = 96  # below this many bytes a frame is hardly ever shorter
SHORTEST_WITH_DICTIONARY = 24
MAGIC = b"\x28\xb5\x2f\xfd"

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder()
_learned: Final[dict[int, zstandard.ZstdCompressionDict]] = {}


class _Codecs(threading.local):
    """Compression contexts, which must not be shared between threads."""

    def __init__(self) -> None:
        self.plain = zstandard.ZstdDecompressor()
        self.decompressors: dict[int, zstandard.ZstdDecompressor] = {}
        self.compressors: dict[tuple[int, int | None], zstandard.ZstdCompressor] = {}

    def decompressor(self, dictionary: int) -> zstandard.ZstdDecompressor:
        found = self.decompressors.get(dictionary)
        if found is None:
            if dictionary not in _learned:
                raise DictionaryMissing(f"A payload names dictionary {dictionary}, which is not there")
            found = self.decompressors[dictionary] = zstandard.ZstdDecompressor(dict_data=_learned[dictionary])
        return found

    def compressor(self, dictionary: int, level: int | None) -> zstandard.ZstdCompressor:
        found = self.compressors.get((dictionary, level))
        if found is None:
            found = self.compressors[dictionary, level] = _compressor(dictionary, level)
        return found


_codecs = _Codecs()


def _compressor(dictionary: int, level: int | None) -> zstandard.ZstdCompressor:
    if not dictionary:
        return zstandard.ZstdCompressor(level=level or LEVEL, write_checksum=False, write_content_size=True)
    if level is None:
        return zstandard.ZstdCompressor(compression_params=QUICK, dict_data=_learned[dictionary])
    prepared = zstandard.ZstdCompressionDict(_learned[dictionary].as_bytes())
    prepared.precompute_compress(level=level)
    return zstandard.ZstdCompressor(level=level, dict_data=prepared, write_checksum=False, write_content_size=True)


def learn(content: bytes) -> int:
    """Take in a dictionary, from its trained form; return its id. To learn one twice does no harm.

    Raises ValueError for bytes that are no trained dictionary, or not the one that is known by their id.
    """
    id_ = zstandard.ZstdCompressionDict(content).dict_id()
    if not id_:
        raise ValueError("these bytes are no trained dictionary")
    if id_ not in _learned:
        _learned[id_] = zstandard.ZstdCompressionDict(content)
        _learned[id_].precompute_compress(compression_params=QUICK)
    elif _learned[id_].as_bytes() != content:
        raise ValueError(f"there is another dictionary {id_}")
    return id_


def is_learned(dictionary: int) -> bool:
    """Say whether payloads that name a dictionary can be read."""
    return dictionary in _learned


class Packer:
    """Makes payloads. ``dictionary`` is the id of the one that it uses, 0 for none; it may change at any time.

    It must be learned, and its row on stable storage, before it is set. ``level`` is zstandard's, None for what
    recording has time for.
    """

    def __init__(self, dictionary: int = 0, level: int | None = None) -> None:
        self.dictionary = dictionary
        self._level = level

    def pack(self, text: bytes) -> bytes:
        """Return JSON bytes as they are stored."""
        return self.pack_all([text])[0]

    def pack_all(self, texts: Sequence[bytes]) -> list[bytes]:
        """Return each of many JSON texts as it is stored, in one call of the compressor that lets other threads run."""
        dictionary = self.dictionary
        compressor = _codecs.compressor(dictionary, self._level)
        shortest = SHORTEST_WITH_DICTIONARY if dictionary else SHORTEST
        long = [text for text in texts if len(text) >= shortest]
        if len(long) < 2:
            return [min(compressor.compress(text), text, key=len) if len(text) >= shortest else text for text in texts]
        buffers = compressor.multi_compress_to_buffer([*long])
        frames = iter([buffers[place].tobytes() for place in range(len(buffers))])
        packed = [next(frames) if len(text) >= shortest else text for text in texts]
        return [frame if len(frame) <= len(text) else text for frame, text in zip(packed, texts, strict=True)]


_packer: Final = Packer()


def to_json(value: Any) -> bytes:
    """Return a JSON value as compact UTF-8. Raises UnicodeEncodeError on a lone surrogate."""
    return _encoder.encode(value)


def from_json(text: bytes | str) -> Any:
    """Return the value of a JSON text; whole numbers of any size stay whole."""
    return _decoder.decode(text)


def pack(text: bytes) -> bytes:
    """Return JSON bytes as they are stored, without a dictionary."""
    return _packer.pack(text)


def pack_all(texts: Sequence[bytes]) -> list[bytes]:
    """Return each of many JSON texts as it is stored, without a dictionary."""
    return _packer.pack_all(texts)


def dictionary_of(blob: bytes) -> int:
    """Return the id of the dictionary that a stored blob names, 0 for none."""
    if not blob.startswith(MAGIC) or not blob[4] & 3:
        return 0
    return zstandard.get_frame_parameters(blob).dict_id


def unpack(blob: bytes) -> bytes:
    """Return the JSON bytes of a stored blob. Raises DictionaryMissing, PayloadDamaged."""
    if not blob.startswith(MAGIC):
        return blob
    try:
        if not blob[4] & 3:  # the part of a frame's header that says how long a dictionary's id it has
            return _codecs.plain.decompress(blob)
        return _codecs.decompressor(dictionary_of(blob)).decompress(blob)
    except (zstandard.ZstdError, IndexError) as error:
        raise PayloadDamaged from error


def unpack_whole(blob: bytes) -> bytes | None:
    """Return the JSON bytes of a stored blob, or None for one that is damaged or whose dictionary is not there."""
    try:
        return unpack(blob)
    except (DictionaryMissing, PayloadDamaged):
        return None


def encode(data: Any) -> bytes:
    """Return a JSON value as it is stored, without a dictionary. Raises UnicodeEncodeError on a lone surrogate."""
    return pack(to_json(data))


def decode(blob: bytes) -> Any:
    """Return the JSON value of a stored blob. Raises DictionaryMissing, PayloadDamaged."""
    try:
        return from_json(unpack(blob))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise PayloadDamaged from error
