"""What frameworks' runs become is what a real Playhead server takes, and reads back as a tree."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from langchain_core.documents import Document
from langchain_core.language_models.fake_chat_models import FakeMessagesListChatModel
from langchain_core.messages import AIMessage, HumanMessage
from langchain_core.runnables import RunnableLambda
from langchain_core.tools import tool
from pydantic_ai import Agent
from pydantic_ai.messages import BinaryContent, ImageUrl, UserContent
from pydantic_ai.models.test import TestModel
from tests.support.server import Server
from tests.support.server import server as server  # noqa: PLC0414 - a fixture

import playhead
from playhead import Recorder, SessionReplayClient


class Stored:
    """A recorder for a project of a real server."""

    def __init__(self, server: Server, spool_dir: Path) -> None:
        self.key = server.new_key("admin")
        self.url = server.url
        self.recorder = Recorder(server.url, self.key, spool_dir=spool_dir)

    def replay(self) -> Any:
        """Return the only session's replay, after checking that everything was taken as it was."""
        assert self.recorder.flush(10)
        stats = self.recorder.stats()
        assert (stats.rejected, stats.dropped, stats.altered, stats.unaccounted) == ({}, {}, {}, 0)
        with SessionReplayClient(self.url, self.key) as client:
            (session,) = client.list_session_replays().data
            return client.get_session_replay(session.session_id).replay_data


@pytest.fixture
def stored(server: Server, tmp_path: Path) -> Iterator[Stored]:
    stored = Stored(server, tmp_path)
    playhead.instrument("langchain", "pydantic_ai")
    yield stored
    playhead.uninstrument()
    stored.recorder.shutdown(5)


@tool
def look_up(name: str) -> list[Document]:
    """Look something up."""
    return [Document(name)]


def test_a_chain(stored: Stored) -> None:
    asked = AIMessage("", tool_calls=[{"name": "look_up", "args": {"name": "Oslo"}, "id": "c-1"}])
    model = FakeMessagesListChatModel(responses=[asked])
    chain = model | RunnableLambda(lambda message: look_up.invoke(message.tool_calls[0]))
    with stored.recorder.session(feature="agent"):
        chain.invoke([HumanMessage([{"type": "text", "text": "Oslo?"}])])
    replay = stored.replay()
    steps = {step.name: step for step in replay.steps}
    assert steps["look_up"].parent_id == steps["RunnableLambda"].id
    assert steps["RunnableLambda"].parent_id == steps["RunnableSequence"].id
    assert replay.ai_interactions[0].response[0]["tool_calls"][0]["id"] == "c-1"


def test_an_agent(stored: Stored) -> None:
    agent = Agent(TestModel(), name="painter")

    @agent.tool_plain
    def paint(colour: str) -> dict[str, str]:
        return {"colour": colour}

    pictures: list[UserContent] = ["Like these", ImageUrl("https://example.org/a.png")]
    pictures.append(BinaryContent(b"\x89PNG\xff", media_type="image/png"))
    with stored.recorder.session(feature="agent"):
        asyncio.run(agent.run(pictures))
    replay = stored.replay()
    steps = {step.name: step for step in replay.steps}
    assert steps["paint"].parent_id == steps["painter"].id
    assert len(replay.ai_interactions) == 2
