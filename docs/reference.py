"""The reference parts of docs/, read from the code: events, settings, routes, client operations, commands.

A part is a function in PARTS that returns Markdown. It reads and describes; writing pages is generate.py's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from inspect import Parameter, cleandoc, getdoc, signature
from typing import Any

from docs.words import describe
from msgspec import NODEFAULT
from msgspec.inspect import Field, Metadata, StructType, Type, type_info
from typer.core import TyperArgument
from typer.main import get_command

from playhead.cli.app import app
from playhead.model.event import ALIASES, DATA_OF
from playhead.record.client import SessionReplayClient
from playhead.server.routes import ROUTES
from playhead.server.settings import Settings, variable
from playhead.server.table import Route


def table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a Markdown table; a bar inside a cell is escaped."""
    lines = [list(header)]
    lines.append(["---"] * len(lines[0]))
    lines.extend([cell.replace("|", "\\|").replace("\n", " ") for cell in row] for row in rows)
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def event_types() -> str:
    """Return one table of members for each kind of event."""
    return "\n\n".join(_event_type(name) for name in DATA_OF)


def _event_type(name: str) -> str:
    data = DATA_OF[name]  # type: ignore[index]  # the names are the mapping's own
    info = type_info(data)
    assert isinstance(info, StructType)
    older = {first: alias for alias, first in ALIASES.get(name, {}).items()}  # type: ignore[call-overload]
    rows = [_member(field, older.get(field.encode_name)) for field in info.fields]
    return f"### `{name}`\n\n{_prose(data)}\n\n" + table(("member", "required", "what it holds"), rows)


def _member(field: Field, alias: str | None) -> tuple[str, str, str]:
    also = f"; also accepted as `{alias}`" if alias else ""
    return f"`{field.encode_name}`", "yes" if field.required else "", describe(field.type) + also


def _prose(data: type) -> str:
    return " ".join((getdoc(data) or "").replace("``", "`").split())


def settings() -> str:
    """Return the table of the server's settings."""
    info = type_info(Settings)
    assert isinstance(info, StructType)
    rows = [(f"`{variable(each.name)}`", _default(each), *_setting(each.type)) for each in info.fields]
    return table(("variable", "default", "value", "what it does"), rows)


def _default(field: Field) -> str:
    if field.name == "data_dir":  # the one default that depends on who asks
        return "`~/.local/share/playhead`"
    value = field.default if field.default is not NODEFAULT else None
    return "" if value is None else f"`{value}`"


def _setting(kind: Type) -> tuple[str, str]:
    metadata = kind if isinstance(kind, Metadata) else next(_metadata(kind), None)
    said = (metadata.extra_json_schema or {}).get("description", "") if metadata else ""
    return describe(kind), said


def _metadata(kind: Type) -> Iterator[Metadata]:
    yield from (each for each in getattr(kind, "types", ()) if isinstance(each, Metadata))


def routes() -> str:
    """Return the table of all routes."""
    rows = [
        (f"`{route.method} {route.path}`", *_route(route))
        for route in sorted(ROUTES, key=lambda route: (route.path, route.method))
        if not route.hidden
    ]
    return table(("route", "scope", "what it does", "answers"), rows)


def _route(route: Route) -> tuple[str, str, str]:
    failures = {kind.status for kind in route.errors}
    statuses = [route.status, *route.statuses, *sorted(failures - {route.status, *route.statuses})]
    return f"`{route.scope}`" if route.scope else "none", route.summary, ", ".join(str(each) for each in statuses)


def client() -> str:
    """Return the table of the client's operations."""
    methods = [(name, each) for name, each in vars(SessionReplayClient).items() if not name.startswith("_")]
    rows = [(f"`{name}({_arguments(each)})`", _first_paragraph(each)) for name, each in methods]
    return table(("operation", "what it does"), rows)


def _arguments(function: Callable[..., object]) -> str:
    stars: dict[object, str] = {Parameter.VAR_KEYWORD: "**", Parameter.VAR_POSITIONAL: "*"}
    parameters = [each for each in signature(function).parameters.values() if each.name != "self"]
    return ", ".join(stars.get(each.kind, "") + each.name for each in parameters)


def _first_paragraph(documented: object) -> str:
    return " ".join((getdoc(documented) or "").split("\n\n")[0].replace("``", "`").split())


def commands() -> str:
    """Return a section for each command, with its arguments and options."""
    return "\n\n".join(_command(name, each) for name, each in leaves("playhead", get_command(app)))


def leaves(name: str, command: Any) -> Iterator[tuple[str, Any]]:
    """Yield the commands below a group, or the command itself, each with its full name."""
    below = getattr(command, "commands", None)
    if below is None:
        yield name, command
    for child, each in (below or {}).items():
        yield from leaves(f"{name} {child}", each)


def _command(name: str, command: Any) -> str:
    arguments = [each for each in command.params if isinstance(each, TyperArgument)]
    usage = " ".join([name, *(each.name.upper() for each in arguments)])
    rows = [(f"`{_spelling(each)}`", _option_default(each), each.help or "") for each in command.params]
    said = cleandoc(command.help or "").replace("``", "`")
    return f"### `{usage}`\n\n{said}" + ("\n\n" + table(("option", "default", "meaning"), rows) if rows else "")


def _spelling(parameter: Any) -> str:
    if isinstance(parameter, TyperArgument):
        return str(parameter.name).upper()
    return "/".join([*parameter.opts, *parameter.secondary_opts])


def _option_default(parameter: Any) -> str:
    shown = parameter.default not in (None, False, "", [], ()) and not callable(parameter.default)
    return f"`{parameter.default}`" if shown else ""


PARTS: dict[str, Callable[[], str]] = {
    "event-types": event_types,
    "settings": settings,
    "routes": routes,
    "client": client,
    "commands": commands,
}
