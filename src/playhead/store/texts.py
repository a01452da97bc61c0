"""Texts: what of an event can be searched for, in which column. One definition for every engine.

A document is what is new with one event: for a prompt that is a list, the messages that the session did not have. Of
messages and content parts only what ``replay.content`` calls text counts, never images or other encoded bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from msgspec import Struct

from playhead.model.event import EventType, Object
from playhead.replay.content import texts
from playhead.replay.words import paired
from playhead.store.conversations import is_conversation

BARRIER: Final = " ¶ "
"""Stands between two texts of a column: a token that no query can hold, so that no phrase spans them."""
LONGEST_WORD: Final = 512
ENCODED: Final = re.compile(rf"data:[^,\s]{{1,100}};base64,[A-Za-z0-9+/=_-]*|[A-Za-z0-9+/=_-]{{{LONGEST_WORD},}}")

LONGEST_NUMBER: Final = 10**20


class Document(Struct, frozen=True, gc=False):
    """The searchable texts of one event, or of a session's label and tags."""

    label: tuple[str, ...] = ()
    prompt: tuple[str, ...] = ()
    response: tuple[str, ...] = ()
    action: tuple[str, ...] = ()
    code: tuple[str, ...] = ()
    other: tuple[str, ...] = ()

    def pieces(self) -> Iterator[tuple[str, str]]:
        """Yield each text and the column that it is in; a phrase spans no two of them."""
        for name in COLUMNS:
            for text in getattr(self, name):
                yield name, text

    def chars(self) -> int:
        """Return how many characters its texts have."""
        return sum(len(text) for _, text in self.pieces())

    def words(self) -> str:
        """Return all texts as one, for an index that tells which words a document has; empty for nothing to find."""
        return " ".join(paired(text) for _, text in self.pieces())


COLUMNS: Final = Document.__struct_fields__
OTHER: Final[dict[EventType, tuple[str, ...]]] = {
    "step": ("name", "input", "output", "error"),
    "feedback": ("comment",),
    "workspace_state": ("environment", "settings", "activeFiles", "metadata"),
    "system_metrics": ("metadata",),
}
"""Members of the kinds that have no column of their own."""


def label_document(label: str | None, tags: Iterable[str]) -> Document:
    """Return the document of a session itself."""
    return Document(label=_pieces([label or "", *tags]))


def event_document(type_: EventType, data: Object, new_messages: Iterable[Any] = ()) -> Document:
    """Return the document of an event.

    ``new_messages`` are those of a prompt's list that came first with this event; a prompt that is one string, or has
    too many messages to be taken apart, is read from ``data``.
    """
    if type_ == "interaction":
        return _interaction(data, new_messages)
    if type_ == "user_action":
        return Document(action=_pieces(_everything(data, "action", "target", "metadata")))
    if type_ == "code_context":
        return Document(code=_pieces(_everything(data, "file", "snippet")))
    return Document(other=_pieces(_everything(data, *OTHER.get(type_, ()))))


def _interaction(data: Object, new_messages: Iterable[Any]) -> Document:
    prompt = data.get("prompt")
    if isinstance(prompt, str):
        said: Iterable[Any] = [prompt]
    else:
        said = prompt if isinstance(prompt, list) and not is_conversation(prompt) else new_messages
    outcome = data.get("responseMetadata")
    return Document(
        prompt=_pieces(text for message in said for text in texts(message)),
        response=_pieces(texts(data.get("response"))),
        other=_pieces([*_everything(data, "model", "error"), *_everything(outcome, "error")]),
    )


def all_texts(value: Any) -> Iterator[str]:
    """Yield every text and whole number inside a JSON value, without the names of members."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, int) and not isinstance(value, bool) and abs(value) < LONGEST_NUMBER:
        yield str(value)
    elif isinstance(value, list):
        for element in value:
            yield from all_texts(element)
    elif isinstance(value, dict):
        for element in value.values():
            yield from all_texts(element)


def _everything(value: Any, *names: str) -> Iterator[str]:
    if isinstance(value, dict):
        for name in names:
            yield from all_texts(value.get(name))


def _pieces(found: Iterable[str]) -> tuple[str, ...]:
    return tuple(filter(str.strip, map(_readable, found)))


def _readable(text: str) -> str:
    """Return a text without encoded bytes."""
    if "base64," not in text and not _may_hold_encoded(text):
        return text
    return ENCODED.sub(" ", text)


def _may_hold_encoded(text: str) -> bool:
    """Say whether a text has ``LONGEST_WORD`` characters without a space between them."""
    at = 0
    while at + LONGEST_WORD <= len(text):
        space = text.rfind(" ", at, at + LONGEST_WORD)
        if space < 0:
            return True
        at = space + 1
    return False
