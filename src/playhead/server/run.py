"""Running: opens the store, makes the first key, listens, and takes everything down in order. Prints nothing itself."""

from __future__ import annotations

import asyncio
import gc
import secrets
import socket
import sys
import time
from collections.abc import Callable
from types import FrameType

import structlog
import uvicorn
from msgspec import Struct

from playhead.errors import Unavailable
from playhead.model.event import Tokens
from playhead.server.app import make_app
from playhead.server.keyring import bootstrap
from playhead.server.logs import configure_logs
from playhead.server.page import Pages
from playhead.server.protocol import Protocol
from playhead.server.retention import retain_for_ever
from playhead.server.routes import ROUTES
from playhead.server.services import Services, make_services
from playhead.server.settings import Settings
from playhead.server.silence import sweep_for_ever
from playhead.store.opening import open_engine

LOG = structlog.get_logger()
SHUTDOWN_S = 10
TURN_S = 0.0005
COLLECT = (10_000, 20, 20)
"""How many objects there may be more, in each generation, before cycles are looked for."""


class Ready(Struct, frozen=True):
    """A server that listens: where, the link to sign in by, and the admin key if this start made one."""

    url: str
    sign_in_url: str | None
    new_key: str | None = None


def now_us() -> int:
    """Return the time in microseconds since the epoch."""
    return time.time_ns() // 1000


def serve(settings: Settings, on_ready: Callable[[Ready], None]) -> None:
    """Run a server until it is told to stop; ``on_ready`` is called once it listens.

    Raises BadSetting, NewerDatabase, Unavailable when a database cannot be reached, and OSError when the address is
    taken. What is queued is written on the way out.
    """
    configure_logs(settings)
    opened = open_engine(settings.place, max_bytes=settings.queue_bytes)
    try:
        started = bootstrap(opened.registry, settings, now_us(), secrets.token_bytes)
        services = make_services(
            opened.store, opened.registry, settings, clock=now_us, random_bytes=secrets.token_bytes
        )
        with _listen(settings) as listener:
            url = _url(settings.host, listener.getsockname()[1])
            token = (
                services.gate.make_token("sign-in", started.admin, settings.sign_in_link_s) if started.admin else None
            )
            ready = Ready(url, f"{_reachable(settings, url)}/?token={token}" if token else None, started.new_key)
            _Server(services, lambda: on_ready(ready)).run(sockets=[listener])
        services.readers.shutdown()
        services.audit.close()
    finally:
        opened.close()


class _Server(uvicorn.Server):
    """Uvicorn, with the streams ended before it waits for what is still being answered."""

    def __init__(self, services: Services, on_ready: Callable[[], None]) -> None:
        super().__init__(
            uvicorn.Config(
                make_app(ROUTES, services, Pages()),
                loop="auto",
                http=Protocol.within(services.settings.request_timeout_s),
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=SHUTDOWN_S,
                timeout_keep_alive=75,
            )
        )
        self._services = services
        self._on_ready = on_ready
        self._sweepers: list[asyncio.Task[None]] = []
        self._warmer: asyncio.Task[None] | None = None
        self._trier: asyncio.Task[None] | None = None

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to stop; the signal is not raised again behind it, so that the store is closed in order."""
        super().handle_exit(sig, frame)
        self._captured_signals.clear()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, then say so."""
        await super().startup(sockets)
        self._sweepers = [asyncio.create_task(each(self._services)) for each in (sweep_for_ever, retain_for_ever)]
        _settle()
        self._on_ready()
        self._warmer = asyncio.create_task(self._services.read(_warm, self._services))
        self._trier = asyncio.create_task(self._services.read(_try_to_store, self._services))

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the streams, then wait for the rest."""
        for sweeper in self._sweepers:
            sweeper.cancel()
        self._services.hub.close()
        await super().shutdown(sockets)


def _settle() -> None:
    """Tell the interpreter how a server works: threads that take turns often, and objects that live for a request.

    With the usual 5 ms a thread that comes back from the disk waits so long for the event loop, and it for the thread.
    """
    sys.setswitchinterval(TURN_S)
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT)


def _warm(services: Services) -> None:
    """Load the price table before an event asks for it: half a second that no request should wait for."""
    services.prices.cost("gpt-4o", None, Tokens(input=1, output=1), None, services.clock())


def _try_to_store(services: Services) -> None:
    """Find out whether anything can be stored before somebody has to, and log where it cannot."""
    try:
        services.store.check_writable()
    except Unavailable as failure:
        LOG.warning("started, but nothing can be stored", reason=failure.message)


def _listen(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((settings.host.strip("[]"), settings.port))
    return listener


def _url(host: str, port: int) -> str:
    return f"http://[{host.strip('[]')}]:{port}" if ":" in host else f"http://{host}:{port}"


def _reachable(settings: Settings, url: str) -> str:
    """Return the address for a browser on this machine: not the one that means every address."""
    if settings.public_url:
        return settings.public_url.rstrip("/")
    return url.replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//[::1]:")
