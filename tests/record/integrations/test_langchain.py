"""LangChain and LangGraph with models that are made up: what runs becomes steps and interactions with their parents."""

from __future__ import annotations

import asyncio
import operator
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any, TypedDict
from uuid import uuid4

import openai
import pytest
from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.language_models.fake import FakeListLLM
from langchain_core.language_models.fake_chat_models import FakeMessagesListChatModel, GenericFakeChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, HumanMessage, SystemMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import RunnableLambda, RunnableParallel
from langchain_core.tools import tool
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, StateGraph
from langgraph.types import Command, interrupt
from tests.record.integrations.upstream import chat, chat_stream, upstream

import playhead
from playhead.record.current import current_parent, is_suppressed
from playhead.record.integrations.langchain import PlayheadCallbackHandler
from playhead.record.recorder import Recorder
from playhead.record.session import Session
from playhead.testing import MemoryServer

Event = dict[str, Any]


class Recorded:
    """A session in memory, and a handler for it."""

    def __init__(self) -> None:
        self.server = MemoryServer()
        self.recorder: Recorder = self.server.recorder()
        self.session: Session = self.recorder.session(feature="agent")
        self.handler = PlayheadCallbackHandler(self.session)
        self.config: Any = {"callbacks": [self.handler]}

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


ANSWER = AIMessage(
    content="Sunny",
    response_metadata={"model_name": "gpt-4o-2026", "finish_reason": "stop"},
    usage_metadata={
        "input_tokens": 20,
        "output_tokens": 8,
        "total_tokens": 28,
        "input_token_details": {"cache_read": 5},
        "output_token_details": {"reasoning": 3},
    },
)


class Streaming(BaseChatModel):
    """A chat model whose answer comes in pieces; ``failing`` after the first."""

    failing: bool = False
    waiting: bool = False

    @property
    def _llm_type(self) -> str:
        return "streaming"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return {"model": "stream-1", "temperature": 0.5}

    def _generate(self, messages: list[BaseMessage], *args: Any, **kwargs: Any) -> ChatResult:
        assert is_suppressed()
        return ChatResult(generations=[ChatGeneration(message=AIMessage("Sunny"))])

    def _stream(self, messages: list[BaseMessage], *args: Any, **kwargs: Any) -> Iterator[ChatGenerationChunk]:
        assert is_suppressed()
        yield ChatGenerationChunk(message=AIMessageChunk(content="Sun"))
        if self.failing:
            raise ConnectionError("cut off")
        yield ChatGenerationChunk(message=AIMessageChunk(content="ny"))

    async def _astream(
        self, messages: list[BaseMessage], *args: Any, **kwargs: Any
    ) -> AsyncIterator[ChatGenerationChunk]:
        yield ChatGenerationChunk(message=AIMessageChunk(content="Sun"))
        if self.waiting:
            await asyncio.Event().wait()
        yield ChatGenerationChunk(message=AIMessageChunk(content="ny"))


@tool
def weather(town: str) -> str:
    """Tell the weather."""
    if town == "Atlantis":
        raise LookupError("no weather station in Atlantis")
    return f"sunny in {town}"


class Shelf(BaseRetriever):
    """Always finds the same."""

    def _get_relevant_documents(self, query: str, *, run_manager: CallbackManagerForRetrieverRun) -> list[Document]:
        return [Document("Opening hours", metadata={"page": 1})]


def test_a_call_of_a_chat_model_tells_prompt_answer_and_tokens(recorded: Recorded) -> None:
    model = FakeMessagesListChatModel(responses=[ANSWER])
    model.invoke([SystemMessage("Be short"), HumanMessage("Weather?")], recorded.config)
    call = recorded.call()
    assert call["prompt"] == [{"role": "system", "content": "Be short"}, {"role": "user", "content": "Weather?"}]
    assert call["response"] == [{"role": "assistant", "content": "Sunny"}]
    assert call["model"] == "gpt-4o-2026"
    assert call["tokens"] == {"input": 20, "output": 8, "cached": 5, "reasoning": 3}
    assert call["responseMetadata"]["finishReason"] == "stop"
    assert call["latency"] >= 0
    assert "pending" not in call
    assert "error" not in call


def test_a_chain_is_a_tree_of_steps_with_the_call_in_it(recorded: Recorded) -> None:
    prompt = ChatPromptTemplate.from_messages([("user", "Weather in {town}?")])
    chain = (prompt | FakeMessagesListChatModel(responses=[ANSWER])).with_config(run_name="forecast")
    chain.invoke({"town": "Oslo"}, recorded.config)
    steps, call = recorded.steps(), recorded.call()
    assert steps["forecast"]["kind"] == "chain"
    assert steps["forecast"]["input"] == {"town": "Oslo"}
    assert steps["forecast"]["output"] == {"role": "assistant", "content": "Sunny"}
    assert "parentId" not in steps["forecast"]
    assert steps["ChatPromptTemplate"]["parentId"] == steps["forecast"]["id"]
    assert call["parentId"] == steps["forecast"]["id"]


def test_a_tools_failure_and_success(recorded: Recorded) -> None:
    weather.invoke({"town": "Oslo"}, recorded.config)
    with pytest.raises(LookupError):
        weather.invoke({"town": "Atlantis"}, recorded.config)
    good, bad = recorded.all("step")
    assert (good["name"], good["kind"], good["input"]) == ("weather", "tool", {"town": "Oslo"})
    assert good["output"] == "sunny in Oslo"
    assert bad["error"] == {"type": "LookupError", "message": "no weather station in Atlantis"}


def test_a_tool_call_is_shown_as_chat_apis_show_it(recorded: Recorded) -> None:
    asked = AIMessage("", tool_calls=[{"name": "weather", "args": {"town": "Oslo"}, "id": "c-1"}])
    FakeMessagesListChatModel(responses=[asked]).invoke("Weather?", recorded.config)
    (said,) = recorded.call()["response"]
    function = {"name": "weather", "arguments": '{"town": "Oslo"}'}
    assert said["tool_calls"] == [{"id": "c-1", "type": "function", "function": function}]


def test_a_retriever_is_a_step_with_what_it_found(recorded: Recorded) -> None:
    Shelf().invoke("hours", recorded.config)
    (step,) = recorded.all("step")
    assert (step["kind"], step["input"]) == ("retrieval", "hours")
    assert step["output"] == [{"pageContent": "Opening hours", "metadata": {"page": 1}}]


def test_a_model_that_completes_text(recorded: Recorded) -> None:
    FakeListLLM(responses=["Sunny"]).invoke("Weather?", recorded.config)
    call = recorded.call()
    assert (call["prompt"], call["response"]) == ("Weather?", "Sunny")


def test_a_streamed_answer_has_a_first_token_and_comes_whole(recorded: Recorded) -> None:
    pieces = [chunk.content for chunk in Streaming().stream("Weather?", recorded.config)]
    assert "".join(map(str, pieces)) == "Sunny"
    call = recorded.call()
    assert call["response"] == [{"role": "assistant", "content": "Sunny"}]
    assert 0 <= call["timeToFirstToken"] <= call["latency"]
    assert call["parameters"]["temperature"] == 0.5
    assert call["model"] == "stream-1"


def test_what_the_application_does_between_two_pieces_is_its_own(recorded: Recorded) -> None:
    stream = Streaming().stream("Weather?", recorded.config)
    next(stream)
    assert not is_suppressed()
    list(stream)
    assert not is_suppressed()


def test_a_stream_that_breaks_keeps_what_came(recorded: Recorded) -> None:
    with pytest.raises(ConnectionError, match="cut off"):
        list(Streaming(failing=True).stream("Weather?", recorded.config))
    call = recorded.call()
    assert call["error"] == {"type": "ConnectionError", "message": "cut off"}
    assert call["response"] in ("Sun", [{"role": "assistant", "content": "Sun"}])
    assert not is_suppressed()


def test_streams_that_are_left_early_end_and_leave_nothing_current(recorded: Recorded) -> None:
    chain = RunnableLambda[Any, Any](lambda _: "Weather?") | Streaming()
    for stream in (chain.stream(0, recorded.config), Streaming().stream("Weather?", recorded.config)):
        assert next(iter(stream)).content == "Sun"
        stream.close()  # type: ignore[attr-defined]  # they are generators
    for call in recorded.all("interaction"):
        assert call["responseMetadata"]["cancelled"] is True
        assert "Sun" in str(call["response"])
        assert "error" not in call
    assert len(recorded.all("interaction")) == 2
    assert all("error" not in step for step in recorded.all("step"))
    assert set(recorded.steps()) == {"RunnableSequence", "RunnableLambda"}
    assert current_parent(recorded.session.session_id) is None
    assert not is_suppressed()


def test_an_async_stream_that_is_left_early_ends(recorded: Recorded) -> None:
    async def run() -> None:
        stream = Streaming().astream("Weather?", recorded.config)
        async for _ in stream:
            break
        await stream.aclose()  # type: ignore[attr-defined]  # it is a generator

    asyncio.run(run())
    call = recorded.call()
    assert call["responseMetadata"]["cancelled"] is True
    assert "Sun" in str(call["response"])


def test_an_async_stream_that_is_cancelled_says_so(recorded: Recorded) -> None:
    async def run() -> None:
        came = asyncio.Event()

        async def listen() -> None:
            async for _ in Streaming(waiting=True).astream("Weather?", recorded.config):
                came.set()

        task = asyncio.ensure_future(listen())
        await came.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(run())
    call = recorded.call()
    assert call["responseMetadata"]["cancelled"] is True
    assert "Sun" in str(call["response"])
    assert "error" not in call


def test_async_runs_beside_each_other_keep_their_parents(recorded: Recorded) -> None:
    async def run() -> None:
        names = [f"chain-{number}" for number in range(8)]
        prompt = ChatPromptTemplate.from_messages([("user", "{name}")])
        chains = [(prompt | GenericFakeChatModel(messages=iter([name]))).with_config(run_name=name) for name in names]
        await asyncio.gather(
            *(chain.ainvoke({"name": name}, recorded.config) for chain, name in zip(chains, names, strict=True))
        )

    asyncio.run(run())
    steps = recorded.steps()
    calls = recorded.all("interaction")
    assert len(calls) == 8
    for call in calls:
        name = call["prompt"][0]["content"]
        assert call["parentId"] == steps[name]["id"]
        assert call["response"] == [{"role": "assistant", "content": name}]


def test_several_prompts_at_once_are_several_calls(recorded: Recorded) -> None:
    model = FakeMessagesListChatModel(responses=[AIMessage("one"), AIMessage("two")])
    model.generate([[HumanMessage("first")], [HumanMessage("second")]], callbacks=[recorded.handler])
    assert [call["response"][0]["content"] for call in recorded.all("interaction")] == ["one", "two"]
    assert not is_suppressed()


def test_threads_of_a_parallel_step_record_under_it_and_so_does_what_they_record_themselves(
    recorded: Recorded,
) -> None:
    both = threading.Barrier(2)

    def branch(name: str) -> Any:
        def run(_: Any) -> str:
            both.wait(10)
            recorded.session.record_interaction(model="own", prompt=name, response="-")
            return name

        return RunnableLambda(run).with_config(run_name=name)

    RunnableParallel(left=branch("left"), right=branch("right")).invoke(0, recorded.config)
    steps = recorded.steps()
    for call in recorded.all("interaction"):
        assert call["parentId"] == steps[call["prompt"]]["id"]


class State(TypedDict):
    said: Annotated[list[Any], operator.add]


def graph(*, asking: bool = False) -> Any:
    model = FakeMessagesListChatModel(responses=[ANSWER])

    def think(state: State) -> State:
        return {"said": [model.invoke(state["said"])]}

    def act(state: State) -> State:
        if asking:
            return {"said": [interrupt("May I?")]}
        return {"said": [weather.invoke({"town": "Oslo"})]}

    built = StateGraph(State)
    built.add_node("think", think)
    built.add_node("act", act)
    built.add_edge(START, "think")
    built.add_edge("think", "act")
    built.add_edge("act", END)
    return built.compile(checkpointer=InMemorySaver() if asking else None)


@pytest.mark.parametrize("waiting", [False, True], ids=["sync", "async"])
def test_a_graph_is_an_agent_with_its_nodes_calls_and_tools(recorded: Recorded, waiting: bool) -> None:
    start = {"said": [HumanMessage("Weather?")]}
    if waiting:
        asyncio.run(graph().ainvoke(start, recorded.config))
    else:
        graph().invoke(start, recorded.config)
    steps, call = recorded.steps(), recorded.call()
    root = steps["LangGraph"]
    assert root["kind"] == "agent"
    assert steps["think"]["parentId"] == steps["act"]["parentId"] == root["id"]
    assert call["parentId"] == steps["think"]["id"]
    assert steps["weather"]["parentId"] == steps["act"]["id"]
    assert set(steps) == {"LangGraph", "think", "act", "weather"}


def test_a_graph_that_asks_its_user_is_interrupted_and_has_not_failed(recorded: Recorded) -> None:
    asking = graph(asking=True)
    config = recorded.config | {"configurable": {"thread_id": "1"}}
    asking.invoke({"said": [HumanMessage("Weather?")]}, config)
    asking.invoke(Command(resume="yes"), config)
    acts = [step for step in recorded.all("step") if step["name"] == "act"]
    assert [step.get("status") for step in acts] == ["interrupted", None]
    assert all("error" not in step for step in recorded.all("step"))


def test_without_a_session_nothing_is_recorded_and_everything_runs() -> None:
    assert playhead.current_session() is None
    answer = FakeMessagesListChatModel(responses=[ANSWER]).invoke("?", {"callbacks": [PlayheadCallbackHandler()]})
    assert answer.content == "Sunny"


def test_instrumented_everything_is_recorded_once_into_the_current_session(recorded: Recorded) -> None:
    model = FakeMessagesListChatModel(responses=[ANSWER])
    assert playhead.instrument("langchain") == ["langchain"]
    try:
        with recorded.session:
            model.invoke("one")
            model.invoke("two", recorded.config)
    finally:
        playhead.uninstrument()
    with recorded.session:
        model.invoke("three")
    assert [call["prompt"][0]["content"] for call in recorded.all("interaction")] == ["one", "two"]


class Asking(BaseChatModel):
    """A chat model that asks through OpenAI's library, as LangChain's own does."""

    client: Any

    @property
    def _llm_type(self) -> str:
        return "asking"

    def _generate(self, messages: list[BaseMessage], *args: Any, **kwargs: Any) -> ChatResult:
        said = [{"role": "user", "content": message.content} for message in messages]
        answer = self.client.chat.completions.create(model="gpt-4o", messages=said)
        return ChatResult(generations=[ChatGeneration(message=AIMessage(answer.choices[0].message.content))])

    def _stream(self, messages: list[BaseMessage], *args: Any, **kwargs: Any) -> Iterator[ChatGenerationChunk]:
        said = [{"role": "user", "content": message.content} for message in messages]
        for piece in self.client.chat.completions.create(model="gpt-4o", messages=said, stream=True):
            if piece.choices and piece.choices[0].delta.content:
                yield ChatGenerationChunk(message=AIMessageChunk(content=piece.choices[0].delta.content))


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_a_call_through_openais_library_is_recorded_once(recorded: Recorded, streamed: bool) -> None:
    playhead.instrument("openai", "langchain")
    try:
        with (
            recorded.session,
            upstream(chat_stream("Sun", "ny") if streamed else chat("Sunny")) as running,
            openai.OpenAI(base_url=f"{running.url}/v1", api_key="sk-secret") as client,
        ):
            model = Asking(client=client)
            if streamed:
                assert "".join(str(piece.content) for piece in model.stream("Weather?")) == "Sunny"
            else:
                assert model.invoke("Weather?").content == "Sunny"
    finally:
        playhead.uninstrument()
    assert recorded.call()["response"] == [{"role": "assistant", "content": "Sunny"}]


def test_what_fails_in_the_recording_does_not_stop_the_run() -> None:
    class Odd:
        @property
        def page_content(self) -> str:
            raise RuntimeError("odd")

    recorded = Recorded()
    recorded.handler.on_llm_new_token("of no run", run_id=uuid4())
    assert RunnableLambda[Any, str](lambda _: "done").invoke(Odd(), recorded.config) == "done"
    assert recorded.recorder.stats().dropped == {"integration_failed": 1}
    recorded.recorder.shutdown(5)
