"""Keys, as an administrator sees them, and whose key a caller has."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from playhead.model.results import Scope


class KeyItem(Struct, frozen=True, rename="camel", kw_only=True):
    key_id: str
    project: str
    scope: Scope
    label: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


class NewKeyData(KeyItem, frozen=True, rename="camel", kw_only=True):
    """A new key; ``key`` is shown this once."""

    key: str


class WhoAmI(Struct, frozen=True, rename="camel", kw_only=True):
    """Whose key this is, and what it may do."""

    project: str
    scope: Scope
