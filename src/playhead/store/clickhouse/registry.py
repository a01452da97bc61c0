"""The registry beside ClickHouse: keys, shares and notes in an engine that has transactions.

Owns one thing: shares and notes belong to a session, which the engine beside does not have. It gets a row for each
session that has any, without events, so that its own rules for them hold; what is said of the session is said by
ClickHouse.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Protocol

from playhead.errors import NoteNotFound, SessionErased, SessionNotFound, ShareNotFound
from playhead.model.audit import AuditEntry, EntryFilter, EntryPage, NewEntry
from playhead.model.note import NoteEdit, NoteRecord
from playhead.model.project_settings import ProjectSettings, SettingsChange
from playhead.model.results import KeyRecord, Project, ShareRecord
from playhead.model.session import NewSession, Session
from playhead.store.base import Registry, Store
from playhead.store.copies import KeyCopy, ShareCopy
from playhead.store.project_settings import Changing, Entering, SettingsCopy


class Beside(Store, Registry, Protocol):
    """An engine that keeps keys, shares and notes for another."""


class BesideRegistry:
    """Implements ``Registry`` by an engine beside this one."""

    is_remote = True
    _beside: Beside

    def get_session(self, project: int, session_id: str) -> Session:
        """Return one session; the store that inherits this has them."""
        raise NotImplementedError

    def server_secret(self) -> bytes:
        """Return the installation's 32 random bytes."""
        return self._beside.server_secret()

    def ensure_project(self, name: str, now_us: int) -> Project:
        """Return the project of a name, made if there is none."""
        return self._beside.ensure_project(name, now_us)

    def list_projects(self) -> list[Project]:
        """Return all projects by number."""
        return self._beside.list_projects()

    def set_timeout(self, project: int, timeout_s: int) -> None:
        """Set how many seconds a project's sessions may be silent before they end themselves."""
        self._beside.set_timeout(project, timeout_s)

    def project_settings(self, project: int) -> ProjectSettings:
        """Return what a project has set."""
        return self._beside.project_settings(project)

    def set_project_settings(
        self, project: int, change: Changing, now_us: int, entry: Entering | None = None
    ) -> SettingsChange:
        """Change what a project has set, whole or not at all."""
        return self._beside.set_project_settings(project, change, now_us, entry)

    def copy_settings(self, project: int) -> SettingsCopy:
        """Return what a project has set, and since when."""
        return self._beside.copy_settings(project)

    def keep_settings(self, project: int, copy: SettingsCopy) -> None:
        """Make a project's settings what a copy says."""
        self._beside.keep_settings(project, copy)

    def add_key(self, record: KeyRecord, key_hash: bytes, entry: NewEntry | None = None) -> None:
        """Keep a key by its keyed hash."""
        self._beside.add_key(record, key_hash, entry)

    def find_key(self, key_hash: bytes) -> KeyRecord | None:
        """Return the key of a hash, also an expired or revoked one, or None."""
        return self._beside.find_key(key_hash)

    def get_key(self, key_id: str) -> KeyRecord | None:
        """Return the key of an id, also an expired or revoked one, or None."""
        return self._beside.get_key(key_id)

    def list_keys(self, project: int | None = None) -> list[KeyRecord]:
        """Return keys in order of creation, of one project or of all."""
        return self._beside.list_keys(project)

    def revoke_key(
        self, key_id: str, now_us: int, project: int | None = None, entry: NewEntry | None = None
    ) -> KeyRecord:
        """Revoke a key. Raises KeyNotFound."""
        return self._beside.revoke_key(key_id, now_us, project, entry)

    def add_share(self, share: ShareRecord, token_hash: bytes, entry: NewEntry | None = None) -> None:
        """Keep a share by the hash of its token. Raises SessionNotFound."""
        self._enter(share.project_no, share.session_id)
        self._beside.add_share(share, token_hash, entry)

    def find_share(self, token_hash: bytes) -> ShareRecord | None:
        """Return the share of a token's hash, also one that no longer opens anything, or None."""
        return self._beside.find_share(token_hash)

    def count_view(self, share_id: str, now_us: int, entry: NewEntry | None = None) -> bool:
        """Count one view of a share; False, and nothing counted, when it is expired, revoked or used up."""
        return self._beside.count_view(share_id, now_us, entry)

    def list_shares(self, project: int, session_id: str) -> list[ShareRecord]:
        """Return a session's shares in order of creation. Raises SessionNotFound."""
        self.get_session(project, session_id)
        with suppress(SessionNotFound):
            return self._beside.list_shares(project, session_id)
        return []

    def revoke_share(
        self, project: int, session_id: str, share_id: str, now_us: int, entry: NewEntry | None = None
    ) -> ShareRecord:
        """Revoke a share. Raises SessionNotFound, ShareNotFound."""
        if not self.list_shares(project, session_id):
            raise ShareNotFound
        return self._beside.revoke_share(project, session_id, share_id, now_us, entry)

    # --- notes ---------------------------------------------------------------------------------------------------

    def add_note(self, note: NoteRecord, entry: NewEntry | None = None) -> None:
        """Keep a note, in the place of one with its id. Raises SessionNotFound, TooLarge."""
        self._enter(note.project_no, note.session_id)
        self._beside.add_note(note, entry)

    def list_notes(self, project: int, session_id: str) -> list[NoteRecord]:
        """Return a session's notes by their moment, equal ones by age. Raises SessionNotFound."""
        self.get_session(project, session_id)
        with suppress(SessionNotFound):
            return self._beside.list_notes(project, session_id)
        return []

    def edit_note(
        self, project: int, session_id: str, note_id: str, edit: NoteEdit, entry: NewEntry | None = None
    ) -> NoteRecord:
        """Change a note and return it. Raises SessionNotFound, NoteNotFound."""
        self.get_session(project, session_id)
        try:
            return self._beside.edit_note(project, session_id, note_id, edit, entry)
        except SessionNotFound:
            raise NoteNotFound from None

    def delete_note(self, project: int, session_id: str, note_id: str, entry: NewEntry | None = None) -> None:
        """Remove a note. Raises SessionNotFound, NoteNotFound."""
        self.get_session(project, session_id)
        try:
            self._beside.delete_note(project, session_id, note_id, entry)
        except SessionNotFound:
            raise NoteNotFound from None

    # --- the audit log -------------------------------------------------------------------------------------------

    def add_entries(self, entries: Sequence[NewEntry]) -> None:
        """Append entries, each with the next number of its project."""
        self._beside.add_entries(entries)

    def list_entries(
        self, project: int, where: EntryFilter, *, before: int | None = None, limit: int = 100
    ) -> EntryPage:
        """Return a page of a project's entries, newest first."""
        return self._beside.list_entries(project, where, before=before, limit=limit)

    def copy_entries(self, project: int, after: int = 0, limit: int = 1000) -> list[AuditEntry]:
        """Return entries in order of their numbers, from behind one."""
        return self._beside.copy_entries(project, after, limit)

    def keep_entries(self, project: int, entries: Sequence[AuditEntry]) -> None:
        """Append entries with the numbers that they have. Raises Conflict."""
        self._beside.keep_entries(project, entries)

    # --- copying -------------------------------------------------------------------------------------------------

    def keep_secret(self, secret: bytes) -> None:
        """Make this the installation's secret. Raises Conflict."""
        self._beside.keep_secret(secret)

    def copy_keys(self, project: int) -> list[KeyCopy]:
        """Return a project's keys with their hashes, in order of creation."""
        return self._beside.copy_keys(project)

    def keep_key(self, copy: KeyCopy) -> None:
        """Keep a key as it is in a copy. Raises Conflict."""
        self._beside.keep_key(copy)

    def copy_shares(self, project: int) -> list[ShareCopy]:
        """Return a project's shares with their tokens' hashes, in order of creation."""
        return self._beside.copy_shares(project)

    def keep_share(self, copy: ShareCopy) -> None:
        """Keep a share as it is in a copy. Raises SessionNotFound, Conflict."""
        self._enter(copy.record.project_no, copy.record.session_id)
        self._beside.keep_share(copy)

    # -------------------------------------------------------------------------------------------------------------

    def _enter(self, project: int, session_id: str) -> None:
        """Give the engine beside a row for a session, if it has none. Raises SessionNotFound."""
        session = self.get_session(project, session_id)
        named = NewSession(session.id, session.feature, session.started_us)
        try:
            self._beside.start_session(project, named, session.created_us).result()
        except SessionErased:
            raise SessionNotFound from None

    def _forget_beside(self, project: int, session_id: str, now_us: int) -> int:
        """Remove the shares and notes of a session that is erased, and return how many shares those were."""
        with suppress(SessionNotFound):
            return self._beside.erase_session(project, session_id, now_us).result().shares
        return 0
