"""Whether the server answers, and which one it is."""

from __future__ import annotations

from msgspec import Struct


class Health(Struct, frozen=True, rename="camel", kw_only=True):
    status: str
    version: str
