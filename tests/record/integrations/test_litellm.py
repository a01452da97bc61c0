"""LiteLLM itself against a local upstream: each call once, whichever client it uses underneath."""

from __future__ import annotations

import asyncio
import gc
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
from tests.record.integrations.conftest import Recorded
from tests.record.integrations.upstream import (
    TOOL_CALL,
    Upstream,
    chat,
    chat_stream,
    embeddings,
    message,
    openai_error,
    upstream,
)

MESSAGES: Any = [{"role": "user", "content": "Where is my order?"}]
TOKENS = {"input": 20, "output": 9, "cached": 8, "reasoning": 4}

pytestmark = [
    pytest.mark.usefixtures("session"),
    # LiteLLM's own habits: old pydantic names, loops and sockets that it leaves open.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
    pytest.mark.filterwarnings("ignore::RuntimeWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture
def litellm(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("LITELLM_LOCAL_MODEL_COST_MAP", "True")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import litellm  # noqa: PLC0415 - takes seconds, and warns while it loads
    litellm.telemetry = False
    yield litellm
    gc.collect()


def options(running: Upstream) -> dict[str, Any]:
    return {"model": "openai/gpt-4o", "messages": MESSAGES, "api_base": f"{running.url}/v1", "api_key": "sk-secret"}


def test_a_completion_is_recorded_once(recorded: Recorded, litellm: Any) -> None:
    with upstream(chat()) as running:
        answer = litellm.completion(**options(running), temperature=0.5)
    assert answer.choices[0].message.content == "On its way."
    call = recorded.call()
    assert call["prompt"] == MESSAGES
    assert call["response"][0]["content"] == "On its way."
    assert call["provider"] == "openai"
    assert call["model"] == "gpt-4o-2024-08-06"
    assert call["tokens"] == TOKENS
    assert call["parameters"]["temperature"] == 0.5
    assert call["responseMetadata"]["finishReason"] == "stop"
    assert call["cost"] > 0
    assert "sk-secret" not in str(recorded.server.events)


def test_tool_calls_are_recorded(recorded: Recorded, litellm: Any) -> None:
    with upstream(chat(None, tool_calls=[TOOL_CALL])) as running:
        litellm.completion(**options(running))
    assert recorded.call()["response"][0]["tool_calls"] == [TOOL_CALL]


def test_a_stream_is_recorded_once(recorded: Recorded, litellm: Any) -> None:
    with upstream(chat_stream("On ", "its ", "way.")) as running:
        stream = litellm.completion(**options(running), stream=True, stream_options={"include_usage": True})
        assert "".join(chunk.choices[0].delta.content or "" for chunk in stream) == "On its way."
    call = recorded.call()
    assert call["response"] == [{"role": "assistant", "content": "On its way."}]
    assert call["tokens"]["input"] == 20
    assert call["timeToFirstToken"] > 0


def test_an_async_stream_that_is_closed_early_keeps_what_came(recorded: Recorded, litellm: Any) -> None:
    async def ask() -> None:
        stream = await litellm.acompletion(**options(running), stream=True)
        await anext(stream)
        await stream.aclose()

    with upstream(chat_stream("On ", "its ", "way.", held_after=3)) as running:
        asyncio.run(ask())
        call = recorded.call()
    assert call["response"] == [{"role": "assistant", "content": "On "}]
    assert call["responseMetadata"]["cancelled"] is True


def test_an_async_stream_whose_task_is_cancelled_keeps_what_came(recorded: Recorded, litellm: Any) -> None:
    async def read(begun: asyncio.Event) -> None:
        async for _ in await litellm.acompletion(**options(running), stream=True):
            begun.set()

    async def ask() -> None:
        begun = asyncio.Event()
        task = asyncio.create_task(read(begun))
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    with upstream(chat_stream("On ", "its ", "way.", held_after=2)) as running:
        asyncio.run(ask())
        call = recorded.call()
    assert call["response"] == [{"role": "assistant", "content": "On "}]
    assert call["responseMetadata"]["cancelled"] is True


def test_an_error_is_raised_unchanged_and_recorded(recorded: Recorded, litellm: Any) -> None:
    with upstream(openai_error(429)) as running, pytest.raises(litellm.RateLimitError):
        litellm.completion(**options(running), max_retries=0)
    call = recorded.call()
    assert call["error"]["type"] == "RateLimitError"
    assert call["error"]["status"] == 429


def test_the_async_functions_are_recorded_once(recorded: Recorded, litellm: Any) -> None:
    async def ask() -> None:
        await litellm.acompletion(**options(running))
        stream = await litellm.acompletion(**options(running), stream=True)
        assert "".join([chunk.choices[0].delta.content or "" async for chunk in stream]) == "On its way."

    with upstream(chat(), chat_stream("On ", "its ", "way.")) as running:
        asyncio.run(ask())
    assert [call["response"][0]["content"] for call in recorded.calls()] == ["On its way."] * 2


def test_another_provider_is_named_and_its_cached_tokens_are_counted_once(recorded: Recorded, litellm: Any) -> None:
    with upstream(message()) as running:
        litellm.completion(
            model="anthropic/claude-sonnet-4-5", messages=MESSAGES, api_base=running.url, api_key="sk-secret"
        )
    call = recorded.call()
    assert call["provider"] == "anthropic"
    assert call["tokens"] == {"input": 22, "output": 11, "cached": 7, "reasoning": 0}


def test_embeddings_are_recorded_once(recorded: Recorded, litellm: Any) -> None:
    with upstream(embeddings([0.1, 0.2])) as running:
        litellm.embedding("openai/text-embedding-3-small", ["a"], api_base=f"{running.url}/v1", api_key="sk-secret")
    call = recorded.call()
    assert call["prompt"] == ["a"]
    assert call["response"] == [{"object": "embedding", "index": 0, "dimensions": 2}]
