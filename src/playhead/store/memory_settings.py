"""Projects' settings of the memory store."""

from __future__ import annotations

import threading

from playhead.model.project_settings import ProjectSettings, SettingsChange
from playhead.store.memory_audit import MemoryAudit
from playhead.store.project_settings import Changing, Entering, SettingsCopy


class MemorySettings(MemoryAudit):
    """Keeps settings in a dictionary."""

    def __init__(self) -> None:
        super().__init__()
        self._settings: dict[int, SettingsCopy] = {}
        self._changing = threading.Lock()

    def project_settings(self, project: int) -> ProjectSettings:
        """Return what a project has set."""
        return self.copy_settings(project).settings

    def set_project_settings(
        self, project: int, change: Changing, now_us: int, entry: Entering | None = None
    ) -> SettingsChange:
        """Change what a project has set."""
        with self._changing:
            before = self.project_settings(project)
            changed = SettingsChange(before, change(before))
            if changed.after != before:
                self._settings[project] = SettingsCopy(changed.after, now_us)
                self._enter(entry and entry(changed))
            return changed

    def copy_settings(self, project: int) -> SettingsCopy:
        """Return what a project has set, and since when."""
        return self._settings.get(project, SettingsCopy())

    def keep_settings(self, project: int, copy: SettingsCopy) -> None:
        """Make a project's settings what a copy says."""
        self._settings[project] = copy
