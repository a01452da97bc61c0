"""WSGI applications of two frameworks under werkzeug: a session, a step, and what was recorded inside."""

from __future__ import annotations

import contextvars
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import Any
from wsgiref.util import FileWrapper

import pytest
from django.conf import settings as django_settings
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import path
from flask import Flask, Response, stream_with_context
from tests.record.web.serving import Recorded, werkzeug_server

import playhead
from playhead import PlayheadWSGI


def ask(prompt: str) -> str:
    """Stand for a model call deep inside an application."""
    session = playhead.current_session()
    assert session is not None
    return session.record_interaction(model="gpt-4o", prompt=prompt, response="Hi")


def flask_app(recorded: Recorded, **plan: Any) -> Flask:
    app = Flask(__name__)

    @app.get("/chat")
    def chat() -> str:
        ask("asked")
        return "done"

    @app.get("/failing")
    def failing() -> str:
        raise LookupError("no such town")

    @app.get("/stream")
    def stream() -> Response:
        def parts() -> Iterator[str]:
            ask("first")
            yield "one "
            ask("second")
            yield "two"

        return Response(stream_with_context(parts()))

    app.wsgi_app = PlayheadWSGI(app.wsgi_app, recorder=recorded.recorder, **plan)  # type: ignore[method-assign]
    return app


def django_chat(request: HttpRequest) -> HttpResponse:
    ask("asked")
    return HttpResponse("done")


def django_failing(request: HttpRequest) -> HttpResponse:
    raise LookupError("no such town")


def django_stream(request: HttpRequest) -> StreamingHttpResponse:
    def parts() -> Iterator[str]:
        ask("first")
        yield "one "
        ask("second")
        yield "two"

    return StreamingHttpResponse(parts())


urlpatterns = [path("chat", django_chat), path("failing", django_failing), path("stream", django_stream)]


def django_app(recorded: Recorded) -> Any:
    if not django_settings.configured:
        django_settings.configure(SECRET_KEY="-", ALLOWED_HOSTS=["*"], LOGGING_CONFIG=None)
    django_settings.ROOT_URLCONF = sys.modules[__name__]
    return PlayheadWSGI(WSGIHandler(), recorder=recorded.recorder)


BOTH = pytest.mark.parametrize("make", [flask_app, django_app], ids=lambda make: make.__name__)


@BOTH
def test_a_request_is_a_session_with_a_step_that_holds_what_was_recorded_inside(
    make: Callable[[Recorded], Any], recorded: Recorded
) -> None:
    with werkzeug_server(make(recorded)) as client:
        assert client.get("/chat").text == "done"
        step = recorded.events("step")[0]
        call = recorded.events("interaction")[0]
    start = recorded.one("session.start")
    assert (start["label"], start["integrationName"]) == ("GET /chat", "wsgi")
    assert recorded.one("session.end") == {"status": "completed"}
    assert (step["data"]["name"], step["data"]["kind"]) == ("GET /chat", "http")
    assert step["data"]["output"] == {"status": 200, "complete": True}
    assert call["data"]["parentId"] == step["id"]


@BOTH
def test_a_streamed_body_is_recorded_inside(make: Callable[[Recorded], Any], recorded: Recorded) -> None:
    with werkzeug_server(make(recorded)) as client:
        assert client.get("/stream").text == "one two"
        step = recorded.events("step")[0]
    calls = recorded.events("interaction", 2)
    assert [call["data"]["prompt"] for call in calls] == ["first", "second"]
    assert {call["data"]["parentId"] for call in calls} == {step["id"]}


@BOTH
def test_an_exception_is_recorded_though_the_framework_lets_none_out(
    make: Callable[[Recorded], Any], recorded: Recorded
) -> None:
    with werkzeug_server(make(recorded)) as client:
        assert client.get("/failing").status_code == 500
        assert recorded.one("step")["error"] == {"type": "LookupError", "message": "no such town"}
    assert recorded.one("session.end") == {"status": "error"}


def test_a_conversation_is_one_session_over_the_servers_threads(recorded: Recorded) -> None:
    app = flask_app(recorded, user=lambda environ: environ.get("HTTP_X_USER"))
    with werkzeug_server(app) as client, ThreadPoolExecutor(8) as pool:
        names = [f"c-{number % 4}" for number in range(24)]
        told = [{"X-Conversation-Id": name, "X-User": "ada"} for name in names]
        assert {one.text for one in pool.map(lambda headers: client.get("/chat", headers=headers), told)} == {"done"}
        steps = recorded.events("step", 24)
        calls = recorded.events("interaction", 24)
    assert len({step["sessionId"] for step in steps}) == 4
    homes = {step["id"]: step["sessionId"] for step in steps}
    assert all(homes[call["data"]["parentId"]] == call["sessionId"] for call in calls)
    assert {start["data"]["userId"] for start in recorded.server.of_type("session.start")} == {"ada"}


def test_a_thread_of_the_application_records_into_the_session_with_a_copy_of_the_context(recorded: Recorded) -> None:
    app = Flask(__name__)

    @app.get("/threads")
    def threads() -> str:
        context = contextvars.copy_context()
        thread = threading.Thread(target=context.run, args=(ask, "from a thread"))
        thread.start()
        thread.join()
        return "done"

    app.wsgi_app = PlayheadWSGI(app.wsgi_app, recorder=recorded.recorder)  # type: ignore[method-assign]
    with werkzeug_server(app) as client:
        client.get("/threads")
        step = recorded.events("step")[0]
    assert recorded.one("interaction")["parentId"] == step["id"]


def test_parts_pass_as_they_are_made_and_not_before(recorded: Recorded) -> None:
    made: list[int] = []

    def app(environ: Any, start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [])
        for number in range(3):
            made.append(number)
            yield str(number).encode()

    body = iter(PlayheadWSGI(app, recorder=recorded.recorder)(environ_of("/"), answer_nothing))
    assert made == []
    assert next(body) == b"0"
    assert made == [0]
    assert playhead.current_session() is None


def test_a_step_that_is_open_between_two_parts_stays_the_parent_within(recorded: Recorded) -> None:
    def app(environ: Any, start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [])
        session = playhead.current_session()
        assert session is not None
        with session.step("write", id="inner"):
            yield b"one"
            ask("between")
            yield b"two"

    assert b"".join(PlayheadWSGI(app, recorder=recorded.recorder)(environ_of("/"), answer_nothing)) == b"onetwo"
    assert recorded.one("interaction")["parentId"] == "inner"


class Closing:
    """A body that tells how it was closed."""

    def __init__(self, failing: bool = False) -> None:
        self.closed = 0
        self._failing = failing

    def __iter__(self) -> Iterator[bytes]:
        yield b"one"
        if self._failing:
            raise OSError("broken")
        yield b"two"

    def close(self) -> None:
        self.closed += 1


def test_a_body_that_is_closed_early_is_closed_and_shows_as_cancelled(recorded: Recorded) -> None:
    made = Closing()
    body: Any = PlayheadWSGI(answering(made), recorder=recorded.recorder)(environ_of("/"), answer_nothing)
    assert next(iter(body)) == b"one"
    body.close()
    assert made.closed == 1
    assert recorded.one("step")["status"] == "cancelled"
    assert recorded.one("session.end") == {"status": "completed"}


def test_a_body_that_fails_half_way_fails_as_before_and_is_recorded(recorded: Recorded) -> None:
    body: Any = PlayheadWSGI(answering(Closing(failing=True)), recorder=recorded.recorder)(
        environ_of("/"), answer_nothing
    )
    with pytest.raises(OSError, match="broken"):
        list(body)
    body.close()
    assert recorded.one("step")["error"] == {"type": "OSError", "message": "broken"}
    assert recorded.one("session.end") == {"status": "error"}


def test_an_exception_out_of_the_application_goes_on(recorded: Recorded) -> None:
    def app(environ: Any, start_response: Any) -> Iterable[bytes]:
        raise LookupError("no such town")

    with pytest.raises(LookupError, match="no such town"):
        PlayheadWSGI(app, recorder=recorded.recorder)(environ_of("/"), answer_nothing)
    assert recorded.one("step")["error"]["type"] == "LookupError"


@pytest.mark.parametrize("body", [[b"whole"], FileWrapper(BytesIO(b"file"))], ids=["list", "file"])
def test_a_body_that_the_server_must_recognize_is_handed_over_as_it_is(recorded: Recorded, body: Any) -> None:
    wrapped = PlayheadWSGI(answering(body), recorder=recorded.recorder)
    assert wrapped(environ_of("/") | {"wsgi.file_wrapper": FileWrapper}, answer_nothing) is body
    assert recorded.one("step")["output"] == {"status": 200, "complete": True}


def test_what_fails_in_the_recording_leaves_the_answer_as_it_is(recorded: Recorded) -> None:
    del (environ := environ_of("/"))["REQUEST_METHOD"]
    assert list(PlayheadWSGI(answering([b"x"]), recorder=recorded.recorder)(environ, answer_nothing)) == [b"x"]
    assert recorded.recorder.stats().dropped == {"integration_failed": 1}
    assert recorded.server.events == []


def test_a_path_is_read_as_utf_8_whatever_it_holds(recorded: Recorded) -> None:
    for raw in ("/caf\u00c3\u00a9", "/\u00ff\0"):
        list(PlayheadWSGI(answering([b"x"]), recorder=recorded.recorder)(environ_of(raw), answer_nothing))
    assert [step["name"] for step in recorded.steps(2)] == ["GET /café", "GET /\ufffd\ufffd"]


def environ_of(path_info: str) -> dict[str, Any]:
    return {"REQUEST_METHOD": "GET", "PATH_INFO": path_info}


def answering(body: Any) -> Callable[[Any, Any], Any]:
    def app(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [])
        return body

    return app


def answer_nothing(status: str, headers: Any, *more: Any) -> None:
    """Stand for a server's start_response."""
