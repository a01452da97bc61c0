"""A project's settings, as answers show them."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from playhead.model.redaction import AllowedPattern, NamedPattern, RedactionKind


class RetentionData(Struct, frozen=True, rename="camel", kw_only=True):
    """How long sessions are kept: ``days`` after their end (null: for good), bookmarked ones perhaps longer."""

    days: int | None
    keep_bookmarked: bool


class RetentionPreview(Struct, frozen=True, rename="camel", kw_only=True):
    """What a retention would erase now: how many sessions, their interactions, and when the oldest of them started."""

    sessions: int
    interactions: int
    oldest_started_at: datetime | None


class RedactionData(Struct, frozen=True, rename="camel", kw_only=True):
    """What is redacted before it is stored: ``kinds`` are the built-in ones that are looked for."""

    enabled: bool
    kinds: tuple[RedactionKind, ...]
    secret_names: tuple[str, ...]
    patterns: tuple[NamedPattern, ...]
    allow: tuple[str | AllowedPattern, ...]


class RedactedText(Struct, frozen=True):
    """What rules leave of a text."""

    text: str


class SettingsData(Struct, frozen=True, rename="camel", kw_only=True):
    """What counts for a project: its own settings, and the server's where it has none."""

    retention: RetentionData
    redaction: RedactionData
    session_timeout_seconds: int
