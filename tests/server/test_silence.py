"""Silent sessions end themselves, on a clock that the test moves."""

from __future__ import annotations

import asyncio
import os
from concurrent.futures import Future

from playhead.errors import Unavailable
from playhead.model.session import NewSession
from playhead.server.services import Services, make_services
from playhead.server.settings import from_environment
from playhead.server.silence import sweep, sweep_for_ever
from playhead.store.memory import MemoryStore

SECOND_US = 1_000_000


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.us = 0

    def __call__(self) -> int:
        return self.us


def services_at(clock: Clock, timeout_s: int) -> Services:
    store = MemoryStore()
    settings = from_environment({}, session_timeout_s=timeout_s)
    return make_services(store, store, settings, clock=clock, random_bytes=os.urandom)


def test_a_session_ends_itself_after_the_settings_silence() -> None:
    clock = Clock()
    services = services_at(clock, timeout_s=60)
    project = services.registry.ensure_project("p", 0).no
    services.store.start_session(project, NewSession(id="s", feature="chat", started_us=0), 0).result()

    clock.us = 59 * SECOND_US
    early = asyncio.run(sweep(services))
    clock.us = 61 * SECOND_US
    late = asyncio.run(sweep(services))

    session = services.store.get_session(project, "s")
    assert (early, late) == (0, 1)
    assert (session.status, session.end_reason, session.ended_us) == ("completed", "timeout", 0)


def test_a_project_made_meanwhile_gets_the_same_silence() -> None:
    services = services_at(Clock(), timeout_s=5)
    services.registry.ensure_project("later", 0)

    asyncio.run(sweep(services))

    assert [project.timeout_s for project in services.registry.list_projects()] == [5]


class StumblingStore(MemoryStore):
    """A store whose first sweeps fail, in the ways that a store has; says when one did not."""

    def __init__(self, *failures: Exception) -> None:
        super().__init__()
        self.failures = list(failures)
        self.swept = asyncio.Event()

    def end_silent(self, now_us: int) -> Future[int]:
        if self.failures:
            raise self.failures.pop(0)
        self.swept.set()
        return super().end_silent(now_us)


def test_a_sweep_that_fails_is_not_the_last() -> None:
    async def sweep_until_one_is_done() -> None:
        store = StumblingStore(Unavailable(), ZeroDivisionError())
        services = make_services(store, store, from_environment({}), clock=Clock(), random_bytes=os.urandom)
        sweeper = asyncio.create_task(sweep_for_ever(services, pause_s=0))
        async with asyncio.timeout(20):
            await store.swept.wait()
        sweeper.cancel()

    asyncio.run(sweep_until_one_is_done())
