"""Projects' settings: what an engine promises of them, and the text that they are kept as. Decides about none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol, TypeAlias

import msgspec
from msgspec import Struct

from playhead.model.audit import NewEntry
from playhead.model.project_settings import ProjectSettings, SettingsChange

Changing: TypeAlias = Callable[[ProjectSettings], ProjectSettings]
"""Makes a project's settings of what they were. Pure: an engine may call it again when a transaction is repeated."""

Entering: TypeAlias = Callable[[SettingsChange], NewEntry]
"""Makes the audit log's entry of a change."""

_DECODER: Final = msgspec.json.Decoder(ProjectSettings)


class SettingsCopy(Struct, frozen=True):
    """A project's settings, and when they were changed last (0: never)."""

    settings: ProjectSettings = ProjectSettings()
    changed_us: int = 0


class SettingsShelf(Protocol):
    """Keeps one set of settings a project. Writes block until they are on stable storage."""

    def project_settings(self, project: int) -> ProjectSettings:
        """Return what a project has set."""
        ...

    def set_project_settings(
        self, project: int, change: Changing, now_us: int, entry: Entering | None = None
    ) -> SettingsChange:
        """Change what a project has set and return it as it was and is. Atomic: of two changes at once the second sees
        what the first has made; where ``change`` raises, or changes nothing, nothing is written. What ``entry`` makes
        of the change is appended to the audit log with it."""
        ...

    def copy_settings(self, project: int) -> SettingsCopy:
        """Return what a project has set, and since when."""
        ...

    def keep_settings(self, project: int, copy: SettingsCopy) -> None:
        """Make a project's settings what a copy says. Atomic; harmless when repeated."""
        ...


def settings_text(settings: ProjectSettings) -> str:
    """Return settings as the JSON text that engines keep; members that were never set are not in it."""
    return msgspec.json.encode(settings).decode()


def settings_of(text: str | None) -> ProjectSettings:
    """Return the settings of a text (None: nothing was ever set). Raises msgspec.ValidationError for one that a newer
    program wrote with members that this one does not know."""
    return ProjectSettings() if text is None else _DECODER.decode(text)
