"""Projects, keys and shares of the memory store."""

from __future__ import annotations

import secrets
from typing import TypeVar

from msgspec.structs import replace

from playhead.errors import Conflict, KeyNotFound, ShareNotFound
from playhead.model.audit import NewEntry
from playhead.model.results import KeyRecord, Project, ShareRecord
from playhead.store.copies import KeyCopy, ShareCopy
from playhead.store.memory_notes import MemoryNotes
from playhead.store.memory_settings import MemorySettings

Kept = TypeVar("Kept", KeyRecord, ShareRecord)


class MemoryRegistry(MemorySettings, MemoryNotes):
    """Keeps projects, keys and shares in dictionaries, in order of creation."""

    def __init__(self) -> None:
        super().__init__()
        self._secret = secrets.token_bytes(32)
        self._projects: dict[str, Project] = {}
        self._keys: dict[bytes, KeyRecord] = {}
        self._shares: dict[bytes, ShareRecord] = {}

    def server_secret(self) -> bytes:
        """Return 32 random bytes, the same at every call."""
        return self._secret

    def ensure_project(self, name: str, now_us: int) -> Project:
        """Return the project of a name, made if there is none."""
        return self._projects.setdefault(name, Project(len(self._projects) + 1, name, now_us))

    def list_projects(self) -> list[Project]:
        """Return all projects by number."""
        return list(self._projects.values())

    def set_timeout(self, project: int, timeout_s: int) -> None:
        """Set how long a project's sessions may be silent."""
        for name, each in self._projects.items():
            if each.no == project:
                self._projects[name] = changed = replace(each, timeout_s=timeout_s)
                self._keys = {
                    key_hash: replace(key, project=changed) if key.project.no == project else key
                    for key_hash, key in self._keys.items()
                }

    def add_key(self, record: KeyRecord, key_hash: bytes, entry: NewEntry | None = None) -> None:
        """Keep a key by its hash."""
        self._keys[key_hash] = record
        self._enter(entry)

    def find_key(self, key_hash: bytes) -> KeyRecord | None:
        """Return the key of a hash, or None."""
        return self._keys.get(key_hash)

    def get_key(self, key_id: str) -> KeyRecord | None:
        """Return the key of an id, or None."""
        return next((key for key in self._keys.values() if key.id == key_id), None)

    def list_keys(self, project: int | None = None) -> list[KeyRecord]:
        """Return keys in order of creation."""
        return [key for key in self._keys.values() if project is None or key.project.no == project]

    def revoke_key(
        self, key_id: str, now_us: int, project: int | None = None, entry: NewEntry | None = None
    ) -> KeyRecord:
        """Revoke a key; the first time stays."""
        for key_hash, key in self._keys.items():
            if key.id == key_id and (project is None or key.project.no == project):
                self._keys[key_hash] = revoked = key if key.revoked_us is not None else replace(key, revoked_us=now_us)
                self._enter(entry)
                return revoked
        raise KeyNotFound

    def add_share(self, share: ShareRecord, token_hash: bytes, entry: NewEntry | None = None) -> None:
        """Keep a share by the hash of its token."""
        self.get_session(share.project_no, share.session_id)
        self._shares[token_hash] = share
        self._enter(entry)

    def find_share(self, token_hash: bytes) -> ShareRecord | None:
        """Return the share of a token's hash, or None."""
        return self._shares.get(token_hash)

    def count_view(self, share_id: str, now_us: int, entry: NewEntry | None = None) -> bool:
        """Count one view, unless the share has expired, was revoked or is used up."""
        for token_hash, share in self._shares.items():
            if share.id == share_id and _is_open(share, now_us):
                self._shares[token_hash] = replace(share, views=share.views + 1)
                self._enter(entry)
                return True
        return False

    def list_shares(self, project: int, session_id: str) -> list[ShareRecord]:
        """Return a session's shares in order of creation."""
        self.get_session(project, session_id)
        return [
            share for share in self._shares.values() if (share.project_no, share.session_id) == (project, session_id)
        ]

    def revoke_share(
        self, project: int, session_id: str, share_id: str, now_us: int, entry: NewEntry | None = None
    ) -> ShareRecord:
        """Revoke a share; the first time stays."""
        if share_id not in [share.id for share in self.list_shares(project, session_id)]:
            raise ShareNotFound
        token_hash, share = next(item for item in self._shares.items() if item[1].id == share_id)
        self._shares[token_hash] = revoked = (
            share if share.revoked_us is not None else replace(share, revoked_us=now_us)
        )
        self._enter(entry)
        return revoked

    def keep_secret(self, secret: bytes) -> None:
        """Make this the secret."""
        if secret != self._secret and (self._keys or self._shares):
            raise Conflict
        self._secret = secret

    def copy_keys(self, project: int) -> list[KeyCopy]:
        """Return a project's keys with their hashes."""
        return [KeyCopy(key, key_hash) for key_hash, key in self._keys.items() if key.project.no == project]

    def keep_key(self, copy: KeyCopy) -> None:
        """Keep a key as it is in a copy."""
        there = self._keys.get(copy.key_hash)
        if there is not None and there.id != copy.record.id:
            raise Conflict
        _put(self._keys, copy.key_hash, copy.record)

    def copy_shares(self, project: int) -> list[ShareCopy]:
        """Return a project's shares with their tokens' hashes."""
        shares = self._shares.items()
        return [ShareCopy(share, token_hash) for token_hash, share in shares if share.project_no == project]

    def keep_share(self, copy: ShareCopy) -> None:
        """Keep a share as it is in a copy."""
        self.get_session(copy.record.project_no, copy.record.session_id)
        there = self._shares.get(copy.token_hash)
        if there is not None and there.id != copy.record.id:
            raise Conflict
        _put(self._shares, copy.token_hash, copy.record)

    def _drop_shares(self, project: int, session_id: str) -> int:
        gone = [
            token_hash
            for token_hash, share in self._shares.items()
            if (share.project_no, share.session_id) == (project, session_id)
        ]
        for token_hash in gone:
            del self._shares[token_hash]
        return len(gone)


def _put(kept: dict[bytes, Kept], hash_: bytes, record: Kept) -> None:
    """Set a record, in the place of the one with its id if there is one."""
    items = [(hash_, record) if each.id == record.id else (at, each) for at, each in kept.items()]
    kept.clear()
    kept.update(items)
    kept[hash_] = record


def _is_open(share: ShareRecord, now_us: int) -> bool:
    used_up = share.max_views is not None and share.views >= share.max_views
    return share.revoked_us is None and now_us < share.expires_us and not used_up
