"""``playhead open``: which files it takes, and what it says of the others. That they play is tested in a browser."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from playhead.cli.exported import recordings_of
from playhead.errors import Invalid
from playhead.server.recording_file import page_chunks

SESSION = {"type": "session", "sessionId": "s", "startedAt": "2026-01-01T00:00:00Z"}


def event(seq: int, session: str = "s", second: int = 0) -> dict[str, Any]:
    return {
        "sessionId": session,
        "seq": seq,
        "type": "user_action",
        "timestamp": f"2026-01-01T00:00:{second:02d}Z",
        "action": "click </script>",
    }


def written(path: Path, *lines: Any) -> Path:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


def seqs(lines: Any) -> list[int | None]:
    return [json.loads(line).get("seq") for line in lines]


def test_each_session_of_a_file_of_lines_is_found_with_its_own_events(tmp_path: Path) -> None:
    other = SESSION | {"sessionId": "t"}
    file = written(tmp_path / "two.ndjson", SESSION, event(1), event(2), other, event(1, "t"))
    first, second = recordings_of(file)
    assert (first.session_id, first.events, second.session_id, second.events) == ("s", 2, "t", 1)
    assert [seqs(first.lines()), seqs(first.lines()), seqs(second.lines())] == [[None, 1, 2], [None, 1, 2], [None, 1]]


@pytest.mark.parametrize("envelope", [False, True])
def test_a_json_document_becomes_lines_in_time_order(tmp_path: Path, envelope: bool) -> None:
    replay = {"aiInteractions": [], "userActions": [event(2, second=1), event(1, second=2)], "steps": [event(3)]}
    item = {name: value for name, value in SESSION.items() if name != "type"}
    document = item | {"replayData": replay, "truncated": False, "notes": [{"noteId": "n", "text": "look"}]}
    file = tmp_path / "session.json"
    file.write_text(json.dumps({"success": True, "data": document} if envelope else document), encoding="utf-8")
    (found,) = recordings_of(file)
    lines = [json.loads(line) for line in found.lines()]
    assert [(line["type"], line.get("seq")) for line in lines] == [
        ("session", None),
        ("note", None),
        ("user_action", 3),
        ("user_action", 2),
        ("user_action", 1),
    ]
    assert "replayData" not in lines[0]


def test_of_a_page_only_the_recording_is_taken(tmp_path: Path) -> None:
    tmp_path.joinpath("recording.html").write_text("<html><!--recording--><script>evil()</script>", encoding="utf-8")
    lines = [json.dumps(line).encode() + b"\n" for line in (SESSION, event(7))]
    file = tmp_path / "page.html"
    file.write_bytes(b"".join(page_chunks(lines, tmp_path)))
    (found,) = recordings_of(file)
    assert (found.session_id, found.events) == ("s", 1)
    taken = b"".join(found.lines())
    assert b"evil" not in taken
    assert json.loads(taken.splitlines()[1])["action"] == "click </script>"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"a,b\n1,2\n",
        b"<html>no recording</html>",
        b"[1, 2]",
        b'{"sessionId": "s"}',
        b'{"sessionId": "s", "replayData": {"steps": [{"seq": "x", "timestamp": 1}]}}',
        b'{"type": "session", "sessionId": "s"}\n{"seq": 1}\n',
        b'{"type": "session", "sessionId": "s"}\nnot json\n',
        b"[" * 100_000,
        b"\xff\xfe\x00",
    ],
)
def test_a_file_of_another_kind_is_refused_in_words(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "some.file"
    file.write_bytes(content)
    with pytest.raises(Invalid, match=r"some\.file"):
        recordings_of(file)
