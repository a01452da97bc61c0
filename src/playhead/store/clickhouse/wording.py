"""Texts as ClickHouse keeps them: words between spaces, so that whatever is searched for is a substring.

Owns the form of ``text`` and its counterpart, what a term of a query looks like in it.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from playhead.replay.words import Term, tokens
from playhead.store.texts import Document

_LETTERS_AND_DIGITS: Final = bytes(
    ord(char.lower()) if char.isalnum() else 32 for char in map(chr, range(128))
) + bytes(128)
"""Small letters and digits for ASCII's, a space for all else in it."""


class Text(Struct, frozen=True, gc=False):
    """The words of a document; ``prompt_bytes`` of it, from the beginning, are the prompt's."""

    words: str
    prompt_bytes: int


def text_of(document: Document) -> Text:
    """Return a document's words, each text on a line of its own."""
    prompt = _lines(document.prompt)
    rest = _lines((*document.label, *document.response, *document.action, *document.code, *document.other))
    return Text(prompt + rest, len(prompt.encode()))


def needle(term: Term) -> str:
    """Return what stands in a text that has a term."""
    return f" {' '.join(term.tokens)}" + ("" if term.prefix else " ")


def whole_words(term: Term) -> tuple[str, ...]:
    """Return the words of a term that must stand in a text as they are."""
    return term.tokens[:-1] if term.prefix else term.tokens


def is_token(term: Term) -> bool:
    """Say whether a term is one word that stands in a text where ClickHouse's tokenizer finds it, and nowhere else.

    The tokenizer (``splitByNonAlpha``) splits at whatever of ASCII is neither a letter nor a digit, which in a text is
    what stands between words alone.
    """
    return len(term.tokens) == 1 and not term.prefix


def _lines(pieces: tuple[str, ...]) -> str:
    return "".join(f" {words} \n" for words in map(_words, pieces) if words)


def _words(text: str) -> str:
    """Return the tokens of a text with a space between each and the next: ``replay.words.tokens``, joined.

    Most texts are in ASCII alone, and need no list of their words for it.
    """
    if not text.isascii():
        return " ".join(tokens(text))
    words = text.encode().translate(_LETTERS_AND_DIGITS)
    while b"  " in words:
        words = words.replace(b"    ", b" ").replace(b"  ", b" ")
    return words.strip().decode()
