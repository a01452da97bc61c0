"""``playhead show``: one session's facts and what happened in it, a line an event."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Annotated, Any

import msgspec
import typer

from playhead.cli.options import DataDir, ProjectName, SessionId, Url
from playhead.model.answers import SessionItem
from playhead.model.event import Object


def show(
    session_id: SessionId,
    *,
    url: Url = None,
    data_dir: DataDir = None,
    project: ProjectName = "default",
    events: Annotated[int, typer.Option(min=0, help="How many events to show; 0 shows all.")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="The session, then an event a line, as JSON.")] = False,
) -> None:
    """Show a session: its facts, its totals, its events."""
    from playhead.cli.source import open_source

    with open_source(url=url, data_dir=data_dir, project=project) as source:
        session = source.session(session_id)
        found = source.events(session_id)
        if as_json:
            typer.echo(msgspec.json.encode(session).decode())
            for event in found:
                typer.echo(msgspec.json.encode(event).decode())
            return
        _print(session, islice(found, events or None))
        left = session.summary.total_events - events
        if events and left > 0:
            typer.echo(f"… {left} more events; --events 0 shows all")


def _print(session: SessionItem, events: Iterator[Object]) -> None:
    from rich.console import Console
    from rich.text import Text

    from playhead.cli.look import offset

    console = Console(highlight=False, soft_wrap=True)
    for name, value in _facts(session):
        console.print(Text.assemble((f"{name:<13}", "dim"), value))
    console.print()
    for event in events:
        at_ms = (datetime.fromisoformat(event["timestamp"]) - session.started_at).total_seconds() * 1000
        mark = ("✗ ", "bold red") if _failed(event) else ("  ", "")
        kind = (f"{event['type'].replace('_', ' '):<16}", "cyan")
        console.print(Text.assemble((f"{offset(at_ms)}  ", "dim"), mark, kind, _gist(event)))


def _facts(session: SessionItem) -> Iterator[tuple[str, str]]:
    from playhead.cli.look import known_cost, lasted, line, when

    totals = session.summary
    yield "session", session.session_id
    yield "label", line(session.label or "–")
    yield "feature", session.app_feature
    yield "user", line(session.user_id or "–")
    if session.tags:
        yield "tags", line(", ".join(session.tags))
    yield "started", f"{when(session.started_at)} UTC"
    yield "status", session.status + (" (by time-out)" if session.end_reason == "timeout" else "")
    yield "lasted", lasted(session.duration)
    errors = f", {session.error_count} failed" if session.error_count else ""
    calls = "1 interaction" if totals.total_interactions == 1 else f"{totals.total_interactions} interactions"
    yield "events", f"{totals.total_events} ({calls}{errors})"
    yield "tokens", f"{totals.total_tokens.input:,} in, {totals.total_tokens.output:,} out"
    unpriced = totals.unpriced_interactions
    without = f" ({unpriced} {'call' if unpriced == 1 else 'calls'} without a price)" if unpriced else ""
    yield "cost", known_cost(totals.total_cost, unpriced) + without
    if totals.models:
        yield "models", line(", ".join(totals.models))


def _failed(event: Object) -> bool:
    return bool(event.get("error")) or event.get("status") in ("error", "failed")


def _gist(event: Object) -> str:
    from playhead.cli.look import dollars, lasted, line
    from playhead.replay.content import preview, prompt_preview

    if event["type"] == "interaction":
        said = line(preview(event.get("response")) or _error_text(event.get("error")), 70)
        facts = [line(event["model"], 40)]
        facts += [lasted(event["latency"])] if event.get("latency") is not None else []
        facts += [dollars(event["cost"])] if event.get("cost") is not None else []
        return f"{line(prompt_preview(event['prompt']), 60)} → {said}  ({', '.join(facts)})"
    return line(" ".join(part for part in _words(event) if part), 130)


def _words(event: Object) -> Iterator[str]:
    if event["type"] == "step":
        yield f"{event.get('kind', 'custom')} {event['name']}"
        if event.get("latency") is not None:
            yield f"{event['latency']:.0f} ms"
        yield _error_text(event.get("error"))
        return
    for name in ("action", "target", "file", "language", "score", "comment"):
        yield _short(event.get(name))
    for name in ("cpu", "memory"):
        if event.get(name) is not None:
            yield f"{name} {event[name]:.0f} %"
    yield _short(event.get("environment"))


def _error_text(error: Any) -> str:
    if isinstance(error, dict):
        return str(error.get("message") or error)
    return _short(error)


def _short(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
