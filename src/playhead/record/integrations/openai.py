"""OpenAI's client: chat completions, responses and embeddings, sync and async, streamed or not.

Any server that speaks this API is recorded too; the provider is told by the client's class and its host.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from playhead.record import contents
from playhead.record.integrations import _stainless
from playhead.record.integrations._calls import Members, dumped, read_answer
from playhead.record.integrations._chat import ChatFold, NoFold
from playhead.record.integrations._responses import ResponseFold
from playhead.record.integrations._stainless import Operation

HOSTS = {
    "api.deepseek.com": "deepseek",
    "api.groq.com": "groq",
    "api.mistral.ai": "mistral",
    "api.together.xyz": "together",
    "api.x.ai": "x-ai",
    "openrouter.ai": "openrouter",
}


def install() -> Callable[[], None]:
    """Record OpenAI's clients; return what undoes it."""
    return _stainless.install(importlib.import_module("openai._base_client"), OPERATIONS, provider)


def provider(client: Any) -> str:
    """Return who answers a client."""
    if "Azure" in type(client).__name__:
        return "azure"
    return HOSTS.get(urlsplit(str(client.base_url)).hostname or "", "openai")


def asked_in_chat(body: Members) -> Any:
    """Take the messages out of a request."""
    return body.pop("messages", "")


def asked_for_response(body: Members) -> Any:
    """Take the input out of a request, under the instructions that stand before it."""
    asked, instructions = body.pop("input", ""), body.pop("instructions", None)
    if instructions is None:
        return asked
    said = asked if isinstance(asked, list) else [{"role": "user", "content": asked}]
    return [{"role": "system", "content": instructions}, *said]


def asked_for_embedding(body: Members) -> Any:
    """Take the texts, or the lists of tokens, out of a request."""
    return body.pop("input", "")


def read_response(answer: Any) -> Members:
    """Return what an answer of the responses API tells; one with status ``failed`` says what went wrong."""
    whole = dumped(answer)
    told = contents.read_response(whole)
    if isinstance(whole, dict) and whole.get("error"):
        told["error"] = whole["error"]
    return told


def read_embedding(answer: Any) -> Members:
    """Return how many vectors came and how long each is: their numbers tell a reader nothing."""
    usage, model = _member(answer, "usage"), _member(answer, "model")
    lengths = [_length(_member(each, "embedding")) for each in _member(answer, "data") or ()]
    said = [{"object": "embedding", "index": index, "dimensions": length} for index, length in enumerate(lengths)]
    tokens = contents.tokens(dumped(usage)) if usage is not None else None
    return {"response": said, **({"model": model} if model else {}), **({"tokens": tokens} if tokens else {})}


def _member(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, dict) else getattr(value, name, None)


def _length(vector: Any) -> int:
    """Return the dimensions of a vector; as text it is base64 of four bytes for each."""
    return len(vector) * 3 // 16 if isinstance(vector, str) else len(vector)


OPERATIONS = {
    "/chat/completions": Operation(asked=asked_in_chat, read=read_answer, fold=ChatFold),
    "/responses": Operation(asked=asked_for_response, read=read_response, fold=ResponseFold),
    "/embeddings": Operation(asked=asked_for_embedding, read=read_embedding, fold=NoFold),
}
