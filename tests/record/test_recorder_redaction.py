"""What may not be recorded is gone before an event is encoded, whatever carries it."""

from __future__ import annotations

from typing import Any

import pytest

from playhead import Redactor
from playhead.errors import Invalid
from playhead.testing import MemoryServer

MAIL = "ann@example.com"


def recorded(redaction: Any) -> list[dict[str, Any]]:
    """Record one of everything, and return the data of what was sent."""
    server = MemoryServer()
    recorder = server.recorder(redaction=redaction)
    with recorder.session(feature="chat", user_id=MAIL, label=f"for {MAIL}", metadata={"to": [MAIL]}) as session:
        with session.step("find", input={"password": "hunter2", "q": MAIL}) as step:
            session.record_interaction(model="m", prompt=[{"role": "user", "content": MAIL}], response=MAIL)
            step.output({MAIL: 1})
        with session.interaction(model="m", prompt=MAIL) as call:
            call.complete(error=ValueError(MAIL))
    assert recorder.flush(5)
    assert recorder.stats().stored == 6  # the announced call twice
    recorder.shutdown(1)
    return [event["data"] for event in server.events]


def test_the_built_in_rules_leave_nothing_of_an_address_or_a_password_anywhere() -> None:
    sent = recorded(True)
    assert MAIL not in str(sent)
    assert "hunter2" not in str(sent)
    step = next(data for data in sent if data.get("name") == "find")
    assert (step["input"], step["output"]) == ({"password": "[secret]", "q": "[email]"}, {"[email]": 1})


def test_without_rules_everything_is_recorded_as_it_is() -> None:
    assert str(recorded(None)).count(MAIL) > 6


def test_a_tree_of_steps_survives_its_redaction() -> None:
    sent = recorded(Redactor(function=lambda _place, _text: "gone"))
    call = next(data for data in sent if data.get("response") == "gone")
    assert len(call["parentId"]) == 32


def test_a_place_that_is_not_captured_is_not_sent() -> None:
    sent = recorded(Redactor(capture={"prompt": False, "response": False, "metadata": False, "userId": False}))
    assert "metadata" not in sent[0]
    assert sent[0]["userId"] == "[not captured]"
    assert {str(data["prompt"]) for data in sent if "prompt" in data} == {"[not captured]", "['[not captured]']"}


def test_a_rule_that_fails_costs_its_text_and_not_the_event() -> None:
    def failing(place: str, text: str) -> str:
        raise LookupError(place, text)

    sent = recorded(Redactor(function=failing))
    assert len(sent) == 5
    assert MAIL not in str(sent)
    assert "[redaction failed]" in str(sent)


def test_rules_can_be_given_as_their_arguments() -> None:
    assert MAIL in str(recorded({"kinds": {"email": False}}))


@pytest.mark.parametrize("redaction", ["yes", 7, {"kinds": ["emial"]}])
def test_rules_that_cannot_be_are_refused_when_the_recorder_is_made(redaction: Any) -> None:
    with pytest.raises(Invalid):
        MemoryServer().recorder(redaction=redaction)
