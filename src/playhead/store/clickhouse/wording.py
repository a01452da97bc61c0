"""Texts as ClickHouse keeps them: words between spaces, so that whatever is searched for is a substring.

Owns the form of ``text`` and its counterpart, what a term of a query looks like in it.
"""

from __future__ import annotations

from msgspec import Struct

from playhead.replay.words import Term, tokens
from playhead.store.texts import Document


class Text(Struct, frozen=True):
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


def _lines(pieces: tuple[str, ...]) -> str:
    return "".join(f" {' '.join(words)} \n" for words in map(tokens, pieces) if words)
