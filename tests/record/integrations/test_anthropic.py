"""Anthropic's real client against a local upstream."""

from __future__ import annotations

import asyncio
import gc
from typing import Any

import anthropic
import pytest
from tests.record.integrations.conftest import Recorded
from tests.record.integrations.upstream import (
    TOOL_USE,
    Answer,
    Upstream,
    anthropic_error,
    message,
    message_stream,
    upstream,
)

MODEL = "claude-sonnet-9"
MESSAGES: Any = [{"role": "user", "content": "Where is my order?"}]
TOKENS = {"input": 22, "output": 11, "cached": 7}
SAID = [{"role": "assistant", "content": [{"type": "text", "text": "On its way."}]}]

pytestmark = pytest.mark.usefixtures("session")


def client(running: Upstream, **options: Any) -> anthropic.Anthropic:
    return anthropic.Anthropic(base_url=running.url, api_key="sk-secret", **options)


def async_client(running: Upstream, **options: Any) -> anthropic.AsyncAnthropic:
    return anthropic.AsyncAnthropic(base_url=running.url, api_key="sk-secret", **options)


def test_a_message_is_recorded_whole(recorded: Recorded) -> None:
    with upstream(message()) as running, client(running) as llm:
        answer = llm.messages.create(model=MODEL, max_tokens=99, messages=MESSAGES, system="Be brief.")
    assert answer.stop_reason == "end_turn"
    call = recorded.call()
    assert call["prompt"] == [{"role": "system", "content": "Be brief."}, *MESSAGES]
    assert call["response"] == SAID
    assert call["model"] == "claude-sonnet-4-5-20250929"
    assert call["provider"] == "anthropic"
    assert call["tokens"] == TOKENS
    assert call["parameters"] == {"max_tokens": 99}
    assert call["requestMetadata"]["operation"] == "v1/messages"
    assert call["responseMetadata"] == {
        "id": "msg_1",
        "finishReason": "end_turn",
        "requestId": "req_1",
        "requestedModel": MODEL,
    }
    assert "sk-secret" not in str(recorded.server.events)


def test_tools_and_their_use_are_recorded(recorded: Recorded) -> None:
    tools: Any = [{"name": "weather", "input_schema": {"type": "object"}}]
    with upstream(message(TOOL_USE)) as running, client(running) as llm:
        llm.messages.create(model=MODEL, max_tokens=99, messages=MESSAGES, tools=tools)
    call = recorded.call()
    assert call["response"] == [{"role": "assistant", "content": [TOOL_USE]}]
    assert call["parameters"]["tools"] == tools


def test_a_stream_is_recorded_as_one_message(recorded: Recorded) -> None:
    with upstream(message_stream("On ", "its ", "way.", tool=True)) as running, client(running) as llm:
        stream = llm.messages.create(model=MODEL, max_tokens=99, messages=MESSAGES, stream=True)
        assert isinstance(stream, anthropic.Stream)
        kinds = [event.type for event in stream]
    assert kinds[0] == "message_start"
    assert kinds[-1] == "message_stop"
    call = recorded.call()
    assert call["response"] == [{"role": "assistant", "content": [{"type": "text", "text": "On its way."}, TOOL_USE]}]
    assert call["tokens"] == TOKENS
    assert call["responseMetadata"]["finishReason"] == "tool_use"
    assert 0 < call["timeToFirstToken"] <= call["latency"]


def test_the_stream_helper_is_recorded_once(recorded: Recorded) -> None:
    with (
        upstream(message_stream("On ", "its ", "way.")) as running,
        client(running) as llm,
        llm.messages.stream(model=MODEL, max_tokens=99, messages=MESSAGES) as stream,
    ):
        assert "".join(stream.text_stream) == "On its way."
        assert stream.get_final_message().stop_reason == "end_turn"
    call = recorded.call()
    assert call["response"] == SAID
    assert call["parameters"] == {"max_tokens": 99, "stream": True}
    assert "cancelled" not in call["responseMetadata"]


def test_the_stream_helper_left_early_keeps_what_came(recorded: Recorded) -> None:
    with upstream(message_stream("On ", "its ", "way.", held_after=5)) as running, client(running) as llm:
        with llm.messages.stream(model=MODEL, max_tokens=99, messages=MESSAGES) as stream:
            for text in stream.text_stream:
                if text == "its ":
                    break
        call = recorded.call()
    assert call["response"][0]["content"] == [{"type": "text", "text": "On its "}]
    assert call["responseMetadata"]["cancelled"] is True
    assert "error" not in call


def test_a_dropped_stream_was_given_up(recorded: Recorded) -> None:
    with upstream(message_stream("On ", held_after=4)) as running, client(running) as llm:
        stream = llm.messages.create(model=MODEL, max_tokens=99, messages=MESSAGES, stream=True)
        next(stream)
        del stream
        gc.collect()
        call = recorded.call()
    assert call["responseMetadata"]["cancelled"] is True


def test_an_error_in_the_middle_of_a_stream_is_recorded_with_what_came(recorded: Recorded) -> None:
    with upstream(message_stream("On ", "its ", overloaded=True)) as running, client(running) as llm:
        stream = llm.messages.create(model=MODEL, max_tokens=99, messages=MESSAGES, stream=True)
        with pytest.raises(anthropic.APIStatusError, match="Overloaded"):
            list(stream)
    call = recorded.call()
    assert call["response"][0]["content"] == [{"type": "text", "text": "On its "}]
    assert "Overloaded" in call["error"]["message"]


def test_an_error_is_raised_unchanged_and_recorded(recorded: Recorded) -> None:
    limited = pytest.raises(anthropic.RateLimitError)
    with upstream(anthropic_error(429)) as running, client(running, max_retries=0) as llm, limited:
        llm.messages.create(model=MODEL, max_tokens=99, messages=MESSAGES)
    call = recorded.call()
    assert call["error"]["status"] == 429
    assert call["responseMetadata"]["statusCode"] == 429


def test_the_clients_retries_are_one_interaction_that_counts_them(recorded: Recorded) -> None:
    quick = {"retry-after-ms": "1"}
    with upstream(anthropic_error(529, headers=quick), message()) as running, client(running) as llm:
        llm.messages.create(model=MODEL, max_tokens=99, messages=MESSAGES)
    call = recorded.call()
    assert call["responseMetadata"]["retries"] == 1
    assert call["response"] == SAID


def test_raw_responses_are_recorded(recorded: Recorded) -> None:
    with upstream(message(), message_stream("On ", "its ", "way."), message()) as running, client(running) as llm:
        raw = llm.messages.with_raw_response
        assert raw.create(model=MODEL, max_tokens=9, messages=MESSAGES).parse().role == "assistant"
        list(raw.create(model=MODEL, max_tokens=9, messages=MESSAGES, stream=True).parse())
        streaming = llm.messages.with_streaming_response
        with streaming.create(model=MODEL, max_tokens=9, messages=MESSAGES) as streamed:
            assert streamed.parse().role == "assistant"
    assert [call["response"] for call in recorded.calls()] == [SAID, SAID, SAID]


def test_the_beta_messages_are_recorded(recorded: Recorded) -> None:
    with upstream(message()) as running, client(running) as llm:
        llm.beta.messages.create(model=MODEL, max_tokens=9, messages=MESSAGES, betas=["some-beta"])
        assert running.paths[0].startswith("/v1/messages")
    assert recorded.call()["response"] == SAID


def test_messages_through_bedrock_and_vertex_name_their_provider(recorded: Recorded) -> None:
    with upstream(message(), message()) as running:
        with anthropic.AnthropicBedrock(base_url=running.url, aws_region="eu", api_key="secret") as bedrock:
            bedrock.messages.create(model=MODEL, max_tokens=9, messages=MESSAGES)
        with anthropic.AnthropicVertex(
            base_url=running.url, region="eu", project_id="shop", access_token="secret"
        ) as vertex:
            vertex.messages.create(model=MODEL, max_tokens=9, messages=MESSAGES)
        assert running.paths[0].startswith("/model/")
        assert running.paths[1].startswith("/projects/shop/")
    assert [(call["provider"], call["response"]) for call in recorded.calls()] == [("aws", SAID), ("google", SAID)]


def test_other_operations_are_not_recorded(recorded: Recorded) -> None:
    with upstream(Answer({"input_tokens": 3})) as running, client(running) as llm:
        llm.messages.count_tokens(model=MODEL, messages=MESSAGES)
    assert recorded.calls() == []


def test_the_async_client_is_recorded(recorded: Recorded) -> None:
    async def ask() -> None:
        async with async_client(running) as llm:
            await llm.messages.create(model=MODEL, max_tokens=99, messages=MESSAGES)
            stream = await llm.messages.create(model=MODEL, max_tokens=99, messages=MESSAGES, stream=True)
            assert isinstance(stream, anthropic.AsyncStream)
            assert [event.type async for event in stream][-1] == "message_stop"
            async with llm.messages.stream(model=MODEL, max_tokens=99, messages=MESSAGES) as helper:
                assert [text async for text in helper.text_stream] == ["On ", "its ", "way."]

    streams = [message_stream("On ", "its ", "way.") for _ in range(2)]
    with upstream(message(), *streams) as running:
        asyncio.run(ask())
    assert [call["response"] for call in recorded.calls()] == [SAID, SAID, SAID]
    assert [call["tokens"] for call in recorded.calls()] == [TOKENS, TOKENS, TOKENS]


def test_an_async_stream_whose_task_is_cancelled_keeps_what_came(recorded: Recorded) -> None:
    async def ask() -> None:
        async with async_client(running) as llm:

            async def read() -> None:
                async with llm.messages.stream(model=MODEL, max_tokens=99, messages=MESSAGES) as stream:
                    async for _ in stream.text_stream:
                        begun.set()

            begun = asyncio.Event()
            task = asyncio.create_task(read())
            await begun.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    with upstream(message_stream("On ", "its ", "way.", held_after=4)) as running:
        asyncio.run(ask())
        call = recorded.call()
    assert call["response"][0]["content"] == [{"type": "text", "text": "On "}]
    assert call["responseMetadata"]["cancelled"] is True
