"""Keys: how they are made, hashed and found, and what the first start makes. The key itself is never kept.

A key reads ``ph_<project>_<secret>`` with 160 random bits; only HMAC-SHA256 of it under the installation's secret is
stored, so a lookup by that hash compares nothing that an attacker could time.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable
from typing import Literal

from msgspec import Struct

from playhead.errors import BadSetting
from playhead.model.audit import THE_SERVER, Details, NewEntry, Origin, Target
from playhead.model.moment import format_us
from playhead.model.results import KeyRecord, Project, Scope
from playhead.server.settings import Settings
from playhead.store.base import Registry

DEFAULT_PROJECT = "default"
FROM_SETTING = "PLAYHEAD_ADMIN_KEY"
"""Label of the key that the setting makes: another value of the setting replaces it."""


class Bootstrap(Struct, frozen=True):
    """What a start found or made: the key to sign in as (None when every admin key is gone), and a new key's text."""

    admin: KeyRecord | None
    new_key: str | None = None


def keyed_hash(secret: bytes, purpose: str, text: str) -> bytes:
    """Return HMAC-SHA256 of a text for one purpose: hashes of one purpose say nothing to another."""
    return hmac.digest(secret, f"{purpose}\x00{text}".encode("utf-8", "surrogatepass"), hashlib.sha256)


def hash_key(secret: bytes, key: str) -> bytes:
    """Return the hash that a key is stored and found by."""
    return keyed_hash(secret, "key", key)


def random_text(random_bytes: Callable[[int], bytes], size: int = 20) -> str:
    """Return ``size`` random bytes as lower-case base32 without padding."""
    return base64.b32encode(random_bytes(size)).decode().rstrip("=").lower()


def make_key(
    registry: Registry,
    project: Project,
    *,
    scope: Scope,
    now_us: int,
    random_bytes: Callable[[int], bytes],
    label: str = "",
    expires_us: int | None = None,
    origin: Origin = THE_SERVER,
) -> tuple[KeyRecord, str]:
    """Make and keep a key, and enter that; returns its record and its text, which is shown this once."""
    key = f"ph_{project.name}_{random_text(random_bytes)}"
    record = KeyRecord(
        id=f"key_{random_text(random_bytes, 10)}",
        project=project,
        scope=scope,
        label=label,
        created_us=now_us,
        expires_us=expires_us,
    )
    registry.add_key(
        record, hash_key(registry.server_secret(), key), entry_of_key("key.create", record, origin, now_us)
    )
    return record, key


def entry_of_key(
    action: Literal["key.create", "key.revoke"], record: KeyRecord, origin: Origin, now_us: int
) -> NewEntry:
    """Return the audit log's entry of making or revoking a key."""
    details: Details = {"scope": record.scope, "label": record.label}
    if record.expires_us is not None:
        details["expiresAt"] = format_us(record.expires_us)
    return origin.entry(record.project.no, now_us, action, Target("key", record.id), details=details)


def is_active(key: KeyRecord, now_us: int) -> bool:
    """Say whether a key is neither revoked nor expired."""
    return key.revoked_us is None and (key.expires_us is None or now_us < key.expires_us)


def bootstrap(registry: Registry, settings: Settings, now_us: int, random_bytes: Callable[[int], bytes]) -> Bootstrap:
    """Make the first project and an admin key when there is no key yet, or take the key from the setting.

    Raises BadSetting when that would open a server to the network that nobody has a key for.
    """
    project = registry.ensure_project(DEFAULT_PROJECT, now_us)
    if settings.admin_key is not None:
        return Bootstrap(_key_of_setting(registry, project, settings.admin_key, now_us, random_bytes))
    keys = [key for key in registry.list_keys() if is_active(key, now_us)]
    if keys:
        return Bootstrap(next((key for key in keys if key.scope == "admin"), None))
    if not settings.loopback:
        raise BadSetting(
            f"PLAYHEAD_HOST: listening on {settings.host} needs a key first; set PLAYHEAD_ADMIN_KEY or create one"
        )
    record, key = make_key(
        registry, project, scope="admin", now_us=now_us, random_bytes=random_bytes, label="first admin"
    )
    return Bootstrap(record, key)


def _key_of_setting(
    registry: Registry, project: Project, key: str, now_us: int, random_bytes: Callable[[int], bytes]
) -> KeyRecord:
    hashed = hash_key(registry.server_secret(), key)
    record = registry.find_key(hashed)
    if record is None:
        record = KeyRecord(
            id=f"key_{random_text(random_bytes, 10)}",
            project=project,
            scope="admin",
            label=FROM_SETTING,
            created_us=now_us,
        )
        registry.add_key(record, hashed, entry_of_key("key.create", record, THE_SERVER, now_us))
    if not is_active(record, now_us):
        raise BadSetting("PLAYHEAD_ADMIN_KEY: this key was revoked or has expired; set another one")
    for other in registry.list_keys():
        if other.label == FROM_SETTING and other.id != record.id and other.revoked_us is None:
            registry.revoke_key(other.id, now_us, entry=entry_of_key("key.revoke", other, THE_SERVER, now_us))
    return record
