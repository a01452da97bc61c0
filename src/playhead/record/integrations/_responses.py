"""A streamed answer of OpenAI's responses API: its last event has all of it; before that, what the pieces brought."""

from __future__ import annotations

from typing import Any

from playhead.record.integrations._calls import dumped

LAST = frozenset({"response.completed", "response.incomplete", "response.failed"})
PIECES = frozenset(
    {
        "response.output_text.delta",
        "response.refusal.delta",
        "response.function_call_arguments.delta",
        "response.reasoning_text.delta",
        "response.reasoning_summary_text.delta",
    }
)


class ResponseFold:
    """Puts events together."""

    def __init__(self) -> None:
        self._first: Any = None
        self._last: Any = None
        self._error: Any = None
        self._items: dict[int, Any] = {}
        self._pieces: dict[int, list[str]] = {}

    def add(self, piece: Any) -> bool:
        """Take an event; say whether it brought a piece of the answer."""
        kind = getattr(piece, "type", "")
        if kind in PIECES:
            self._pieces.setdefault(piece.output_index, []).append(piece.delta)
            return True
        if kind in ("response.output_item.added", "response.output_item.done"):
            self._items[piece.output_index] = piece.item
            if kind.endswith("done"):
                self._pieces.pop(piece.output_index, None)
        elif kind in LAST:
            self._last = piece.response
        elif kind == "error":
            self._error = dumped(piece)
        elif self._first is None:
            self._first = getattr(piece, "response", None)
        return False

    def answer(self) -> Any:
        """Return the answer so far, or None when nothing came."""
        if self._last is not None:
            return self._last
        if self._first is None and not self._items and self._error is None:
            return None
        head = dumped(self._first) if self._first is not None else {}
        output = [self._item(index) for index in sorted({*self._items, *self._pieces})]
        error = {} if self._error is None else {"error": self._error}
        return {**head, "object": "response", "output": output, **error}

    def _item(self, index: int) -> Any:
        item = dumped(self._items.get(index)) or {"type": "message", "role": "assistant"}
        text = "".join(self._pieces.get(index, ()))
        if not text:
            return item
        if item.get("type") == "function_call":
            return {**item, "arguments": text}
        if item.get("type") == "reasoning":
            return {**item, "summary": [{"type": "summary_text", "text": text}]}
        return {**item, "content": [{"type": "output_text", "text": text}]}
