"""A project's settings, as answers show them."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct


class RetentionData(Struct, frozen=True, rename="camel", kw_only=True):
    """How long sessions are kept: ``days`` after their end (null: for good), bookmarked ones perhaps longer."""

    days: int | None
    keep_bookmarked: bool


class RetentionPreview(Struct, frozen=True, rename="camel", kw_only=True):
    """What a retention would erase now: how many sessions, their interactions, and when the oldest of them started."""

    sessions: int
    interactions: int
    oldest_started_at: datetime | None


class SettingsData(Struct, frozen=True, rename="camel", kw_only=True):
    """What counts for a project: its own settings, and the server's where it has none."""

    retention: RetentionData
    session_timeout_seconds: int
