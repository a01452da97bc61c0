"""The way from the recorder to its server: one request, one answer or none. Loads httpx when the first one is sent."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Protocol

from playhead.record._stopwatch import elapsed_s
from playhead.record.call import BASE, Broken, Reply
from playhead.record.settings import Settings

if TYPE_CHECKING:
    import httpx

CONNECT_TIMEOUT_S = 5.0
FORK_WAITS_S = 1.0
LONGEST_ANSWER_BYTES = 4 << 20


class Transport(Protocol):
    """What takes batches: the HTTP one here, or one of a test (``playhead.testing``)."""

    def post(self, body: bytes, headers: dict[str, str], timeout_s: float) -> Reply | Broken:
        """Send a batch and return the answer, within ``timeout_s`` seconds. Raises nothing for a lost connection."""
        ...

    def close(self) -> None:
        """Let go of connections."""
        ...


class Making:
    """The lock under which clients are made. It is held while the process forks: a child that is forked while another
    thread is inside OpenSSL inherits OpenSSL's own locks taken, and waits for them for ever."""

    def __init__(self) -> None:
        self.renew()

    def renew(self) -> None:
        """Be as new: what is held is the parent's."""
        self.lock = threading.RLock()
        self._forking = threading.local()

    def before_fork(self) -> None:
        """Load what sends, once for all children, and let no client be made until the process has forked.

        A module that another thread is importing at the fork can never be imported in the child.
        """
        import encodings.idna  # noqa: F401, PLC0415 - what the first look at a host's name imports

        import httpcore  # noqa: F401, PLC0415 - an application that records nothing never loads it

        from playhead.record import exchange  # noqa: F401, PLC0415

        self._forking.held = self.lock.acquire(timeout=FORK_WAITS_S)

    def after_in_parent(self) -> None:
        """Let clients be made again."""
        if self._forking.__dict__.pop("held", False):
            self.lock.release()


making = Making()


class HttpTransport:
    """Posts to ``/events`` over connections that are kept."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._http: httpx.Client | None = None

    def post(self, body: bytes, headers: dict[str, str], timeout_s: float) -> Reply | Broken:
        """Send a batch and return the answer."""
        import httpx  # noqa: PLC0415 - an application that records nothing never loads it

        from playhead.record.exchange import broken, client_options  # noqa: PLC0415

        if self._http is None:
            with making.lock:
                self._http = httpx.Client(**client_options(self._settings))
        timeout = httpx.Timeout(timeout_s, connect=min(CONNECT_TIMEOUT_S, timeout_s))
        try:
            return self._exchange(self._http, body, headers, timeout, elapsed_s() + timeout_s)
        except httpx.RequestError as error:
            return broken(error)
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            return Broken(reason=f"{type(error).__name__}: {error}", sent=True)

    def close(self) -> None:
        """Let go of connections."""
        http, self._http = self._http, None
        if http is not None:
            http.close()

    def _exchange(
        self, http: httpx.Client, body: bytes, headers: dict[str, str], timeout: httpx.Timeout, deadline: float
    ) -> Reply | Broken:
        url = f"{self._settings.url}{BASE}/events"
        with http.stream("POST", url, content=body, headers=headers, timeout=timeout) as response:
            answer = bytearray()
            for piece in response.iter_bytes():
                answer += piece
                if elapsed_s() > deadline or len(answer) > LONGEST_ANSWER_BYTES:
                    return Broken(reason="the answer took too long", sent=True)
            return Reply(status=response.status_code, headers=response.headers, body=bytes(answer))
