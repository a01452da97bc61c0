"""``playhead migrate``: copies projects from one engine into another, and says whether both have the same."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from msgspec.structs import replace

from playhead.errors import Conflict, Invalid

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from playhead.model.results import Project
    from playhead.store.copying import Report, Watch
    from playhead.store.opening import Opened
    from playhead.store.place import Place

LINE_EVERY_S = 5.0
MAX_PROBLEMS = 100


def migrate(
    from_: Annotated[
        str, typer.Argument(metavar="FROM", help="What to copy: a data directory, or the URL of a database.")
    ],
    to: Annotated[str, typer.Argument(metavar="TO", help="Where to: a data directory, or the URL of a database.")],
    project: Annotated[
        list[str] | None, typer.Option(help="Project to copy; repeat for several.", show_default="all")
    ] = None,
    keys: Annotated[
        bool, typer.Option("--keys/--no-keys", help="Whether API keys and shares come along and go on working.")
    ] = True,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what there is to do, and do nothing.")] = False,
) -> None:
    """Copy projects from one engine into another, and compare every event of both.

    Cut off at any point, it goes on when it is run again. FROM may be recorded into meanwhile: what comes is caught up
    with; run it once more when the last server on FROM has stopped. Leaves with 1 when TO does not have all of FROM.
    """
    from playhead.store.copying import carry_secret

    source_place, target_place = place_of(from_), place_of(to)
    _check(source_place, target_place)
    with ExitStack() as stack:
        source = stack.enter_context(_open(source_place))
        target = stack.enter_context(_open(target_place, only_look=dry_run))
        projects = _chosen(source, project)
        if keys and not dry_run:
            try:
                carry_secret(source.registry, target.registry)
            except Conflict:
                raise Conflict(
                    f"{target_place} has keys or shares of its own, which the keys of {source_place} would shut out: "
                    "choose an empty TO, or leave keys and shares behind with --no-keys"
                ) from None
        if dry_run:
            _compare(source, target, projects)
        else:
            _copy(source, target, projects, keys=keys)


def place_of(text: str) -> Place:
    """Return the place that an argument names; what stands beside a ClickHouse is named by the settings."""
    from playhead.server.settings import from_environment
    from playhead.store.place import Place, scheme_of

    if scheme_of(text).startswith("clickhouse"):
        return replace(from_environment().place, database_url=text)
    return Place(Path(), text) if "://" in text else Place(Path(text).expanduser().resolve())


def _check(source: Place, target: Place) -> None:
    if source == target:
        raise Invalid("FROM and TO are the same")
    if not source.exists():
        raise Invalid(f"there are no recordings in {source}")
    if _directory(source) is not None and _directory(source) == _directory(target):
        raise Invalid(
            f"FROM and TO would both keep keys in {_directory(source)}: set PLAYHEAD_REGISTRY_URL, or another "
            "PLAYHEAD_DATA_DIR"
        )


def _directory(place: Place) -> Path | None:
    """Return the directory that a place keeps anything in: a ClickHouse too, without a PostgreSQL beside it."""
    from playhead.store.place import scheme_of

    needs_one = place.database_url is None or scheme_of(place.database_url).startswith("clickhouse")
    return place.data_dir.resolve() if needs_one and place.registry_url is None else None


@contextmanager
def _open(place: Place, *, only_look: bool = False) -> Iterator[Opened]:
    from playhead.store.memory import MemoryStore
    from playhead.store.opening import Opened, open_engine

    if only_look and not place.exists():
        nothing = MemoryStore()
        opened = Opened(nothing, nothing, nothing.close)
    else:
        opened = open_engine(place)
    try:
        yield opened
    finally:
        opened.close()


def _chosen(source: Opened, names: list[str] | None) -> list[Project]:
    found = {project.name: project for project in source.registry.list_projects()}
    absent = [name for name in names or () if name not in found]
    if absent:
        raise Invalid(f"--project: there is no project {absent[0]!r} in FROM; there are: {', '.join(found) or 'none'}")
    return [found[name] for name in dict.fromkeys(names or found)]


def _compare(source: Opened, target: Opened, projects: list[Project]) -> None:
    from playhead.store.copying import compare_project

    for project in projects:
        report = compare_project(source, target, project)
        typer.echo(
            f"{project.name}: {_count(report.new_sessions, 'session')} of {report.sessions:,} and"
            f" {_count(report.new_events, 'event')} of {report.events:,} to copy,"
            f" {_count(report.keys, 'key')}, {_count(report.shares, 'share')}"
        )


def _copy(source: Opened, target: Opened, projects: list[Project], *, keys: bool) -> None:
    from playhead.store.copying import copy_project

    reports = []
    for project in projects:
        with _watch(project.name, _sessions(source, project)) as watch:
            reports.append(copy_project(source, target, project, watch, keys=keys))
        _tell(reports[-1])
    if not all(report.complete for report in reports):
        raise typer.Exit(1)


def _sessions(source: Opened, project: Project) -> int:
    from playhead.model.filters import PageRequest, SessionFilter

    return source.store.list_sessions(project.no, SessionFilter(), PageRequest(limit=1)).total


def _tell(report: Report) -> None:
    from playhead.cli.look import line

    typer.echo(
        f"{report.project}: {_count(report.sessions, 'session')} and {_count(report.events, 'event')} compared,"
        f" {report.new_sessions:,} and {report.new_events:,} of them new;"
        f" {report.erased:,} erased, {_count(report.notes, 'note')}, {_count(report.keys, 'key')},"
        f" {_count(report.shares, 'share')}, {report.entries:,} in the audit log"
    )
    for name, words in list(report.problems.items())[:MAX_PROBLEMS]:
        typer.echo(f"{report.project}: {line(name, 250)} {words}", err=True)
    if len(report.problems) > MAX_PROBLEMS:
        typer.echo(f"{report.project}: and {len(report.problems) - MAX_PROBLEMS:,} more", err=True)
    if report.busy:
        typer.echo(f"{report.project}: FROM was written to until the last; run this again when it rests", err=True)


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"


@contextmanager
def _watch(name: str, sessions: int) -> Iterator[Watch]:
    """Show how a project's copying goes on: a bar in a terminal, now and then a line for whatever else reads it."""
    if not sys.stderr.isatty():
        yield _Lines(sessions)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("sessions"),
        TextColumn("{task.fields[events]:,} events"), TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        yield _Bar(progress, progress.add_task(name, total=sessions, events=0))


class _Bar:
    def __init__(self, progress: Progress, task: TaskID) -> None:
        self._progress = progress
        self._task = task
        self._events = 0

    def compared(self, name: str, events: int) -> None:
        self._events += events
        self._progress.update(self._task, description=name, advance=1, events=self._events)


class _Lines:
    def __init__(self, sessions: int) -> None:
        self._total = sessions
        self._sessions = 0
        self._events = 0
        self._next_s = time.monotonic() + LINE_EVERY_S

    def compared(self, name: str, events: int) -> None:
        self._sessions += 1
        self._events += events
        if time.monotonic() >= self._next_s:
            self._next_s = time.monotonic() + LINE_EVERY_S
            typer.echo(f"{name}: {self._sessions:,} of {self._total:,} sessions, {self._events:,} events", err=True)
