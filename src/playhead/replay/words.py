"""Words: how texts and queries are taken apart for search. One definition for every engine.

A text becomes tokens: runs of letters, digits and their marks, without case and accents. In a script that is written
without spaces every character is a token of its own, so that a phrase of characters finds any substring. This module
knows no event and no index.
"""

from __future__ import annotations

import re
import unicodedata
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
            return f" {char} "
        return char


_UNACCENTED: Final = _Unaccented()
_SPACED: Final = _Spaced()
_ASCII_SPACED: Final = {code: chr(code).lower() if chr(code).isalnum() else " " for code in range(128)}
_OTHERS: Final = re.compile(r"([^\x00-\x7f]+)")


def spaced(text: str) -> str:
    """Return a text whose tokens stand between separators.

    A text in ASCII alone is returned as it is: its tokens are the runs of letters and digits, whatever their case.
    In others what is ASCII and what is not is taken apart by turns, because most long texts have a dash or
    a quotation mark, and ASCII is a hundred times quicker: no mark that stays composes with an ASCII letter.
    """
    if text.isascii():
        return text
    parts = _OTHERS.split(text)
    parts[::2] = [part.translate(_ASCII_SPACED) for part in parts[::2]]
    parts[1::2] = [_spaced(part) for part in parts[1::2]]
    return "".join(parts)


def _spaced(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).casefold().translate(_UNACCENTED)
    return unicodedata.normalize("NFC", plain).translate(_SPACED)


def tokens(text: str) -> list[str]:
    """Return the tokens of a text in order."""
    if text.isascii():
        return ASCII_TOKEN.findall(text.lower())
    return spaced(text).split()


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
