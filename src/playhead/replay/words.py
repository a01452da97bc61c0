"""Words: how texts and queries are taken apart for search. One definition for every engine.

A text becomes tokens: runs of letters, digits and their marks, without case and accents. In a script that is written
without spaces every character is a token of its own, so that a phrase of characters finds any substring. This module
knows no event and no index.
"""

from __future__ import annotations

import re
import unicodedata
from codecs import register_error
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from msgspec import Struct

from playhead.errors import Invalid

MAX_TERMS = 64
MAX_QUERY_CHARS = 2000

UNSPACED: Final = tuple(
    range(first, last + 1)
    for first, last in (
        (0x0E00, 0x0EFF),  # Thai, Lao
        (0x1000, 0x109F),  # Myanmar
        (0x1780, 0x17FF),  # Khmer
        (0x19E0, 0x19FF),
        (0x3005, 0x3007),  # Han iteration marks
        (0x3021, 0x3029),
        (0x3031, 0x312F),  # kana, bopomofo
        (0x31A0, 0x31FF),
        (0x3400, 0x4DBF),  # Han
        (0x4E00, 0x9FFF),
        (0xA9E0, 0xA9FF),  # Myanmar extended
        (0xAA60, 0xAA7F),
        (0xAC00, 0xD7A3),  # Hangul: spaced, but particles stick to the words
        (0xF900, 0xFAFF),
        (0x1AFF0, 0x1B16F),  # kana supplements
        (0x20000, 0x3FFFF),  # Han extensions
    )
)
ACCENTS: Final = tuple(
    range(first, last + 1)
    for first, last in (
        (0x0300, 0x036F),
        (0x0591, 0x05C7),  # Hebrew points
        (0x0610, 0x061A),  # Arabic vowel signs
        (0x064B, 0x065F),
        (0x0670, 0x0670),
        (0x06D6, 0x06ED),
        (0x1AB0, 0x1AFF),
        (0x1DC0, 0x1DFF),
        (0x20D0, 0x20FF),
        (0xFE00, 0xFE2F),  # variation selectors, half marks
    )
)
PLAIN: Final = {"ø": "o", "ł": "l", "đ": "d", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "ـ": ""}
"""Letters whose accent Unicode does not take off."""

LONE: Final = "\x1f"
"""Stands around each character that is a token by itself: white space, and nowhere else in what ``spaced`` returns."""
LONE_RUN: Final = re.compile(f"{LONE}.{LONE}(?: *{LONE}.{LONE})*")
BETWEEN: Final = r"\x00-/:-@A-Z\[-`{-\x7f"
"""Characters between tokens, of ``searchable`` texts; the inside of a character class."""

WORD: Final = re.compile(f"[^{BETWEEN}]*")

QUERY: Final = re.compile(r'"([^"]*)(?:"(\*?)|\Z)|([^\s"]+)')
ASCII_TOKEN: Final = re.compile(r"[a-z0-9]+")


class Term(Struct, frozen=True):
    """One demand of a query: these tokens one behind the other, the last one perhaps only begun."""

    tokens: tuple[str, ...]
    prefix: bool = False


class _Unaccented(dict[int, str]):
    """A translation that takes accents off, filled as characters are met."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        self[code] = result = "" if any(code in block for block in ACCENTS) else PLAIN.get(char, char)
        return result


class _Spaced(dict[int, str]):
    """A translation that puts spaces where tokens end, filled as characters are met."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        self[code] = result = self._of(code, char)
        return result

    @staticmethod
    def _of(code: int, char: str) -> str:
        category = unicodedata.category(char)
        if category[0] not in "LNM" and category not in {"So", "Co"}:
            return "" if category == "Cf" else " "
        if category == "So" or any(code in block for block in UNSPACED):
            return f"{LONE}{char}{LONE}"
        return char


_UNACCENTED: Final = _Unaccented()
_SPACED: Final = _Spaced()
_ASCII_SPACED: Final = bytes(
    code if chr(code) == LONE or code > 127 else ord(chr(code).lower()) if chr(code).isalnum() else ord(" ")
    for code in range(256)
)
_OTHERS: Final = "playhead-others"
"""The name by which ``str.encode`` knows what becomes of characters that are not ASCII."""
_SHORT: Final = 8
"""Up to how many characters that are not ASCII are likely to come again: quotation marks, dashes, accents."""


def spaced(text: str) -> str:
    """Return a text whose tokens stand between separators.

    A text in ASCII alone is returned as it is: its tokens are the runs of letters and digits, whatever their case.
    In others only what is not ASCII is looked at closely, because most long texts have a dash or a quotation mark and
    little else of that kind: no mark that stays composes with an ASCII letter.
    """
    if text.isascii():
        return text
    return text.replace(LONE, " ").encode("ascii", _OTHERS).translate(_ASCII_SPACED).decode()


def _take_others(error: UnicodeError) -> tuple[bytes, int]:
    """Return the UTF-8 of a run of characters that are not ASCII, spaced, and where it ends."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    run = error.object[error.start : error.end]
    return (_spaced_again(run) if len(run) <= _SHORT else _spaced(run)), error.end


def _spaced(text: str) -> bytes:
    plain = unicodedata.normalize("NFKD", text).casefold().translate(_UNACCENTED)
    return unicodedata.normalize("NFC", plain).translate(_SPACED).encode()


_spaced_again = lru_cache(maxsize=4096)(_spaced)
register_error(_OTHERS, _take_others)


def tokens(text: str) -> list[str]:
    """Return the tokens of a text in order."""
    if text.isascii():
        return ASCII_TOKEN.findall(text.lower())
    return spaced(text).split()


def is_lone(token: str) -> bool:
    """Say whether a token is a character of a script without spaces, or a symbol."""
    return len(token) == 1 and token != _SPACED[ord(token)]


# --- for an index that keeps no order --------------------------------------------------------------------------------


def paired(text: str) -> str:
    """Return a text as an index is to split it that knows which tokens a text has, and not where they stand.

    A character that is a token by itself is joined with the one behind it where that is such a one too, so that the
    index tells which of them are neighbours: ``東京都`` becomes ``東京``, ``京都``, ``都``. Each begins exactly one.
    """
    apart = spaced(text)
    return LONE_RUN.sub(_pairs, apart) if LONE in apart else apart


def _pairs(run: re.Match[str]) -> str:
    characters = "".join(run[0].split())
    return f" {' '.join(characters[place : place + 2] for place in range(len(characters)))} "


def index_words(term: Term) -> list[tuple[str, bool]]:
    """Return what an index of ``paired`` texts has of each text that a term stands in; True: a beginning of words."""
    found: list[tuple[str, bool]] = []
    last = len(term.tokens) - 1
    lone = [*map(is_lone, term.tokens), False]
    for place, token in enumerate(term.tokens):
        if not lone[place]:
            found.append((token, term.prefix and place == last))
        elif lone[place + 1]:
            found.append((token + term.tokens[place + 1], False))
        elif place == 0 or not lone[place - 1]:
            found.append((token, True))
    return found


def is_indexed(term: Term) -> bool:
    """Say whether every text that has a term's ``index_words`` holds the term: one token, or two that make a pair."""
    return len(term.tokens) == 1 or (len(term.tokens) == 2 and all(map(is_lone, term.tokens)))


# --- in a text -------------------------------------------------------------------------------------------------------


def searchable(text: str) -> str:
    """Return a text in which a ``Finder`` can count."""
    return text.lower() if text.isascii() else spaced(text)


class Finder:
    """Counts how often a term stands in a text, as ``tokens`` takes that apart, without taking it apart."""

    def __init__(self, term: Term) -> None:
        self._first = term.tokens[0]
        self._rarest = sorted(dict.fromkeys(term.tokens), key=len, reverse=True)
        first, *others = map(re.escape, term.tokens)
        parts = [f"{first}(?<![^{BETWEEN}]{first})", *others]
        end = "" if term.prefix else f"(?![^{BETWEEN}])"
        self._pattern = re.compile(f"[{BETWEEN}]+".join(parts) + end)

    def count(self, text: str) -> int:
        """Return how often the term stands in a ``searchable`` text, not counting where it overlaps itself."""
        for token in self._rarest:
            if token not in text:
                return 0
        return len(self._pattern.findall(text, text.index(self._first)))

    def spans(self, text: str) -> Iterator[tuple[int, int]]:
        """Yield where the term stands in a ``searchable`` text, overlapping ones too, to the end of its last word."""
        found = self._pattern.search(text)
        while found:
            rest = WORD.match(text, found.end())
            yield found.start(), rest.end() if rest else found.end()
            found = self._pattern.search(text, found.start() + 1)


# --- queries ---------------------------------------------------------------------------------------------------------


def parse_query(query: str) -> list[Term]:
    """Return what a query asks for: words, "phrases" and prefixes*; every other sign is ordinary text.

    A word that holds several tokens (``get_user``, ``東京``) is a phrase. Raises Invalid over the limits.
    """
    if len(query) > MAX_QUERY_CHARS:
        raise Invalid.field("search", f"longer than {MAX_QUERY_CHARS} characters")
    terms = [term for match in QUERY.finditer(query) if (term := _term(match)).tokens]
    if len(terms) > MAX_TERMS:
        raise Invalid.field("search", f"more than {MAX_TERMS} words and phrases")
    return terms


def _term(match: re.Match[str]) -> Term:
    phrase, star, word = match.groups()
    if word is None:
        return Term(tuple(tokens(phrase)), prefix=star == "*")
    return Term(tuple(tokens(word)), prefix=word.endswith("*"))
