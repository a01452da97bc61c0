"""Pydantic AI with models that are made up: runs, requests and tools with their parents, streams, failures."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any

import openai
import pytest
from pydantic_ai import Agent
from pydantic_ai.messages import ModelMessage, ModelResponse, TextPart, ThinkingPart, ToolCallPart
from pydantic_ai.models import ModelRequestParameters
from pydantic_ai.models.function import AgentInfo, FunctionModel
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.models.test import TestModel
from pydantic_ai.providers.openai import OpenAIProvider
from pydantic_ai.usage import RequestUsage
from tests.record.integrations.upstream import Upstream, chat, chat_stream, upstream

import playhead
from playhead.record.current import is_suppressed
from playhead.record.integrations.pydantic_ai import PlayheadCapability, RecordedModel
from playhead.record.recorder import Recorder
from playhead.record.session import Session
from playhead.testing import MemoryServer

Event = dict[str, Any]


class Recorded:
    """A session in memory, and a capability that records into it."""

    def __init__(self) -> None:
        self.server = MemoryServer()
        self.recorder: Recorder = self.server.recorder()
        self.session: Session = self.recorder.session(feature="agent")
        self.capability = PlayheadCapability(self.session)

    def all(self, kind: str) -> list[Event]:
        """Return the events of a kind, ids beside their data."""
        assert self.recorder.flush(10)
        return [{"id": event["id"], **event["data"]} for event in self.server.of_type(kind)]

    def call(self) -> Event:
        """Return the only interaction."""
        (call,) = self.all("interaction")
        return call

    def steps(self) -> dict[str, Event]:
        """Return the steps by their names."""
        return {step["name"]: step for step in self.all("step")}


@pytest.fixture
def recorded() -> Iterator[Recorded]:
    recorded = Recorded()
    yield recorded
    stats = recorded.recorder.stats()
    recorded.recorder.shutdown(5)
    assert stats.dropped == {}
    assert stats.altered == {}


def think(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
    """Call the tool once, then answer."""
    assert is_suppressed()
    usage = RequestUsage(input_tokens=20, output_tokens=8, cache_read_tokens=5, details={"reasoning_tokens": 3})
    if len(messages) == 1:
        call = ToolCallPart("weather", {"town": "Oslo"}, tool_call_id="c-1")
        return ModelResponse([ThinkingPart("I must ask"), call], usage=usage)
    return ModelResponse([TextPart("Sunny")], usage=usage, finish_reason="stop")


async def stream(messages: list[ModelMessage], info: AgentInfo) -> AsyncIterator[str]:
    """Answer in pieces."""
    yield "Sun"
    yield "ny"


def weather_agent(model: Any, *capabilities: Any) -> Agent[None, str]:
    agent = Agent(model, name="forecaster", instructions="Be short", capabilities=capabilities)

    @agent.tool_plain
    def weather(town: str) -> str:
        if town == "Atlantis":
            raise LookupError("no weather station in Atlantis")
        return f"sunny in {town}"

    return agent


def ask(agent: Agent[None, str], prompt: str) -> str:
    """Run an agent; its own ``run_sync`` leaves an event loop behind."""
    return asyncio.run(agent.run(prompt)).output


def test_a_run_is_an_agents_step_with_requests_and_tools_in_it(recorded: Recorded) -> None:
    agent = weather_agent(FunctionModel(think, model_name="think-1"), recorded.capability)
    assert ask(agent, "Weather?") == "Sunny"
    steps, (first, second) = recorded.steps(), recorded.all("interaction")
    root = steps["forecaster"]
    assert (root["kind"], root["input"], root["output"]) == ("agent", "Weather?", "Sunny")
    assert first["parentId"] == second["parentId"] == steps["weather"]["parentId"] == root["id"]
    assert (steps["weather"]["kind"], steps["weather"]["input"]) == ("tool", {"town": "Oslo"})
    assert steps["weather"]["output"] == "sunny in Oslo"


def test_a_request_tells_prompt_answer_tools_and_tokens(recorded: Recorded) -> None:
    ask(weather_agent(FunctionModel(think, model_name="think-1"), recorded.capability), "Weather?")
    first, second = recorded.all("interaction")
    asked = {"id": "c-1", "type": "function", "function": {"name": "weather", "arguments": '{"town": "Oslo"}'}}
    assert first["prompt"] == [{"role": "system", "content": "Be short"}, {"role": "user", "content": "Weather?"}]
    assert first["response"] == [{"role": "assistant", "content": "", "reasoning": "I must ask", "tool_calls": [asked]}]
    assert first["parameters"]["tools"][0]["name"] == "weather"
    assert second["prompt"][-1] == {
        "role": "tool",
        "tool_call_id": "c-1",
        "name": "weather",
        "content": "sunny in Oslo",
    }
    assert second["response"] == [{"role": "assistant", "content": "Sunny"}]
    assert second["tokens"] == {"input": 20, "output": 8, "cached": 5, "reasoning": 3}
    assert (second["model"], second["provider"]) == ("think-1", "function")
    assert second["responseMetadata"]["finishReason"] == "stop"
    assert "pending" not in second


def test_a_streamed_answer_has_a_first_token_and_comes_whole(recorded: Recorded) -> None:
    agent = weather_agent(FunctionModel(stream_function=stream), recorded.capability)

    async def run() -> str:
        async with agent.run_stream("Weather?") as result:
            assert not is_suppressed()
            return "".join([piece async for piece in result.stream_text(delta=True, debounce_by=None)])

    assert asyncio.run(run()) == "Sunny"
    call = recorded.call()
    assert call["response"] == [{"role": "assistant", "content": "Sunny"}]
    assert 0 <= call["timeToFirstToken"] <= call["latency"]
    assert "cancelled" not in call.get("responseMetadata", {})


def test_a_stream_that_is_left_early_shows_as_cancelled_with_what_came(recorded: Recorded) -> None:
    model = RecordedModel(FunctionModel(stream_function=stream), recorded.session)

    async def run() -> None:
        async with model.request_stream([], None, ModelRequestParameters()) as answer:
            async for _ in answer:
                break

    asyncio.run(run())
    call = recorded.call()
    assert call["responseMetadata"]["cancelled"] is True
    assert call["response"] == [{"role": "assistant", "content": "Sun"}]


def test_a_stream_that_breaks_keeps_what_came(recorded: Recorded) -> None:
    async def breaking(messages: list[ModelMessage], info: AgentInfo) -> AsyncIterator[str]:
        yield "Sun"
        raise ConnectionError("cut off")

    agent = weather_agent(FunctionModel(stream_function=breaking), recorded.capability)

    async def run() -> None:
        async with agent.run_stream("Weather?") as result:
            async for _ in result.stream_text(delta=True, debounce_by=None):
                pass

    with pytest.raises(ConnectionError, match="cut off"):
        asyncio.run(run())
    call = recorded.call()
    assert call["error"] == {"type": "ConnectionError", "message": "cut off"}
    assert call["response"] == [{"role": "assistant", "content": "Sun"}]
    assert recorded.steps()["forecaster"]["error"]["type"] == "ConnectionError"


def test_a_request_that_fails_fails_as_before_and_is_recorded(recorded: Recorded) -> None:
    def broken(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
        raise ConnectionError("no route")

    agent = weather_agent(FunctionModel(broken), recorded.capability)
    with pytest.raises(ConnectionError, match="no route"):
        ask(agent, "Weather?")
    assert recorded.call()["error"] == {"type": "ConnectionError", "message": "no route"}
    assert recorded.steps()["forecaster"]["error"] == {"type": "ConnectionError", "message": "no route"}


def test_a_tool_that_fails_is_a_failed_step(recorded: Recorded) -> None:
    def send(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
        return ModelResponse([ToolCallPart("weather", {"town": "Atlantis"})])

    with pytest.raises(LookupError):
        ask(weather_agent(FunctionModel(send), recorded.capability), "Weather?")
    expected = {"type": "LookupError", "message": "no weather station in Atlantis"}
    assert recorded.steps()["weather"]["error"] == expected


def test_a_cancelled_run_is_cancelled_and_has_not_failed(recorded: Recorded) -> None:
    asked = threading.Event()

    async def endless(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
        asked.set()
        await asyncio.Event().wait()
        raise AssertionError

    agent = weather_agent(FunctionModel(endless), recorded.capability)

    async def run() -> None:
        task = asyncio.ensure_future(agent.run("Weather?"))
        await asyncio.to_thread(asked.wait, 10)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(run())
    call, step = recorded.call(), recorded.steps()["forecaster"]
    assert call["responseMetadata"]["cancelled"] is True
    assert "error" not in call
    assert step["status"] == "cancelled"
    assert "error" not in step


def test_runs_beside_each_other_keep_their_parents(recorded: Recorded) -> None:
    agents = [
        Agent(TestModel(custom_output_text=name), name=name, capabilities=[recorded.capability])
        for name in (f"agent-{number}" for number in range(6))
    ]

    async def run() -> None:
        await asyncio.gather(*(agent.run(str(agent.name)) for agent in agents))

    asyncio.run(run())
    steps = recorded.steps()
    calls = recorded.all("interaction")
    assert len(calls) == 6
    for call in calls:
        assert call["parentId"] == steps[call["prompt"][0]["content"]]["id"]


def test_instrumented_every_agent_is_recorded_once_into_the_current_session(recorded: Recorded) -> None:
    plain, own = Agent(TestModel(), name="plain"), Agent(TestModel(), name="own", capabilities=[recorded.capability])
    assert playhead.instrument("pydantic_ai") == ["pydantic_ai"]
    try:
        with recorded.session:
            ask(plain, "one")
            ask(own, "two")
    finally:
        playhead.uninstrument()
    with recorded.session:
        ask(plain, "three")
    assert [call["prompt"][0]["content"] for call in recorded.all("interaction")] == ["one", "two"]
    assert [step["name"] for step in recorded.all("step")] == ["plain", "own"]


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_a_call_through_openais_library_is_recorded_once(recorded: Recorded, streamed: bool) -> None:
    async def run(running: Upstream) -> str:
        async with openai.AsyncOpenAI(base_url=f"{running.url}/v1", api_key="sk-secret") as client:
            agent = Agent(OpenAIChatModel("gpt-4o", provider=OpenAIProvider(openai_client=client)))
            if not streamed:
                return (await agent.run("Weather?")).output
            async with agent.run_stream("Weather?") as result:
                return await result.get_output()

    playhead.instrument("openai", "pydantic_ai")
    try:
        with recorded.session, upstream(chat_stream("Sun", "ny") if streamed else chat("Sunny")) as running:
            assert asyncio.run(run(running)) == "Sunny"
    finally:
        playhead.uninstrument()
    call = recorded.call()
    assert (call["provider"], call["model"]) == ("openai", "gpt-4o-2024-08-06")
    assert call["response"] == [{"role": "assistant", "content": "Sunny"}]
    assert call["tokens"] == {"input": 20, "output": 9, "cached": 8, "reasoning": 4}
    assert call["responseMetadata"]["requestedModel"] == "gpt-4o"
    assert call["parentId"] == recorded.steps()["agent"]["id"]


def test_a_model_alone_can_be_recorded(recorded: Recorded) -> None:
    ask(Agent(RecordedModel(TestModel(custom_output_text="Hi"), recorded.session)), "Hello")
    call = recorded.call()
    assert (call["model"], call["response"][0]["content"]) == ("test", "Hi")


def test_without_a_session_nothing_is_recorded_and_everything_runs() -> None:
    assert playhead.current_session() is None
    agent = Agent(TestModel(custom_output_text="Hi"), capabilities=[PlayheadCapability()])
    assert ask(agent, "Hello") == "Hi"
