"""Retention: erases the sessions that a project keeps no longer. Ends none: that is ``silence``'s.

A few at a time, of each project in turn, and resting longer than it works, so that recording does not wait for it. It
keeps no notes of its own: what is over is asked of the store each time, so that one that was killed goes on where it
stood, whichever server that is.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from typing import Final

import structlog

from playhead.errors import PlayheadError
from playhead.model.audit import THE_SERVER, Target
from playhead.model.project_settings import Retention
from playhead.model.results import Project
from playhead.server.services import Services
from playhead.store.expiring import Expiry

PAUSE_S: Final = 30.0
REST: Final = 5.0
"""How much longer it rests than it has just worked."""
LOG = structlog.get_logger()


def expiry_of(retention: Retention, now_us: int) -> Expiry | None:
    """Return which sessions are over at a moment; None when all are kept for good."""
    if retention.days is None:
        return None
    return Expiry.after_days(retention.days, now_us, keep_bookmarked=retention.keep_bookmarked)


async def retain_for_ever(services: Services, pause_s: float = PAUSE_S) -> None:
    """Sweep, pause, and go on; a store that cannot erase just now, or fails otherwise, is asked again later."""
    while True:
        try:
            await sweep(services)
        except PlayheadError as error:
            LOG.warning("sessions that are over were not erased", reason=error.message)
        except Exception:  # a sweep that nobody hears of again would keep sessions for ever
            LOG.exception("sessions that are over were not erased")
        await asyncio.sleep(pause_s)


async def sweep(services: Services, rest: float = REST) -> int:
    """Erase what is over of every project, ``rest`` times as long resting as working; return how many sessions."""
    projects = await services.read(services.registry.list_projects)
    due = deque([project for project in projects if await _has_expired(services, project)])
    erased: Counter[str] = Counter()
    try:
        while due:
            project, began_s = due.popleft(), time.monotonic()
            if count := await _erase_some(services, project):
                erased[project.name] += count
                due.append(project)
            await asyncio.sleep((time.monotonic() - began_s) * rest)
    finally:
        for name, sessions in erased.items():
            LOG.info("erased sessions that were over", project=name, sessions=sessions)
    return erased.total()


async def _has_expired(services: Services, project: Project) -> bool:
    """Ask beside the writer, which has something to do then only."""
    try:
        expiry = await _expiry(services, project)
    except PlayheadError:
        raise
    except Exception:  # what one project has set, and cannot be read, keeps the others' sessions no longer
        LOG.exception("a project's settings cannot be read", project=project.name)
        return False
    return expiry is not None and (await services.read(services.store.count_expired, project.no, expiry)).sessions > 0


async def _erase_some(services: Services, project: Project) -> int:
    """Erase a few sessions of a project by its settings as they are now."""
    expiry = await _expiry(services, project)
    if expiry is None:
        return 0
    now_us = services.clock()
    entry = THE_SERVER.entry(project.no, now_us, "session.erase", Target("project"), details={"reason": "retention"})
    erased = await services.written(services.store.erase_expired(project.no, expiry, now_us, entry))
    services.meter.retention_erased += len(erased)
    for each in erased:
        services.hub.announce(project.no, each.session_id)
    return len(erased)


async def _expiry(services: Services, project: Project) -> Expiry | None:
    settings = await services.project_settings.of(project.no)
    return expiry_of(settings.retention, services.clock())
