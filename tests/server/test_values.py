"""A body of very many values is refused before an object is made of each; large honest ones are not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st
from tests.support.server import Server, error_of, running_server

from playhead.errors import TooLarge
from playhead.server.values import WEIGHT, check_values

BASE = "/api/session-replay"
PACKED = {"Content-Type": "application/json", "Content-Encoding": "zstd"}
MEGABYTE = 1_000_000

HOSTILE = {
    "an event's lists": ("events", b'{"events":[{"sessionId":"%b","type":"step","data":{"name":"n","input":[%b]}}]}'),
    "a list in a batch": ("events", b'{"sessionId":"%b","events":[[%b]]}'),
    "a prompt": ("snapshot", b'{"id":"%b","type":"interaction","data":{"model":"m","response":"r","prompt":[%b]}}'),
    "the older form": ("snapshot", b'{"id":"%b","latency":1,"aiInteraction":{"model":"m","prompt":[%b]}}'),
    "a start": ("recording/start", b'{"userId":"%b","feature":"chat","x":[%b]}'),
    "an end": ("end", b'{"userId":"%b","x":[%b]}'),
    "an export": ("export", b'{"label":"%b","filters":{"x":[%b]}}'),
}
PATHS = {"snapshot": "{}/snapshot", "end": "{}/end"}


@pytest.mark.parametrize(
    ("what", "element"),
    [(what, b"[]") for what in HOSTILE]
    + [("an event's lists", element) for element in (b"{}", b'""', b'{"a":1}', b"[[]]")],
)
def test_millions_of_values_are_refused_and_cost_next_to_nothing(
    api: httpx.Client, server: Server, session_id: str, what: str, element: bytes
) -> None:
    path, form = HOSTILE[what]
    filling = b",".join([element] * (24 * MEGABYTE // (len(element) + 1)))
    before, spent = server_peak_bytes(server), server_ticks(server)

    answer = api.post(
        f"{BASE}/{PATHS.get(path, path).format(session_id)}",
        content=zstandard.compress(form % (session_id.encode(), filling)),
        headers=PACKED,
    )

    assert (answer.status_code, error_of(answer)["code"]) == (413, "too_large"), answer.text
    assert "PLAYHEAD_MAX_VALUES" in str(error_of(answer)["message"])
    assert server_peak_bytes(server) - before < 150 * MEGABYTE
    assert server_ticks(server) - spent < 200


@pytest.mark.parametrize(
    "value",
    [
        [[round(0.000123 * number, 6) for number in range(3072)]] * 250,
        list(range(100_000, 1_200_000)),
        [[13.37771, 52.51628]] * 350_000,
        [{"id": number, "name": f"row {number}"} for number in range(200_000)],
        ['{"rows": [[1, 2], [3, 4]]}' * 2000] * 130,
    ],
    ids=["embeddings", "token ids", "places", "rows", "JSON in texts"],
)
def test_large_honest_data_is_stored(api: httpx.Client, session_id: str, value: Any) -> None:
    data = json.dumps({"name": "n", "output": value}, separators=(",", ":")).encode()
    assert 4 * MEGABYTE < len(data) < 8 * MEGABYTE

    answer = api.post(
        f"{BASE}/{session_id}/snapshot",
        content=zstandard.compress(b'{"type":"step","data":%b}' % data),
        headers=PACKED,
    )

    assert answer.status_code == 201, answer.text


def test_the_limit_is_a_setting_and_lines_are_counted_too(tmp_path: Path) -> None:
    with running_server(tmp_path / "data", max_values=1000) as strict, strict.client() as client:
        lines = b'{"sessionId":"s","type":"step","data":{"name":"n","input":["a","b","c"]}}\n' * 200
        answer = client.post(f"{BASE}/events", content=lines, headers={"Content-Type": "application/x-ndjson"})
        assert (answer.status_code, "at most 1000 values" in answer.text) == (413, True)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text('"\\,[]{}:x', max_size=8),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text('"\\,[{', max_size=3), inner, max_size=5),
    max_leaves=30,
)


def weight_of(value: Any) -> int:
    """Say naively what a value weighs: commas, quotes, and opening brackets twice."""
    if isinstance(value, list):
        return WEIGHT + max(0, len(value) - 1) + sum(weight_of(each) for each in value)
    if isinstance(value, dict):
        return WEIGHT + max(0, len(value) - 1) + sum(2 + weight_of(each) for each in value.values())
    return 2 if isinstance(value, str) else 0


def is_refused(body: bytes, limit: int) -> bool:
    try:
        check_values(body, limit)
    except TooLarge:
        return True
    return False


@given(value=JSON_VALUES, ascii_only=st.booleans())
def test_what_stands_in_texts_is_not_counted(value: Any, ascii_only: bool) -> None:
    body = json.dumps([value] * 3, ensure_ascii=ascii_only).encode() + b" " * 2000
    weight = weight_of([value] * 3)
    assert not is_refused(body, -(-weight // WEIGHT))
    assert is_refused(body, (weight - 1) // WEIGHT)


def test_a_text_is_a_text_wherever_the_pieces_end() -> None:
    for shift in range(6):
        text = "x" * shift + '\\"' * 400_000 + ",[" * 300_000
        assert not is_refused(json.dumps([text, text]).encode(), 1000)
        assert is_refused(json.dumps([text] + [[]] * 1000).encode(), 1000)


def server_peak_bytes(server: Server) -> int:
    status = Path(f"/proc/{server.process.pid}/status").read_text(encoding="ascii")
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


def server_ticks(server: Server) -> int:
    """Return the hundredths of a second that the server's process has worked."""
    fields = Path(f"/proc/{server.process.pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])
