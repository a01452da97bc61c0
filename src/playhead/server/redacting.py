"""Redaction before anything is stored: from a project's rules to what a request may bring into the store.

What holds a recording together stays: ids of sessions and events, kinds, statuses, times, numbers. Owns no rule, reads
no store, and keeps nothing of what it replaced.
"""

from __future__ import annotations

from functools import lru_cache

import msgspec
from msgspec.structs import replace

from playhead.errors import Invalid, PlayheadError, Unavailable
from playhead.model.event import RawEvent
from playhead.model.redaction import REDACTION_KINDS, AllowedPattern, Redaction
from playhead.model.requests import PatchRequest, StartRequest
from playhead.replay.events import decode_data, take_id
from playhead.replay.redaction import Redactor
from playhead.replay.redaction_rules import Pattern
from playhead.server.project_settings import SettingsCache

LONG_BYTES = 16_384
"""Bodies larger than this are redacted on a thread."""


class Redactions:
    """The rules of projects, ready to be used."""

    def __init__(self, settings: SettingsCache) -> None:
        self._settings = settings

    async def of(self, project: int) -> Redactor | None:
        """Return what redacts a project's recordings, or None where nothing does. Raises Unavailable, also when the
        rules cannot be used: nothing is stored then."""
        rules = (await self._settings.of(project)).redaction
        if not rules.enabled:
            return None
        try:
            return redactor_of(rules)
        except Invalid as error:
            raise Unavailable(f"The project's rules of redaction cannot be used here: {error.message}") from None

    async def told(self, error: PlayheadError, project: int) -> PlayheadError:
        """Return a failure as a project may be told it: it quotes nothing that would be redacted."""
        redactor = await self.of(project)
        return error if redactor is None else redacted_error(error, redactor)


@lru_cache(maxsize=256)
def redactor_of(rules: Redaction) -> Redactor:
    """Return what these rules redact by, switched on or not. Raises Invalid naming the pattern that is none."""
    names = [each.name for each in rules.patterns]
    for at, name in enumerate(names):
        if name in names[:at]:
            raise Invalid.field(f"patterns[{at}].name", f"there is another pattern called {name}")
    patterns = {each.name: _compiled(f"patterns[{at}]", each.pattern) for at, each in enumerate(rules.patterns)}
    allow = [
        _compiled(f"allow[{at}]", each.pattern) if isinstance(each, AllowedPattern) else each
        for at, each in enumerate(rules.allow)
    ]
    kinds = REDACTION_KINDS if rules.kinds is None else rules.kinds
    return Redactor(kinds=kinds, patterns=patterns, keys=rules.secret_names, allow=allow)


def _compiled(place: str, pattern: str) -> Pattern:
    try:
        from playhead.server.patterns import linear_pattern  # noqa: PLC0415 - loads RE2, for projects with patterns alone

        return linear_pattern(pattern)
    except ImportError:
        raise Invalid.field(f"{place}.pattern", "needs google-re2, which is not installed on this server") from None
    except ValueError as error:
        raise Invalid.field(f"{place}.pattern", str(error)) from None


def check_rules(rules: Redaction, place: str) -> Redactor:
    """Return what these rules redact by. Raises Invalid naming what is wrong from ``place`` on."""
    try:
        return redactor_of(rules)
    except Invalid as error:
        raise Invalid.field(f"{place}.{error.details[0]['field']}", error.details[0]["message"]) from None


def redacted_event(event: RawEvent, redactor: Redactor) -> RawEvent:
    """Return an event with its data redacted, encoded anew. Raises Invalid, InvalidJson."""
    data, _ = decode_data(event.data)
    own_id = take_id(data) if event.id is None else event.id
    kept = redactor.event(data, event.type)
    return RawEvent(
        type=event.type,
        data=msgspec.Raw(msgspec.json.encode(kept)),
        id=own_id,
        timestamp=event.timestamp,
        session_id=event.session_id,
    )


def redacted_start(start: StartRequest, redactor: Redactor) -> StartRequest:
    """Return the start of a session with all that people wrote into it redacted."""
    return replace(
        start,
        user_id=_text(start.user_id, redactor),
        label=_text(start.label, redactor),
        integration_name=_text(start.integration_name, redactor),
        workspace_id=_text(start.workspace_id, redactor),
        tags=None if start.tags is None else [redactor.text(tag) for tag in start.tags],
        metadata=None if start.metadata is None else redactor.members(start.metadata),
    )


def redacted_patch(patch: PatchRequest, redactor: Redactor) -> PatchRequest:
    """Return a change of a session with its texts redacted."""
    return replace(
        patch,
        label=redactor.text(patch.label) if isinstance(patch.label, str) else patch.label,
        tags=[redactor.text(tag) for tag in patch.tags] if isinstance(patch.tags, list) else patch.tags,
        metadata=redactor.members(patch.metadata) if isinstance(patch.metadata, dict) else patch.metadata,
    )


def redacted_error(error: PlayheadError, redactor: Redactor) -> PlayheadError:
    """Return a failure that quotes nothing of what a rule finds."""
    kept = type(error).__new__(type(error))
    kept.__dict__.update(error.__dict__)
    kept.message = redactor.text(error.message)
    kept.details = redactor.redact(error.details)
    return kept


def _text(text: str | None, redactor: Redactor) -> str | None:
    return None if text is None else redactor.text(text)
