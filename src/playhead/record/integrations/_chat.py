"""A streamed chat completion, put together again: OpenAI's pieces, which LiteLLM hands on for every provider."""

from __future__ import annotations

from typing import Any

from playhead.record.integrations._calls import dumped

TEXTS = ("content", "refusal", "reasoning_content", "reasoning")


class NoFold:
    """For what is never streamed."""

    def add(self, piece: Any) -> bool:  # noqa: ARG002 - the protocol's
        """Take nothing."""
        return False

    def answer(self) -> Any:
        """Return that nothing came."""
        return None


class _Choice:
    """One of the answers that were asked for."""

    def __init__(self) -> None:
        self.role = "assistant"
        self.texts: dict[str, list[str]] = {}
        self.calls: dict[int, dict[str, Any]] = {}
        self.finish_reason: Any = None

    def add(self, delta: Any) -> bool:
        """Take what a piece adds."""
        members = _members(delta)
        said = False
        for name in TEXTS:
            text = members.get(name)
            if text and isinstance(text, str):
                self.texts.setdefault(name, []).append(text)
                said = True
        for call in members.get("tool_calls") or ():
            self._add_call(call)
            said = True
        return said

    def _add_call(self, piece: Any) -> None:
        index = getattr(piece, "index", None)
        call = self.calls.setdefault(len(self.calls) if index is None else index, {"arguments": []})
        function = getattr(piece, "function", None)
        call["id"] = getattr(piece, "id", None) or call.get("id")
        call["name"] = getattr(function, "name", None) or call.get("name")
        call["arguments"].append(getattr(function, "arguments", None) or "")

    def whole(self) -> dict[str, Any]:
        """Return the choice as an answer that was not streamed has it."""
        message: dict[str, Any] = {"role": self.role, **{name: "".join(said) for name, said in self.texts.items()}}
        if self.calls:
            message["tool_calls"] = [_tool_call(call) for _, call in sorted(self.calls.items())]
        return {"message": message, "finish_reason": self.finish_reason}


class ChatFold:
    """Puts chunks together."""

    def __init__(self) -> None:
        self._choices: dict[int, _Choice] = {}
        self._head: dict[str, Any] = {}
        self._usage: Any = None

    def add(self, piece: Any) -> bool:
        """Take a chunk; say whether it brought text or a tool call."""
        if not self._head:
            self._head = {"id": getattr(piece, "id", None), "model": getattr(piece, "model", None)}
        self._usage = getattr(piece, "usage", None) or self._usage
        said = [self._add_choice(choice) for choice in getattr(piece, "choices", None) or ()]
        return any(said)

    def answer(self) -> Any:
        """Return the completion so far, or None when nothing came."""
        if not self._head:
            return None
        choices = [choice.whole() for _, choice in sorted(self._choices.items())]
        usage = {} if self._usage is None else {"usage": dumped(self._usage)}
        return {**self._head, "choices": choices, **usage}

    def _add_choice(self, piece: Any) -> bool:
        choice = self._choices.setdefault(getattr(piece, "index", 0) or 0, _Choice())
        choice.finish_reason = getattr(piece, "finish_reason", None) or choice.finish_reason
        return choice.add(getattr(piece, "delta", None))


def _members(delta: Any) -> dict[str, Any]:
    """Return what a delta has; asking a pydantic object for what it does not have takes longer than all the rest."""
    if delta is None:
        return {}
    extra = getattr(delta, "__pydantic_extra__", None)
    return {**vars(delta), **extra} if extra else vars(delta)


def _tool_call(call: dict[str, Any]) -> dict[str, Any]:
    function = {"name": call.get("name"), "arguments": "".join(call["arguments"])}
    return {"id": call.get("id"), "type": "function", "function": function}
