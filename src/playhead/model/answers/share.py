"""Shares, as their owner sees them."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from playhead.model.answers.page import Pagination
from playhead.model.results import AccessLevel


class SharedData(Struct, frozen=True, rename="camel", kw_only=True):
    """A new share; the token is shown this once."""

    share_id: str
    share_token: str
    share_url: str
    access_level: AccessLevel
    expires_at: datetime


class ShareItem(Struct, frozen=True, rename="camel", kw_only=True):
    share_id: str
    access_level: AccessLevel
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    max_views: int | None
    views: int
    redact: bool
    has_password: bool
    active: bool


class ProjectShare(ShareItem, frozen=True, rename="camel", kw_only=True):
    """A share with the session that it opens."""

    session_id: str
    session_label: str | None = None


class SharesAnswer(Struct, frozen=True, rename="camel", kw_only=True):
    data: list[ProjectShare]
    pagination: Pagination
    success: bool = True
