"""Schemathesis over the OpenAPI document: whatever is sent, no 5xx, no undocumented status, no answer of
another shape."""

from __future__ import annotations

from typing import Any, TypeAlias

import pytest
import schemathesis
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from tests.support.server import Server

from playhead.server.openapi import document
from playhead.server.routes import ROUTES

Operation: TypeAlias = schemathesis.APIOperation[Any, Any, Any, Any]
Case: TypeAlias = schemathesis.Case[Any]
KNOWN = "a-recorded-session"
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
EXAMPLES = 20
LONGEST_URL = 50_000
"""Beyond 64 KiB the HTTP parser refuses a request before the server sees it."""


SCHEMA = schemathesis.openapi.from_dict(document(ROUTES))
OPERATIONS = [result.ok() for result in SCHEMA.get_all_operations() if isinstance(result, Ok)]


@pytest.fixture(scope="module")
def key(server: Server) -> str:
    """The admin key of a project of its own, whose settings may become anything, with a recorded session in it."""
    made = server.new_key()
    record(server, made)
    return made


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: f"{one.method.upper()} {one.path}")
def test_the_server_does_what_its_document_says(operation: Operation, server: Server, key: str) -> None:
    modes = [GenerationMode.POSITIVE, GenerationMode.NEGATIVE]
    cases = st.one_of([operation.as_strategy(generation_mode=mode) for mode in modes])

    @given(cases, st.booleans())
    @settings(max_examples=EXAMPLES, derandomize=True, suppress_health_check=list(HealthCheck))
    def send(case: Case, known: bool) -> None:
        """Half of the calls go to a session that exists; it is never erased, so that the others find it."""
        if known and case.method != "DELETE" and "sessionId" in case.path_parameters:
            case.path_parameters["sessionId"] = KNOWN
        assume(len(case.as_curl_command()) < LONGEST_URL)
        headers = {"Authorization": f"Bearer {key}"}
        case.call_and_validate(base_url=server.url, checks=CHECKS, headers=headers)

    send()


def record(server: Server, key: str) -> None:
    """Record a session with an event of most kinds, ended, so that its live stream ends too."""
    base = "/api/session-replay"
    events = [
        {"type": "interaction", "data": {"model": "gpt-4o", "prompt": "p", "response": "r", "latency": 5}},
        {"type": "step", "data": {"name": "search", "kind": "tool", "error": "failed"}},
        {"type": "user_action", "data": {"action": "click"}},
        {"type": "system_metrics", "data": {"cpu": 5, "memory": 10}},
        {"type": "workspace_state", "data": {"environment": "test"}},
    ]
    with server.client(key) as client:
        start = {"feature": "chat", "sessionId": KNOWN, "label": "Fuzzed"}
        assert client.post(f"{base}/recording/start", json=start).status_code in {200, 201}
        assert client.post(f"{base}/{KNOWN}/snapshot", json={"events": events}).status_code == 201
        assert client.post(f"{base}/{KNOWN}/end").status_code == 200
