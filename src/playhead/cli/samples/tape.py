"""A sample while it is being made: events on a clock of their own, with ids that are the same in every run.

Times are seconds from the session's start until a tape is unrolled at a moment. Nothing is sent from here.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

Message = dict[str, Any]


class Tape:
    """One recorded session. ``days_ago`` is when it started, in days before it is unrolled."""

    def __init__(
        self,
        name: str,
        *,
        feature: str,
        label: str,
        user: str,
        days_ago: float,
        tags: Sequence[str] = (),
        metadata: Mapping[str, Any] | None = None,
        workspace: str | None = None,
        source: str = "in-app",
        integration: str | None = None,
    ) -> None:
        self.session_id = f"demo_{name}"
        self.days_ago = days_ago
        self.now_s = 0.0
        self.status = "completed"
        self._count = 0
        self._events: list[tuple[float, str, str, dict[str, Any]]] = []
        self.start: dict[str, Any] = {
            "feature": feature,
            "label": label,
            "userId": user,
            "tags": list(tags),
            "metadata": dict(metadata or {}),
            "workspaceId": workspace,
            "source": source,
            "integrationName": integration,
        }

    def wait(self, seconds: float) -> None:
        """Let time pass in which nothing happens."""
        self.now_s += seconds

    def new_id(self) -> str:
        """Return the next event id, for an event whose children come before it."""
        self._count += 1
        return f"{self.session_id}-{self._count:04d}"

    def note(self, kind: str, data: Mapping[str, Any], *, id: str | None = None) -> str:  # noqa: A002
        """Put an event of any kind at the present moment; members that are None are left out. Returns its id."""
        event_id = id or self.new_id()
        said = {name: value for name, value in data.items() if value is not None}
        self._events.append((self.now_s, event_id, kind, said))
        return event_id

    def action(self, action: str, target: Any = None, **metadata: Any) -> str:
        """The user does something."""
        return self.note("user_action", {"action": action, "target": target, "metadata": metadata or None})

    def call(
        self,
        model: str,
        provider: str,
        prompt: Any,
        response: Any,
        *,
        seconds: float,
        first_s: float | None = None,
        id: str | None = None,  # noqa: A002
        **members: Any,
    ) -> str:
        """A model is called and answers within ``seconds``; tokens are counted from the texts unless they are given."""
        self.wait(seconds)
        tokens = {"input": count_tokens(prompt), "output": count_tokens(response)}
        data = {
            "model": model,
            "provider": provider,
            "prompt": prompt,
            "response": response,
            "tokens": members.pop("tokens", tokens if response is not None else None),
            "latency": round(seconds * 1000),
            "timeToFirstToken": None if first_s is None else round(first_s * 1000),
        }
        return self.note("interaction", data | members, id=id)

    def step(
        self,
        name: str,
        *,
        seconds: float,
        kind: str = "tool",
        parent: str | None = None,
        id: str | None = None,  # noqa: A002
        **members: Any,
    ) -> str:
        """A step runs for ``seconds``, now."""
        self.wait(seconds)
        return self.close(name, seconds=seconds, kind=kind, parent=parent, id=id, **members)

    def close(
        self,
        name: str,
        *,
        seconds: float,
        kind: str = "chain",
        parent: str | None = None,
        id: str | None = None,  # noqa: A002
        **members: Any,
    ) -> str:
        """A step that began ``seconds`` ago, with others inside it, is done."""
        status = "error" if members.get("error") else "completed"
        data = {"name": name, "kind": kind, "parentId": parent, "latency": round(seconds * 1000), "status": status}
        return self.note("step", data | members, id=id)

    def gap(self, reasons: dict[str, int], *, seconds: float) -> str:
        """For ``seconds`` the recorder has to drop events, so many for each reason."""
        begin = timedelta(seconds=self.now_s)
        self.wait(seconds)
        until = timedelta(seconds=self.now_s)
        return self.note("gap", {"count": sum(reasons.values()), "reasons": reasons, "from": begin, "until": until})

    def __len__(self) -> int:
        return len(self._events)

    def unroll(self, now: datetime) -> list[dict[str, Any]]:
        """Return the session as ``record_events`` takes it: its start, its events in order of time, its end."""
        started = now - timedelta(days=self.days_ago)
        start = {name: value for name, value in self.start.items() if value not in (None, {}, [])}
        end = {"status": self.status, "endedAt": started + timedelta(seconds=self.now_s)}
        return [
            {"session_id": self.session_id, "type": "session.start", "data": start | {"startedAt": started}},
            *self.events(started),
            {"session_id": self.session_id, "type": "session.end", "data": end},
        ]

    def events(self, started: datetime) -> list[dict[str, Any]]:
        """Return the events alone, on the clock of a session that started then."""
        return [
            {
                "session_id": self.session_id,
                "id": event_id,
                "type": kind,
                "timestamp": started + timedelta(seconds=at_s),
                "data": {name: started + it if isinstance(it, timedelta) else it for name, it in data.items()},
            }
            for at_s, event_id, kind, data in sorted(self._events, key=lambda event: event[0])
        ]


class Chat:
    """A conversation on a tape: each call carries everything that was said before, as chat applications send it."""

    def __init__(self, tape: Tape, model: str, provider: str, system: str, **members: Any) -> None:
        self.tape = tape
        self.messages: list[Message] = [{"role": "system", "content": system}]
        self._model = model
        self._provider = provider
        self._members = members

    def turn(self, asked: Any, answered: str, *, thinks_s: float, takes_s: float, **members: Any) -> str:
        """Somebody types for ``thinks_s``, and the model answers within ``takes_s``. Returns the call's id."""
        self.tape.wait(thinks_s)
        self.messages.append({"role": "user", "content": asked})
        return self.answer(answered, takes_s=takes_s, **members)

    def answer(self, answered: str, *, takes_s: float, **members: Any) -> str:
        """The model answers what stands in the conversation."""
        call_id = self.tape.call(
            self._model,
            self._provider,
            list(self.messages),
            answered,
            seconds=takes_s,
            **{"first_s": takes_s * 0.3, **self._members, **members},
        )
        self.messages.append({"role": "assistant", "content": answered})
        return call_id


def count_tokens(content: Any) -> int:
    """Return about as many tokens as a tokenizer would: four letters, or one ideograph, are one."""
    if isinstance(content, str):
        wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in content)
        return wide + (len(content) - wide) // 4 + 1
    if isinstance(content, dict):
        if content.get("type") in ("image_url", "image"):
            return 765
        return 3 + sum(count_tokens(value) for name, value in content.items() if name != "role")
    return sum(count_tokens(item) for item in content) if isinstance(content, list) else 1
