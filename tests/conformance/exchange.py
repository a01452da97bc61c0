"""Requests and answers of the vectors, against a real server."""

from __future__ import annotations

from typing import Any

import httpx
from tests.conformance.vectors import Vector, differences


def send(api: httpx.Client, request: dict[str, Any]) -> httpx.Response:
    """Send a request as it stands; a header that is null is not sent."""
    pairs = [(name, value) for name, values in request.get("query", {}).items() for value in values]
    built = api.build_request(request["method"], request["path"], params=pairs or None)
    if "raw" in request or "body" in request:
        body = {"content": request["raw"].encode()} if "raw" in request else {"json": request["body"]}
        built = api.build_request(
            request["method"],
            request["path"],
            params=pairs or None,
            headers={"Content-Type": request.get("type", "application/json")},
            **body,
        )
    for name, value in request.get("headers", {}).items():
        del built.headers[name]
        if value is not None:
            built.headers[name] = value
    return api.send(built)


def prepare(api: httpx.Client, vector: Vector) -> None:
    """Send what a vector presupposes."""
    for request in vector.get("given", ()):
        assert send(api, request).is_success, request


def check_answer(wanted: dict[str, Any], answer: httpx.Response) -> None:
    """Hold an answer to its pattern."""
    assert answer.status_code == wanted["status"], answer.text
    assert differences(wanted["body"], answer.json()) == []
