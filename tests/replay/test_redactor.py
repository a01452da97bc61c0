"""A redactor's own rules: kinds, patterns, names, exceptions, places that are not captured, and rules that fail."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playhead.errors import Invalid
from playhead.model.event import DATA_OF
from playhead.replay.redaction import OBJECTS, Redactor

MAIL = "ann@example.com"


def test_a_kind_that_is_switched_off_is_left_and_the_others_are_not() -> None:
    redactor = Redactor(kinds={"ip": False})
    assert redactor.redact(f"{MAIL} from 10.0.0.1") == "[email] from 10.0.0.1"


def test_kinds_that_are_listed_are_the_only_ones() -> None:
    assert Redactor(kinds=["ip"]).redact(f"{MAIL} from 10.0.0.1") == f"{MAIL} from [ip]"
    assert Redactor(kinds=[]).redact(MAIL) == MAIL


def test_own_patterns_are_replaced_by_their_name() -> None:
    redactor = Redactor(patterns={"order": r"ORD-\d{6}", "name": re.compile("ann", re.IGNORECASE)})
    assert redactor.redact(["ORD-123456 by Ann", MAIL]) == ["[order] by [name]", "[name]@example.com"]


def test_own_key_names_lose_their_whole_value_however_they_are_spelled() -> None:
    redactor = Redactor(keys=["patient_name"])
    given = {"patientName": {"first": "Ann"}, "PATIENT-NAME": 7, "patient": "Ann", "password": "x"}
    assert redactor.redact(given) == {
        "patientName": "[secret]",
        "PATIENT-NAME": "[secret]",
        "patient": "Ann",
        "password": "[secret]",
    }


def test_what_is_allowed_is_left_as_it_is() -> None:
    redactor = Redactor(allow=["Help@Example.com", re.compile(r".*@docs\.example")])
    assert redactor.redact(f"help@example.com a@docs.example {MAIL}") == "help@example.com a@docs.example [email]"


def test_a_check_of_a_built_in_kind_still_holds_beside_an_allow_list() -> None:
    redactor = Redactor(allow=["4111 1111 1111 1111"])
    assert redactor.redact("4111 1111 1111 1111, 5500 0000 0000 0004, 4111 1111 1111 1112") == (
        "4111 1111 1111 1111, [card], 4111 1111 1111 1112"
    )


def test_a_function_sees_each_text_with_its_place_after_the_rules() -> None:
    seen: list[tuple[str, str]] = []

    def note(place: str, text: str) -> str:
        seen.append((place, text))
        return text.upper()

    redactor = Redactor(function=note)
    assert redactor.event({"prompt": [{"content": MAIL}], "model": "m"}, "interaction") == {
        "prompt": [{"content": "[EMAIL]"}],
        "model": "M",
    }
    assert seen == [("prompt.0.content", "[email]"), ("model", "m")]


@pytest.mark.parametrize("answer", [None, 7, ZeroDivisionError()])
def test_a_function_that_fails_drops_the_text_and_nothing_else(answer: object) -> None:
    def failing(place: str, text: str) -> Any:
        if place != "prompt":
            return text
        if isinstance(answer, Exception):
            raise answer
        return answer

    redacted = Redactor(function=failing).event({"prompt": MAIL, "response": "fine", "latency": 3}, "interaction")
    assert redacted == {"prompt": "[redaction failed]", "response": "fine", "latency": 3}


def test_a_place_that_is_not_captured_is_not_recorded() -> None:
    redactor = Redactor(
        capture={"prompt": False, "response": True, "metadata": False, "cost": False, "input.*.body": False}
    )
    redacted = redactor.event(
        {"prompt": [{"role": "user"}], "response": "r", "metadata": {"a": 1}, "cost": 1.0, "input": [{"body": {}}]},
        "interaction",
    )
    assert redacted == {"prompt": ["[not captured]"], "response": "r", "input": [{"body": "[not captured]"}]}


def test_what_holds_an_event_together_is_left() -> None:
    redactor = Redactor(function=lambda _place, _text: "gone", keys=["status"], capture={"parentId": False})
    data = {"parentId": "078-05-1120", "kind": "tool", "status": "error", "timestamp": "2026-03-01", "name": "n"}
    assert redactor.event(data, "step") == data | {"name": "gone"}


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        (
            "user_action",
            dict.fromkeys(["kind", "status", "feature", "source", "from", "parentId"], MAIL),
        ),
        ("step", {"status": MAIL, "feature": MAIL}),
        ("interaction", {"parentId": {"of": [MAIL]}}),
        ("feedback", {"interactionId": "x" * 200 + MAIL, "parentId": MAIL}),
    ],
)
def test_what_only_has_the_name_of_structure_is_redacted(kind: str, data: dict[str, Any]) -> None:
    assert MAIL not in str(Redactor().event(data, kind))


def test_members_that_must_be_objects_are_those_of_the_model() -> None:
    kinds = {member for kind in DATA_OF.values() for member in kind.__struct_encode_fields__}
    assert kinds >= OBJECTS


@pytest.mark.parametrize(
    "rules",
    [
        {"kinds": ["email", "emial"]},
        {"kinds": {"emial": False}},
        {"patterns": {"order": "("}},
        {"patterns": {"order": 3}},
        {"patterns": {"[email]": "x"}},
    ],
)
def test_rules_that_cannot_be_are_refused_with_their_name(rules: dict[str, Any]) -> None:
    with pytest.raises(Invalid) as failure:
        Redactor(**rules)
    assert str(failure.value).startswith(next(iter(rules)))


@given(st.dictionaries(st.text(), st.recursive(st.text() | st.integers(), st.lists), max_size=4))
def test_nothing_of_a_place_with_a_failing_rule_gets_through(data: dict[str, Any]) -> None:
    def failing(_place: str, _text: str) -> str:
        raise RuntimeError

    redactor = Redactor(function=failing, kinds=[])

    def texts(value: Any) -> list[str]:
        if isinstance(value, str):
            return [value]
        return [text for item in value for text in texts(item)] if isinstance(value, list) else []

    redacted = redactor.event({f"x{name}": value for name, value in data.items()}, "step")
    assert {text for value in redacted.values() for text in texts(value)} <= {"[redaction failed]"}
