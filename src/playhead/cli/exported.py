"""Exported files: which export a file is, which sessions it holds, and each of them as the lines of an NDJSON export.

A file may come from a stranger: of a page only the recording inside it is taken, never the page. Reads files, nothing
else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Struct

from playhead.errors import Invalid
from playhead.server.documents import ARRAYS
from playhead.server.recording_file import CLOSING, OPENING

NO_ITEM: Final = {"replayData", "notes", "truncated", "next", "success", "format"}


class Recording(Struct, frozen=True):
    """One session of a file: its id, how many events, how many bytes of lines, and the lines, to be read repeatedly."""

    session_id: str
    events: int
    size_bytes: int
    lines: Callable[[], Iterator[bytes]]


class _Head(Struct, rename="camel"):
    type: str = ""
    session_id: str = ""


def recordings_of(file: Path) -> list[Recording]:
    """Return the sessions of an exported file, in its order. Raises Invalid when it is no such file, OSError."""
    beginning = _beginning(file)
    if beginning.startswith(b"<"):
        return _of_page(file)
    if _head(beginning.partition(b"\n")[0]).type == "session":
        return _of_lines(file)
    return [_of_document(file)]


def _beginning(file: Path) -> bytes:
    with file.open("rb") as opened:
        return opened.readline().lstrip(b"\xef\xbb\xbf \t\r\n")


def _of_lines(file: Path) -> list[Recording]:
    sizes: dict[str, tuple[int, int]] = {}
    for head, line in _headed(file):
        events, size_bytes = sizes.get(head.session_id, (0, 0))
        sizes[head.session_id] = events + (head.type not in {"session", "note"}), size_bytes + len(line)
    return [
        Recording(session_id, events, size_bytes, lambda wanted=session_id: _lines(file, wanted))  # type: ignore[misc]
        for session_id, (events, size_bytes) in sizes.items()
    ]


def _lines(file: Path, session_id: str) -> Iterator[bytes]:
    return (line.rstrip(b"\r\n") + b"\n" for head, line in _headed(file) if head.session_id == session_id)


def _headed(file: Path) -> Iterator[tuple[_Head, bytes]]:
    with file.open("rb") as opened:
        for number, line in enumerate(opened, 1):
            if line.strip():
                head = _head(line)
                if not (head.type and head.session_id):
                    raise Invalid(f"{file}, line {number}: neither a session nor an event of one")
                yield head, line


def _head(line: bytes) -> _Head:
    try:
        return msgspec.json.decode(line, type=_Head)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return _Head()


def _of_page(file: Path) -> list[Recording]:
    """Return what a page holds that an export has made; the page itself is left where it is."""
    _, opening, rest = file.read_bytes().partition(OPENING)
    data, closing, _ = rest.partition(CLOSING)
    lines = data.splitlines(keepends=True)
    if not (opening and closing and lines and (head := _head(lines[0])).type == "session"):
        raise Invalid(f"{file}: a page, but no recording that Playhead has exported")
    return [Recording(head.session_id, len(lines) - 1, len(data), lambda: iter(lines))]


def _of_document(file: Path) -> Recording:
    document = _document(file)
    item = {name: value for name, value in document.items() if name not in NO_ITEM}
    session_id = str(item["sessionId"])
    events = [event for name in ARRAYS for event in document["replayData"].get(name) or []]
    events.sort(key=lambda event: (event["timestamp"], event["seq"]))
    lines = [
        msgspec.json.encode(line) + b"\n"
        for line in (
            {"type": "session"} | item,
            *({"type": "note"} | note for note in document.get("notes") or ()),
            *events,
        )
    ]
    return Recording(session_id, len(events), sum(map(len, lines)), lambda: iter(lines))


def _document(file: Path) -> dict[str, Any]:
    """Return the JSON export, out of its envelope when it has one."""
    try:
        document = msgspec.json.decode(file.read_bytes())
        document = document.get("data", document)
        for name in ARRAYS:
            for event in document["replayData"].get(name) or ():
                _check_event(event)
        _ = document["sessionId"]
    except (msgspec.MsgspecError, ValueError, RecursionError, KeyError, AttributeError, TypeError):
        raise Invalid(f"{file}: none of Playhead's exports in json, ndjson or html") from None
    return document  # type: ignore[no-any-return]


def _check_event(event: dict[str, Any]) -> None:
    if not (isinstance(event["timestamp"], str) and isinstance(event["seq"], int)):
        raise TypeError
