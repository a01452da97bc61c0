"""Turning integrations on and off, and what they do where there is no session."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import anthropic
import openai
import pytest
from tests.record.integrations.conftest import Recorded
from tests.record.integrations.upstream import chat, chat_stream, upstream

import playhead
from playhead.errors import Invalid
from playhead.record import door
from playhead.record.current import suppressed
from playhead.record.integrations import INTEGRATIONS, _implicit
from playhead.record.integrations._chat import ChatFold
from playhead.testing import MemoryServer

ROOT = Path(__file__).resolve().parents[3]
MESSAGES: Any = [{"role": "user", "content": "Where is my order?"}]
AFTERWARDS = """
import sys
import playhead
print(playhead.instrument("openai"), "openai" in sys.modules, "httpx" in sys.modules)
import openai
from openai._base_client import SyncAPIClient
print(SyncAPIClient.request.__module__, hasattr(SyncAPIClient.request, "__wrapped__"))
print(playhead.instrument("openai"), openai.__spec__.loader.exec_module.__qualname__)
playhead.uninstrument()
print(hasattr(SyncAPIClient.request, "__wrapped__"))
"""


def ask() -> None:
    with upstream(chat()) as running, openai.OpenAI(base_url=f"{running.url}/v1", api_key="sk") as llm:
        llm.chat.completions.create(model="gpt-4o", messages=MESSAGES)


def test_what_is_installed_is_found_once(monkeypatch: pytest.MonkeyPatch) -> None:
    try:
        assert set(playhead.instrument()) == set(INTEGRATIONS)
        assert playhead.instrument() == []
        assert playhead.instrument("openai") == []
    finally:
        playhead.uninstrument()


def test_uninstrumented_packages_are_as_they_were() -> None:
    kinds = (openai._base_client.SyncAPIClient, anthropic._base_client.AsyncAPIClient)
    before = [vars(kind).copy() for kind in kinds]
    assert playhead.instrument("openai", "anthropic") == ["openai", "anthropic"]
    assert [vars(kind)["request"] is was["request"] for kind, was in zip(kinds, before, strict=True)] == [False, False]
    playhead.uninstrument()
    assert [vars(kind)["request"] is was["request"] for kind, was in zip(kinds, before, strict=True)] == [True, True]
    assert [
        vars(kind)["_process_response"] is was["_process_response"] for kind, was in zip(kinds, before, strict=True)
    ]
    assert playhead.instrument("anthropic") == ["anthropic"]
    playhead.uninstrument()


def test_a_name_that_is_not_known_is_refused() -> None:
    with pytest.raises(Invalid, match=r"names: expected some of openai, anthropic, .*, not 'opnai'"):
        playhead.instrument("opnai")


def test_a_package_is_instrumented_when_the_application_imports_it() -> None:
    done = subprocess.run([sys.executable, "-c", AFTERWARDS], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.splitlines() == [
        "['openai'] False False",
        "openai._base_client True",
        "[] _LoaderBasics.exec_module",
        "False",
    ]


def test_without_a_session_nothing_is_recorded(recorded: Recorded) -> None:
    ask()
    assert recorded.calls() == []
    assert recorded.server.events == []


def test_with_auto_session_calls_outside_any_share_one(recorded: Recorded) -> None:
    playhead.instrument(auto_session="nightly")
    ask()
    ask()
    with playhead.session(feature="chat") as session:
        ask()
    playhead.uninstrument()
    calls = recorded.calls()
    assert len(calls) == 3
    starts = recorded.server.of_type("session.start")
    assert [start["data"]["feature"] for start in starts] == ["nightly", "chat"]
    own = starts[0]["sessionId"]
    assert [event["sessionId"] for event in recorded.server.of_type("interaction")] == [own, own, session.session_id]
    assert [event["data"] for event in recorded.server.of_type("session.end", own)] == [{"status": "completed"}]
    ask()
    assert len(recorded.calls()) == 3


def test_what_is_suppressed_is_not_recorded(recorded: Recorded) -> None:
    with playhead.session(feature="chat"), suppressed():
        ask()
    assert recorded.calls() == []


def test_a_recorder_that_is_off_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    server = MemoryServer()
    monkeypatch.setattr(door, "_recorder", server.recorder(enabled=False))
    playhead.instrument("openai", auto_session="off")
    try:
        ask()
    finally:
        playhead.uninstrument()
    assert server.requests == 0


def test_a_failure_of_ours_is_counted_and_the_application_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> bool:
        raise RuntimeError("ours")

    server = MemoryServer()
    recorder = server.recorder()
    monkeypatch.setattr(door, "_recorder", recorder)
    monkeypatch.setattr(ChatFold, "add", fails)
    playhead.instrument("openai")
    try:
        with (
            playhead.session(feature="chat") as session,
            upstream(chat_stream("On ", usage=False)) as running,
            openai.OpenAI(base_url=f"{running.url}/v1", api_key="sk") as llm,
        ):
            stream = llm.chat.completions.create(model="gpt-4o", messages=MESSAGES, stream=True)
            assert len(list(stream)) == 3
        assert recorder.flush(10)
    finally:
        playhead.uninstrument()
    stats = recorder.stats()
    recorder.shutdown(5)
    assert stats.dropped == {"integration_failed": 3}
    assert stats.unaccounted == 0
    (call,) = server.of_type("interaction", session.session_id)
    assert "pending" not in call["data"]
    assert sum(gap["data"]["reasons"]["integration_failed"] for gap in server.of_type("gap")) == 3


def test_an_implicit_session_ends_before_the_process_does(tmp_path: Path) -> None:
    code = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
import atexit
atexit.register(lambda: print([event["type"] for event in server.events]))  # the last one to run
import playhead
from playhead.record import door
from playhead.testing import MemoryServer
server = MemoryServer()
door._recorder = server.recorder()
playhead.instrument("openai", auto_session="nightly")
import openai
from tests.record.integrations.upstream import chat, upstream
with upstream(chat()) as running, openai.OpenAI(base_url=running.url + "/v1", api_key="sk") as llm:
    llm.chat.completions.create(model="gpt-4o", messages=[])
"""
    environment = os.environ | {"PLAYHEAD_SPOOL_DIR": str(tmp_path)}
    run = [sys.executable, "-c", code]
    done = subprocess.run(run, env=environment, check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "['session.start', 'interaction', 'session.end']"


def test_the_implicit_session_is_only_made_when_it_is_wanted() -> None:
    assert _implicit.session_for_a_call() is None
