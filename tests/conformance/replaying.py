"""A session played naively, moment by moment, from the server's own marks: what the player's engine is held to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from playhead.model.answers import Mark
from playhead.model.event import RawEvent, StoredEvent
from playhead.model.moment import parse_us
from playhead.replay.cost import PriceTable
from playhead.replay.events import check_event
from playhead.replay.timeline import idle_of, mark_of

ENVELOPE = frozenset({"id", "seq", "type", "timestamp", "costSource"})


@dataclass(frozen=True)
class Played:
    """A session's marks in order of seq, its idle stretches, and any moment of it."""

    marks: list[dict[str, Any]]
    idle: list[dict[str, Any]]
    known: list[Mark]

    def at(self, t: float) -> dict[str, Any]:
        """Return what stands at a moment: each mark looked at, none remembered."""
        begun = sorted((mark for mark in self.known if mark.at <= t), key=lambda one: (one.at, -one.end, one.seq))
        calls = [mark for mark in begun if mark.type == "interaction" and not mark.pending and mark.end <= t]
        return {
            "t": t,
            "begun": [mark.id for mark in begun],
            "progress": {mark.id: _progress(mark, t) for mark in begun if mark.pending or mark.end > t},
            "totals": {
                "calls": len(calls),
                "cost": sum(round((mark.cost or 0) * 1e9) for mark in calls) / 1e9,
                "inputTokens": sum(mark.input_tokens or 0 for mark in calls),
                "outputTokens": sum(mark.output_tokens or 0 for mark in calls),
                "unpriced": sum(mark.cost_source == "unknown" for mark in calls),
            },
        }


def played(started_at: str, events: list[dict[str, Any]], duration: float) -> Played:
    """Return a session of these events, as the server answers events, played on the server's rules."""
    started_us = parse_us(started_at)
    marks = [mark_of(_stored(event), started_us) for event in events]
    idle = [msgspec.to_builtins(span) for span in idle_of(marks, duration)]
    shown = [mark for mark in marks if mark.type != "system_metrics"]
    return Played([msgspec.to_builtins(mark) for mark in marks], idle, shown)


def _stored(event: dict[str, Any]) -> StoredEvent:
    data = {name: value for name, value in event.items() if name not in ENVELOPE}
    raw = RawEvent(type=event["type"], data=msgspec.Raw(msgspec.json.encode(data)), timestamp=event["timestamp"])
    new = check_event(raw, event_id=event["id"], received_us=0, prices=PriceTable())
    return StoredEvent(
        id=new.id,
        seq=event["seq"],
        type=new.type,
        timestamp_us=new.timestamp_us,
        received_us=0,
        data=new.data,
        error=new.error,
        call=new.call,
        pending=new.pending,
    )


def _progress(mark: Mark, t: float) -> float:
    if mark.pending or mark.first_token is None:
        return 0.0
    first = min(mark.at + mark.first_token, mark.end)
    return 0.0 if t <= first else (t - first) / (mark.end - first)
