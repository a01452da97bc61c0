"""Writes the parts of docs/ that the code already says: between a `generated` mark and its end, never elsewhere.

`python docs/generate.py` rewrites them; with `--check` it changes nothing and fails when one is out of date.
A part is a function in PARTS; a page takes it up by carrying its marks.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from msgspec.inspect import (
    BoolType,
    DictType,
    Field,
    FloatType,
    IntType,
    ListType,
    LiteralType,
    NoneType,
    StrType,
    StructType,
    Type,
    UnionType,
    type_info,
)

from playhead.model.event import ALIASES, DATA_OF

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
    return " ".join((data.__doc__ or "").replace("``", "`").split())


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
    limits += [f"to {kind.le:,.0f}"] if kind.le is not None else []
    return " ".join([noun, *limits])


WORDS: dict[type[Type], Callable[[Any], str]] = {
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

PARTS: dict[str, Callable[[], str]] = {
    "event-types": event_types,
}


def pages() -> Iterator[tuple[Path, str, str]]:
    """Yield each page with its text as it stands and as it should stand."""
    for path in sorted(DOCS.rglob("*.md")):
        text = path.read_text(encoding="utf-8")
        yield path, text, MARKED.sub(_fresh, text)


def _fresh(found: re.Match[str]) -> str:
    return f"{found[1]}{PARTS[found['name']]()}{found[3]}"


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
