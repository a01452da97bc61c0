"""What LangChain says, as we record it: messages, answers, token counts, names of models. Keeps nothing, sends nothing.

Knows LangChain's objects by what they have, so that it imports none of them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from playhead.record import contents

ROLES = {"human": "user", "ai": "assistant", "AIMessageChunk": "assistant", "HumanMessageChunk": "user"}
MAX_DEPTH = 12
Members = dict[str, Any]


def shown(value: Any, depth: int = 0) -> Any:
    """Return a copy of a run's input or output, with messages and documents as plain dicts."""
    if depth < MAX_DEPTH:
        if isinstance(value, Mapping):
            return {str(name): shown(item, depth + 1) for name, item in value.items()}
        if isinstance(value, list | tuple):
            return [shown(item, depth + 1) for item in value]
        if hasattr(value, "page_content"):
            return {"pageContent": value.page_content, "metadata": shown(getattr(value, "metadata", {}), depth + 1)}
        if is_message(value):
            return message(value)
        if hasattr(value, "to_messages"):  # a prompt's value
            return [message(each) for each in value.to_messages()]
    return value


def is_message(value: Any) -> bool:
    """Say whether a value is one of LangChain's messages."""
    return hasattr(value, "content") and hasattr(value, "additional_kwargs") and isinstance(value.type, str)


def message(value: Any) -> Members:
    """Return a message as a dict in the shape that chat APIs use."""
    told: Members = {
        "role": getattr(value, "role", None) or ROLES.get(value.type, value.type),
        "content": value.content,
    }
    calls = [_tool_call(call) for call in getattr(value, "tool_calls", None) or ()]
    more = {
        "tool_calls": calls or None,
        "tool_call_id": getattr(value, "tool_call_id", None),
        "name": getattr(value, "name", None),
    }
    return told | {name: item for name, item in more.items() if item is not None}


def _tool_call(call: Mapping[str, Any]) -> Members:
    arguments = json.dumps(call.get("args"), default=str, ensure_ascii=False)
    return {"id": call.get("id"), "type": "function", "function": {"name": call.get("name"), "arguments": arguments}}


def asked(serialized: Mapping[str, Any] | None, more: Mapping[str, Any]) -> Members:
    """Return the members of an interaction that are known before the answer, besides the prompt."""
    given = dict(more.get("invocation_params") or {})
    hints = more.get("metadata") or {}
    named = given.pop("model", None), given.pop("model_name", None), hints.get("ls_model_name")
    model = next((name for name in named if name), None) or name_of(serialized, more) or "unknown"
    parameters = {name: shown(item) for name, item in given.items() if item is not None and not name.startswith("_")}
    return {"model": str(model), "provider": hints.get("ls_provider"), "parameters": parameters or None}


def name_of(serialized: Mapping[str, Any] | None, more: Mapping[str, Any]) -> str | None:
    """Return the name of what runs, or None."""
    told = serialized or {}
    name = more.get("name") or told.get("name") or next(iter(reversed(told.get("id") or ())), None)
    return None if name is None else str(name)


def answered(result: Any) -> Members:
    """Return the members of an interaction that an ``LLMResult`` tells."""
    first = next(iter(next(iter(getattr(result, "generations", None) or ()), ())), None)
    if first is None:
        return {}
    told, usage = getattr(first, "message", None), (getattr(result, "llm_output", None) or {}).get("token_usage")
    metadata = getattr(told, "response_metadata", None) or {}
    info = getattr(first, "generation_info", None) or {}
    reason = metadata.get("finish_reason") or metadata.get("stop_reason") or info.get("finish_reason")
    return {
        "response": first.text if told is None else [message(told)],
        "model": metadata.get("model_name") or metadata.get("model"),
        "tokens": _tokens(getattr(told, "usage_metadata", None)) or (contents.tokens(usage) if usage else None),
        "responseMetadata": {"finishReason": reason} if reason else {},
    }


def _tokens(usage: Mapping[str, Any] | None) -> Members | None:
    if not usage:
        return None
    counts = {
        "input": usage.get("input_tokens"),
        "output": usage.get("output_tokens"),
        "cached": (usage.get("input_token_details") or {}).get("cache_read"),
        "reasoning": (usage.get("output_token_details") or {}).get("reasoning"),
    }
    return {name: count for name, count in counts.items() if count is not None}
