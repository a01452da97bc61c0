"""Anthropic's client: messages, sync and async, streamed or not, also through Bedrock and Vertex."""

from __future__ import annotations

import importlib
import inspect
import json
from collections.abc import Callable
from typing import Any

from playhead.record.integrations import _stainless
from playhead.record.integrations._calls import Members, dumped, read_answer
from playhead.record.integrations._stainless import Operation

TEXTS = {"text_delta": "text", "thinking_delta": "thinking", "input_json_delta": "partial_json"}
PROVIDERS = {"Bedrock": "aws", "Vertex": "google"}


def install() -> Callable[[], None]:
    """Record Anthropic's clients; return what undoes it.

    Raises RuntimeError for a version whose stream helper makes a stream of its own, which would pass unseen.
    """
    helper = importlib.import_module("anthropic.lib.streaming").MessageStream
    if "raw_stream" not in inspect.signature(helper).parameters:
        raise RuntimeError("this version is too old")
    return _stainless.install(importlib.import_module("anthropic._base_client"), OPERATIONS, provider)


def provider(client: Any) -> str:
    """Return who answers a client."""
    kind = type(client).__name__
    return next((name for word, name in PROVIDERS.items() if word in kind), "anthropic")


def asked(body: Members) -> Any:
    """Take the messages out of a request, under the system prompt that stands before them."""
    messages, system = body.pop("messages", []), body.pop("system", None)
    if system is None or not isinstance(messages, list):
        return messages
    return [{"role": "system", "content": system}, *messages]


class MessageFold:
    """Puts the events of a streamed message together."""

    def __init__(self) -> None:
        self._message: dict[str, Any] | None = None
        self._blocks: dict[int, dict[str, Any]] = {}
        self._pieces: dict[int, dict[str, list[str]]] = {}

    def add(self, piece: Any) -> bool:
        """Take an event; say whether it brought a piece of a block."""
        kind = getattr(piece, "type", "")
        if kind == "message_start":
            self._message = dict(dumped(piece.message))
        elif kind == "content_block_start":
            self._blocks[piece.index] = dict(dumped(piece.content_block))
        elif kind == "content_block_delta":
            return self._add_delta(piece.index, piece.delta)
        elif kind == "message_delta" and self._message is not None:
            self._finish(self._message, dumped(piece.delta), dumped(getattr(piece, "usage", None)))
        return False

    def answer(self) -> Any:
        """Return the message so far, or None when nothing came."""
        if self._message is None:
            return None
        blocks = [_whole(self._blocks[index], self._pieces.get(index, {})) for index in sorted(self._blocks)]
        return {**self._message, "type": "message", "content": blocks}

    def _add_delta(self, index: int, delta: Any) -> bool:
        member = TEXTS.get(delta.type)
        if member is None:
            if delta.type == "citations_delta":
                self._blocks[index].setdefault("citations", []).append(dumped(delta.citation))
            elif delta.type == "signature_delta":
                self._blocks[index]["signature"] = delta.signature
            return False
        self._pieces.setdefault(index, {}).setdefault(member, []).append(getattr(delta, member))
        return True

    @staticmethod
    def _finish(message: dict[str, Any], delta: dict[str, Any], usage: Any) -> None:
        message |= {name: value for name, value in delta.items() if value is not None}
        counts = {name: value for name, value in (usage or {}).items() if value is not None}
        message["usage"] = {**(message.get("usage") or {}), **counts}


def _whole(block: dict[str, Any], pieces: dict[str, list[str]]) -> dict[str, Any]:
    """Return a block with what its pieces brought; half a tool's input stays the text that it is."""
    for member, texts in pieces.items():
        text = "".join(texts)
        if member == "partial_json":
            block = {**block, "input": _json(text)}
        else:
            block = {**block, member: (block.get(member) or "") + text}
    return block


def _json(text: str) -> Any:
    try:
        return json.loads(text) if text else {}
    except ValueError:
        return text


OPERATIONS = {"/v1/messages": Operation(asked=asked, read=read_answer, fold=MessageFold)}
