"""Says msgspec types in words, for the tables of docs/. It knows no page and no table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec.inspect import (
    BoolType,
    DictType,
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
)


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
