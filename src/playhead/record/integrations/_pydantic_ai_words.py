"""What Pydantic AI says, as we record it: messages, answers, token counts. Keeps nothing, sends nothing.

Knows its objects by what they have, so that it imports none of them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

Members = dict[str, Any]


def prompt(messages: Iterable[Any], parameters: Any) -> list[Members]:
    """Return what a model is sent, as chat APIs have it: instructions first, then the messages."""
    parts = getattr(parameters, "instruction_parts", None) or ()
    told = "\n\n".join(part.content for part in parts)
    said = [{"role": "system", "content": told}] if told else []
    return said + [each for message in messages for each in _said(message)]


def _said(message: Any) -> Iterator[Members]:
    if message.kind == "response":
        yield answer(message)
        return
    for part in message.parts:
        kind, content = part.part_kind, getattr(part, "content", None)
        if kind == "system-prompt":
            yield {"role": "system", "content": content}
        elif kind == "user-prompt":
            yield {"role": "user", "content": _content(content)}
        elif getattr(part, "tool_call_id", None) is not None:
            yield {"role": "tool", "tool_call_id": part.tool_call_id, "name": part.tool_name, "content": content}
        elif content is not None:
            yield {"role": "user", "content": content}


def _content(content: Any) -> Any:
    if content is None or isinstance(content, str):
        return content
    return [{"type": "text", "text": each} if isinstance(each, str) else each for each in content]


def answer(response: Any) -> Members:
    """Return a model's answer as a message."""
    texts = [part.content for part in response.parts if part.part_kind == "text"]
    thoughts = [part.content for part in response.parts if part.part_kind == "thinking" and part.content]
    calls = [_tool_call(part) for part in response.parts if part.part_kind == "tool-call"]
    said: Members = {"role": "assistant", "content": "".join(texts)}
    return said | ({"reasoning": "\n".join(thoughts)} if thoughts else {}) | ({"tool_calls": calls} if calls else {})


def _tool_call(part: Any) -> Members:
    arguments = part.args if isinstance(part.args, str) else json.dumps(part.args, default=str, ensure_ascii=False)
    return {"id": part.tool_call_id, "type": "function", "function": {"name": part.tool_name, "arguments": arguments}}


def parameters_of(settings: Mapping[str, Any] | None, parameters: Any) -> Members | None:
    """Return what was set for a request: the model's settings, and the tools that it may call."""
    named = [*(getattr(parameters, "function_tools", None) or ()), *(getattr(parameters, "output_tools", None) or ())]
    tools = [
        {"name": each.name, "description": each.description, "parameters": each.parameters_json_schema}
        for each in named
    ]
    return {**(settings or {}), **({"tools": tools} if tools else {})} or None


def answered(response: Any) -> Members:
    """Return the members of an interaction that an answer tells."""
    told = {"id": response.provider_response_id, "finishReason": response.finish_reason}
    return {
        "response": [answer(response)] if response.parts else None,
        "model": response.model_name,
        "tokens": _tokens(response.usage),
        "responseMetadata": {name: value for name, value in told.items() if value is not None},
    }


def _tokens(usage: Any) -> Members | None:
    counts = {
        "input": usage.input_tokens,
        "output": usage.output_tokens,
        "cached": usage.cache_read_tokens or None,
        "reasoning": (usage.details or {}).get("reasoning_tokens"),
    }
    return {name: count for name, count in counts.items() if count is not None} if usage.has_values() else None
