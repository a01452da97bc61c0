"""What is told of a change of settings: what was and what is, and no text that may be somebody's."""

from __future__ import annotations

import msgspec

from playhead.model.project_settings import ProjectSettings, SettingsChange
from playhead.model.redaction import Redaction


def redacting(**members: object) -> ProjectSettings:
    return ProjectSettings(redaction=msgspec.convert({"enabled": True, **members}, Redaction))


def test_of_redaction_the_names_and_numbers_are_told_and_no_texts() -> None:
    before = redacting(patterns=[{"name": "order", "pattern": "secretpattern"}])
    after = redacting(patterns=[{"name": "order", "pattern": "other"}], allow=["Ada Lovelace"], secretNames=["pin"])
    told = SettingsChange(before, after).differences()
    assert told["redaction"]["after"] == {
        "enabled": True, "kinds": None, "secretNames": 1, "patterns": ["order"], "allow": 1,
    }  # fmt: skip
    assert not any(text in str(told) for text in ("secretpattern", "Ada"))


def test_a_pattern_that_was_changed_behind_its_name_is_a_change() -> None:
    before, after = (redacting(patterns=[{"name": "order", "pattern": text}]) for text in ("a", "b"))
    assert SettingsChange(before, after).differences().keys() == {"redaction"}
    assert SettingsChange(before, before).differences() == {}
