"""Bad input on the recording side: the right status, the field or limit by name, and nothing of it stored."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import zstandard
from tests.support.server import Server, error_of, running_server

from playhead.server.routes import ROUTES

BASE = "/api/session-replay"
CALL: dict[str, Any] = {"model": "m", "prompt": "p", "response": "r"}
JSON = {"Content-Type": "application/json"}
LINES = {"Content-Type": "application/x-ndjson"}
NAMES = sorted({route.path.split("/")[3] for route in ROUTES if route.path.startswith(BASE)} - {"{session_id}"})


def stored(api: httpx.Client, session_id: str) -> int:
    count: int = api.get(f"{BASE}/{session_id}").json()["data"]["summary"]["totalEvents"]
    return count


def snapshot(data: str) -> bytes:
    """A snapshot's body as text, for what no JSON library would write."""
    return b'{"type":"interaction","data":{"model":"m","prompt":"p","response":"r",%b}}' % data.encode()


def deep(levels: int) -> str:
    return "[" * levels + "]" * levels


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "feature"),
        ({"feature": None}, "feature"),
        ({"feature": 5}, "feature"),
        ({"feature": ""}, "feature"),
        ({"feature": "Has Spaces"}, "feature"),
        ({"feature": "x" * 65}, "feature"),
        ({"feature": "chat\n"}, "feature"),
        ({"feature": "chat", "label": "x" * 501}, "label"),
        ({"feature": "chat", "label": "nul\x00"}, "label"),
        ({"feature": "chat", "userId": 7}, "userId"),
        ({"feature": "chat", "tags": "a"}, "tags"),
        ({"feature": "chat", "tags": [1]}, "tags[0]"),
        ({"feature": "chat", "metadata": []}, "metadata"),
        ({"feature": "chat", "metadata": {"x": "y" * 65_536}}, "metadata"),
        ({"feature": "chat", "sessionId": ""}, "sessionId"),
        ({"feature": "chat", "sessionId": "../x"}, "sessionId"),
        ({"feature": "chat", "sessionId": "x" * 201}, "sessionId"),
        ({"feature": "chat", "source": "elsewhere"}, "source"),
        ({"feature": "chat", "startedAt": "yesterday"}, "startedAt"),
        ({"feature": "chat", "startedAt": "2025-02-30"}, "startedAt"),
        ({"feature": "chat", "startedAt": True}, "startedAt"),
        ([], "body"),
        ("chat", "body"),
    ],
)
def test_a_start_that_is_wrong_is_refused_by_name(api: httpx.Client, body: object, field: str) -> None:
    answer = api.post(f"{BASE}/recording/start", json=body)

    error = error_of(answer)
    assert answer.status_code == 422
    assert error["code"] == "validation_error"
    assert [each["field"] for each in error["details"]] == [field]  # type: ignore[attr-defined]
    assert api.get(f"{BASE}/list").json()["data"] == []


@pytest.mark.parametrize("name", NAMES)
def test_a_session_cannot_be_named_like_a_route_that_would_hide_it(api: httpx.Client, name: str) -> None:
    answer = api.post(f"{BASE}/recording/start", json={"feature": "chat", "sessionId": name})
    batch = api.post(
        f"{BASE}/events", json={"events": [{"sessionId": name, "type": "session.start", "data": {"feature": "chat"}}]}
    )

    assert (answer.status_code, "reserved" in str(error_of(answer)["message"])) == (422, True)
    assert batch.json()["data"]["accepted"] == 0


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"model": "m"}, "data.prompt"),
        ({"prompt": "p", "response": "r"}, "data.model"),
        ({"model": "m", "prompt": "p"}, "data.response"),
        (CALL | {"model": ""}, "data.model"),
        (CALL | {"model": 4}, "data.model"),
        (CALL | {"prompt": {"text": "p"}}, "data.prompt"),
        (CALL | {"tokens": 15}, "data.tokens"),
        (CALL | {"tokens": {"input": -1}}, "data.tokens.input"),
        (CALL | {"tokens": {"input": 1.5}}, "data.tokens.input"),
        (CALL | {"tokens": {"output": "25"}}, "data.tokens.output"),
        (CALL | {"cost": -0.01}, "data.cost"),
        (CALL | {"cost": "0.01"}, "data.cost"),
        (CALL | {"cost": 1e12}, "data.cost"),
        (CALL | {"latency": -1}, "data.latency"),
        (CALL | {"timestamp": "noon"}, "timestamp"),
        (CALL | {"parameters": []}, "data.parameters"),
        ([], "data"),
        (None, "data"),
    ],
)
def test_an_interaction_that_is_wrong_is_refused_by_name(
    api: httpx.Client, session_id: str, data: object, field: str
) -> None:
    answer = api.post(f"{BASE}/{session_id}/snapshot", json={"type": "interaction", "data": data})

    assert answer.status_code == 422
    assert [each["field"] for each in error_of(answer)["details"]] == [field]  # type: ignore[attr-defined]
    assert stored(api, session_id) == 0


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "type"),
        ({"type": "interaction"}, "data"),
        ({"data": CALL}, "type"),
        ({"type": "dance", "data": {}}, "type"),
        ({"type": 5, "data": {}}, "type"),
        ({"type": "session.end", "data": {}}, "type"),
        ({"type": "step", "data": {"name": "n", "kind": "magic"}}, "data.kind"),
        ({"type": "user_action", "data": {}}, "data.action"),
        ({"type": "system_metrics", "data": {"cpu": -1}}, "data.cpu"),
        ({"type": "interaction", "data": CALL, "id": ""}, "id"),
        ({"type": "interaction", "data": CALL, "id": "x" * 201}, "id"),
        ({"type": "interaction", "data": CALL, "id": "a\x00"}, "id"),
        ({"type": "interaction", "data": CALL, "timestamp": "2025-13-01"}, "timestamp"),
        ({"aiInteraction": {"model": "m"}}, "aiInteraction.prompt"),
        ({"aiInteraction": None}, "type"),
        ({"latency": 5, "userAction": {"action": "a"}}, "latency"),
        ({"type": "interaction", "data": CALL, "events": []}, "body"),
        ({"events": {}}, "events"),
        ({"events": [{"type": "interaction", "data": CALL}, {"data": CALL}]}, "events[1].type"),
        ({"events": [{"type": "step", "data": {"name": "n"}, "sessionId": "other"}]}, "events[0].sessionId"),
        ([], "body"),
    ],
)
def test_a_snapshot_that_is_wrong_is_refused_by_name(
    api: httpx.Client, session_id: str, body: object, field: str
) -> None:
    answer = api.post(f"{BASE}/{session_id}/snapshot", json=body)

    assert answer.status_code == 422
    assert [each["field"] for each in error_of(answer)["details"]] == [field]  # type: ignore[attr-defined]
    assert stored(api, session_id) == 0


@pytest.mark.parametrize(
    "text",
    [
        '"cost":NaN',
        '"cost":Infinity',
        '"cost":-Infinity',
        '"x":"\\ud800"',
        '"x":"\\udc00\\ud800"',
        '"\\udfff":1',
        '"x":"\x01"',
        '"x":01',
        '"x":[1,]',
        '"x":tru',
        '"x":"open',
    ],
)
def test_what_is_no_json_is_400_wherever_it_stands(api: httpx.Client, session_id: str, text: str) -> None:
    answer = api.post(f"{BASE}/{session_id}/snapshot", content=snapshot(text), headers=JSON)

    assert answer.status_code == 400
    assert error_of(answer)["code"] == "invalid_json"
    assert stored(api, session_id) == 0


@pytest.mark.parametrize("body", [b"", b"   ", b"\xff\xfe", b"{", b'{"feature":"\xff"}', b'{"feature":"\\ud800"}'])
def test_a_start_that_is_no_json_is_400(api: httpx.Client, body: bytes) -> None:
    answer = api.post(f"{BASE}/recording/start", content=body, headers=JSON)

    assert answer.status_code == 400
    assert error_of(answer)["code"] == "invalid_json"


@pytest.mark.parametrize("number", ["1e400", "-1e400", "9" * 5000])
def test_a_number_out_of_range_is_refused(api: httpx.Client, session_id: str, number: str) -> None:
    answer = api.post(f"{BASE}/{session_id}/snapshot", content=snapshot(f'"cost":{number}'), headers=JSON)

    assert answer.status_code in {400, 422}
    assert "a number in it is out of range" in str(error_of(answer)["message"])
    assert stored(api, session_id) == 0


@pytest.mark.parametrize("path", ["{}/snapshot", "{}/end"])
def test_an_unknown_session_is_404_and_stores_nothing(api: httpx.Client, path: str) -> None:
    for session_id in ("nobody", "%00", "%F0%9F%98%80", "%FF", "' OR 1=1 --"):
        body = {"type": "interaction", "data": CALL} if "snapshot" in path else {}
        answer = api.post(f"{BASE}/{path.format(session_id)}", json=body)

        assert answer.status_code == 404
        assert error_of(answer)["code"] == "session_not_found"
    assert api.get(f"{BASE}/list").json()["data"] == []


# --- depth -----------------------------------------------------------------------------------------------------------


def test_json_is_taken_down_to_the_limit_and_refused_below_it(api: httpx.Client, session_id: str) -> None:
    path = f"{BASE}/{session_id}/snapshot"
    assert api.post(path, content=snapshot(f'"x":{deep(63)}'), headers=JSON).status_code == 201
    answer = api.post(path, content=snapshot(f'"x":{deep(64)}'), headers=JSON)

    assert answer.status_code == 422
    assert "PLAYHEAD_MAX_DEPTH" in str(error_of(answer)["message"])
    assert stored(api, session_id) == 1


def test_many_brackets_that_are_not_deep_are_fine(api: httpx.Client, session_id: str) -> None:
    flat = json.dumps([{"a": [1]} for _ in range(500)])
    texts = '"y":"' + "[" * 500 + '\\"{{{"'
    answer = api.post(f"{BASE}/{session_id}/snapshot", content=snapshot(f'"x":{flat},{texts}'), headers=JSON)

    assert answer.status_code == 201


@pytest.mark.parametrize("levels", [65, 1000, 5_000_000])
@pytest.mark.parametrize("bracket", ["[", '{"a":'])
def test_a_depth_bomb_is_refused_on_every_route(api: httpx.Client, session_id: str, levels: int, bracket: str) -> None:
    bomb = bracket * levels + "1" + ("]" if bracket == "[" else "}") * levels
    for path, body in [
        ("recording/start", f'{{"feature":"chat","metadata":{{"x":{bomb}}}}}'),
        (f"{session_id}/snapshot", f'{{"type":"step","data":{{"name":"n","input":{bomb}}}}}'),
        (f"{session_id}/end", bomb),
    ]:
        answer = api.post(f"{BASE}/{path}", content=body.encode(), headers=JSON)
        assert answer.status_code == 422, (path, levels, answer.text[:200])
        assert "PLAYHEAD_MAX_DEPTH" in str(error_of(answer)["message"])
    assert stored(api, session_id) == 0


def test_a_depth_bomb_beside_what_is_wanted_is_refused_too(api: httpx.Client, session_id: str) -> None:
    body = f'{{"surprise":{deep(100_000)},"type":"step","data":{{"name":"n"}}}}'
    answer = api.post(f"{BASE}/{session_id}/snapshot", content=body.encode(), headers=JSON)

    assert answer.status_code == 422
    assert stored(api, session_id) == 0


# --- encodings and sizes ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "pack"), [("gzip", gzip.compress), ("zstd", zstandard.compress)])
def test_packed_bodies_are_unpacked_also_in_several_parts(
    api: httpx.Client, session_id: str, name: str, pack: Any
) -> None:
    body = json.dumps({"type": "interaction", "data": CALL | {"prompt": "long " * 50_000}}).encode()
    for packed in (pack(body), pack(body[:1000]) + pack(body[1000:])):
        answer = api.post(f"{BASE}/{session_id}/snapshot", content=packed, headers=JSON | {"Content-Encoding": name})
        assert answer.status_code == 201, answer.text


@pytest.mark.parametrize(("name", "pack"), [("gzip", gzip.compress), ("zstd", zstandard.compress)])
def test_a_packed_body_that_is_cut_or_damaged_is_400(api: httpx.Client, session_id: str, name: str, pack: Any) -> None:
    packed = pack(json.dumps({"type": "interaction", "data": CALL}).encode())
    for broken in (packed[:-3], packed[:5], b"\x00" + packed, packed + b"tail", b"{}"):
        answer = api.post(f"{BASE}/{session_id}/snapshot", content=broken, headers=JSON | {"Content-Encoding": name})
        assert (answer.status_code, error_of(answer)["code"]) == (400, "invalid_encoding"), broken
    assert stored(api, session_id) == 0


def zeros(megabytes: int, name: str) -> bytes:
    chunk = b"0" * 1_000_000
    if name == "gzip":
        return gzip.compress(chunk * megabytes, compresslevel=1)
    return zstandard.ZstdCompressor().compress(chunk * megabytes)


@pytest.mark.parametrize("name", ["gzip", "zstd"])
def test_a_bomb_stops_at_the_limit(api: httpx.Client, server: Server, session_id: str, name: str) -> None:
    before = peak_bytes(server)
    answer = api.post(
        f"{BASE}/{session_id}/snapshot", content=zeros(600, name), headers=JSON | {"Content-Encoding": name}
    )

    assert answer.status_code == 413
    assert "PLAYHEAD_MAX_BODY_BYTES" in str(error_of(answer)["message"])
    assert peak_bytes(server) - before < 200_000_000
    assert stored(api, session_id) == 0


MANY = {
    "blank lines": ("events", LINES, b"\n", None),
    "short lines": ("events", LINES, b"00\n", "PLAYHEAD_MAX_BATCH"),
    "numbers": ("events", JSON, b"0,", "PLAYHEAD_MAX_VALUES"),
    "numbers far apart": ("events", JSON, b"0         ,", "PLAYHEAD_MAX_BATCH"),
    "empty events": ("events", JSON, b"{},", "PLAYHEAD_MAX_VALUES"),
    "short events": ("events", JSON, b'{"type":"a"},', "PLAYHEAD_MAX_VALUES"),
    "short events of one session": ("{}/snapshot", JSON, b'{"type":"a"},', "PLAYHEAD_MAX_VALUES"),
}


@pytest.mark.parametrize("what", MANY)
def test_millions_of_events_are_refused_before_an_object_is_made_of_each(
    api: httpx.Client, server: Server, session_id: str, what: str
) -> None:
    path, headers, element, limit = MANY[what]
    before = peak_bytes(server)
    elements = element * (30_000_000 // len(element))
    packed = zstandard.compress(elements if headers is LINES else b'{"events":[%b]}' % elements.rstrip(b","))
    answer = api.post(
        f"{BASE}/{path.format(session_id)}", content=packed, headers=headers | {"Content-Encoding": "zstd"}
    )

    assert answer.status_code == (413 if limit else 200), answer.text
    assert limit is None or limit in str(error_of(answer)["message"])
    assert peak_bytes(server) - before < 200_000_000


def test_a_large_batch_of_many_numbers_is_counted_by_its_events(api: httpx.Client, session_id: str) -> None:
    numbers = ",".join(["0.5"] * 200_000)
    event = f'{{"sessionId":"{session_id}","type":"step","data":{{"name":"n","input":[[{numbers}]]}}}}'
    bad = event.replace('"step"', "5")
    for events, accepted in (([event] * 6, 6), ([event] * 6 + [bad], 6)):
        answer = api.post(f"{BASE}/events", content=f'{{"events":[{",".join(events)}]}}'.encode(), headers=JSON)
        assert answer.json()["data"]["accepted"] == accepted


def peak_bytes(server: Server) -> int:
    status = Path(f"/proc/{server.process.pid}/status").read_text(encoding="ascii")
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


def test_a_body_declared_too_large_is_refused_before_it_is_sent(api: httpx.Client, session_id: str) -> None:
    answer = api.post(f"{BASE}/{session_id}/snapshot", content=b" " * 33_554_433, headers=JSON)

    assert answer.status_code == 413
    assert api.get("/health").status_code == 200


def test_a_body_that_passes_the_limit_while_streaming_is_refused_there(api: httpx.Client, session_id: str) -> None:
    sent = 0

    def stream() -> Iterator[bytes]:
        nonlocal sent
        for _ in range(60):
            sent += 1
            yield b" " * 1_000_000

    answer = api.post(f"{BASE}/{session_id}/snapshot", content=stream(), headers=JSON)

    assert answer.status_code == 413
    assert "33554432" in str(error_of(answer)["message"])
    assert answer.headers["connection"] == "close"


@pytest.mark.parametrize(
    "kind",
    [
        "multipart/form-data; boundary=x",
        "text/xml",
        "application/json; charset=utf-16",
    ],
)
def test_another_content_type_is_415(api: httpx.Client, kind: str) -> None:
    answer = api.post(f"{BASE}/recording/start", content=b'{"feature":"chat"}', headers={"Content-Type": kind})

    assert (answer.status_code, error_of(answer)["code"]) == (415, "unsupported_media_type")


@pytest.mark.parametrize("encoding", ["br", "deflate", "gzip, zstd", "nonsense"])
def test_another_content_encoding_is_415(api: httpx.Client, encoding: str) -> None:
    answer = api.post(
        f"{BASE}/recording/start", content=b'{"feature":"chat"}', headers=JSON | {"Content-Encoding": encoding}
    )

    assert answer.status_code == 415


@pytest.mark.parametrize("kind", ["text/plain;charset=UTF-8", "application/x-www-form-urlencoded"])
def test_what_fetch_and_curl_say_when_nobody_told_them_is_taken_for_json(api: httpx.Client, kind: str) -> None:
    headers = {"Content-Type": kind}
    assert api.post(f"{BASE}/recording/start", content=b'{"feature":"chat"}', headers=headers).status_code == 201
    form = api.post(f"{BASE}/recording/start", content=b"feature=chat", headers=headers)
    assert (form.status_code, error_of(form)["code"]) == (400, "invalid_json")


def test_a_missing_content_type_is_taken_for_json(api: httpx.Client) -> None:
    assert api.post(f"{BASE}/recording/start", content=b'{"feature":"chat"}').status_code == 201


def test_the_limits_are_settings(tmp_path: Path) -> None:
    with (
        running_server(tmp_path / "data", max_event_bytes=2000, max_batch=3, max_label=5, max_depth=5) as strict,
        strict.client() as api,
    ):
        refused = api.post(f"{BASE}/recording/start", json={"feature": "chat", "label": "longer"})
        assert "PLAYHEAD_MAX_LABEL" in str(error_of(refused)["message"])
        api.post(f"{BASE}/recording/start", json={"feature": "chat", "sessionId": "s"})
        large = {"type": "interaction", "data": CALL | {"prompt": "x" * 2000}}
        one = api.post(f"{BASE}/s/snapshot", json=large)
        assert (one.status_code, "PLAYHEAD_MAX_EVENT_BYTES" in one.text) == (413, True)
        four = {"events": [{"type": "step", "data": {"name": "n"}, "sessionId": "s"}] * 4}
        for path in ("s/snapshot", "events"):
            many = api.post(f"{BASE}/{path}", json=four)
            assert (many.status_code, "PLAYHEAD_MAX_BATCH" in many.text) == (413, True)
        mixed = api.post(f"{BASE}/events", json={"events": [large | {"sessionId": "s"}, *four["events"][:2]]})
        assert mixed.json()["data"]["accepted"] == 2
        assert [each["code"] for each in mixed.json()["data"]["rejected"]] == ["too_large"]


@pytest.mark.parametrize("body", [{"events": 5}, {}, [], {"events": None}])
def test_a_batch_that_is_no_batch_is_422(api: httpx.Client, body: object) -> None:
    assert api.post(f"{BASE}/events", json=body).status_code == 422


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"label": "x" * 501}, "label"),
        ({"tags": None}, "tags"),
        ({"metadata": {"x": "y" * 65_536}}, "metadata"),
        ({"bookmarked": "yes"}, "bookmarked"),
    ],
)
def test_a_patch_that_is_wrong_changes_nothing(
    api: httpx.Client, session_id: str, body: dict[str, object], field: str
) -> None:
    answer = api.patch(f"{BASE}/{session_id}", json={"label": "new"} | body)

    assert answer.status_code == 422
    assert [each["field"] for each in error_of(answer)["details"]] == [field]  # type: ignore[attr-defined]
    assert api.get(f"{BASE}/{session_id}").json()["data"]["label"] is None


@pytest.mark.parametrize("body", [{"status": "active"}, {"endedAt": "soon"}, {"status": 1}])
def test_an_end_that_is_wrong_ends_nothing(api: httpx.Client, session_id: str, body: object) -> None:
    assert api.post(f"{BASE}/{session_id}/end", json=body).status_code == 422
    assert api.get(f"{BASE}/{session_id}").json()["data"]["status"] == "active"
