"""A real server passes the vectors: what it answers to each request, what it refuses, what becomes of a batch."""

from __future__ import annotations

import json

import httpx
import pytest
from tests.conformance.exchange import check_answer, prepare, send
from tests.conformance.vectors import Vector, name_of, vectors
from tests.support.server import Server

EVENTS = "/api/session-replay/events"


@pytest.mark.parametrize("vector", [*vectors("requests", "request"), *vectors("failures", "request")], ids=name_of)
def test_requests_and_refusals(api: httpx.Client, vector: Vector) -> None:
    prepare(api, vector)
    check_answer(vector["answer"], send(api, filled(vector["request"])))
    check_afterwards(api, vector)


def filled(request: Vector) -> Vector:
    """Return a request with something in the places that a client fills in itself."""
    filled: Vector = json.loads(json.dumps(request).replace('"$text"', '"own-1"').replace('"$moment"', "1772366400000"))
    return filled


def check_afterwards(api: httpx.Client, vector: Vector) -> None:
    for one in vector.get("afterwards", ()):
        check_answer(one["answer"], send(api, one["request"]))


@pytest.mark.parametrize("vector", vectors("batches"), ids=name_of)
def test_batches_as_json_and_as_lines(server: Server, api: httpx.Client, vector: Vector) -> None:
    as_json = {"method": "POST", "path": EVENTS, "body": {"events": vector["events"]}}
    lines = "\n".join(map(json.dumps, vector["events"]))
    as_lines = {"method": "POST", "path": EVENTS, "raw": lines, "type": "application/x-ndjson"}
    with server.client(server.new_key()) as another:
        for client, request in ((api, as_json), (another, as_lines)):
            prepare(client, vector)
            check_answer(vector["answer"], send(client, request))
            check_afterwards(client, vector)
