"""A session as a screenplay: what is said when, in the order in which somebody watching would have seen it.

Pure: events in, cues out. A model call is two cues, the question at its beginning and the answer from its first token
on; what a prompt repeats of earlier messages is left out. Memory is bounded however long the session is.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from datetime import datetime
from hashlib import blake2b
from typing import Any, Literal, TypeAlias

import msgspec
from msgspec import Struct

from playhead.model.event import Object
from playhead.replay.content import texts

Voice: TypeAlias = Literal["user", "system", "model", "tool", "action", "step", "note", "error"]

LOOK_AHEAD = 200
"""Events come by their completion; a call that began before another's completion is at most so many places behind."""
VOICES: dict[Any, Voice] = {"user": "user", "human": "user", "assistant": "model", "tool": "tool", "function": "tool"}


class Cue(Struct, frozen=True):
    """Somebody says something ``at_ms`` after the session's start, for ``lasts_ms``."""

    at_ms: float
    voice: Voice
    text: str
    name: str = ""
    lasts_ms: float = 0.0
    detail: str = ""


def cues(events: Iterable[Object], started_at: datetime) -> Iterator[Cue]:
    """Yield the cues of events (as the wire has them, in time order) in the order in which they are seen."""
    waiting: list[tuple[float, int, Cue]] = []
    number = 0
    script = Script(started_at)
    for count, event in enumerate(events):
        for cue in script.read(event):
            number += 1
            heapq.heappush(waiting, (cue.at_ms, number, cue))
        while count >= LOOK_AHEAD and len(waiting) > LOOK_AHEAD:
            yield heapq.heappop(waiting)[2]
    while waiting:
        yield heapq.heappop(waiting)[2]


class Script:
    """Reads events one after the other, and remembers which messages were said already."""

    def __init__(self, started_at: datetime) -> None:
        self._started_at = started_at
        self._said: set[bytes] = set()

    def read(self, event: Object) -> Iterator[Cue]:
        """Yield the cues of one event."""
        end_ms = max(0.0, (datetime.fromisoformat(event["timestamp"]) - self._started_at).total_seconds() * 1000)
        begin_ms = max(0.0, end_ms - (0.0 if event.get("pending") else _number(event.get("latency"))))
        if event["type"] == "interaction":
            yield from self._call(event, begin_ms, end_ms)
        elif event["type"] == "step":
            yield _step(event, begin_ms, end_ms)
        elif event["type"] == "user_action":
            yield Cue(end_ms, "action", _target(event.get("target")), name=str(event["action"]))
        elif event["type"] == "feedback":
            yield Cue(end_ms, "note", _feedback(event), name="feedback")
        elif event["type"] == "code_context":
            yield Cue(end_ms, "note", str(event.get("file") or event.get("language") or ""), name="code")
        elif event["type"] == "gap":
            yield Cue(end_ms, "note", _gap(event), name="gap")

    def _call(self, event: Object, begin_ms: float, end_ms: float) -> Iterator[Cue]:
        for voice, text in self._new(event["prompt"]):
            yield Cue(begin_ms, voice, text)
        first_ms = min(begin_ms + _number(event.get("timeToFirstToken")), end_ms)
        detail = str(event["model"])
        if event.get("response") is not None:
            self._remember(event["response"])
            yield Cue(first_ms, "model", "\n".join(texts(event["response"])), detail, end_ms - first_ms, _bill(event))
        if event.get("pending"):
            yield Cue(end_ms, "note", "waiting for an answer", name=detail)
        elif event.get("error"):
            yield Cue(end_ms, "error", _failure(event["error"]), name=detail)

    def _new(self, prompt: Any) -> Iterator[tuple[Voice, str]]:
        """Yield what a prompt says that was not said before, by whose voice."""
        if isinstance(prompt, str):
            yield "user", prompt
            return
        for message in prompt:
            known = isinstance(message, dict) and "role" in message
            if known and not self._first_time(message):
                continue
            voice = VOICES.get(message["role"], "system") if known else "user"
            text = "\n".join(texts(message))
            if voice != "model" and text.strip():
                yield voice, text

    def _remember(self, response: Any) -> None:
        for message in response if isinstance(response, list) else [{"role": "assistant", "content": response}]:
            self._first_time(message)

    def _first_time(self, message: Any) -> bool:
        digest = blake2b(msgspec.json.encode(message, order="sorted"), digest_size=16).digest()
        new = digest not in self._said
        self._said.add(digest)
        return new


def _step(event: Object, begin_ms: float, end_ms: float) -> Cue:
    failed = bool(event.get("error")) or event.get("status") in ("error", "failed")
    text = _failure(event["error"]) if event.get("error") else ""
    name = f"{event.get('kind', 'custom')} {event['name']}"
    detail = f"{event['latency']:.0f} ms" if isinstance(event.get("latency"), int | float) else ""
    return Cue(begin_ms, "error" if failed else "step", text, name, end_ms - begin_ms, detail)


def _bill(event: Object) -> str:
    tokens = event.get("tokens") or {}
    counts = [f"{tokens[name]} {word}" for name, word in (("input", "in"), ("output", "out")) if tokens.get(name)]
    latency = [f"{event['latency'] / 1000:.1f} s"] if isinstance(event.get("latency"), int | float) else []
    cost = [f"${event['cost']:.6f}".rstrip("0").rstrip(".")] if event.get("cost") else []
    return ", ".join(counts + latency + cost)


def _feedback(event: Object) -> str:
    said = (event.get("score"), event.get("comment"))
    return " – ".join(str(part) for part in said if part is not None)


def _gap(event: Object) -> str:
    reasons = [f"{reason} {count}" for reason, count in (event.get("reasons") or {}).items()]
    return f"{event['count']} lost" + (f" ({', '.join(reasons)})" if reasons else "")


def _target(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _failure(error: Any) -> str:
    if isinstance(error, dict) and "message" in error:
        return str(error["message"])
    return _target(error)


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
