"""How routes are bound: failures nobody foresaw, a store that cannot take more, and many large bodies at once."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from concurrent.futures import Future

import httpx
import pytest
from msgspec import Struct
from tests.support.server import error_of

from playhead.errors import StoreBusy, StoreFull
from playhead.model.results import Started
from playhead.model.session import NewSession
from playhead.server.app import make_app
from playhead.server.body import Room
from playhead.server.keyring import make_key
from playhead.server.routes import ROUTES
from playhead.server.services import Services, make_services
from playhead.server.settings import from_environment
from playhead.server.table import Call, Method, Route
from playhead.store.memory import MemoryStore

START = "/api/session-replay/recording/start"


class Said(Struct):
    text: str


async def say_fixed(_: Call) -> Said:
    """Answer on the fixed path."""
    return Said("fixed")


async def say_name(call: Call) -> Said:
    """Answer with the path's parameter."""
    return Said(call.params["name"])


async def break_down(_: Call) -> Said:
    """Fail in a way that nobody foresaw."""
    raise ZeroDivisionError("the inside of the server")


def route(method: Method, path: str, handler: object) -> Route:
    return Route(method=method, path=path, scope=None, handler=handler, answer=Said, summary="s", tag="t")  # type: ignore[arg-type]


class FullStore(MemoryStore):
    """A store with a failure in store."""

    def __init__(self, failure: Exception, *, at_once: bool) -> None:
        super().__init__()
        self.failure = failure
        self.at_once = at_once

    def start_session(self, project: int, session: NewSession, now_us: int) -> Future[Started]:  # noqa: ARG002  # fails
        if self.at_once:
            raise self.failure
        future: Future[Started] = Future()
        future.set_exception(self.failure)
        return future

    def check_writable(self) -> None:
        raise self.failure


def services_of(store: MemoryStore) -> Services:
    return make_services(store, store, from_environment({}), clock=lambda: 1, random_bytes=os.urandom)


def send(services: Services, routes: tuple[Route, ...], *requests: httpx.Request) -> list[httpx.Response]:
    """Send requests at once to an application in this process."""

    async def ask() -> list[httpx.Response]:
        transport = httpx.ASGITransport(make_app(routes, services))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await asyncio.gather(*(client.send(request) for request in requests))

    return asyncio.run(ask())


def request(method: str, path: str, **options: object) -> httpx.Request:
    return httpx.Request(method, f"http://localhost{path}", **options)  # type: ignore[arg-type]


def test_a_fixed_segment_comes_before_a_parameter_in_whatever_order_the_table_has_them() -> None:
    routes = (route("GET", "/things/{name}", say_name), route("GET", "/things/all", say_fixed))
    fixed, named = send(
        services_of(MemoryStore()), routes, request("GET", "/things/all"), request("GET", "/things/a%20b")
    )

    assert (fixed.json(), named.json()) == ({"text": "fixed"}, {"text": "a b"})


def test_a_failure_nobody_foresaw_is_a_500_with_a_reference_and_nothing_of_the_inside(
    capsys: pytest.CaptureFixture[str],
) -> None:
    (answer,) = send(services_of(MemoryStore()), (route("GET", "/broken", break_down),), request("GET", "/broken"))

    error = error_of(answer)
    assert (answer.status_code, error["code"]) == (500, "internal_error")
    assert "inside" not in answer.text
    reference = error["details"]["reference"]  # type: ignore[index]
    assert reference in str(error["message"])
    logged = capsys.readouterr()
    assert reference in logged.out + logged.err


@pytest.mark.parametrize(
    ("failure", "status", "code", "wait"),
    [(StoreBusy(), 503, "store_busy", "1"), (StoreFull(), 507, "store_full", "30")],
)
@pytest.mark.parametrize("at_once", [True, False])
def test_a_store_that_takes_no_more_says_when_to_come_back(
    failure: Exception, status: int, code: str, wait: str, at_once: bool
) -> None:
    store = FullStore(failure, at_once=at_once)
    _, key = make_key(store, store.ensure_project("p", 1), scope="ingest", now_us=1, random_bytes=os.urandom)
    start, ready = send(
        services_of(store),
        ROUTES,
        request("POST", START, json={"feature": "chat"}, headers={"X-API-Key": key}),
        request("GET", "/ready"),
    )

    for answer in (start, ready):
        assert (answer.status_code, error_of(answer)["code"]) == (status, code)
        assert answer.headers["retry-after"] == wait


def test_one_large_body_has_room_and_many_at_once_are_told_to_come_back() -> None:
    room = Room(100)
    with room.guest() as first:
        first.take(80)
        first.take(80)
        with room.guest() as second, pytest.raises(StoreBusy):
            second.take(1)
    with room.guest() as third:
        third.take(100)


def test_room_is_given_back_when_a_request_is_done_and_when_it_failed() -> None:
    services = services_of(MemoryStore())

    async def body() -> AsyncIterator[bytes]:
        yield b"{" * 70_000

    for _ in range(3):
        send(services, ROUTES, request("POST", "/api/sign-in", content=body()))
    with services.room.guest() as only:
        only.take(services.settings.queue_bytes)
    with services.room.guest() as guest, services.room.guest() as other:
        guest.take(services.settings.queue_bytes)
        with pytest.raises(StoreBusy):
            other.take(1)
