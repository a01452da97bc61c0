"""The Python client passes the vectors: what it sends, what it makes of answers, and of failures."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest
from tests.conformance.client import MAX_RETRIES, Tap, perform, told
from tests.conformance.exchange import check_answer, prepare
from tests.conformance.vectors import Vector, differences, name_of, vectors
from tests.record.wire import Wire, body_of
from tests.support.server import Server

from playhead import SessionReplayClient
from playhead.errors import PlayheadError


@pytest.mark.parametrize("vector", vectors("requests", "operation"), ids=name_of)
def test_requests(server: Server, key: str, api: httpx.Client, vector: Vector) -> None:
    prepare(api, vector)
    tap = Tap()
    with SessionReplayClient(server.url, key, transport=tap, max_retries=0) as client:
        returned = perform(client, vector["operation"], vector["arguments"])
    [(sent, answered)] = tap.exchanges
    assert differences(wanted(vector["request"]), said(sent), exact=True) == []
    assert sent.headers["authorization"] == f"Bearer {key}"
    check_answer(vector["answer"], answered)
    assert differences(vector["returns"], returned) == []


def wanted(request: dict[str, Any]) -> dict[str, Any]:
    return {"query": {}, "body": None} | request


def said(request: httpx.Request) -> dict[str, Any]:
    path, _, query = request.url.raw_path.decode().partition("?")
    values = parse_qs(query, keep_blank_values=True)
    return {"method": request.method, "path": path, "query": values, "body": body_of(request)}


@pytest.mark.parametrize("vector", [*vectors("answers"), *vectors("failures", "replies")], ids=name_of)
def test_answers_and_failures(vector: Vector) -> None:
    wire = Wire(*map(reply, vector["replies"]))
    returned: Any = None
    failure: PlayheadError | None = None
    with SessionReplayClient("http://server", "key", transport=wire.transport, max_retries=MAX_RETRIES) as client:
        try:
            returned = perform(client, vector["operation"], vector["arguments"])
        except PlayheadError as error:
            failure = error
    assert len(wire.requests) == vector["attempts"]
    assert len({request.content for request in wire.requests}) == 1
    assert differences(vector.get("failure"), None if failure is None else told(failure)) == []
    assert differences(vector.get("returns", {}), returned or {}) == []


def reply(told_: dict[str, Any]) -> httpx.Response | Exception:
    if "broken" in told_:
        return httpx.ConnectError("refused") if told_["broken"] == "before" else httpx.ReadError("reset")
    body = told_["body"]
    content = {"content": body.encode()} if isinstance(body, str) else {"json": body}
    return httpx.Response(told_["status"], headers=told_["headers"], **content)


@pytest.mark.parametrize("vector", vectors("batches"), ids=name_of)
def test_batches(server: Server, key: str, api: httpx.Client, vector: Vector) -> None:
    prepare(api, vector)
    with SessionReplayClient(server.url, key, max_retries=0) as client:
        returned = perform(client, "recordEvents", {"events": vector["events"]})
    assert differences(vector["answer"]["body"]["data"], returned) == []
