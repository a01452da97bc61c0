"""Conversations: how an event's data is taken apart before it is stored, and put together when it is read.

A prompt that is a list is a conversation: every element is a message, stored once per session under the BLAKE2b-128
hash of its JSON. A conversation is a chain of nodes, each keyed by the hash of its parent's key and its message's hash,
and the event keeps the key of the last one. Stores nothing, and reads nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any

import msgspec
from msgspec import Struct

from playhead.errors import Invalid
from playhead.model.event import NewEvent, Object, SentEvent
from playhead.store.payload import decode, from_json, to_json

HASH_BYTES = 16
MOST_MESSAGES = 100_000
"""A longer prompt is kept whole with its event: no chat is as long, and a chain of millions would hold up others."""


class Link(Struct, frozen=True, gc=False):
    """One node of a conversation that is being written: its key, its parent's and its message."""

    key: bytes
    parent: bytes | None
    message: bytes
    text: bytes


def is_conversation(prompt: Sequence[Any]) -> bool:
    """Say whether a prompt that is a list is taken apart."""
    return 0 < len(prompt) <= MOST_MESSAGES


def take_apart(prompt: Sequence[Any]) -> list[Link]:
    """Return the nodes of a prompt, first message first. Raises UnicodeEncodeError on a lone surrogate."""
    links: list[Link] = []
    parent: bytes | None = None
    for element in prompt:
        text = to_json(element)
        message = blake2b(text, digest_size=HASH_BYTES).digest()
        key = blake2b((parent or b"") + message, digest_size=HASH_BYTES).digest()
        links.append(Link(key, parent, message, text))
        parent = key
    return links


class Encoded(Struct, frozen=True, gc=False):
    """An event's prompt as nodes, when it is a list of messages, and the rest of its data as JSON.

    ``payload`` is that JSON as it is stored, where it was packed ahead.
    """

    links: Sequence[Link]
    text: bytes
    payload: bytes | None = None


def encode_event(event: NewEvent) -> Encoded:
    """Return an event as it goes into a batch. Raises Invalid when its data cannot be written as JSON."""
    if isinstance(event, SentEvent):
        return _encode_sent(event)
    try:
        prompt: Any = event.data.get("prompt") if event.type == "interaction" else None
        if not isinstance(prompt, list) or not is_conversation(prompt):
            return Encoded((), to_json(event.data))
        return Encoded(take_apart(prompt), to_json({**event.data, "prompt": None}))
    except (UnicodeEncodeError, RecursionError, TypeError, OverflowError) as error:
        raise Invalid.field("data", f"cannot be stored as JSON: {error}") from None


def _encode_sent(event: SentEvent) -> Encoded:
    if not is_conversation(event.messages or ()):
        return Encoded((), event.text)
    return Encoded(take_apart(event.messages or ()), without_prompt(event.text))


class _Prompt(Struct, frozen=True):
    prompt: msgspec.Raw


_prompt = msgspec.json.Decoder(_Prompt)
NAME = b'"prompt"'


def without_prompt(text: bytes) -> bytes:
    """Return an object's JSON with null in the place of its member ``prompt``, which it has.

    The member is cut out of the text where it is certain to be the one: its name stands there once, and no other name
    can mean it.
    """
    head, found, tail = text.partition(NAME + b":" + bytes(_prompt.decode(text).prompt))
    if found and text.count(NAME) == 1 and b"\\u" not in text:
        return b"".join((head, NAME, b":null", tail))
    return to_json({**from_json(text), "prompt": None})


class Prompts:
    """Puts events of one session together; messages that several prompts have are **shared** between the answers.

    ``nodes`` has the parent and the message of every node on the way to those that are asked for.
    """

    def __init__(self, nodes: Mapping[bytes, tuple[bytes | None, bytes]], messages: Mapping[bytes, Any]) -> None:
        self._nodes = nodes
        self._messages = messages
        self._found: dict[bytes, list[Any]] = {}

    def data(self, payload: bytes, node: bytes | None) -> Object:
        """Return an event's data: its payload, and the conversation that ends with a node, if it has one."""
        data: Object = decode(payload)
        if node is not None:
            data["prompt"] = self._prompt(node)
        return data

    def _prompt(self, node: bytes) -> list[Any]:
        """Return the messages of a conversation; one that goes on where another ended begins with those of that."""
        behind: list[Any] = []
        key: bytes | None = node
        while key is not None and key not in self._found:
            key, message = self._nodes[key]
            behind.append(self._messages[message])
        behind.reverse()
        messages = behind if key is None else [*self._found[key], *behind]
        self._found[node] = messages
        return messages
