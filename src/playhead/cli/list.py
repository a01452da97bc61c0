"""``playhead list``: sessions by every filter that the API has."""

from __future__ import annotations

import re
from typing import Annotated

import msgspec
import typer

from playhead.cli.options import DataDir, ProjectName, Url
from playhead.errors import Invalid

# The wire's names of what options say, where the two differ or a refusal would be read as something else.
OPTIONS = {
    "sortBy": "sort",
    "userId": "user",
    "appFeature": "feature",
    "workspaceId": "workspace",
    "aiModel": "model",
    "startDate": "since",
    "endDate": "until",
    "minCost": "min-cost",
    "maxCost": "max-cost",
    "minTokens": "min-tokens",
    "maxTokens": "max-tokens",
    "minDuration": "min-duration",
    "maxDuration": "max-duration",
    "minInteractions": "min-interactions",
} | {name: name for name in ("page", "limit", "status", "source", "label", "provider", "search")}
WIRE_NAMES = re.compile(
    rf"^(?:{'|'.join(OPTIONS)})(?=:)|\b(?:{'|'.join(name for name in OPTIONS if not name.islower())})\b"
)


def list_sessions(
    *,
    url: Url = None,
    data_dir: DataDir = None,
    project: ProjectName = "default",
    user: Annotated[str | None, typer.Option(help="End user.")] = None,
    feature: Annotated[str | None, typer.Option(help="chat, agent, workflow, …")] = None,
    status: Annotated[str | None, typer.Option(help="active, completed or error.")] = None,
    source: Annotated[str | None, typer.Option(help="in-app, integration, telemetry, manual, unified, import.")] = None,
    workspace: Annotated[str | None, typer.Option(help="Workspace id.")] = None,
    label: Annotated[str | None, typer.Option(help="Exact label.")] = None,
    tag: Annotated[list[str] | None, typer.Option(help="Tag; repeat for several that must all be there.")] = None,
    model: Annotated[str | None, typer.Option(help="Any interaction of this model.")] = None,
    provider: Annotated[str | None, typer.Option(help="Any interaction of this provider.")] = None,
    search: Annotated[str | None, typer.Option(help='Words, "phrases", prefix*.')] = None,
    errors: Annotated[bool | None, typer.Option("--errors/--no-errors", help="With or without errors.")] = None,
    bookmarked: Annotated[bool | None, typer.Option(help="Bookmarked or not.")] = None,
    since: Annotated[str | None, typer.Option(help="Started at or after this date or time.")] = None,
    until: Annotated[str | None, typer.Option(help="Started at or before this date or time.")] = None,
    min_cost: Annotated[str | None, typer.Option(help="US dollars.")] = None,
    max_cost: Annotated[str | None, typer.Option(help="US dollars.")] = None,
    min_tokens: Annotated[str | None, typer.Option(help="Input and output together.")] = None,
    max_tokens: Annotated[str | None, typer.Option(help="Input and output together.")] = None,
    min_duration: Annotated[str | None, typer.Option(help="Milliseconds.")] = None,
    max_duration: Annotated[str | None, typer.Option(help="Milliseconds.")] = None,
    min_interactions: Annotated[str | None, typer.Option(help="Model calls.")] = None,
    metadata: Annotated[list[str] | None, typer.Option(help="NAME=VALUE; repeatable.")] = None,
    sort: Annotated[str, typer.Option(help="startedAt, cost, tokens, duration, interactions or errors.")] = "startedAt",
    ascending: Annotated[bool, typer.Option("--ascending", help="Smallest or oldest first.")] = False,
    page: Annotated[str, typer.Option(help="From 1.")] = "1",
    limit: Annotated[str, typer.Option(help="Sessions a page, at most 100.")] = "20",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document a session.")] = False,
) -> None:
    """List sessions, newest first."""
    named = {
        "page": page,
        "limit": limit,
        "sortBy": sort,
        "sortOrder": "asc" if ascending else "desc",
        "userId": user,
        "appFeature": feature,
        "status": status,
        "source": source,
        "workspaceId": workspace,
        "label": label,
        "aiModel": model,
        "provider": provider,
        "search": search,
        "hasErrors": _truth(errors),
        "bookmarked": _truth(bookmarked),
        "startDate": since,
        "endDate": until,
        "minCost": min_cost,
        "maxCost": max_cost,
        "minTokens": min_tokens,
        "maxTokens": max_tokens,
        "minDuration": min_duration,
        "maxDuration": max_duration,
        "minInteractions": min_interactions,
    }
    query = [(name, value) for name, value in named.items() if value is not None]
    query += [("tag", each) for each in tag or ()] + [_metadata(each) for each in metadata or ()]
    _print(query, url=url, data_dir=data_dir, project=project, as_json=as_json)


def _print(query: list[tuple[str, str]], *, url: str | None, data_dir: str | None, project: str, as_json: bool) -> None:
    from rich.console import Console

    from playhead.cli.look import known_cost, lasted, line, print_table, when
    from playhead.cli.source import open_source

    with open_source(url=url, data_dir=data_dir, project=project) as source:
        try:
            sessions, total = source.sessions(query)
        except Invalid as failure:
            raise Invalid(_as_options(failure.message)) from failure
    if as_json:
        for session in sessions:
            typer.echo(msgspec.json.encode(session).decode())
        return
    print_table(
        Console(),
        ("session", "started (UTC)", "feature", "status", "lasted", "events", "errors", "cost", "user", "label"),
        (
            (
                session.session_id,
                when(session.started_at),
                session.app_feature,
                session.status,
                lasted(session.duration),
                str(session.summary.total_events),
                str(session.error_count),
                known_cost(session.summary.total_cost, session.summary.unpriced_interactions),
                line(session.user_id or "", 30),
                line(session.label or "", 60),
            )
            for session in sessions
        ),
        elastic="label",
        spare=("user", "errors", "feature", "events", "lasted", "status", "cost", "started (UTC)"),
    )
    if total > len(sessions):
        typer.echo(f"{len(sessions)} of {total} sessions; --page and --limit show others", err=True)


def _as_options(message: str) -> str:
    """Return what the server says of a query, in the words of the command line."""
    return WIRE_NAMES.sub(lambda found: f"--{OPTIONS[found.group()]}", message)


def _truth(value: bool | None) -> str | None:
    return None if value is None else str(value).lower()


def _metadata(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise typer.BadParameter(f"{text!r} is not NAME=VALUE", param_hint="--metadata")
    return f"metadata.{name}", value
