"""OpenAI's real client against a local upstream: what it is asked and answers is recorded, and it works as before."""

from __future__ import annotations

import asyncio
import contextvars
import functools
import gc
import threading
from typing import Any

import openai
import pydantic
import pytest
from tests.record.integrations.conftest import Recorded
from tests.record.integrations.upstream import (
    TOOL_CALL,
    Answer,
    Upstream,
    chat,
    chat_stream,
    embeddings,
    openai_error,
    response,
    response_stream,
    upstream,
)

from playhead.record.session import Session

MESSAGES: Any = [{"role": "user", "content": "Where is my order?"}]
QUICK: Any = {"retry-after-ms": "1"}
TOKENS = {"input": 20, "output": 9, "cached": 8, "reasoning": 4}

pytestmark = pytest.mark.usefixtures("session")


def client(running: Upstream, **options: Any) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{running.url}/v1", api_key="sk-secret", **options)


def async_client(running: Upstream, **options: Any) -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(base_url=f"{running.url}/v1", api_key="sk-secret", **options)


def test_a_completion_is_recorded_whole(recorded: Recorded) -> None:
    tools: Any = [{"type": "function", "function": {"name": "weather", "parameters": {}}}]
    with upstream(chat()) as running, client(running) as llm:
        answer = llm.chat.completions.create(model="gpt-4o", messages=MESSAGES, temperature=0.5, tools=tools)
        host = running.url.removeprefix("http://")
    call = recorded.call()
    assert answer.choices[0].message.content == "On its way."
    assert call["prompt"] == MESSAGES
    assert call["response"] == [{"role": "assistant", "content": "On its way."}]
    assert call["model"] == "gpt-4o-2024-08-06"
    assert call["provider"] == "openai"
    assert call["tokens"] == TOKENS
    assert call["parameters"] == {"temperature": 0.5, "tools": tools}
    assert call["requestMetadata"] == {"host": host, "operation": "chat/completions"}
    assert call["responseMetadata"] == {
        "id": "chatcmpl-1",
        "finishReason": "stop",
        "requestId": "req_1",
        "requestedModel": "gpt-4o",
    }
    assert call["latency"] > 0
    assert "pending" not in call
    assert "error" not in call
    assert "sk-secret" not in str(recorded.server.events)


def test_a_call_is_announced_when_it_begins(recorded: Recorded) -> None:
    with upstream(Answer(**vars(chat()) | {"silent": True})) as running, client(running) as llm:
        create = functools.partial(llm.chat.completions.create, model="gpt-4o", messages=MESSAGES)
        thread = threading.Thread(target=contextvars.copy_context().run, args=(create,))
        thread.start()
        assert running.asked.wait(10)
        pending = recorded.call()
        running.release.set()
        thread.join(10)
    assert pending["pending"] is True
    assert pending["prompt"] == MESSAGES
    assert recorded.call()["response"][0]["content"] == "On its way."


def test_tool_calls_are_recorded(recorded: Recorded) -> None:
    with upstream(chat(None, tool_calls=[TOOL_CALL])) as running, client(running) as llm:
        llm.chat.completions.create(model="gpt-4o", messages=MESSAGES)
    call = recorded.call()
    assert call["response"] == [{"role": "assistant", "tool_calls": [TOOL_CALL]}]
    assert call["responseMetadata"]["finishReason"] == "tool_calls"


def test_parsed_output_is_recorded(recorded: Recorded) -> None:
    class Place(pydantic.BaseModel):
        city: str

    with upstream(chat('{"city": "Oslo"}')) as running, client(running) as llm:
        answer = llm.chat.completions.parse(model="gpt-4o", messages=MESSAGES, response_format=Place)
    assert answer.choices[0].message.parsed == Place(city="Oslo")
    call = recorded.call()
    assert call["response"][0]["content"] == '{"city": "Oslo"}'
    assert call["parameters"]["response_format"]["type"] == "json_schema"


def test_a_stream_passes_unchanged_and_is_recorded_as_one_answer(recorded: Recorded) -> None:
    with upstream(chat_stream("On ", "its ", "way.")) as running, client(running) as llm:
        stream = llm.chat.completions.create(
            model="gpt-4o", messages=MESSAGES, stream=True, stream_options={"include_usage": True}
        )
        assert isinstance(stream, openai.Stream)
        chunks = list(stream)
    assert [chunk.choices[0].delta.content for chunk in chunks if chunk.choices] == ["", "On ", "its ", "way.", None]
    call = recorded.call()
    assert call["response"] == [{"role": "assistant", "content": "On its way."}]
    assert call["tokens"] == TOKENS
    assert 0 < call["timeToFirstToken"] <= call["latency"]
    assert call["responseMetadata"]["finishReason"] == "stop"
    assert "cancelled" not in call["responseMetadata"]


def test_streamed_tool_calls_are_put_together(recorded: Recorded) -> None:
    pieces = [
        {"tool_calls": [{"index": 0, "id": "call_1", "type": "function", "function": {"name": "weather"}}]},
        {"tool_calls": [{"index": 0, "function": {"arguments": '{"city":'}}]},
        {"tool_calls": [{"index": 0, "function": {"arguments": ' "Oslo"}'}}]},
    ]
    with upstream(chat_stream(*pieces)) as running, client(running) as llm:
        list(llm.chat.completions.create(model="gpt-4o", messages=MESSAGES, stream=True))
    assert recorded.call()["response"] == [{"role": "assistant", "tool_calls": [TOOL_CALL]}]


def test_a_stream_that_is_closed_early_keeps_what_came(recorded: Recorded) -> None:
    with upstream(chat_stream("On ", "its ", "way.", held_after=3)) as running, client(running) as llm:
        with llm.chat.completions.create(model="gpt-4o", messages=MESSAGES, stream=True) as stream:
            for chunk in stream:
                if chunk.choices[0].delta.content == "its ":
                    break
        call = recorded.call()
    assert call["response"] == [{"role": "assistant", "content": "On its "}]
    assert call["responseMetadata"]["cancelled"] is True
    assert "error" not in call
    assert "pending" not in call


def test_a_stream_that_is_dropped_was_given_up(recorded: Recorded) -> None:
    with upstream(chat_stream("On ", "its ", "way.", held_after=2)) as running, client(running) as llm:
        stream = llm.chat.completions.create(model="gpt-4o", messages=MESSAGES, stream=True)
        next(stream)
        next(stream)
        assert recorded.call()["pending"] is True
        del stream
        gc.collect()
        call = recorded.call()
    assert call["response"] == [{"role": "assistant", "content": "On "}]
    assert call["responseMetadata"]["cancelled"] is True


def test_a_stream_closed_by_another_thread_is_cancelled(recorded: Recorded) -> None:
    with upstream(chat_stream("On ", "its ", "way.", held_after=2)) as running, client(running) as llm:
        stream = llm.chat.completions.create(model="gpt-4o", messages=MESSAGES, stream=True)
        next(stream)
        thread = threading.Thread(target=stream.close)
        thread.start()
        thread.join(10)
        call = recorded.call()
    assert call["responseMetadata"]["cancelled"] is True


def test_a_stream_that_breaks_records_the_error_and_what_came(recorded: Recorded) -> None:
    with upstream(chat_stream("On ", "its ", broken=True)) as running, client(running) as llm:
        stream = llm.chat.completions.create(model="gpt-4o", messages=MESSAGES, stream=True)
        with pytest.raises(openai.APIConnectionError):
            list(stream)
    call = recorded.call()
    assert call["response"] == [{"role": "assistant", "content": "On its "}]
    assert call["error"]["type"] == "APIConnectionError"


def test_the_stream_helper_is_recorded_once(recorded: Recorded) -> None:
    with (
        upstream(chat_stream("On ", "its ", "way.")) as running,
        client(running) as llm,
        llm.chat.completions.stream(model="gpt-4o", messages=MESSAGES) as stream,
    ):
        whole = stream.get_final_completion()
    assert whole.choices[0].message.content == "On its way."
    assert recorded.call()["response"] == [{"role": "assistant", "content": "On its way."}]


def test_the_stream_helper_left_early_is_cancelled(recorded: Recorded) -> None:
    with upstream(chat_stream("On ", "its ", "way.", held_after=2)) as running, client(running) as llm:
        with llm.chat.completions.stream(model="gpt-4o", messages=MESSAGES) as stream:
            next(iter(stream))
        call = recorded.call()
    assert call["responseMetadata"]["cancelled"] is True


@pytest.mark.parametrize("raised_from", ["with_raw_response", "with_streaming_response"])
def test_raw_responses_are_recorded(recorded: Recorded, raised_from: str) -> None:
    with upstream(chat()) as running, client(running) as llm:
        if raised_from == "with_raw_response":
            raw = llm.chat.completions.with_raw_response.create(model="gpt-4o", messages=MESSAGES)
            assert raw.parse().choices[0].message.content == "On its way."
        else:
            with llm.chat.completions.with_streaming_response.create(model="gpt-4o", messages=MESSAGES) as streamed:
                assert streamed.parse().choices[0].message.content == "On its way."
    call = recorded.call()
    assert call["response"] == [{"role": "assistant", "content": "On its way."}]
    assert call["tokens"] == TOKENS


def test_a_stream_out_of_a_raw_response_is_recorded(recorded: Recorded) -> None:
    with upstream(chat_stream("On ", "its ", "way.")) as running, client(running) as llm:
        raw = llm.chat.completions.with_raw_response.create(model="gpt-4o", messages=MESSAGES, stream=True)
        list(raw.parse())
    call = recorded.call()
    assert call["response"] == [{"role": "assistant", "content": "On its way."}]
    assert "cancelled" not in call["responseMetadata"]


def test_a_streaming_response_that_the_application_reads_by_itself_says_so(recorded: Recorded) -> None:
    with (
        upstream(chat_stream("On ", "its ", "way.")) as running,
        client(running) as llm,
        llm.chat.completions.with_streaming_response.create(model="gpt-4o", messages=MESSAGES, stream=True) as raw,
    ):
        assert [line for line in raw.iter_lines() if line][-1] == "data: [DONE]"
    call = recorded.call()
    assert call["responseMetadata"]["unparsed"] is True
    assert "cancelled" not in call["responseMetadata"]
    assert "pending" not in call


def test_a_stream_that_has_ended_leaves_nothing_behind(recorded: Recorded) -> None:
    with upstream(chat_stream("On ", "its ", "way.")) as running, client(running) as llm:
        stream = llm.chat.completions.create(model="gpt-4o", messages=MESSAGES, stream=True)
        list(stream)
        assert not {"close", "aclose", "read", "aread"} & vars(stream.response).keys()
        stream.close()
        assert list(stream) == []
    assert "cancelled" not in recorded.call()["responseMetadata"]


def test_an_error_is_raised_unchanged_and_recorded(recorded: Recorded) -> None:
    limited = pytest.raises(openai.RateLimitError, match="Slow down")
    with upstream(openai_error(429)) as running, client(running, max_retries=0) as llm, limited:
        llm.chat.completions.create(model="gpt-4o", messages=MESSAGES)
    call = recorded.call()
    assert call["error"]["type"] == "RateLimitError"
    assert call["error"]["status"] == 429
    assert call["error"]["code"] == "rate_limit_exceeded"
    assert call["responseMetadata"]["statusCode"] == 429
    assert call["model"] == "gpt-4o"


def test_the_clients_retries_are_one_interaction_that_counts_them(recorded: Recorded) -> None:
    answers = openai_error(429, headers=QUICK), openai_error(500, headers=QUICK), chat()
    with upstream(*answers) as running, client(running) as llm:
        llm.chat.completions.create(model="gpt-4o", messages=MESSAGES)
        assert len(running.requests) == 3
    call = recorded.call()
    assert call["responseMetadata"]["retries"] == 2
    assert call["response"][0]["content"] == "On its way."


def test_an_upstream_that_is_away_is_an_error(recorded: Recorded) -> None:
    with upstream() as running:
        llm = client(running, max_retries=0)
    with pytest.raises(openai.APIConnectionError):
        llm.chat.completions.create(model="gpt-4o", messages=MESSAGES)
    llm.close()
    assert recorded.call()["error"]["type"] == "APIConnectionError"


def test_embeddings_are_recorded_without_their_numbers(recorded: Recorded) -> None:
    with upstream(embeddings([0.1, 0.2, 0.3], [0.4, 0.5, 0.6])) as running, client(running) as llm:
        answer = llm.embeddings.create(model="text-embedding-3-small", input=["a", "b"], encoding_format="float")
    assert answer.data[1].embedding == [0.4, 0.5, 0.6]
    call = recorded.call()
    assert call["prompt"] == ["a", "b"]
    assert call["response"] == [
        {"object": "embedding", "index": 0, "dimensions": 3},
        {"object": "embedding", "index": 1, "dimensions": 3},
    ]
    assert call["tokens"] == {"input": 6}


def test_responses_are_recorded(recorded: Recorded) -> None:
    with upstream(response()) as running, client(running) as llm:
        answer = llm.responses.create(model="gpt-4o", input="Where is my order?", instructions="Be brief.")
    assert answer.output_text == "On its way."
    call = recorded.call()
    assert call["prompt"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Where is my order?"},
    ]
    assert call["response"][0]["content"][0]["text"] == "On its way."
    assert call["tokens"] == {"input": 30, "output": 12, "cached": 10, "reasoning": 5}
    assert call["responseMetadata"]["finishReason"] == "completed"


def test_a_response_that_failed_is_an_error(recorded: Recorded) -> None:
    error = {"code": "server_error", "message": "It broke."}
    with upstream(response(status="failed", error=error, output=[])) as running, client(running) as llm:
        llm.responses.create(model="gpt-4o", input="Where is my order?")
    assert recorded.call()["error"] == error


def test_streamed_responses_are_recorded(recorded: Recorded) -> None:
    with upstream(response_stream("On ", "its ", "way.")) as running, client(running) as llm:
        events = list(llm.responses.create(model="gpt-4o", input="Where is my order?", stream=True))
    assert events[-1].type == "response.completed"
    call = recorded.call()
    assert call["response"][0]["content"][0]["text"] == "On its way."
    assert call["tokens"]["reasoning"] == 5
    assert 0 < call["timeToFirstToken"] <= call["latency"]


def test_a_streamed_response_closed_early_keeps_what_came(recorded: Recorded) -> None:
    with upstream(response_stream("On ", "its ", "way.", held_after=5)) as running, client(running) as llm:
        with llm.responses.stream(model="gpt-4o", input="Where is my order?") as stream:
            for event in stream:
                if event.type == "response.output_text.delta" and event.delta == "its ":
                    break
        call = recorded.call()
    assert call["response"][0]["content"] == [{"type": "output_text", "text": "On its "}]
    assert call["responseMetadata"]["cancelled"] is True


def test_the_async_client_is_recorded(recorded: Recorded) -> None:
    async def ask() -> str | None:
        async with async_client(running) as llm:
            answer = await llm.chat.completions.create(model="gpt-4o", messages=MESSAGES)
            return answer.choices[0].message.content

    with upstream(chat()) as running:
        assert asyncio.run(ask()) == "On its way."
    call = recorded.call()
    assert call["tokens"] == TOKENS
    assert call["responseMetadata"]["requestId"] == "req_1"


def test_an_async_stream_is_recorded(recorded: Recorded) -> None:
    async def ask() -> list[str | None]:
        async with async_client(running) as llm:
            stream = await llm.chat.completions.create(model="gpt-4o", messages=MESSAGES, stream=True)
            assert isinstance(stream, openai.AsyncStream)
            return [chunk.choices[0].delta.content async for chunk in stream if chunk.choices]

    with upstream(chat_stream("On ", "its ", "way.")) as running:
        assert asyncio.run(ask()) == ["", "On ", "its ", "way.", None]
    call = recorded.call()
    assert call["response"] == [{"role": "assistant", "content": "On its way."}]
    assert "cancelled" not in call["responseMetadata"]


def test_an_async_stream_whose_task_is_cancelled_keeps_what_came(recorded: Recorded) -> None:
    async def read(llm: openai.AsyncOpenAI, begun: asyncio.Event) -> None:
        async for chunk in await llm.chat.completions.create(model="gpt-4o", messages=MESSAGES, stream=True):
            if chunk.choices[0].delta.content == "On ":
                begun.set()

    async def ask() -> None:
        async with async_client(running) as llm:
            begun = asyncio.Event()
            task = asyncio.create_task(read(llm, begun))
            await begun.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    with upstream(chat_stream("On ", "its ", "way.", held_after=2)) as running:
        asyncio.run(ask())
        call = recorded.call()
    assert call["response"] == [{"role": "assistant", "content": "On "}]
    assert call["responseMetadata"]["cancelled"] is True
    assert "error" not in call


def test_an_async_call_that_is_cancelled_while_it_waits_is_recorded_so(recorded: Recorded) -> None:
    async def ask() -> None:
        async with async_client(running) as llm:
            asking = llm.chat.completions.create(model="gpt-4o", messages=MESSAGES)
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(asking, 0.2)

    with upstream(Answer(silent=True)) as running:
        asyncio.run(ask())
        call = recorded.call()
    assert call["responseMetadata"] == {"cancelled": True}
    assert "pending" not in call


def test_an_async_stream_helper_and_raw_response_are_recorded(recorded: Recorded) -> None:
    async def ask() -> None:
        async with async_client(running) as llm:
            async with llm.chat.completions.stream(model="gpt-4o", messages=MESSAGES) as stream:
                await stream.get_final_completion()
            raw = await llm.chat.completions.with_raw_response.create(model="gpt-4o", messages=MESSAGES, stream=True)
            assert len([chunk async for chunk in raw.parse()]) > 3
            create = llm.chat.completions.with_streaming_response.create
            async with create(model="gpt-4o", messages=MESSAGES, stream=True) as streamed:
                assert len([chunk async for chunk in await streamed.parse()]) > 3

    with upstream(*(chat_stream("On ", "its ", "way.") for _ in range(3))) as running:
        asyncio.run(ask())
    calls = recorded.calls()
    assert [call["response"][0]["content"] for call in calls] == ["On its way."] * 3
    assert not any("cancelled" in call["responseMetadata"] for call in calls)


def test_async_responses_and_embeddings_are_recorded(recorded: Recorded) -> None:
    async def ask() -> None:
        async with async_client(running) as llm:
            await llm.responses.create(model="gpt-4o", input="Where is my order?")
            async for _ in await llm.responses.create(model="gpt-4o", input="And now?", stream=True):
                pass
            await llm.embeddings.create(model="text-embedding-3-small", input="a", encoding_format="float")

    with upstream(response(), response_stream("On ", "its ", "way."), embeddings([0.1, 0.2])) as running:
        asyncio.run(ask())
    whole, streamed, embedded = recorded.calls()
    assert whole["response"] == streamed["response"]
    assert whole["tokens"] == streamed["tokens"]
    assert embedded["response"] == [{"object": "embedding", "index": 0, "dimensions": 2}]


def test_azure_is_named_as_the_provider(recorded: Recorded) -> None:
    with upstream(chat()) as running:
        with openai.AzureOpenAI(azure_endpoint=running.url, api_key="secret", api_version="2024-10-21") as llm:
            llm.chat.completions.create(model="my-deployment", messages=MESSAGES)
        assert running.paths[0].startswith("/openai/deployments/my-deployment/chat/completions")
    call = recorded.call()
    assert call["provider"] == "azure"
    assert call["responseMetadata"]["requestedModel"] == "my-deployment"


def test_a_call_belongs_to_the_step_around_it(recorded: Recorded, session: Session) -> None:
    with upstream(chat()) as running, client(running) as llm, session.step("plan", kind="agent") as step:
        llm.chat.completions.create(model="gpt-4o", messages=MESSAGES)
    assert recorded.call()["parentId"] == step.id


def test_what_the_application_adds_to_its_messages_later_is_not_in_the_record(recorded: Recorded) -> None:
    messages: Any = [*MESSAGES]
    with upstream(chat_stream("On ", "its ", "way.")) as running, client(running) as llm:
        stream = llm.chat.completions.create(model="gpt-4o", messages=messages, stream=True)
        next(stream)
        messages.append({"role": "assistant", "content": "later"})
        list(stream)
    assert recorded.call()["prompt"] == MESSAGES
