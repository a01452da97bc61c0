"""Middleware for WSGI applications: Flask, Django and others. Touches no part of a body, and keeps none."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeAlias

from playhead.record.web._middleware import Head, Middleware
from playhead.record.web._request import RecordedRequest

Environ: TypeAlias = dict[str, Any]
StartResponse: TypeAlias = Callable[..., Any]


class PlayheadWSGI(Middleware):
    """An application whose requests are recorded, each as a step in a session that is current inside, in the thread
    that answers it.

        app.wsgi_app = PlayheadWSGI(app.wsgi_app, exclude=["/health"])

    ``user`` is given the environ. Parts of a streamed body pass one by one, as the server asks for them.
    """

    integration = "wsgi"

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request as the application does."""
        request = self._begin(environ)
        if request is None:
            return self.app(environ, start_response)  # type: ignore[no-any-return]
        try:
            with request.place:
                body: Iterable[bytes] = self.app(environ, _watched(start_response, request))
        except BaseException as error:
            request.failed(error)
            request.close()
            raise
        if not _is_whole(body, environ):
            return _Body(body, request)
        request.complete()
        request.close()
        return body

    def _spelled(self, header: str) -> str:
        return f"HTTP_{header.upper().replace('-', '_')}"

    def _head(self, surroundings: Any) -> Head:
        path = _text(surroundings.get("SCRIPT_NAME", "") + surroundings.get("PATH_INFO", "")) or "/"
        conversation = surroundings.get(self._header, "").strip() or None
        return Head(surroundings["REQUEST_METHOD"], path, conversation, surroundings)


class _Body:
    """A body that is passed on part by part; each is made with the request's session current."""

    def __init__(self, body: Iterable[bytes], request: RecordedRequest) -> None:
        self._body = body
        self._parts: Iterator[bytes] | None = None
        self._request = request

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            with self._request.place:
                if self._parts is None:
                    self._parts = iter(self._body)
                return next(self._parts)
        except StopIteration:
            self._request.complete()
            raise
        except BaseException as error:
            self._request.failed(error)
            raise

    def close(self) -> None:
        """Close the application's own body, which servers do after the last part or when the client is gone."""
        try:
            close = getattr(self._body, "close", None)
            if close is not None:
                with self._request.place:
                    close()
        except BaseException as error:
            self._request.failed(error)
            raise
        finally:
            self._request.close()


def _watched(start_response: StartResponse, request: RecordedRequest) -> StartResponse:
    def watched(status: str, headers: Any, *more: Any) -> Any:
        with request.guarded():
            request.answered(int(status[:3]))
        return start_response(status, headers, *more)

    return watched


def _is_whole(body: Iterable[bytes], environ: Environ) -> bool:
    """Say whether a body is made already, or the server's own kind, which it must get back as it is."""
    wrapper = environ.get("wsgi.file_wrapper")
    return type(body) in (list, tuple) or (isinstance(wrapper, type) and isinstance(body, wrapper))


def _text(latin: str) -> str:
    """Return a path as text: WSGI hands over its bytes as if they were Latin-1."""
    return latin.encode("latin-1", "replace").decode("utf-8", "replace")
