"""What was said in a model call, from the shapes in which providers' libraries hand it over.

A text or a list goes as it is. A whole answer of a known provider (as an object or a dict) is read: its messages are
the response, and model, tokens and the reason why it stopped are taken from it unless the caller said them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from playhead.record.plain import plain

TOKEN_NAMES = {
    "input": ("input", "input_tokens", "inputTokens", "prompt_tokens", "promptTokens"),
    "output": ("output", "output_tokens", "outputTokens", "completion_tokens", "completionTokens"),
    "cached": ("cached", "cached_tokens", "cachedTokens"),
    "reasoning": ("reasoning", "reasoning_tokens", "reasoningTokens"),
}


def content(value: Any, name: str) -> Any:
    """Return a prompt or response as the wire takes it: text, or a list of messages or parts."""
    said = plain(value, name)
    return said if said is None or isinstance(said, str | list) else [said]


def read_response(value: Any) -> dict[str, Any]:
    """Return what a response tells: ``response``, and where it is a provider's whole answer ``model``, ``tokens`` and
    ``responseMetadata``."""
    answer = plain(value, "response")
    if not isinstance(answer, dict):
        return {"response": content(answer, "response")}
    if isinstance(answer.get("choices"), list):
        return _told(answer, [_of_choice(choice) for choice in answer["choices"]], _finish_reason(answer["choices"]))
    if answer.get("type") == "message" and isinstance(answer.get("content"), list):
        said = [{"role": answer.get("role", "assistant"), "content": answer["content"]}]
        return _told(answer, said, answer.get("stop_reason"))
    if answer.get("object") == "response" and isinstance(answer.get("output"), list):
        return _told(answer, answer["output"], answer.get("status"))
    return {"response": [answer]}


def tokens(value: Any) -> dict[str, Any] | None:
    """Return token counts under the wire's names, from ours or a provider's.

    Anthropic counts what it read from and wrote to its cache beside ``input_tokens``; here the input is all of it, as
    it is in LiteLLM's ``prompt_tokens``, which stand beside the same names.
    """
    usage = plain(value, "tokens")
    if not isinstance(usage, dict):
        return usage  # type: ignore[no-any-return]
    counts = {ours: usage[name] for ours, names in TOKEN_NAMES.items() for name in names if usage.get(name) is not None}
    details = _details(usage, "prompt_tokens_details", "input_tokens_details")
    if "cached_tokens" in details:
        counts.setdefault("cached", details["cached_tokens"])
    details = _details(usage, "completion_tokens_details", "output_tokens_details")
    if "reasoning_tokens" in details:
        counts.setdefault("reasoning", details["reasoning_tokens"])
    if isinstance(usage.get("cache_read_input_tokens"), int):
        counts["cached"] = usage["cache_read_input_tokens"]
        if "prompt_tokens" not in usage:
            written = usage.get("cache_creation_input_tokens") or 0
            counts["input"] = counts.get("input", 0) + counts["cached"] + written
    return counts


def _told(answer: dict[str, Any], said: list[Any], stopped: Any) -> dict[str, Any]:
    metadata = {"id": answer.get("id"), "finishReason": stopped}
    told = {
        "response": said,
        "model": answer.get("model"),
        "tokens": tokens(answer["usage"]) if isinstance(answer.get("usage"), Mapping) else None,
        "responseMetadata": {name: value for name, value in metadata.items() if value is not None} or None,
    }
    return {name: value for name, value in told.items() if value is not None}


def _of_choice(choice: Any) -> Any:
    if not isinstance(choice, dict):
        return choice
    message = choice.get("message", choice.get("text", choice))
    return {k: v for k, v in message.items() if v is not None} if isinstance(message, dict) else message


def _finish_reason(choices: list[Any]) -> Any:
    return choices[0].get("finish_reason") if choices and isinstance(choices[0], dict) else None


def _details(usage: dict[str, Any], *names: str) -> dict[str, Any]:
    for name in names:
        if isinstance(usage.get(name), dict):
            return {key: value for key, value in usage[name].items() if value is not None}
    return {}
