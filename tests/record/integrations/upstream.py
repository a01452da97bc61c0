"""A model provider on a local port: speaks OpenAI's and Anthropic's wire, answers what it was told, in order."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Answer:
    """One answer. ``events`` makes it a stream: (name or None, data) each; ``broken`` cuts it off before its end.

    ``held_after``: after so many events it waits until the upstream's ``release`` is set. ``silent``: it does not even
    begin before that.
    """

    body: Any = None
    status: int = 200
    events: list[tuple[str | None, Any]] | None = None
    broken: bool = False
    held_after: int | None = None
    silent: bool = False
    headers: dict[str, str] = field(default_factory=dict)


class Upstream:
    """A running provider; ``requests`` are the bodies that came, ``paths`` where to."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.requests: list[Any] = []
        self.paths: list[str] = []
        self.release = threading.Event()
        self.asked = threading.Event()
        handler = type("Handler", (_Handler,), {"upstream": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        """Stop listening, and let go of what is held."""
        self.release.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    upstream: Upstream

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.upstream.paths.append(self.path)
        self.upstream.requests.append(json.loads(body))
        self.upstream.asked.set()
        answer = self.upstream.answers.pop(0)
        if answer.silent:
            self.upstream.release.wait(30)
        with contextlib.suppress(ConnectionError):
            self._stream(answer) if answer.events is not None else self._whole(answer)

    def _whole(self, answer: Answer) -> None:
        body = json.dumps(answer.body).encode()
        self._head(answer, {"content-type": "application/json", "content-length": str(len(body))})
        self.wfile.write(body)

    def _stream(self, answer: Answer) -> None:
        self._head(answer, {"content-type": "text/event-stream", "transfer-encoding": "chunked"})
        for number, (name, data) in enumerate(answer.events or []):
            if number == answer.held_after:
                self.upstream.release.wait(30)
            said = data if isinstance(data, str) else json.dumps(data)
            text = (f"event: {name}\n" if name else "") + f"data: {said}\n\n"
            self.wfile.write(f"{len(text.encode()):x}\r\n{text}\r\n".encode())
            self.wfile.flush()
        if not answer.broken:
            self.wfile.write(b"0\r\n\r\n")
        self.close_connection = True

    def _head(self, answer: Answer, headers: dict[str, str]) -> None:
        self.send_response(answer.status)
        for name, value in {"x-request-id": "req_1", "request-id": "req_1", **headers, **answer.headers}.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextlib.contextmanager
def upstream(*answers: Answer) -> Iterator[Upstream]:
    """A provider for the length of a block."""
    running = Upstream(*answers)
    try:
        yield running
    finally:
        running.close()


# --- OpenAI ---------------------------------------------------------------------------------------------------------

CHAT_USAGE = {
    "prompt_tokens": 20,
    "completion_tokens": 9,
    "total_tokens": 29,
    "prompt_tokens_details": {"cached_tokens": 8},
    "completion_tokens_details": {"reasoning_tokens": 4},
}
TOOL_CALL = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Oslo"}'}}


def chat(content: str | None = "On its way.", *, tool_calls: list[Any] | None = None) -> Answer:
    """A chat completion."""
    message = {"role": "assistant", "content": content, **({"tool_calls": tool_calls} if tool_calls else {})}
    choice = {"index": 0, "message": message, "finish_reason": "tool_calls" if tool_calls else "stop", "logprobs": None}
    return Answer({**_chat_head("chat.completion"), "choices": [choice], "usage": CHAT_USAGE})


def chat_stream(*deltas: Any, usage: bool = True, **options: Any) -> Answer:
    """A streamed chat completion; a delta is a text or a whole delta."""
    head = _chat_head("chat.completion.chunk")

    def chunk(delta: Any, finish: str | None = None) -> tuple[None, Any]:
        choice = {"index": 0, "delta": {"content": delta} if isinstance(delta, str) else delta, "finish_reason": finish}
        return None, {**head, "choices": [choice]}

    events: list[tuple[str | None, Any]] = [chunk({"role": "assistant", "content": ""}), *map(chunk, deltas)]
    events.append(chunk({}, "stop"))
    if usage:
        events.append((None, {**head, "choices": [], "usage": CHAT_USAGE}))
    if not options.get("broken"):
        events.append((None, "[DONE]"))
    return Answer(events=events, **options)


def _chat_head(kind: str) -> dict[str, Any]:
    return {"id": "chatcmpl-1", "object": kind, "created": 1_767_225_600, "model": "gpt-4o-2024-08-06"}


def embeddings(*vectors: list[float]) -> Answer:
    """Embeddings."""
    data = [{"object": "embedding", "index": index, "embedding": vector} for index, vector in enumerate(vectors)]
    usage = {"prompt_tokens": 6, "total_tokens": 6}
    return Answer({"object": "list", "data": data, "model": "text-embedding-3-small", "usage": usage})


RESPONSE_USAGE = {
    "input_tokens": 30,
    "input_tokens_details": {"cached_tokens": 10},
    "output_tokens": 12,
    "output_tokens_details": {"reasoning_tokens": 5},
    "total_tokens": 42,
}


def response_body(text: str = "On its way.", **members: Any) -> dict[str, Any]:
    """A body of the responses API."""
    said = {"type": "output_text", "text": text, "annotations": []}
    item = {"id": "msg_1", "type": "message", "role": "assistant", "status": "completed", "content": [said]}
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": 1_767_225_600,
        "status": "completed",
        "model": "gpt-4o-2024-08-06",
        "output": [item],
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "usage": RESPONSE_USAGE,
        **members,
    }


def response(text: str = "On its way.", **members: Any) -> Answer:
    """An answer of the responses API."""
    return Answer(response_body(text, **members))


def response_stream(*texts: str, whole: bool = True, **options: Any) -> Answer:
    """A streamed answer of the responses API; without ``whole`` its last event is missing."""
    begun = response_body("", status="in_progress", output=[], usage=None)
    item = {"id": "msg_1", "type": "message", "role": "assistant", "status": "in_progress", "content": []}
    place = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
    events: list[dict[str, Any]] = [
        {"type": "response.created", "response": begun},
        {"type": "response.output_item.added", "output_index": 0, "item": item},
        {
            "type": "response.content_part.added",
            **place,
            "part": {"type": "output_text", "text": "", "annotations": []},
        },
        *({"type": "response.output_text.delta", **place, "delta": text, "logprobs": []} for text in texts),
    ]
    if whole:
        events.append({"type": "response.completed", "response": response_body("".join(texts))})
    numbered = [(str(event["type"]), {**event, "sequence_number": number}) for number, event in enumerate(events)]
    return Answer(events=[*numbered], **options)


def openai_error(status: int, message: str = "Slow down.", **options: Any) -> Answer:
    """A failure as OpenAI tells it."""
    error = {"message": message, "type": "requests", "param": None, "code": "rate_limit_exceeded"}
    return Answer({"error": error}, status=status, **options)


# --- Anthropic ------------------------------------------------------------------------------------------------------

MESSAGE_USAGE = {
    "input_tokens": 10,
    "cache_creation_input_tokens": 5,
    "cache_read_input_tokens": 7,
    "output_tokens": 11,
}
TOOL_USE = {"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {"city": "Oslo"}}


def message(*blocks: Any) -> Answer:
    """A message."""
    content = list(blocks) or [{"type": "text", "text": "On its way."}]
    return Answer({**_message_head(), "content": content, "stop_reason": "end_turn", "usage": MESSAGE_USAGE})


def message_stream(*texts: str, tool: bool = False, **options: Any) -> Answer:
    """A streamed message: a text block, and a tool's use if wanted."""
    begun = {**_message_head(), "content": [], "stop_reason": None, "usage": {**MESSAGE_USAGE, "output_tokens": 1}}
    events: list[dict[str, Any]] = [
        {"type": "message_start", "message": begun},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "ping"},
        *({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}} for text in texts),
        {"type": "content_block_stop", "index": 0},
    ]
    if tool:
        events += _tool_events()
    delta = {"stop_reason": "tool_use" if tool else "end_turn", "stop_sequence": None}
    events.append({"type": "message_delta", "delta": delta, "usage": {"output_tokens": 11}})
    events.append({"type": "message_stop"})
    if options.pop("overloaded", False):
        events[-3:] = [{"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}]
    return Answer(events=[(str(event["type"]), event) for event in events], **options)


def _tool_events() -> list[dict[str, Any]]:
    pieces = ['{"ci', 'ty": "Oslo"}']
    return [
        {"type": "content_block_start", "index": 1, "content_block": {**TOOL_USE, "input": {}}},
        *(
            {"type": "content_block_delta", "index": 1, "delta": {"type": "input_json_delta", "partial_json": piece}}
            for piece in pieces
        ),
        {"type": "content_block_stop", "index": 1},
    ]


def _message_head() -> dict[str, Any]:
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-sonnet-4-5-20250929",
        "stop_sequence": None,
    }


def anthropic_error(status: int, kind: str = "rate_limit_error", **options: Any) -> Answer:
    """A failure as Anthropic tells it."""
    return Answer({"type": "error", "error": {"type": kind, "message": "Slow down."}}, status=status, **options)
