"""Snippets: the piece of a text around what was searched for, with the matches marked.

Uses the tokens of ``words``, so that what the index found is what is marked, in any script.
"""

from __future__ import annotations

import re
import unicodedata
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from heapq import merge
from itertools import takewhile
from typing import TypeAlias

from playhead.replay.words import ASCII_TOKEN, Finder, Term, searchable, tokens

WIDTH = 160
LEAD = 48
CHUNK = re.compile(r"\S+")

Span: TypeAlias = tuple[int, int]
Part: TypeAlias = tuple[str, bool]


def snippet(texts: Iterable[str], terms: Sequence[Term], width: int = WIDTH) -> list[Part]:
    """Return about ``width`` characters of the first text that holds one of the terms, as (text, is a match) parts.

    White space is folded; an ellipsis shows where the text goes on. Without any match: the start of the first text.
    """
    first = ""
    finders = [Finder(term) for term in terms]
    for text in texts:
        first = first or text
        readable = searchable(text)
        if any(finder.count(readable) for finder in finders):
            matches = _spans(readable, finders) if text.isascii() else find(text, terms)
            found = next(matches, None)
            if found:
                return _cut(text, found, matches, width)
    return _folded([(first[:width] + ("…" if len(first) > width else ""), False)])


def _spans(text: str, finders: Sequence[Finder]) -> Iterator[Span]:
    """Yield what ``find`` does for a text in which a character is one of the text's own."""
    last = 0
    each = [[(end, place, start) for start, end in finder.spans(text)] for place, finder in enumerate(finders)]
    for end, _, start in merge(*each):
        if end > last:
            yield start, end
        last = end


def find(text: str, terms: Sequence[Term]) -> Iterator[Span]:
    """Yield where terms stand in a text, by their ends, as offsets of characters."""
    recent: deque[tuple[int, int, str]] = deque(maxlen=max((len(term.tokens) for term in terms), default=1))
    for place in _places(text):
        recent.append(place)
        seen = list(recent)
        for term in terms:
            tail = seen[-len(term.tokens) :]
            if _is_term([token for _, _, token in tail], term):
                yield tail[0][0], place[1]
                break


def _is_term(found: list[str], term: Term) -> bool:
    *init, last = term.tokens
    if len(found) != len(term.tokens) or found[:-1] != init:
        return False
    return found[-1].startswith(last) if term.prefix else found[-1] == last


def _places(text: str) -> Iterator[tuple[int, int, str]]:
    for chunk in CHUNK.finditer(text):
        word, at = chunk.group(), chunk.start()
        if word.isascii():
            for match in ASCII_TOKEN.finditer(word.lower()):
                yield at + match.start(), at + match.end(), match.group()
        else:
            for start, end in _runs(word):
                yield from ((at + start, at + end, token) for token in tokens(word[start:end]))


def _runs(word: str) -> Iterator[Span]:
    start = 0
    for index, char in enumerate(word):
        kind = _kind(char)
        if kind != "letter":
            if start < index:
                yield start, index
            start = index + 1
            if kind == "alone":
                yield index, index + 1
    if start < len(word):
        yield start, len(word)


@lru_cache(maxsize=8192)
def _kind(char: str) -> str:
    if unicodedata.category(char)[0] in "MC":
        return "letter"
    return ("gap", "letter", "alone")[min(2, len(tokens(char + char)))]


def _cut(text: str, found: Span, following: Iterable[Span], width: int) -> list[Part]:
    begin = max(0, found[0] - LEAD)
    until = min(len(text), max(begin + width, found[1]))
    parts: list[Part] = [("…", False)] if begin else []
    at = begin
    for start, end in (found, *takewhile(lambda span: span[1] <= until, following)):
        if end <= at:
            continue
        parts += [(text[at : max(at, start)], False), (text[max(at, start) : end], True)]
        at = end
    return _folded([*parts, (text[at:until] + ("…" if until < len(text) else ""), False)])


def _folded(parts: Iterable[Part]) -> list[Part]:
    return [(re.sub(r"\s+", " ", text), match) for text, match in parts if text]
