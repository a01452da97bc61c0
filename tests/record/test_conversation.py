"""A call is sent again exactly where that is harmless, within its time, and always with the same bytes."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from tests.record.wire import problem

from playhead import errors
from playhead.record.call import Broken, Call, Reply, failure_of
from playhead.record.conversation import Attempt, Conversation, Pause, converse
from playhead.record.recording import delete_session, end_recording
from playhead.record.settings import read_settings

SETTINGS = read_settings("http://server", "key", 30.0, 3)
LOST = Broken(reason="connection reset", sent=True)
AWAY = Broken(reason="connection refused", sent=False)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def talk(call: Call[Any], clock: Clock | None = None) -> Conversation[Any]:
    return converse(call, SETTINGS, clock or Clock(), lambda: 1.0)


def reply(response: httpx.Response) -> Reply:
    return Reply(status=response.status_code, headers=response.headers, body=response.content)


def busy(seconds: int) -> Reply:
    return reply(problem(503, "store_busy", Retry_After=str(seconds)))


def test_a_lost_answer_is_asked_for_again_when_that_is_harmless() -> None:
    call = end_recording("s-1")
    conversation = talk(call)
    assert next(conversation) == Attempt(call, 30.0)
    assert conversation.send(LOST) == Pause(0.2)
    assert conversation.send(None) == Attempt(call, 30.0)


def test_a_lost_answer_is_final_when_a_second_time_would_do_more() -> None:
    conversation = talk(delete_session("s-1"))
    next(conversation)
    with pytest.raises(errors.Unreachable, match="connection reset"):
        conversation.send(LOST)


def test_what_was_never_sent_may_be_sent_again() -> None:
    conversation = talk(delete_session("s-1"))
    next(conversation)
    assert isinstance(conversation.send(AWAY), Pause)


@pytest.mark.parametrize("status", [429, 503, 507])
def test_a_refused_call_waits_as_long_as_it_is_told(status: int) -> None:
    conversation = talk(delete_session("s-1"))
    next(conversation)
    assert conversation.send(reply(problem(status, "busy", Retry_After="7"))) == Pause(7.0)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 413, 422, 500])
def test_an_answer_that_will_not_change_is_not_asked_for_again(status: int) -> None:
    conversation = talk(end_recording("s-1"))
    next(conversation)
    with pytest.raises(errors.PlayheadError):
        conversation.send(reply(problem(status, "some_code")))


def test_pauses_grow_and_attempts_end() -> None:
    conversation = talk(end_recording("s-1"))
    pauses = []
    next(conversation)
    for _ in range(3):
        pauses.append(conversation.send(LOST))
        conversation.send(None)
    assert pauses == [Pause(0.2), Pause(0.4), Pause(0.8)]
    with pytest.raises(errors.Unreachable, match="4 attempts"):
        conversation.send(LOST)


def test_a_wait_beyond_the_time_is_not_begun() -> None:
    conversation = talk(end_recording("s-1"))
    next(conversation)
    with pytest.raises(errors.StoreBusy):
        conversation.send(busy(31))


def test_each_attempt_gets_the_time_that_is_left() -> None:
    clock = Clock()
    call = end_recording("s-1")
    conversation = talk(call, clock)
    next(conversation)
    clock.now = 20.0
    conversation.send(LOST)
    clock.now = 21.0
    assert conversation.send(None) == Attempt(call, 9.0)


@pytest.mark.parametrize("value", ["soon", "-3", ""])
def test_a_retry_after_that_says_nothing_is_overlooked(value: str) -> None:
    conversation = talk(end_recording("s-1"))
    next(conversation)
    assert conversation.send(reply(problem(503, "store_busy", Retry_After=value))) == Pause(0.2)


def test_failures_are_named_by_their_code() -> None:
    failure = failure_of(reply(problem(404, "share_not_found", "gone", [{"field": "x"}])))
    assert isinstance(failure, errors.ShareNotFound)
    assert (failure.message, failure.details) == ("gone", [{"field": "x"}])


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, errors.Unauthorized),
        (404, errors.NotFound),
        (409, errors.Conflict),
        (422, errors.Invalid),
        (503, errors.Unavailable),
        (500, errors.PlayheadError),
        (418, errors.UnexpectedAnswer),
    ],
)
def test_a_failure_of_another_code_is_named_by_its_status(status: int, kind: type[errors.PlayheadError]) -> None:
    assert type(failure_of(reply(problem(status, "never_heard_of")))) is kind


def test_a_page_of_a_proxy_is_quoted_in_the_failure() -> None:
    failure = failure_of(Reply(status=404, headers={}, body=b"<h1>nginx</h1>"))
    assert isinstance(failure, errors.NotFound)
    assert "nginx" in failure.message


def test_an_answer_of_something_else_is_unexpected() -> None:
    conversation = talk(end_recording("s-1"))
    next(conversation)
    with pytest.raises(errors.UnexpectedAnswer):
        conversation.send(Reply(status=200, headers={}, body=b"<html>"))
