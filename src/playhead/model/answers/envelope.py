"""The envelopes: what every answer of the API is wrapped in, successes and failures."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

from msgspec import Struct

T = TypeVar("T")


class Answer(Struct, Generic[T], frozen=True, rename="camel", kw_only=True):
    """The success envelope."""

    data: T
    success: bool = True


class Problem(Struct, frozen=True, rename="camel", kw_only=True, omit_defaults=True):
    """What went wrong, for a program and for a person."""

    code: str
    message: str
    details: Any = None


class Failure(Struct, frozen=True, rename="camel", kw_only=True):
    """The failure envelope, with the members of ``application/problem+json`` (RFC 9457) beside it."""

    error: Problem
    type: str
    title: str
    status: int
    detail: str
    success: bool = False
