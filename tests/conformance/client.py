"""The Python client as the vectors speak of it: operations and arguments by their camel-case names, results as JSON."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import httpx
import msgspec

from playhead import SessionReplayClient
from playhead.errors import PlayheadError

MAX_RETRIES = 2
NAMES = {"from": "from_", "format": "format"}


def snake(name: str) -> str:
    """Return a name as Python spells it."""
    return NAMES.get(name) or re.sub(r"[A-Z]", lambda letter: "_" + letter[0].lower(), name)


def perform(client: SessionReplayClient, operation: str, arguments: Mapping[str, Any]) -> Any:
    """Perform an operation and return its result as the wire would say it."""
    result = getattr(client, snake(operation))(**{snake(name): value for name, value in arguments.items()})
    return msgspec.to_builtins(result)


def told(failure: PlayheadError) -> dict[str, Any]:
    """Return what a failure says, as a pattern sees it."""
    return {"code": failure.code, "message": failure.message, "details": failure.details}


class Tap(httpx.BaseTransport):
    """Passes everything on, and keeps what was sent and what came back."""

    def __init__(self) -> None:
        self._onward = httpx.HTTPTransport()
        self.exchanges: list[tuple[httpx.Request, httpx.Response]] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = self._onward.handle_request(request)
        response.read()
        self.exchanges.append((request, response))
        return response

    def close(self) -> None:
        self._onward.close()
