"""ASGI applications of four frameworks under uvicorn: a session, a step, and what was recorded inside."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
from django.conf import settings as django_settings
from django.core.handlers.asgi import ASGIHandler
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import path
from fastapi import BackgroundTasks, FastAPI, HTTPException
from litestar import Litestar, get
from litestar.middleware import DefineMiddleware
from litestar.response import Stream
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket
from tests.record.web.serving import Recorded, uvicorn_server

import playhead
from playhead import PlayheadASGI
from playhead.errors import Invalid


def ask(prompt: str) -> str:
    """Stand for a model call deep inside an application."""
    session = playhead.current_session()
    assert session is not None
    return session.record_interaction(model="gpt-4o", prompt=prompt, response="Hi")


async def starlette_chat(request: Request) -> Response:
    ask("starlette")
    return PlainTextResponse("done")


def starlette_app(recorded: Recorded) -> Any:
    plan = Middleware(PlayheadASGI, recorder=recorded.recorder)
    return Starlette(routes=[Route("/chat", starlette_chat)], middleware=[plan])


def fastapi_app(recorded: Recorded) -> Any:
    app = FastAPI()

    @app.get("/chat")
    def chat() -> str:  # in a worker thread
        ask("fastapi")
        return "done"

    app.add_middleware(PlayheadASGI, recorder=recorded.recorder)
    return app


@get("/chat", sync_to_thread=True)
def litestar_chat() -> str:
    ask("litestar")
    return "done"


def litestar_app(recorded: Recorded) -> Any:
    return Litestar([litestar_chat], middleware=[DefineMiddleware(PlayheadASGI, recorder=recorded.recorder)])


def django_chat(request: HttpRequest) -> HttpResponse:
    ask("django")
    return HttpResponse("done")


def django_failing(request: HttpRequest) -> HttpResponse:
    raise LookupError("no such town")


async def django_stream(request: HttpRequest) -> StreamingHttpResponse:
    async def parts() -> AsyncIterator[bytes]:
        yield b"one "
        ask("django stream")
        yield b"two"

    return StreamingHttpResponse(parts())


urlpatterns = [path("chat", django_chat), path("failing", django_failing), path("stream", django_stream)]


@pytest.fixture(scope="module", autouse=True)
def _django() -> None:
    if not django_settings.configured:
        django_settings.configure(SECRET_KEY="-", ALLOWED_HOSTS=["*"], LOGGING_CONFIG=None)


def django_app(recorded: Recorded) -> Any:
    django_settings.ROOT_URLCONF = sys.modules[__name__]
    return PlayheadASGI(ASGIHandler(), recorder=recorded.recorder)


@pytest.mark.parametrize("make", [starlette_app, fastapi_app, litestar_app, django_app], ids=lambda make: make.__name__)
def test_a_request_is_a_session_with_a_step_that_holds_what_was_recorded_inside(
    make: Callable[[Recorded], Any], recorded: Recorded
) -> None:
    with uvicorn_server(make(recorded)) as client:
        assert client.get("/chat").status_code == 200
        step = recorded.events("step")[0]
        call = recorded.events("interaction")[0]
    start = recorded.one("session.start")
    assert (start["label"], start["feature"], start["integrationName"]) == ("GET /chat", "chat", "asgi")
    assert recorded.one("session.end") == {"status": "completed"}
    assert (step["data"]["name"], step["data"]["kind"]) == ("GET /chat", "http")
    assert step["data"]["output"] == {"status": 200, "complete": True}
    assert call["data"]["parentId"] == step["id"]
    assert call["sessionId"] == step["sessionId"]


def test_a_streamed_body_comes_part_by_part_and_is_recorded_inside(recorded: Recorded) -> None:
    go_on = threading.Event()

    async def stream(request: Request) -> Response:
        async def parts() -> AsyncIterator[bytes]:
            yield b"one"
            await asyncio.to_thread(go_on.wait, 20)
            ask("streamed")
            yield b"two"

        return StreamingResponse(parts())

    app = PlayheadASGI(Starlette(routes=[Route("/stream", stream)]), recorder=recorded.recorder)
    with uvicorn_server(app) as client, client.stream("GET", "/stream") as answer:
        parts = answer.iter_raw()
        assert next(parts) == b"one"
        assert recorded.server.of_type("step") == []
        go_on.set()
        assert next(parts) == b"two"
        step = recorded.events("step")[0]
    assert recorded.one("interaction")["parentId"] == step["id"]


@pytest.mark.parametrize("make", [django_app], ids=lambda make: make.__name__)
def test_djangos_streams_record_inside(make: Callable[[Recorded], Any], recorded: Recorded) -> None:
    with uvicorn_server(make(recorded)) as client:
        assert client.get("/stream").text == "one two"
    assert recorded.one("interaction")["prompt"] == "django stream"


def test_litestars_streams_record_inside(recorded: Recorded) -> None:
    @get("/stream")
    async def stream() -> Stream:
        async def parts() -> AsyncIterator[bytes]:
            yield b"one "
            ask("litestar stream")
            yield b"two"

        return Stream(parts())

    app = PlayheadASGI(Litestar([stream]), recorder=recorded.recorder)
    with uvicorn_server(app) as client:
        assert client.get("/stream").text == "one two"
    assert recorded.one("interaction")["prompt"] == "litestar stream"


def test_a_client_that_leaves_shows_as_cancelled(recorded: Recorded) -> None:
    async def endless(request: Request) -> Response:
        async def parts() -> AsyncIterator[bytes]:
            while True:
                yield b"x" * 1000
                await asyncio.sleep(0.001)

        return StreamingResponse(parts())

    app = PlayheadASGI(Starlette(routes=[Route("/endless", endless)]), recorder=recorded.recorder)
    with uvicorn_server(app) as client:
        with client.stream("GET", "/endless") as answer:
            next(answer.iter_raw())
        step = recorded.one("step")
    assert step["status"] == "cancelled"
    assert step["output"] == {"status": 200, "complete": False}
    assert "error" not in step
    assert recorded.one("session.end") == {"status": "completed"}


def failing_app(recorded: Recorded, *, inside: bool) -> Any:
    app = FastAPI()

    @app.get("/failing")
    async def failing() -> None:
        raise LookupError("no such town")

    @app.get("/absent")
    async def absent() -> None:
        raise HTTPException(404)

    if not inside:
        return PlayheadASGI(app, recorder=recorded.recorder)
    app.add_middleware(PlayheadASGI, recorder=recorded.recorder)
    return app


@pytest.mark.parametrize("inside", [True, False])
def test_an_exception_is_the_steps_error_and_the_sessions_and_the_answer_is_as_before(
    recorded: Recorded, inside: bool
) -> None:
    with uvicorn_server(failing_app(recorded, inside=inside)) as client:
        answer = client.get("/failing")
        assert (answer.status_code, answer.text) == (500, "Internal Server Error")
        step = recorded.one("step")
    assert step["error"] == {"type": "LookupError", "message": "no such town"}
    assert recorded.one("session.end") == {"status": "error"}


def test_djangos_exception_is_recorded_though_django_lets_none_out(recorded: Recorded) -> None:
    with uvicorn_server(django_app(recorded)) as client:
        assert client.get("/failing").status_code == 500
        assert recorded.one("step")["error"] == {"type": "LookupError", "message": "no such town"}


def test_an_answer_that_says_no_is_no_failure(recorded: Recorded) -> None:
    with uvicorn_server(failing_app(recorded, inside=True)) as client:
        assert client.get("/absent").status_code == 404
        assert recorded.one("step")["output"]["status"] == 404
    assert recorded.one("session.end") == {"status": "completed"}


def test_an_answer_of_500_without_an_exception_is_a_failure(recorded: Recorded) -> None:
    async def broken(request: Request) -> Response:
        return PlainTextResponse("", 503)

    with uvicorn_server(PlayheadASGI(Starlette(routes=[Route("/", broken)]), recorder=recorded.recorder)) as client:
        client.get("/")
        assert recorded.one("step")["error"] == "503 Service Unavailable"
    assert recorded.one("session.end") == {"status": "error"}


def test_requests_of_one_conversation_are_one_session_which_stays_open(recorded: Recorded) -> None:
    with uvicorn_server(starlette_app(recorded)) as client:
        for _ in range(2):
            client.get("/chat", headers={"X-Conversation-Id": "c-1"})
        client.get("/chat", headers={"X-Conversation-Id": "c-2"})
        steps = recorded.events("step", 3)
    assert steps[0]["sessionId"] == steps[1]["sessionId"] != steps[2]["sessionId"]
    assert "c-1" not in steps[0]["sessionId"]
    starts = recorded.server.of_type("session.start", steps[0]["sessionId"])
    assert starts[0]["data"]["metadata"] == {"conversationId": "c-1"}
    assert recorded.server.of_type("session.end") == []


def user_app(recorded: Recorded, **plan: Any) -> Any:
    def user(scope: Any) -> str | None:
        name = dict(scope["headers"]).get(b"x-user")
        return name.decode() if name else None

    return PlayheadASGI(
        Starlette(routes=[Route("/{any:path}", starlette_chat)]), recorder=recorded.recorder, user=user, **plan
    )


def test_two_users_who_name_the_same_conversation_do_not_share_a_session(recorded: Recorded) -> None:
    with uvicorn_server(user_app(recorded)) as client:
        for name in ("ada", "eve"):
            client.get("/chat", headers={"X-Conversation-Id": "c-1", "X-User": name})
        starts = recorded.events("session.start", 2)
    assert {start["data"]["userId"] for start in starts} == {"ada", "eve"}
    assert len({start["sessionId"] for start in starts}) == 2


def test_a_users_requests_of_a_day_are_one_session_and_those_of_nobody_are_one_each(recorded: Recorded) -> None:
    with uvicorn_server(user_app(recorded, per="user")) as client:
        for name in ("ada", "ada", "eve", "", ""):
            client.get("/chat", headers={"X-User": name})
        steps = recorded.events("step", 5)
    ids = [step["sessionId"] for step in steps]
    assert ids[0] == ids[1]
    assert len(set(ids)) == 4


def test_each_request_is_its_own_session_when_it_is_to_be(recorded: Recorded) -> None:
    with uvicorn_server(user_app(recorded, per="request")) as client:
        for _ in range(2):
            client.get("/chat", headers={"X-Conversation-Id": "c-1"})
        assert len({step["sessionId"] for step in recorded.events("step", 2)}) == 2


def test_paths_that_are_not_included_or_excluded_are_not_recorded(recorded: Recorded) -> None:
    async def quiet(request: Request) -> Response:
        return PlainTextResponse(str(playhead.current_session()))

    app = PlayheadASGI(
        Starlette(routes=[Route("/{any:path}", quiet)]),
        recorder=recorded.recorder,
        include=["/api/*"],
        exclude=["*/health"],
    )
    with uvicorn_server(app) as client:
        assert [client.get(path).text for path in ("/", "/api/deep/health", "/other/api/x")] == ["None"] * 3
        client.get("/api/deep/chat")
        assert recorded.one("session.start")["label"] == "GET /api/deep/chat"


def test_work_in_the_background_belongs_to_the_session(recorded: Recorded) -> None:
    app = FastAPI()

    @app.get("/later")
    def later(tasks: BackgroundTasks) -> str:
        tasks.add_task(ask, "later")
        return "done"

    app.add_middleware(PlayheadASGI, recorder=recorded.recorder)
    with uvicorn_server(app) as client:
        client.get("/later")
        call = recorded.events("interaction")[0]
        end = recorded.events("session.end")[0]
    assert call["sessionId"] == end["sessionId"]


def test_concurrent_requests_do_not_mix(recorded: Recorded) -> None:
    async def both(client: httpx.AsyncClient) -> None:
        names = [f"c-{number}" for number in range(20)]
        await asyncio.gather(*(client.get(f"/slow/{name}", headers={"X-Conversation-Id": name}) for name in names))

    async def slow(request: Request) -> Response:
        await asyncio.sleep(0)
        ask(request.path_params["name"])
        return PlainTextResponse("done")

    async def run(url: httpx.URL) -> None:
        async with httpx.AsyncClient(base_url=url, trust_env=False) as client:
            await both(client)

    app = PlayheadASGI(Starlette(routes=[Route("/slow/{name}", slow)]), recorder=recorded.recorder)
    with uvicorn_server(app) as client:
        asyncio.run(run(client.base_url))
        calls = recorded.events("interaction", 20)
        starts = recorded.events("session.start", 20)
    told = {start["sessionId"]: start["data"]["metadata"]["conversationId"] for start in starts}
    assert all(told[call["sessionId"]] == call["data"]["prompt"] for call in calls)


def test_an_application_that_is_wrapped_twice_is_recorded_once(recorded: Recorded) -> None:
    app = PlayheadASGI(starlette_app(recorded), recorder=recorded.recorder)
    with uvicorn_server(app) as client:
        client.get("/chat")
        recorded.events("session.end")
    assert len(recorded.server.of_type("session.start")) == 1


def test_what_fails_in_the_recording_leaves_the_answer_as_it_is(recorded: Recorded) -> None:
    def user(_: Any) -> str:
        raise RuntimeError("no users today")

    app = PlayheadASGI(starlette_app(Recorded()), user=user, recorder=recorded.recorder)
    with uvicorn_server(app) as client:
        assert client.get("/chat").text == "done"
        recorded.events("session.end")
    assert recorded.recorder.stats().dropped == {"integration_failed": 1}


def test_messages_scope_and_receive_are_the_servers_own(recorded: Recorded) -> None:
    seen: dict[str, Any] = {}
    start = {"type": "http.response.start", "status": 200, "headers": [], "own": object()}
    body = {"type": "http.response.body", "body": b"x"}

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.update(scope=scope, receive=receive)
        await send(start)
        await send(body)

    async def receive() -> Any:
        return {"type": "http.request"}

    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": "/\0\ud800", "headers": []}
    asyncio.run(PlayheadASGI(app, recorder=recorded.recorder)(scope, receive, send))
    assert seen["scope"] is scope
    assert seen["receive"] is receive
    assert sent[0] is start
    assert sent[1] is body
    assert recorded.one("step")["name"] == "GET /\ufffd\ufffd"


def test_a_cancelled_request_is_cancelled(recorded: Recorded) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.Event().wait()

    async def run() -> None:
        wrapped = PlayheadASGI(app, recorder=recorded.recorder)
        scope = {"type": "http", "method": "GET", "path": "/", "headers": []}
        task = asyncio.ensure_future(wrapped(scope, None, None))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(run())
    assert recorded.one("step")["status"] == "cancelled"


def test_lifespan_and_web_sockets_pass_untouched(recorded: Recorded) -> None:
    async def echo(socket: WebSocket) -> None:
        assert playhead.current_session() is None
        await socket.accept()
        await socket.send_text(await socket.receive_text())
        await socket.close()

    lived: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        lived.append(scope["type"])
        await Starlette(routes=[WebSocketRoute("/", echo)])(scope, receive, send)

    to_send: list[Any] = []
    incoming = iter([{"type": "websocket.connect"}, {"type": "websocket.receive", "text": "hello"}])

    async def receive() -> Any:
        return next(incoming)

    async def send(message: Any) -> None:
        to_send.append(message)

    wrapped = PlayheadASGI(app, recorder=recorded.recorder)
    with uvicorn_server(wrapped):
        pass
    scope = {"type": "websocket", "path": "/", "headers": [], "subprotocols": []}
    asyncio.run(wrapped(scope, receive, send))
    assert lived == ["lifespan", "websocket"]
    assert to_send[1] == {"type": "websocket.send", "text": "hello"}
    assert recorded.server.events == []


def test_a_plan_that_cannot_be_followed_is_refused_at_once() -> None:
    with pytest.raises(Invalid, match="per"):
        PlayheadASGI(starlette_chat, per="day")  # type: ignore[arg-type]
