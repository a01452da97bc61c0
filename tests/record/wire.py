"""A server made of answers: a transport that keeps what was sent and replies what it was told."""

from __future__ import annotations

from typing import Any

import httpx
import msgspec
import zstandard

Answer = httpx.Response | Exception


class Wire:
    """Replies with ``answers`` in turn, the last one again and again; keeps each request."""

    def __init__(self, *answers: Answer) -> None:
        self.requests: list[httpx.Request] = []
        self._answers = list(answers)

    @property
    def transport(self) -> httpx.MockTransport:
        return httpx.MockTransport(self._reply)

    @property
    def bodies(self) -> list[Any]:
        return [body_of(request) for request in self.requests]

    def _reply(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)


def body_of(request: httpx.Request) -> Any:
    content = request.content
    if request.headers.get("content-encoding") == "zstd":
        content = zstandard.decompress(content)
    return msgspec.json.decode(content) if content else None


def answer(status: int, value: Any, **headers: str) -> httpx.Response:
    names = {name.replace("_", "-"): text for name, text in headers.items()}
    return httpx.Response(status, headers=names, content=msgspec.json.encode(value))


def problem(status: int, code: str, message: str = "no", details: Any = None, **headers: str) -> httpx.Response:
    error = {"code": code, "message": message, "details": details}
    return answer(status, {"success": False, "error": error, "status": status}, **headers)


def started(session_id: str = "s-1") -> httpx.Response:
    data = {"sessionId": session_id, "startedAt": "2026-01-02T03:04:05Z", "replayUrl": f"http://x/{session_id}"}
    return answer(201, {"success": True, "sessionId": session_id, "message": "", "data": data})


def stored(event_id: str = "e-1", seq: int = 1) -> httpx.Response:
    data = {"accepted": 1, "duplicates": 0, "events": [{"id": event_id, "seq": seq}]}
    return answer(201, {"success": True, "message": "", "data": data})


def ended(session_id: str = "s-1", status: str = "completed") -> httpx.Response:
    data = {
        "sessionId": session_id,
        "status": status,
        "startedAt": "2026-01-02T03:04:05Z",
        "endedAt": "2026-01-02T03:04:06Z",
        "duration": 1000,
    }
    return answer(200, {"success": True, "sessionId": session_id, "message": "", "data": data})
