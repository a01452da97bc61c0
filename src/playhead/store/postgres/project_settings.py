"""Projects' settings: the statements behind them, each inside a transaction. One row a project that has set anything.

Whoever changes them locks the project's row, so that changes through several servers follow each other.
"""

from __future__ import annotations

from typing import Final

from playhead.model.project_settings import SettingsChange
from playhead.store.postgres.audit import enter
from playhead.store.postgres.connection import Db
from playhead.store.project_settings import Changing, Entering, SettingsCopy, settings_of, settings_text

_FIND: Final = "SELECT settings, changed_us FROM project_settings WHERE project_no = %s"
_LOCK: Final = "SELECT FROM projects WHERE no = %s FOR NO KEY UPDATE"
_KEEP: Final = (
    "INSERT INTO project_settings (project_no, settings, changed_us) VALUES (%s, %s, %s) ON CONFLICT (project_no)"
    " DO UPDATE SET settings = excluded.settings, changed_us = excluded.changed_us"
)


def find_settings(db: Db, project: int) -> SettingsCopy:
    """Return what a project has set, and since when."""
    row = db.execute(_FIND, (project,)).fetchone()
    return SettingsCopy() if row is None else SettingsCopy(settings_of(row[0]), row[1])


def keep_settings(db: Db, project: int, copy: SettingsCopy) -> None:
    """Make a project's settings what a copy says."""
    db.execute(_KEEP, (project, settings_text(copy.settings), copy.changed_us))


def change_settings(db: Db, project: int, change: Changing, now_us: int, entry: Entering | None) -> SettingsChange:
    """Change what a project has set, once nobody else does; return it as it was and is."""
    db.execute(_LOCK, (project,))
    before = find_settings(db, project).settings
    changed = SettingsChange(before, change(before))
    if changed.after != before:
        keep_settings(db, project, SettingsCopy(changed.after, now_us))
        enter(db, [entry and entry(changed)])
    return changed
