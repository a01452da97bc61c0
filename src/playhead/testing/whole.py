"""A whole Playhead in memory: the server's own application over the memory store, reached without a socket.

Wants the server's packages (``pip install "playhead[server]"``); they are loaded when one is made.
"""

from __future__ import annotations

import asyncio
import secrets
import threading
import time
from collections.abc import Callable
from concurrent.futures import CancelledError
from types import TracebackType
from typing import Any, Self

import httpx

from playhead.record._transport import Transport
from playhead.record.call import BASE, Broken, Reply
from playhead.record.client import SessionReplayClient
from playhead.record.exchange import broken
from playhead.record.recorder import Recorder
from playhead.store.memory import MemoryStore

PATIENCE_S = 30.0


class MemoryPlayhead:
    """Everything that a Playhead server does, but for its live streams and the dashboard, for as long as a test lasts.

    ``store`` is what it writes to and reads from, ``key`` an admin key of the project ``default``. ``clock`` returns
    nanoseconds, as ``FakeClock`` does; ``settings`` are the server's, by the names of their variables without
    ``PLAYHEAD_``, in small letters. Use it in a ``with`` block, or ``close`` it.
    """

    url = "http://127.0.0.1:4747"

    def __init__(self, clock: Callable[[], int] = time.time_ns, **settings: Any) -> None:
        from playhead.server.app import make_app  # noqa: PLC0415 - the base install has no server
        from playhead.server.keyring import bootstrap  # noqa: PLC0415
        from playhead.server.routes import ROUTES  # noqa: PLC0415
        from playhead.server.services import make_services  # noqa: PLC0415
        from playhead.server.settings import from_environment  # noqa: PLC0415

        self.store = MemoryStore()
        chosen = from_environment({}, **settings)
        started = bootstrap(self.store, chosen, clock() // 1000, secrets.token_bytes)
        self.key: str = started.new_key or chosen.admin_key or ""
        self._services = make_services(
            self.store, self.store, chosen, clock=lambda: clock() // 1000, random_bytes=secrets.token_bytes
        )
        self._bridge = _Bridge(httpx.ASGITransport(make_app(ROUTES, self._services)))

    @property
    def transport(self) -> httpx.BaseTransport:
        """The way to here for any ``httpx.Client``."""
        return self._bridge

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def client(self, api_key: str | None = None, **options: Any) -> SessionReplayClient:
        """Return a client of this server, with the admin key unless another is given."""
        return SessionReplayClient(self.url, api_key or self.key, transport=self.transport, **options)

    def recorder(self, **settings: Any) -> Recorder:
        """Return a recorder that sends here, at once and without a spool on disk unless the settings say otherwise."""
        return Recorder(
            self.url, self.key, **{"spool_dir": False, "batch_s": 0.0, "transport": self.connect, **settings}
        )

    def connect(self) -> Transport:
        """Return a recorder's transport to here: ``Recorder(transport=playhead.connect)``."""
        return _Sending(
            httpx.Client(transport=self.transport, headers={"Authorization": f"Bearer {self.key}"}), self.url
        )

    def close(self) -> None:
        """Answer nothing from now on."""
        self._bridge.stop()
        self._services.readers.shutdown()
        self._services.audit.close()
        self.store.close()


class _Bridge(httpx.BaseTransport):
    """Lets blocking callers of any thread ask an application, which runs on a thread of its own. Closing a client that
    has it leaves it alone: others may have it too."""

    def __init__(self, app: httpx.ASGITransport) -> None:
        self._app = app
        self._loop = asyncio.new_event_loop()
        self._lock = threading.Lock()
        self._stopped = False
        self._thread = threading.Thread(target=self._loop.run_forever, name="playhead-in-memory", daemon=True)
        self._thread.start()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Ask the application and wait for the whole answer. Raises ConnectError once stopped, ReadTimeout."""
        request.read()
        patience_s = request.extensions.get("timeout", {}).get("read") or PATIENCE_S
        with self._lock:
            if self._stopped:
                raise httpx.ConnectError("This Playhead is closed", request=request)
            answer = asyncio.run_coroutine_threadsafe(self._answer(request), self._loop)
        try:
            return answer.result(patience_s)
        except (TimeoutError, CancelledError):
            answer.cancel()
            raise httpx.ReadTimeout("no answer", request=request) from None

    def stop(self) -> None:
        """Stop the thread; what is still being answered is given up."""
        with self._lock:
            if self._stopped:
                return
            self._stopped = True
        asyncio.run_coroutine_threadsafe(_give_up(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        asked = httpx.Request(request.method, request.url, headers=request.headers, content=request.content)
        response = await self._app.handle_async_request(asked)
        body = b"".join([part async for part in response.aiter_raw()])
        return httpx.Response(response.status_code, headers=response.headers, stream=httpx.ByteStream(body))


async def _give_up() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


class _Sending:
    """What a recorder sends through."""

    def __init__(self, client: httpx.Client, url: str) -> None:
        self._client = client
        self._url = f"{url}{BASE}/events"

    def post(self, body: bytes, headers: dict[str, str], timeout_s: float) -> Reply | Broken:
        """Send a batch and return the answer."""
        try:
            answer = self._client.post(self._url, content=body, headers=headers, timeout=timeout_s)
        except httpx.RequestError as error:
            return broken(error)
        return Reply(status=answer.status_code, headers=answer.headers, body=answer.content)

    def close(self) -> None:
        """Leave the application alone: others may use it."""
