"""Projects' settings in SQLite: the table ``project_settings``, one row a project that has set anything."""

from __future__ import annotations

import apsw

from playhead.model.project_settings import ProjectSettings, SettingsChange
from playhead.store.project_settings import Changing, Entering, SettingsCopy, settings_of, settings_text
from playhead.store.sqlite.audit import enter
from playhead.store.sqlite.connection import ReaderPool
from playhead.store.sqlite.writer import Writer

_FIND = "SELECT settings, changed_us FROM project_settings WHERE project_no = ?"
_KEEP = "INSERT OR REPLACE INTO project_settings (project_no, settings, changed_us) VALUES (?, ?, ?)"


class SqliteSettings:
    """Implements ``SettingsShelf`` over a writer and a pool of readers."""

    _writer: Writer
    _readers: ReaderPool

    def project_settings(self, project: int) -> ProjectSettings:
        """Return what a project has set."""
        return self.copy_settings(project).settings

    def set_project_settings(
        self, project: int, change: Changing, now_us: int, entry: Entering | None = None
    ) -> SettingsChange:
        """Change what a project has set, whole or not at all."""
        return self._writer.submit(lambda scope: _change(scope.db, project, change, now_us, entry)).result()

    def copy_settings(self, project: int) -> SettingsCopy:
        """Return what a project has set, and since when."""
        with self._readers.read() as db:
            return _find(db, project)

    def keep_settings(self, project: int, copy: SettingsCopy) -> None:
        """Make a project's settings what a copy says."""
        self._writer.submit(lambda scope: _keep(scope.db, project, copy)).result()


def _find(db: apsw.Connection, project: int) -> SettingsCopy:
    row = db.execute(_FIND, (project,)).fetchone()
    return SettingsCopy() if row is None else SettingsCopy(settings_of(str(row[0])), int(str(row[1])))


def _keep(db: apsw.Connection, project: int, copy: SettingsCopy) -> None:
    db.execute(_KEEP, (project, settings_text(copy.settings), copy.changed_us))


def _change(db: apsw.Connection, project: int, change: Changing, now_us: int, entry: Entering | None) -> SettingsChange:
    before = _find(db, project).settings
    changed = SettingsChange(before, change(before))
    if changed.after != before:
        _keep(db, project, SettingsCopy(changed.after, now_us))
        enter(db, [entry and entry(changed)])
    return changed
