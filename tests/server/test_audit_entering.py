"""Entries of readers: together in a commit, once in a while, and no reason not to answer."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence

import pytest

from playhead.errors import StoreFull
from playhead.model.audit import Actor, EntryFilter, NewEntry, Origin, Target, session_target
from playhead.server.audit import MOST_STRANGERS, MOST_WINDOWS, WINDOW_US, Audit
from playhead.server.meter import Meter
from playhead.store.memory import MemoryStore

ADA = Origin(Actor("key", "ada"))


class Log(MemoryStore):
    """A log whose disk is full, or slow, when a test says so; it knows what was committed together."""

    def __init__(self) -> None:
        super().__init__()
        self.full = False
        self.open = threading.Event()
        self.open.set()
        self.groups: list[int] = []

    def add_entries(self, entries: Sequence[NewEntry]) -> None:
        self.open.wait(30)
        if self.full:
            raise StoreFull
        self.groups.append(len(entries))
        super().add_entries(entries)

    def count(self) -> int:
        return self.list_entries(1, EntryFilter()).total


def view(session_id: str = "s1", at_us: int = 1, origin: Origin = ADA) -> NewEntry:
    return origin.entry(1, at_us, "session.view", session_target(session_id))


def test_the_same_look_is_one_entry_until_the_while_is_over() -> None:
    async def run() -> None:
        log = Log()
        audit = Audit(log, Meter())
        for at_us in (1, 2, WINDOW_US):
            await audit.enter_once(view(at_us=at_us))
        assert log.count() == 1
        await audit.enter_once(view(at_us=WINDOW_US + 1))
        await audit.enter_once(view("s2"))
        await audit.enter_once(view(origin=Origin(Actor("key", "bob"))))
        assert log.count() == 4
        await audit.enter_once(view(at_us=0))  # the clock was set back
        assert log.count() == 5
        audit.close()

    asyncio.run(run())


def test_looks_at_the_same_time_wait_for_the_one_entry() -> None:
    async def run() -> None:
        log = Log()
        audit = Audit(log, Meter())
        log.open.clear()
        looks = [asyncio.create_task(audit.enter_once(view())) for _ in range(5)]
        done, _ = await asyncio.wait(looks, timeout=0)
        assert not done
        log.open.set()
        await asyncio.gather(*looks)
        assert log.groups == [1]
        audit.close()

    asyncio.run(run())


def test_what_comes_while_the_disk_is_waited_for_shares_the_next_commit() -> None:
    async def run() -> None:
        log = Log()
        audit = Audit(log, Meter())
        log.open.clear()
        entering = [asyncio.create_task(audit.enter(view(str(number)))) for number in range(1)]
        await asyncio.sleep(0)
        entering += [asyncio.create_task(audit.enter(view(str(number)))) for number in range(1, 9)]
        await asyncio.sleep(0)
        log.open.set()
        assert all(await asyncio.gather(*entering))
        assert sum(log.groups) == 9
        assert len(log.groups) <= 2
        audit.close()

    asyncio.run(run())


def test_a_full_disk_keeps_nobody_from_reading_and_what_is_missing_is_counted() -> None:
    async def run() -> None:
        log, meter = Log(), Meter()
        audit = Audit(log, meter)
        log.full = True
        await audit.enter_once(view())
        assert not await audit.enter(view("s2"))
        assert (log.count(), meter.audit_missed) == (0, 2)
        assert "playhead_audit_missed_total 2.0" in meter.exposition({}).decode()
        log.full = False
        await audit.enter_once(view())  # the next look is entered: there is none of it yet
        assert (log.count(), meter.audit_missed) == (1, 2)
        audit.close()

    asyncio.run(run())


def test_who_goes_away_does_not_take_the_entry_along() -> None:
    async def run() -> None:
        log = Log()
        audit = Audit(log, Meter())
        log.open.clear()
        leaving = asyncio.create_task(audit.enter_once(view()))
        await asyncio.sleep(0)
        staying = asyncio.create_task(audit.enter_once(view()))
        await asyncio.sleep(0)
        leaving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await leaving
        log.open.set()
        await staying
        assert log.count() == 1
        audit.close()

    asyncio.run(run())


def test_strangers_cannot_fill_the_log() -> None:
    async def run() -> None:
        log = Log()
        audit = Audit(log, Meter())
        for number in range(2 * MOST_STRANGERS):
            stranger = Origin(Actor("key"), address=f"10.0.{number // 256}.{number % 256}")
            refused = stranger.entry(1, 1, "sign-in", Target("project"), refused="unknown key or link")
            await audit.enter_stranger(refused)
            await audit.enter_stranger(refused)
        assert log.count() == MOST_STRANGERS
        audit.close()

    asyncio.run(run())


def test_what_is_remembered_of_looks_stays_bounded() -> None:
    async def run() -> None:
        log = Log()
        audit = Audit(log, Meter())
        looks = [audit.enter_once(view(str(number))) for number in range(MOST_WINDOWS + 10)]
        await asyncio.gather(*looks)
        assert len(audit._windows) <= MOST_WINDOWS
        assert log.count() == MOST_WINDOWS + 10
        audit.close()

    asyncio.run(run())
