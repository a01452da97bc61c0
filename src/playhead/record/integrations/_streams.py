"""Streams that are watched while the application reads them: the same pieces in the same order, nothing held back.

A stream ends by running out, by failing, by being closed or cancelled, or by being dropped. The iterators here stand
in for a stream's own; ``on_close`` is for those who close the connection under it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextvars import ContextVar
from typing import Any, Self

from playhead.record.current import Mark, leave
from playhead.record.integrations._calls import ObservedCall

_reading: ContextVar[ObservedCall | None] = ContextVar("playhead_reading", default=None)


def _enter(call: ObservedCall) -> Mark:
    before = _reading.get()
    return _reading, _reading.set(call), before


class Watched:
    """Common to both: what is not iteration is the stream's own; one that is dropped was given up."""

    def __init__(self, iterator: Any, call: ObservedCall) -> None:
        self._iterator = iterator
        self._call = call

    def __getattr__(self, name: str) -> Any:
        return getattr(vars(self)["_iterator"], name)

    def __del__(self) -> None:
        self._call.cancel()


class WatchedIterator(Watched):
    """An iterator that tells a call what passes through it."""

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Any:
        mark = _enter(self._call)
        try:
            piece = next(self._iterator)
        except StopIteration:
            self._call.finish()
            raise
        except BaseException as error:
            self._call.fail(error)
            raise
        finally:
            leave(mark)
        self._call.take(piece)
        return piece

    def close(self) -> None:
        """Close the iterator, where it can be."""
        self._call.cancel()
        self._iterator.close()


class WatchedAsyncIterator(Watched):
    """An async iterator that tells a call what passes through it."""

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Any:
        mark = _enter(self._call)
        try:
            piece = await anext(self._iterator)
        except StopAsyncIteration:
            self._call.finish()
            raise
        except BaseException as error:
            self._call.fail(error)
            raise
        finally:
            leave(mark)
        self._call.take(piece)
        return piece

    async def aclose(self) -> None:
        """Close the iterator, where it can be."""
        self._call.cancel()
        await self._iterator.aclose()


def watched(iterator: Iterator[Any] | AsyncIterator[Any], call: ObservedCall) -> Watched:
    """Return what stands in for an iterator of either kind."""
    return WatchedAsyncIterator(iterator, call) if hasattr(iterator, "__anext__") else WatchedIterator(iterator, call)


def on_close(response: Any, call: ObservedCall, then: Callable[[], None]) -> None:
    """Run ``then`` once when the application closes an HTTP response; reading to its end closes it too, which is not
    meant."""
    original, original_async = response.close, response.aclose

    def closed() -> None:
        if _reading.get() is not call:
            forget(response)
            then()

    def close() -> None:
        closed()
        original()

    async def aclose() -> None:
        closed()
        await original_async()

    response.close, response.aclose = close, aclose


def on_read(response: Any, call: ObservedCall, then: Callable[[], None]) -> None:
    """Run ``then`` when the application has read an HTTP response whole."""
    original, original_async = response.read, response.aread

    def read() -> Any:
        mark = _enter(call)
        try:
            body = original()
        finally:
            leave(mark)
        forget(response)
        then()
        return body

    async def aread() -> Any:
        mark = _enter(call)
        try:
            body = await original_async()
        finally:
            leave(mark)
        forget(response)
        then()
        return body

    response.read, response.aread = read, aread


def forget(response: Any) -> None:
    """Leave an HTTP response as it was."""
    for name in ("close", "aclose", "read", "aread"):
        vars(response).pop(name, None)
