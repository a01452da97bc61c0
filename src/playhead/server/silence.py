"""Silence: ends sessions of which nothing has arrived for their project's time-out. Removes nothing."""

from __future__ import annotations

import asyncio

import structlog

from playhead.errors import PlayheadError
from playhead.server.project_settings import in_force
from playhead.server.services import Services

SWEEP_S = 10.0
LOG = structlog.get_logger()


async def sweep_for_ever(services: Services, pause_s: float = SWEEP_S) -> None:
    """Sweep, pause, and go on; a store that cannot write just now, or fails otherwise, is asked again later."""
    while True:
        try:
            await sweep(services)
        except PlayheadError as error:
            LOG.warning("silent sessions were not ended", reason=error.message)
        except Exception:  # a sweep that nobody hears of again would leave sessions open for ever
            LOG.exception("silent sessions were not ended")
        await asyncio.sleep(pause_s)


async def sweep(services: Services) -> int:
    """End what has been silent too long, wake live streams, and return how many sessions ended."""
    await services.read(_set_timeouts, services)
    ended = await services.written(services.store.end_silent(services.clock()))
    if ended:
        services.hub.announce_all()
        LOG.info("ended silent sessions", sessions=ended)
    return ended


def _set_timeouts(services: Services) -> None:
    """Give every project its time-out, else the one of the server's settings; also those that were just made."""
    registry = services.registry
    for project in registry.list_projects():
        timeout_s = in_force(registry.project_settings(project.no), services.settings).session_timeout_s
        if project.timeout_s != timeout_s:
            registry.set_timeout(project.no, timeout_s)
