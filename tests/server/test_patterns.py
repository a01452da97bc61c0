"""Patterns of a project's own: which are refused and by what name, what they replace, and that none hangs a server."""

from __future__ import annotations

from typing import Any

import httpx
import msgspec
import pytest
from tests.conformance.vectors import Vector, name_of, vectors
from tests.server.test_redaction import BASE, CARD, MAIL, SETTINGS, switch_on
from tests.support.server import error_of

from playhead.errors import Invalid
from playhead.model.redaction import REDACTION_KINDS, AllowedPattern, NamedPattern, Redaction
from playhead.server.redacting import redactor_of


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("(", "no regular expression: missing ): ("),
        (r"(?=x)", "no regular expression: invalid perl operator: (?="),
        (r"(a)\1", r"no regular expression: invalid escape sequence: \1"),
        ("x*", "matches the empty text"),
        ("[a-z]{1,600}[0-9]{1,600}", "too large"),
    ],
)
def test_a_pattern_that_is_none_or_could_take_long_is_refused_by_its_place(pattern: str, reason: str) -> None:
    with pytest.raises(Invalid) as failure:
        redactor_of(Redaction(patterns=(NamedPattern("fine", "x"), NamedPattern("order", pattern))))
    assert failure.value.details[0]["field"] == "patterns[1].pattern"
    assert failure.value.details[0]["message"].startswith(reason)


def test_patterns_names_and_what_is_allowed_are_a_projects_own() -> None:
    redactor = redactor_of(
        Redaction(
            kinds=("email",),
            secret_names=("patient-name",),
            patterns=(NamedPattern("order", r"(?i)ord-\d{6}"),),
            allow=("Help@Example.com", AllowedPattern(r".*@example\.org")),
        )
    )
    given = {"patientName": 7, "text": f"ORD-123456 {CARD} {MAIL} help@example.com bob@example.org"}
    told = {"patientName": "[secret]", "text": f"[order] {CARD} [email] help@example.com bob@example.org"}
    assert redactor.redact(given) == told


def test_a_pattern_with_exponentially_many_ways_to_match_comes_to_an_end() -> None:
    redactor = redactor_of(Redaction(kinds=(), patterns=(NamedPattern("own", r"(?:a+)+\$"),)))
    text = "a" * 1_000_000
    assert redactor.text(text) == text
    assert redactor.text(text + "$") == "[own]"


def test_a_refused_pattern_is_named_over_http_and_changes_nothing(api: httpx.Client) -> None:
    patterns = [{"name": "a", "pattern": "x"}, {"name": "b", "pattern": "y"}, {"name": "c", "pattern": "("}]
    answer = api.patch(SETTINGS, json={"redaction": {"enabled": True, "patterns": patterns}})
    assert (answer.status_code, error_of(answer)["details"][0]["field"]) == (422, "redaction.patterns[2].pattern")  # type: ignore[index]
    assert api.get(SETTINGS).json()["data"]["redaction"]["enabled"] is False


def test_an_allowed_pattern_is_named_by_its_place(api: httpx.Client) -> None:
    answer = api.patch(SETTINGS, json={"redaction": {"allow": ["x", {"pattern": "["}]}})
    assert (answer.status_code, error_of(answer)["details"][0]["field"]) == (422, "redaction.allow[1].pattern")  # type: ignore[index]


def test_what_a_pattern_finds_is_stored_under_its_name(api: httpx.Client) -> None:
    switch_on(api, patterns=[{"name": "order", "pattern": r"ORD-\d{6}"}], allow=[{"pattern": r".*@example\.org"}])
    label = "ORD-123456 of bob@example.org and ann@example.com"
    body = {"feature": "chat", "sessionId": "own", "label": label}
    api.post(f"{BASE}/recording/start", json=body).raise_for_status()
    session = api.get(f"{BASE}/own").json()["data"]
    assert session["label"] == "[order] of bob@example.org and [email]"
    tried = {"rules": {"patterns": [{"name": "order", "pattern": r"ORD-\d{6}"}]}, "text": label}
    assert api.post(f"{SETTINGS}/redaction/preview", json=tried).json()["data"]["text"].startswith("[order] of [email]")


def as_settings(rules: dict[str, Any]) -> Redaction:
    """Return a vector's rules in the words of a project's settings."""
    kinds = rules.get("kinds")
    if isinstance(kinds, dict):
        kinds = [kind for kind in REDACTION_KINDS if kinds.get(kind, True)]
    patterns = [{"name": name, "pattern": pattern} for name, pattern in rules.get("patterns", {}).items()]
    names, allow = rules.get("keys", []), rules.get("allow", [])
    return msgspec.convert({"kinds": kinds, "secretNames": names, "patterns": patterns, "allow": allow}, Redaction)


@pytest.mark.parametrize("vector", vectors("redaction"), ids=name_of)
def test_the_vectors_of_redaction_hold_for_the_rules_of_a_project(vector: Vector) -> None:
    redactor = redactor_of(as_settings(vector.get("rules", {})))
    assert redactor.redact(vector["value"]) == vector["redacted"]
