"""What a project decides for itself: how long its sessions are kept, when silence ends them, and what is redacted.

A member that is None was never set, or given back: the server's own setting counts in its place. Owns the shapes and
how a change is applied; knows neither the server's defaults nor how settings are kept.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Final

from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.structs import replace

from playhead.model.redaction import Redaction, RedactionPatch

RetentionDays = Annotated[int, Meta(ge=1, le=36_500)]
TimeoutSeconds = Annotated[int, Meta(ge=60, le=604_800)]


class Retention(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """How long sessions are kept: ``days`` (None: for good), and whether bookmarked ones are kept longer."""

    days: RetentionDays | None = None
    keep_bookmarked: bool = True


class ProjectSettings(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """What a project has set; None: the server's setting counts."""

    retention: Retention | None = None
    redaction: Redaction | None = None
    session_timeout_s: TimeoutSeconds | None = None


class SettingsInForce(Struct, frozen=True, kw_only=True):
    """What counts for a project: its own settings, and the server's where it has none."""

    retention: Retention
    redaction: Redaction
    session_timeout_s: int


class SettingsChange(Struct, frozen=True):
    """What a project had set before a change, and has set after it."""

    before: ProjectSettings
    after: ProjectSettings

    def differences(self) -> dict[str, Any]:
        """Return each member that was changed, by its name on the wire, as it was and is; null: never set.

        Of redaction's patterns the names alone, and how many texts are allowed: they may be somebody's.
        """
        return {
            name: {"before": tell(getattr(self.before, member)), "after": tell(getattr(self.after, member))}
            for name, member, tell in _TOLD
            if getattr(self.before, member) != getattr(self.after, member)
        }


def _retention_told(retention: Retention | None) -> Any:
    return retention and {"days": retention.days, "keepBookmarked": retention.keep_bookmarked}


def _redaction_told(redaction: Redaction | None) -> Any:
    return redaction and {
        "enabled": redaction.enabled,
        "kinds": redaction.kinds and list(redaction.kinds),
        "secretNames": len(redaction.secret_names),
        "patterns": [each.name for each in redaction.patterns],
        "allow": len(redaction.allow),
    }


_TOLD: Final[tuple[tuple[str, str, Callable[[Any], Any]], ...]] = (
    ("retention", "retention", _retention_told),
    ("redaction", "redaction", _redaction_told),
    ("sessionTimeoutSeconds", "session_timeout_s", lambda seconds: seconds),
)


class RetentionPatch(Struct, frozen=True, rename="camel", kw_only=True, forbid_unknown_fields=True):
    """A change of the retention: only what is named is changed. ``days`` of null keeps sessions for good."""

    days: RetentionDays | None | UnsetType = UNSET
    keep_bookmarked: bool | UnsetType = UNSET

    def applied(self, retention: Retention) -> Retention:
        """Return a retention with this change."""
        return Retention(
            days=retention.days if self.days is UNSET else self.days,
            keep_bookmarked=retention.keep_bookmarked if self.keep_bookmarked is UNSET else self.keep_bookmarked,
        )


class SettingsPatch(Struct, frozen=True, rename="camel", kw_only=True, forbid_unknown_fields=True):
    """``PATCH /settings``: only what is named is changed; a member of null goes back to the server's own setting."""

    retention: RetentionPatch | None | UnsetType = UNSET
    redaction: RedactionPatch | None | UnsetType = UNSET
    session_timeout_seconds: TimeoutSeconds | None | UnsetType = UNSET

    def applied(self, settings: ProjectSettings, in_force: SettingsInForce) -> ProjectSettings:
        """Return a project's settings with this change; what a member leaves unsaid stays as it was in force."""
        changed = settings
        if self.retention is not UNSET:
            retention = None if self.retention is None else self.retention.applied(in_force.retention)
            changed = replace(changed, retention=retention)
        if self.redaction is not UNSET:
            redaction = None if self.redaction is None else self.redaction.applied(in_force.redaction)
            changed = replace(changed, redaction=redaction)
        if self.session_timeout_seconds is not UNSET:
            changed = replace(changed, session_timeout_s=self.session_timeout_seconds)
        return changed
