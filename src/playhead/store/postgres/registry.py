"""The registry: projects, keys, shares, notes and the installation's secret.

Usable without sessions beside it: ``PostgresRegistry`` knows of them what it is told by ``has_session``, so that
another engine may keep them. Every question is asked of the database, so that what any server revoked is revoked for
all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias, TypeVar

from playhead.errors import SessionNotFound
from playhead.model.audit import AuditEntry, EntryFilter, EntryPage, NewEntry
from playhead.model.note import NoteEdit, NoteRecord
from playhead.model.project_settings import ProjectSettings, SettingsChange
from playhead.model.results import KeyRecord, Project, ShareRecord
from playhead.store.base import Registry
from playhead.store.copies import KeyCopy, ShareCopy
from playhead.store.postgres import audit, keys, notes, project_settings, shares
from playhead.store.postgres.audit import entered
from playhead.store.postgres.connection import Db, Pool, connected
from playhead.store.postgres.migrations import REGISTRY_MIGRATIONS, migrate
from playhead.store.project_settings import Changing, Entering, SettingsCopy

T = TypeVar("T")
HasSession: TypeAlias = Callable[[Db, int, str], bool]
"""Says whether a project has a session, inside the registry's own transaction; a lock that it takes there is kept."""


class PostgresRegistry(Registry):
    """Implements ``Registry`` over a pool of connections."""

    is_remote = True

    def __init__(self, pool: Pool, has_session: HasSession) -> None:
        self._pool = pool
        self._has_session = has_session

    def server_secret(self) -> bytes:
        """Return the installation's 32 random bytes, made once."""
        return self._pool.write(keys.server_secret)

    def keep_secret(self, secret: bytes) -> None:
        """Make this the installation's secret. Raises Conflict when keys or shares depend on another one."""
        self._pool.write(lambda db: keys.keep_secret(db, secret))

    def ensure_project(self, name: str, now_us: int) -> Project:
        """Return the project of a name, made if there is none."""
        found = self._pool.read(lambda db: keys.find_project(db, name))
        return found or self._pool.write(lambda db: keys.make_project(db, name, now_us))

    def list_projects(self) -> list[Project]:
        """Return all projects by number."""
        return self._pool.read(keys.list_projects)

    def set_timeout(self, project: int, timeout_s: int) -> None:
        """Set how many seconds a project's sessions may be silent before they end themselves."""
        self._pool.write(lambda db: keys.set_timeout(db, project, timeout_s))

    def project_settings(self, project: int) -> ProjectSettings:
        """Return what a project has set."""
        return self.copy_settings(project).settings

    def set_project_settings(
        self, project: int, change: Changing, now_us: int, entry: Entering | None = None
    ) -> SettingsChange:
        """Change what a project has set, whole or not at all."""
        return self._pool.write(lambda db: project_settings.change_settings(db, project, change, now_us, entry))

    def copy_settings(self, project: int) -> SettingsCopy:
        """Return what a project has set, and since when."""
        return self._pool.read(lambda db: project_settings.find_settings(db, project))

    def keep_settings(self, project: int, copy: SettingsCopy) -> None:
        """Make a project's settings what a copy says."""
        self._pool.write(lambda db: project_settings.keep_settings(db, project, copy))

    # --- keys ----------------------------------------------------------------------------------------------------

    def add_key(self, record: KeyRecord, key_hash: bytes, entry: NewEntry | None = None) -> None:
        """Keep a key by its keyed hash."""
        self._pool.write(entered(lambda db: keys.add_key(db, record, key_hash), entry))

    def find_key(self, key_hash: bytes) -> KeyRecord | None:
        """Return the key of a hash, also an expired or revoked one, or None."""
        return self._pool.read(lambda db: keys.find_key(db, key_hash))

    def get_key(self, key_id: str) -> KeyRecord | None:
        """Return the key of an id, also an expired or revoked one, or None."""
        return self._pool.read(lambda db: keys.get_key(db, key_id))

    def list_keys(self, project: int | None = None) -> list[KeyRecord]:
        """Return keys in order of creation, of one project or of all."""
        return [copy.record for copy in self._pool.read(lambda db: keys.copy_keys(db, project))]

    def revoke_key(
        self, key_id: str, now_us: int, project: int | None = None, entry: NewEntry | None = None
    ) -> KeyRecord:
        """Revoke a key (of that project only, when given); the first revocation's time stays. Raises KeyNotFound."""
        return self._pool.write(entered(lambda db: keys.revoke_key(db, key_id, now_us, project), entry))

    def copy_keys(self, project: int) -> list[KeyCopy]:
        """Return a project's keys with their hashes, in order of creation."""
        return self._pool.read(lambda db: keys.copy_keys(db, project))

    def keep_key(self, copy: KeyCopy) -> None:
        """Keep a key as it is in a copy. Raises Conflict."""
        self._pool.write(lambda db: keys.keep_key(db, copy))

    # --- shares --------------------------------------------------------------------------------------------------

    def add_share(self, share: ShareRecord, token_hash: bytes, entry: NewEntry | None = None) -> None:
        """Keep a share by the hash of its token. Raises SessionNotFound."""
        place = share.project_no, share.session_id
        self._pool.write(self._beside(*place, entered(lambda db: shares.add_share(db, share, token_hash), entry)))

    def find_share(self, token_hash: bytes) -> ShareRecord | None:
        """Return the share of a token's hash, also an expired, revoked or used-up one, or None."""
        return self._pool.read(lambda db: shares.find_share(db, token_hash))

    def count_view(self, share_id: str, now_us: int, entry: NewEntry | None = None) -> bool:
        """Count one view of a share, unless it is expired, revoked or used up: then False and nothing is counted."""
        return self._pool.write(lambda db: shares.count_view(db, share_id, now_us, entry))

    def list_shares(self, project: int, session_id: str) -> list[ShareRecord]:
        """Return a session's shares in order of creation. Raises SessionNotFound."""
        ask = self._beside(project, session_id, lambda db: shares.list_shares(db, project, session_id))
        return self._pool.write(ask)

    def revoke_share(
        self, project: int, session_id: str, share_id: str, now_us: int, entry: NewEntry | None = None
    ) -> ShareRecord:
        """Revoke a share. Revoking twice is harmless. Raises SessionNotFound, ShareNotFound."""
        share = project, session_id, share_id
        revoke = entered(lambda db: shares.revoke_share(db, share, now_us), entry)
        return self._pool.write(self._beside(project, session_id, revoke))

    def delete_shares(self, project: int, session_id: str) -> int:
        """Delete a session's shares, for whoever erases it; return how many."""
        return self._pool.write(lambda db: shares.delete_shares(db, project, session_id))

    def copy_shares(self, project: int) -> list[ShareCopy]:
        """Return a project's shares with their tokens' hashes, in order of creation."""
        return self._pool.read(lambda db: shares.copy_shares(db, project))

    def keep_share(self, copy: ShareCopy) -> None:
        """Keep a share as it is in a copy. Raises SessionNotFound, Conflict."""
        place = copy.record.project_no, copy.record.session_id
        self._pool.write(self._beside(*place, lambda db: shares.keep_share(db, copy)))

    # --- notes ---------------------------------------------------------------------------------------------------

    def add_note(self, note: NoteRecord, entry: NewEntry | None = None) -> None:
        """Keep a note, in the place of one with its id. Raises SessionNotFound, TooLarge."""
        add = entered(lambda db: notes.add_note(db, note), entry)
        self._pool.write(self._beside(note.project_no, note.session_id, add))

    def list_notes(self, project: int, session_id: str) -> list[NoteRecord]:
        """Return a session's notes by their moment, equal ones by age. Raises SessionNotFound."""
        ask = self._beside(project, session_id, lambda db: notes.list_notes(db, project, session_id))
        return self._pool.write(ask)

    def edit_note(
        self, project: int, session_id: str, note_id: str, edit: NoteEdit, entry: NewEntry | None = None
    ) -> NoteRecord:
        """Change a note and return it. Raises SessionNotFound, NoteNotFound."""
        note = project, session_id, note_id
        do = entered(lambda db: notes.edit_note(db, note, edit), entry)
        return self._pool.write(self._beside(project, session_id, do))

    def delete_note(self, project: int, session_id: str, note_id: str, entry: NewEntry | None = None) -> None:
        """Remove a note. Raises SessionNotFound, NoteNotFound."""
        note = project, session_id, note_id
        delete = entered(lambda db: notes.delete_note(db, note), entry)
        self._pool.write(self._beside(project, session_id, delete))

    def delete_notes(self, project: int, session_id: str) -> None:
        """Delete a session's notes, for whoever erases it."""
        self._pool.write(lambda db: notes.delete_notes(db, project, session_id))

    # --- the audit log -------------------------------------------------------------------------------------------

    def add_entries(self, entries: Sequence[NewEntry]) -> None:
        """Append entries, each with the next number of its project."""
        self._pool.write(lambda db: audit.enter(db, entries))

    def list_entries(
        self, project: int, where: EntryFilter, *, before: int | None = None, limit: int = 100
    ) -> EntryPage:
        """Return a page of a project's entries, newest first."""
        return self._pool.read(lambda db: audit.list_entries(db, project, where, before, limit))

    def copy_entries(self, project: int, after: int = 0, limit: int = 1000) -> list[AuditEntry]:
        """Return entries in order of their numbers, from behind one."""
        return self._pool.read(lambda db: audit.copy_entries(db, project, after, limit))

    def keep_entries(self, project: int, entries: Sequence[AuditEntry]) -> None:
        """Append entries with the numbers that they have. Raises Conflict."""
        self._pool.write(lambda db: audit.keep_entries(db, project, entries))

    def close(self) -> None:
        """Close the connections. Later calls raise Unavailable."""
        self._pool.close()

    def _beside(self, project: int, session_id: str, do: Callable[[Db], T]) -> Callable[[Db], T]:
        """Return what does something with a session's shares once the session is found to be there."""

        def checked(db: Db) -> T:
            if "\x00" in session_id or not self._has_session(db, project, session_id):
                raise SessionNotFound
            return do(db)

        return checked


def open_registry(url: str, has_session: HasSession) -> PostgresRegistry:
    """Open a registry alone in a database, made and brought up to date.

    Raises BadSetting, NewerDatabase, Unavailable.
    """
    with connected(url) as db:
        migrate(db, "registry", REGISTRY_MIGRATIONS)
    return PostgresRegistry(Pool(url), has_session)
