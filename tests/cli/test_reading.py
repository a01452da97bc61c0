"""``playhead list``, ``show`` and ``replay``: from a directory without a key, and from a server with one."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests.cli.conftest import Playhead, Serving

from playhead import SessionReplayClient


def test_a_directory_is_listed_without_a_key(playhead: Playhead, samples: Path) -> None:
    done = playhead("list", PLAYHEAD_DATA_DIR=samples)
    assert done.status == 0
    assert len(done.lines) == 13
    assert done.lines[0][0] == "demo_vision-chart"


def test_filters_narrow_the_list(playhead: Playhead, samples: Path) -> None:
    def found(*filters: str) -> list[str]:
        return [line[0].removeprefix("demo_") for line in playhead("list", *filters, "--data-dir", samples).lines]

    assert found("--status", "error") == ["error-rate-limit"]
    assert found("--user", "佐藤 美咲") == ["chat-ryokan-ja"]
    assert found("--search", "アレルギー") == ["chat-ryokan-ja"]
    assert found("--search", "espresso") == ["support-espresso"]
    assert found("--model", "gemini-2.5-flash", "--tag", "vision") == ["vision-chart"]
    assert found("--metadata", "matter=2025-1187") == ["workflow-lease"]
    assert found("--feature", "agent", "--sort", "cost", "--ascending") == ["functions-train", "agent-heat-pump"]
    assert found("--min-interactions", "100") == ["night-batch-2000"]
    assert "error-rate-limit" not in found("--no-errors", "--limit", "100")


def test_a_filter_that_is_wrong_is_named(playhead: Playhead, samples: Path) -> None:
    done = playhead("list", "--min-cost", "5", "--max-cost", "1", "--data-dir", samples)
    assert (done.status, done.out) == (1, "")
    assert "--min-cost: greater than --max-cost" in done.err
    assert "--limit: " in playhead("list", "--limit", "101", "--data-dir", samples).err
    assert "--since: " in playhead("list", "--since", "yesterday", "--data-dir", samples).err


def test_a_cost_that_nobody_knows_is_no_zero(serving: Callable[..., Serving], playhead: Playhead) -> None:
    server = serving("serve", lines=3)
    key = server.first_lines[2].rpartition(" ")[2]
    with SessionReplayClient(server.url, key) as client, client.session(feature="chat") as session:
        session.record_interaction(model="a-model-of-our-own", prompt="?", response="!")
    assert playhead("list", "--data-dir", server.data_dir).lines[0][7] == "unknown"
    assert "unknown (1 call without a price)" in playhead("show", session.session_id, "--data-dir", server.data_dir).out


def test_a_server_that_wants_a_key_says_where_to_put_it(serving: Callable[..., Serving], playhead: Playhead) -> None:
    done = playhead("list", "--url", serving("serve").url)
    assert done.status == 1
    assert "set PLAYHEAD_API_KEY" in done.err


def test_a_cut_list_says_so(playhead: Playhead, samples: Path) -> None:
    assert "5 of 13 sessions" in playhead("list", "--limit", "5", "--data-dir", samples).err


def test_a_list_as_json_is_a_document_a_line(playhead: Playhead, samples: Path) -> None:
    lines = playhead("list", "--json", "--feature", "notebook", "--data-dir", samples).out.splitlines()
    assert [json.loads(line)["sessionId"] for line in lines] == ["demo_notebook-rides"]


def test_show_tells_a_session_and_its_events(playhead: Playhead, samples: Path) -> None:
    said = playhead("show", "demo_agent-heat-pump", "--data-dir", samples).out
    assert "Research: heat pump or gas for an old school" in said
    assert "17 (4 interactions, 1 failed)" in said
    assert "✗ step            tool fetch_page 20000 ms no answer from tariffs.example within 20 s" in said
    cut = playhead("show", "demo_night-batch-2000", "--events", "3", "--data-dir", samples).out
    assert "… 1997 more events" in cut


def test_show_as_json_has_every_event(playhead: Playhead, samples: Path) -> None:
    lines = playhead("show", "demo_support-espresso", "--json", "--data-dir", samples).out.splitlines()
    session, *events = map(json.loads, lines)
    assert session["sessionId"] == "demo_support-espresso"
    assert len(events) == session["summary"]["totalEvents"]


def test_replay_tells_the_conversation_in_order_and_says_each_message_once(playhead: Playhead, samples: Path) -> None:
    said = playhead("replay", "demo_support-espresso", "--speed", "4", "--data-dir", samples).out
    places = [
        said.index(text)
        for text in ("the water tank has a crack", "Could you give me the order number", "KW-482913, d")
    ]
    assert places == sorted(places)
    assert said.count("the water tank has a crack") == 1
    assert "⏩" in said
    assert "completed" in said


def test_an_unknown_session_is_told_in_words(playhead: Playhead, samples: Path) -> None:
    for command in ("show", "replay"):
        done = playhead(command, "nothing", "--data-dir", samples)
        assert (done.status, done.err) == (1, "playhead: No such session\n")


def test_an_unknown_project_is_told_with_those_that_exist(playhead: Playhead, samples: Path) -> None:
    assert "there are: default" in playhead("list", "--project", "shop", "--data-dir", samples).err


def test_a_server_is_asked_with_a_key(serving: Callable[..., Serving], playhead: Playhead) -> None:
    server = serving("serve", lines=3)
    key = server.first_lines[2].rpartition(" ")[2]
    with (
        SessionReplayClient(server.url, key) as client,
        client.session(feature="chat", label="over the wire") as session,
    ):
        session.record_interaction(model="m", prompt="Hello?", response="Hello!")
    asked = {"PLAYHEAD_URL": server.url, "PLAYHEAD_API_KEY": key}
    assert playhead("list", **asked).lines[0][-1] == "over the wire"
    assert "Hello? → Hello!" in playhead("show", session.session_id, **asked).out
    assert "Hello!" in playhead("replay", session.session_id, **asked).out
    assert "API key" in playhead("list", "--url", server.url).err


def test_a_directory_and_a_server_at_once_are_refused(playhead: Playhead, samples: Path) -> None:
    assert "not both" in playhead("list", "--url", "http://127.0.0.1:1", "--data-dir", samples).err


def test_a_server_that_is_not_there_is_named(playhead: Playhead) -> None:
    done = playhead("list", "--url", "http://127.0.0.1:9")
    assert done.status == 1
    assert "http://127.0.0.1:9" in done.err


def test_a_reader_that_leaves_early_leaves_no_trace(samples: Path) -> None:
    """As in `playhead show ID --events 0 | head -1`: the pipe breaks."""
    command = [sys.executable, "-m", "playhead", "show", "demo_night-batch-2000", "--events", "0"]
    with subprocess.Popen(
        [*command, "--data-dir", str(samples)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == ""


def test_in_a_terminal_a_session_is_played_on_its_clock_until_ctrl_c(samples: Path) -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "playhead", "replay", "demo_support-espresso", "--data-dir", str(samples)]
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True) as process:
        os.close(theirs)
        said = b""
        while "⏩".encode() not in said:
            said += os.read(ours, 4096)
        assert b"crack" not in said
        process.send_signal(signal.SIGINT)
        while b"stopped" not in said:
            said += os.read(ours, 4096)
        assert process.wait(30) == 0
    os.close(ours)
    assert b"Traceback" not in said
