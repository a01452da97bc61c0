"""Reads .http files as VS Code's REST Client and JetBrains do, as far as the examples use their syntax.

Requests stand between ``###`` lines; ``@name = value`` sets a variable; ``# @name x`` names a request, of whose answer
``{{x.response.body.$.a.b}}`` is a member. The number at the end of a title is the status that is expected.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import httpx

TITLE = re.compile(r"^### (?P<title>.*) \((?P<status>\d{3})\)$")
VARIABLE = re.compile(r"^@(?P<name>\w+)\s*=\s*(?P<value>.*)$")
NAME = re.compile(r"^# @name (?P<name>\w+)$")
REQUEST = re.compile(r"^(?P<method>GET|POST|PATCH|DELETE) (?P<url>.+)$")
PLACEHOLDER = re.compile(r"\{\{(?P<inside>[^}]+)\}\}")


@dataclass
class HttpRequest:
    """One request as it is written; placeholders are not filled in yet."""

    title: str
    status: int
    method: str = ""
    url: str = ""
    name: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""


@dataclass
class HttpFile:
    """A file's variables and requests."""

    variables: dict[str, str]
    requests: list[HttpRequest]


def parse(text: str) -> HttpFile:
    """Return what a file says. Raises ValueError where it says nothing that can be sent."""
    head, *parts = re.split(r"^(?=### )", text, flags=re.MULTILINE)
    variables = {found["name"]: found["value"].strip() for line in head.splitlines() if (found := VARIABLE.match(line))}
    return HttpFile(variables, [_request(part) for part in parts])


def _request(part: str) -> HttpRequest:
    lines = iter(part.splitlines())
    titled = TITLE.match(next(lines))
    if titled is None:
        raise ValueError(f"a title without a status: {part.splitlines()[0]}")
    request = HttpRequest(titled["title"], int(titled["status"]))
    _read_line_and_headers(request, lines)
    request.body = "\n".join(lines).strip()
    return request


def _read_line_and_headers(request: HttpRequest, lines: Iterator[str]) -> None:
    for line in lines:
        if named := NAME.match(line):
            request.name = named["name"]
        elif line.startswith("#"):
            continue
        elif not request.method:
            found = REQUEST.match(line)
            if found is None:
                raise ValueError(f"{request.title}: not a request line: {line!r}")
            request.method, request.url = found["method"], found["url"]
        elif line.lstrip().startswith(("?", "&")):
            request.url += line.strip()
        elif not line.strip():
            return
        else:
            name, _, value = line.partition(":")
            request.headers[name.strip()] = value.strip()


class Runner:
    """Sends requests, and remembers the answers of those with a name."""

    def __init__(self, client: httpx.Client, variables: dict[str, str]) -> None:
        self._client = client
        self._variables = variables
        self._answers: dict[str, Any] = {}

    def send(self, request: HttpRequest) -> httpx.Response:
        """Fill in the placeholders and send."""
        url = quote(self._fill(request.url), safe=":/?&=%.-_~,+*")
        headers = {name: self._fill(value) for name, value in request.headers.items()}
        body = self._fill(request.body)
        response = self._client.request(request.method, url, headers=headers, content=body.encode() or None)
        if request.name:
            self._answers[request.name] = response.json()
        return response

    def _fill(self, text: str) -> str:
        filled = PLACEHOLDER.sub(lambda found: self._value(found["inside"].strip()), text)
        return filled if filled == text else self._fill(filled)

    def _value(self, inside: str) -> str:
        if inside == "$timestamp":
            return self._variables.setdefault("$timestamp", str(int(time.time())))
        if inside == "$datetime iso8601":
            return datetime.now(UTC).isoformat()
        if ".response.body.$." in inside:
            name, _, path = inside.partition(".response.body.$.")
            return self._member(name, path)
        return self._variables[inside]

    def _member(self, name: str, path: str) -> str:
        value = self._answers[name]
        for part in path.split("."):
            value = value[part]
        return str(value)
