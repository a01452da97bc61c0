"""The timeline: events as marks on a session's clock, in lanes, with the idle stretches between them.

An event's timestamp is the moment at which it was complete, so a call or a step began its latency earlier. Marks carry
previews, never whole texts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from playhead.model.answers import IdleSpan, Lane, Mark, Timeline
from playhead.model.event import EventType, StoredEvent
from playhead.model.moment import parse_us
from playhead.model.results import KindCount
from playhead.replay.content import preview, prompt_preview
from playhead.replay.cost import dollars
from playhead.replay.idle import Busy, idle_spans

LANES: tuple[EventType, ...] = (
    "interaction",
    "step",
    "user_action",
    "code_context",
    "feedback",
    "workspace_state",
    "system_metrics",
    "gap",
)


def mark_of(event: StoredEvent, started_us: int) -> Mark:
    """Return an event as a mark; ``at`` and ``end`` in milliseconds from the session's start, never before it."""
    data, call = event.data, event.call
    begin, end, latency = _span(event, started_us)
    common: dict[str, Any] = {
        "seq": event.seq,
        "id": event.id,
        "type": event.type,
        "at": begin,
        "end": end,
        "error": event.error,
        "latency": latency,
        "pending": event.pending,
    }
    if call is not None:
        common |= {
            "first_token": call.first_token_ms,
            "cost": dollars(call.cost_nanos),
            "cost_source": call.cost_source,
            "input_tokens": call.input_tokens,
            "output_tokens": call.output_tokens,
        }
    return Mark(**common, **_PREVIEWS[event.type](data))


def timeline_of(marks: Iterable[Mark]) -> tuple[Timeline, list[Mark]]:
    """Sort marks into the timeline's lanes; code contexts come second, on their own."""
    lanes: dict[EventType, list[Mark]] = {kind: [] for kind in LANES}
    for mark in marks:
        lanes[mark.type].append(mark)
    timeline = Timeline(
        ai_interactions=lanes["interaction"],
        steps=lanes["step"],
        user_actions=lanes["user_action"],
        system_metrics=lanes["system_metrics"],
        feedback=lanes["feedback"],
        gaps=lanes["gap"],
        workspace_states=lanes["workspace_state"],
    )
    return timeline, lanes["code_context"]


def lanes_of(marks: Iterable[Mark]) -> list[Lane]:
    """Return the lanes that have events, in the order in which a player draws them."""
    counts = dict.fromkeys(LANES, 0)
    errors = dict.fromkeys(LANES, 0)
    for mark in marks:
        counts[mark.type] += 1
        errors[mark.type] += mark.error
    return [Lane(key=kind, count=counts[kind], errors=errors[kind]) for kind in LANES if counts[kind]]


def counted_lanes(counts: Iterable[KindCount]) -> list[Lane]:
    """Return the same from counts by kind."""
    found = {count.type: count for count in counts}
    return [Lane(key=kind, count=found[kind].events, errors=found[kind].errors) for kind in LANES if kind in found]


def idle_of(marks: Sequence[Mark], duration: float) -> list[IdleSpan]:
    """Return the idle stretches between marks; samples of the machine's metrics are nobody's doing and do not count."""
    busy = [_busy(mark, duration) for mark in marks if mark.type != "system_metrics"]
    return [IdleSpan(start=idle.start, end=idle.end, kind=idle.kind) for idle in idle_spans(busy, duration)]


def _busy(mark: Mark, duration: float) -> Busy:
    if mark.pending:  # a model has been waited for ever since
        end = max(mark.at, duration)
        return Busy(mark.at, end, end)
    return Busy(mark.at, mark.end, mark.at + mark.first_token if mark.first_token is not None else None)


def _span(event: StoredEvent, started_us: int) -> tuple[float, float, float | None]:
    """Return when an event began, when it was over, and its latency, in ms from the session's start."""
    end = max(0.0, (event.timestamp_us - started_us) / 1000)
    if event.type == "gap":
        end = _moment(event.data.get("until"), started_us, end)
        return min(end, _moment(event.data.get("from"), started_us, end)), end, None
    lasts = event.type in ("interaction", "step") and not event.pending
    latency = _number(event.data.get("latency")) if lasts else None
    return max(0.0, end - (latency or 0.0)), end, latency


def _moment(value: Any, started_us: int, default: float) -> float:
    try:
        return default if value is None else max(0.0, (parse_us(value) - started_us) / 1000)
    except ValueError:  # redacted
        return default


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _interaction(data: dict[str, Any]) -> dict[str, Any]:
    shown = {"preview": prompt_preview(data.get("prompt")), "response_preview": preview(data.get("response"))}
    return {"model": data.get("model"), "parent_id": _id(data.get("parentId")), **shown}


def _id(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _step(data: dict[str, Any]) -> dict[str, Any]:
    return {"name": data["name"], "kind": data.get("kind", "custom"), "parent_id": data.get("parentId")}


def _action(data: dict[str, Any]) -> dict[str, Any]:
    return {"name": data["action"], "preview": preview(data.get("target"))}


def _code(data: dict[str, Any]) -> dict[str, Any]:
    return {"name": data.get("file"), "preview": preview(data.get("snippet"))}


def _metrics(data: dict[str, Any]) -> dict[str, Any]:
    return {"cpu": data.get("cpu"), "memory": data.get("memory")}


def _workspace(data: dict[str, Any]) -> dict[str, Any]:
    return {"preview": preview(data.get("environment"))}


def _feedback(data: dict[str, Any]) -> dict[str, Any]:
    score = data.get("score")
    return {"name": None if score is None else str(score), "preview": preview(data.get("comment"))}


def _gap(data: dict[str, Any]) -> dict[str, Any]:
    return {"count": data["count"], "reasons": data.get("reasons")}


_PREVIEWS = {
    "interaction": _interaction,
    "step": _step,
    "user_action": _action,
    "code_context": _code,
    "system_metrics": _metrics,
    "workspace_state": _workspace,
    "feedback": _feedback,
    "gap": _gap,
}
