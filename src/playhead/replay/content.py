"""Content: the text in what models are sent and answer, in the shapes that providers use.

A prompt or a response is a string, or a list of messages or content parts. Only text is text: images, audio and other
encoded data are never taken for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

PREVIEW_CHARS = 240
TEXT_KEYS = (
    "text",
    "content",
    "parts",
    "input_text",
    "output_text",
    "thinking",
    "refusal",
    "output",
    "input",
    "reasoning_content",
    "summary",
    "transcript",
    "message",
    "choices",
    "candidates",
)
OPAQUE_TYPES = frozenset({"image", "image_url", "input_image", "audio", "input_audio", "file", "document", "video"})
ROLES_OF_PEOPLE = ("user", "human")
ROLES_OF_MODELS = ("assistant", "model", "ai")


def texts(content: Any) -> Iterator[str]:
    """Yield every text in a prompt or a response, in order: message contents, text parts, tool calls and their
    results."""
    if isinstance(content, str):
        yield content
    elif isinstance(content, list):
        for item in content:
            yield from texts(item)
    elif isinstance(content, dict) and not _is_opaque(content):
        for key in TEXT_KEYS:
            if key in content:
                yield from texts(content[key])
        for call in _tool_calls(content):
            yield from _call_texts(call)


def preview(content: Any, limit: int = PREVIEW_CHARS) -> str:
    """Return the beginning of the text in a content, white space folded, an ellipsis where it was cut."""
    beginning = " ".join(" ".join(text[: 4 * limit].split()) for text in islice(texts(content), 8)).strip()
    return beginning if len(beginning) <= limit else beginning[: limit - 1].rstrip() + "…"


def prompt_preview(prompt: Any, limit: int = PREVIEW_CHARS) -> str:
    """Return the beginning of what the model was asked: the last message of a person, or else the last one of all."""
    if isinstance(prompt, list) and prompt and all(isinstance(message, dict) for message in prompt):
        people = (message for message in reversed(prompt) if message.get("role") in ROLES_OF_PEOPLE)
        asked = next((text for message in people if (text := preview(message, limit))), None)
        return asked or preview(prompt[-1], limit)
    return preview(prompt, limit)


def _is_opaque(part: dict[str, Any]) -> bool:
    kind = part.get("type")
    return isinstance(kind, str) and kind in OPAQUE_TYPES


def _tool_calls(message: dict[str, Any]) -> Iterator[Any]:
    for key in ("tool_calls", "function_call", "functionCall"):
        found = message.get(key)
        yield from found if isinstance(found, list) else [found] if found else []
    if message.get("type") in ("tool_use", "function_call"):
        yield message


def _call_texts(call: Any) -> Iterator[str]:
    if not isinstance(call, dict):
        return
    function = call.get("function")
    named = function if isinstance(function, dict) else call
    for key in ("name", "arguments", "input", "args"):
        yield from scalars(named.get(key))


def scalars(value: Any) -> Iterator[str]:
    """Yield every string in decoded JSON, keys left out."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from scalars(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from scalars(item)
