"""Dictionaries: what payloads have in common, trained from a store's own. One definition for every engine.

A dictionary outlives the payloads that it was trained from, so nothing gets into one that is a single session's own:
of the samples only runs of words are kept in which each word, with the one behind it, occurs in ``SHARED_BY`` sessions
at least. A name, a number or a secret of one session is in no dictionary, whichever session is erased later. Reads and
writes nothing: samples come in, bytes go out.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b
from itertools import chain, pairwise
from typing import Final, TypeVar

import zstandard

from playhead.store.payload import SHORTEST, Packer

T = TypeVar("T")

SIZE_BYTES = 110 << 10
SHARED_BY = 8
LEAST_BYTES = 64 << 10
"""How much of the samples must be common to make a dictionary of."""
WORTH = 0.9
"""A dictionary must bring payloads below this share of what they take without one."""
SEGMENT_BYTES, MATCH_BYTES = 400, 8
"""What zstandard's trainer calls k and d; both measured on prose."""

WORD: Final = re.compile(rb"[0-9A-Za-z_\x80-\xff]+[^0-9A-Za-z_\x80-\xff]*|[^0-9A-Za-z_\x80-\xff]+")
_LOWEST_ID, _IDS = 1 << 15, (1 << 31) - (1 << 15)  # zstandard keeps the ids below and above for registered ones


def train(sessions: Sequence[Sequence[bytes]]) -> bytes | None:
    """Return a dictionary made from samples of payloads (JSON), by session; None when they have too little in common.

    The same samples give the same bytes; another content has another id.
    """
    samples = common_parts(sessions)
    if sum(map(len, samples)) < LEAST_BYTES:
        return None
    try:
        trained = zstandard.train_dictionary(SIZE_BYTES, [*samples], k=SEGMENT_BYTES, d=MATCH_BYTES, dict_id=1)
    except zstandard.ZstdError:  # too few samples, or too much alike
        return None
    return _named(trained.as_bytes())


def _named(trained: bytes) -> bytes:
    """Return a dictionary with a hash of its content as its id, which stands in it behind four bytes of magic."""
    content = trained[8:]
    id_ = _LOWEST_ID + int.from_bytes(blake2b(content, digest_size=8).digest()) % _IDS
    return trained[:4] + id_.to_bytes(4, "little") + content


def pays(dictionary: int, sessions: Sequence[Sequence[bytes]]) -> bool:
    """Say whether a dictionary, by its id, makes payloads that much shorter; best asked of others than trained it."""
    texts = [text for session in sessions for text in session if len(text) >= SHORTEST]
    before, after = (sum(map(len, Packer(id_).pack_all(texts))) for id_ in (0, dictionary))
    return after < before * WORTH


def common_parts(sessions: Sequence[Sequence[bytes]]) -> list[bytes]:
    """Return of each sample the parts that ``SHARED_BY`` sessions have in common, joined.

    Splits the samples three times rather than keeping millions of words: it runs beside a server.
    """
    words = _shared(set(chain.from_iterable(map(WORD.findall, session))) for session in sessions)
    pairs = _shared({pair for sample in session for pair in _pairs(sample, words)} for session in sessions)
    parts = (b"".join(_common_words(WORD.findall(sample), pairs)) for session in sessions for sample in session)
    return [part for part in parts if part]


def _shared(of_sessions: Iterable[set[T]]) -> set[T]:
    """Return what is in as many of these sets as it must be."""
    counts: Counter[T] = Counter()
    for each in of_sessions:
        counts.update(each)
    return {one for one, count in counts.items() if count >= SHARED_BY}


def _pairs(sample: bytes, words: set[bytes]) -> Iterator[tuple[bytes, bytes]]:
    return ((one, other) for one, other in pairwise(WORD.findall(sample)) if one in words and other in words)


def _common_words(words: Sequence[bytes], common: set[tuple[bytes, bytes]]) -> Iterator[bytes]:
    goes_on = False
    for pair in pairwise(words):
        if pair in common:
            if not goes_on:
                yield pair[0]
            yield pair[1]
        goes_on = pair in common
