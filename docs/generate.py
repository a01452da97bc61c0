"""Writes the parts of docs/ that the code already says: between a `generated` mark and its end, never elsewhere.

`python docs/generate.py` rewrites them; with `--check` it changes nothing and fails when one is out of date.
A part is a function in PARTS; a page takes it up by carrying its marks.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator
from inspect import Parameter, getdoc, signature
from pathlib import Path
from typing import Any

from msgspec import NODEFAULT
from msgspec.inspect import (
    BoolType,
    DictType,
    Field,
    FloatType,
    IntType,
    ListType,
    LiteralType,
    Metadata,
    NoneType,
    StrType,
    StructType,
    Type,
    UnionType,
    type_info,
)

from playhead.model.event import ALIASES, DATA_OF
from playhead.record.client import SessionReplayClient
from playhead.server.routes import ROUTES
from playhead.server.settings import Settings, variable
from playhead.server.table import Route

DOCS = Path(__file__).resolve().parent
MARKED = re.compile(r"(<!-- generated: (?P<name>[\w-]+) -->\n).*?(\n<!-- end -->)", re.DOTALL)


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


def describe(kind: Type) -> str:
    """Say in words what a value of a msgspec type may be, with its limits."""
    for shape, words in WORDS.items():
        if isinstance(kind, shape):
            return words(kind)
    return "anything"


def _union(kind: UnionType) -> str:
    shapes = {type(each) for each in kind.types} - {NoneType}
    if shapes == {StrType, IntType, FloatType}:
        return "a time"
    return " or ".join(describe(each) for each in kind.types if not isinstance(each, NoneType))


def _list(kind: ListType) -> str:
    inner = describe(kind.item_type)
    return "a list" if inner == "anything" else f"a list of {inner}"


def _text(kind: StrType) -> str:
    return f"text, at most {kind.max_length:,} characters" if kind.max_length else "text"


def _number(kind: IntType | FloatType) -> str:
    noun = "whole number" if isinstance(kind, IntType) else "number"
    limits = [f"from {kind.ge:,}"] if kind.ge is not None else []
    limits += [f"above {kind.gt:,}"] if kind.gt is not None else []
    limits += [f"to {kind.le:,.0f}"] if kind.le is not None else []
    return " ".join([noun, *limits])


WORDS: dict[type[Type], Callable[[Any], str]] = {
    Metadata: lambda kind: describe(kind.type),
    UnionType: _union,
    StructType: lambda kind: "{" + ", ".join(f"`{field.encode_name}`" for field in kind.fields) + "}",
    LiteralType: lambda kind: ", ".join(f"`{value}`" for value in kind.values),
    ListType: _list,
    StrType: _text,
    IntType: _number,
    FloatType: _number,
    DictType: lambda _: "an object",
    BoolType: lambda _: "true or false",
}


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


PARTS: dict[str, Callable[[], str]] = {
    "event-types": event_types,
    "settings": settings,
    "routes": routes,
    "client": client,
}


def pages() -> Iterator[tuple[Path, str, str]]:
    """Yield each page with its text as it stands and as it should stand."""
    for path in sorted(DOCS.rglob("*.md")):
        text = path.read_text(encoding="utf-8")
        yield path, text, MARKED.sub(_fresh, text)


def _fresh(found: re.Match[str]) -> str:
    return f"{found[1]}\n{PARTS[found['name']]()}\n{found[3]}"


def main(arguments: list[str]) -> int:
    """Rewrite what is out of date, or with --check name it; returns the exit status."""
    stale = [(path, fresh) for path, text, fresh in pages() if text != fresh]
    for path, fresh in stale:
        print(f"{path.relative_to(DOCS.parent)} is out of date")
        if "--check" not in arguments:
            path.write_text(fresh, encoding="utf-8")
    return 1 if stale and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
