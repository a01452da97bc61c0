"""The rules that several programs share pass the vectors: redaction, idle time, and what stands at a moment."""

from __future__ import annotations

import msgspec
import pytest
from tests.conformance.replaying import played
from tests.conformance.vectors import FOLDER, Vector, differences, name_of, vectors

from playhead.model.redaction import REDACTION_KINDS
from playhead.replay.idle import Busy, idle_spans
from playhead.replay.redaction import Redactor
from playhead.replay.redaction_rules import RULES


@pytest.mark.parametrize("vector", vectors("redaction"), ids=name_of)
def test_redaction(vector: Vector) -> None:
    redactor = Redactor(**vector.get("rules", {}))
    assert redactor.redact(vector["value"]) == vector["redacted"]
    assert redactor.redact(vector["redacted"]) == vector["redacted"]


def test_the_settings_of_a_project_name_every_kind() -> None:
    assert set(REDACTION_KINDS) == {rule.kind for rule in RULES}


@pytest.mark.parametrize("vector", vectors("idle"), ids=name_of)
def test_idle_time(vector: Vector) -> None:
    busy = [Busy(one["start"], one["end"], one.get("firstToken")) for one in vector["busy"]]
    spans = idle_spans(busy, vector["duration"])
    assert [msgspec.to_builtins(span) for span in spans] == vector["idle"]


@pytest.mark.parametrize("vector", vectors("replay"), ids=name_of)
def test_what_stands_at_a_moment(vector: Vector) -> None:
    found = played(vector["startedAt"], vector["events"], vector["duration"])
    plain = [{"error": False} | mark for mark in found.marks]
    assert differences(vector["marks"], plain) == []
    assert differences(vector["idle"], found.idle, exact=True) == []
    moments = [found.at(one["t"]) for one in vector["moments"]]
    assert differences(vector["moments"], moments, exact=True) == []


def test_every_file_is_described_and_every_name_is_told_apart() -> None:
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    files = sorted(path.stem for path in FOLDER.glob("*.json"))
    assert [file for file in files if f"`{file}`" not in readme] == []
    for file in files:
        names = [vector["name"] for vector in vectors(file)]
        assert len(set(names)) == len(names) > 5


@pytest.mark.parametrize(
    ("pattern", "found", "matches"),
    [
        ({"a": 1}, {"a": 1.0, "b": 2}, True),
        ({"a": 1}, {"a": True}, False),
        ({"a": None}, {}, True),
        ({"a": [1]}, {"a": [1, 2]}, False),
        ("$text", "", False),
        ("$text", "x", True),
        ("$moment", 1772366400000, True),
        ("$moment", "soon", False),
        ("2026-03-01T12:00:00Z", "2026-03-01T14:00:00.000+02:00", True),
        (0.1, 0.1 + 1e-6, False),
    ],
)
def test_a_pattern_matches_what_the_readme_says(pattern: object, found: object, matches: bool) -> None:
    assert (differences(pattern, found) == []) is matches


def test_what_is_sent_must_be_the_same() -> None:
    assert differences({"a": None}, {}, exact=True) == ["$.a: expected None, found '(absent)'"]
    assert differences({"a": 1}, {"a": 1, "b": [2]}, exact=True) == ["$.b: expected '(absent)', found [2]"]
