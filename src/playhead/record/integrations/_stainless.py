"""Clients made by one generator, as OpenAI's and Anthropic's are: every operation of theirs passes through ``request``.

Observed there, a call is one interaction with all its retries, whichever helper made it (``create``, ``parse``,
``stream``, raw and streaming responses), and what the application gets is the client's own object.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from types import ModuleType
from typing import Any, Protocol
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from playhead.record.current import Mark, leave
from playhead.record.integrations._calls import Fold, Members, ObservedCall, Reader, Request, begin, given, missed
from playhead.record.integrations._streams import forget, on_close, on_read, watched

_observed: ContextVar[ObservedCall | None] = ContextVar("playhead_observed", default=None)


class Operation(Struct, frozen=True, kw_only=True):
    """One path of an API: how its request body and its answer are read, and what puts a streamed answer together.

    ``asked`` splits the body into prompt and parameters; it may change the mapping that it is given.
    """

    asked: Callable[[Members], Any]
    read: Reader
    fold: Callable[[], Fold]


Operations = Mapping[str, Operation]
Provider = Callable[[Any], str]


class _Client(Protocol):
    base_url: Any


def install(module: ModuleType, operations: Operations, provider: Provider) -> Callable[[], None]:
    """Observe every client whose base classes are in ``module``; return what undoes it."""
    observed = functools.partial(_begin, operations, provider)
    sync, asynchronous = module.SyncAPIClient, module.AsyncAPIClient
    wrapped = [
        (sync, "request", _request(sync.request, observed)),
        (asynchronous, "request", _async_request(asynchronous.request, observed)),
        (sync, "_process_response", _process(sync._process_response)),  # noqa: SLF001 - tells status and retries
        (asynchronous, "_process_response", _async_process(asynchronous._process_response)),  # noqa: SLF001
    ]
    originals = [(kind, name, getattr(kind, name)) for kind, name, _ in wrapped]
    for kind, name, function in wrapped:
        setattr(kind, name, function)

    def undo() -> None:
        for kind, name, function in originals:
            setattr(kind, name, function)

    return undo


def _begin(operations: Operations, provider: Provider, client: _Client, options: Any) -> ObservedCall | None:
    path = str(getattr(options, "url", "")).partition("?")[0]
    operation = operations.get(path)
    if operation is None or str(getattr(options, "method", "")).lower() != "post":
        return None

    def request() -> Request:
        body = given(options.json_data) | given(getattr(options, "extra_json", None))
        model = str(body.pop("model", None) or "unknown")
        host = urlsplit(str(client.base_url)).netloc.rpartition("@")[2]
        return Request(
            model=model,
            prompt=operation.asked(body),
            provider=provider(client),
            parameters=body,
            metadata={"host": host, "operation": path.strip("/")},
        )

    return begin(request, operation.read, operation.fold)


def _request(original: Any, observed: Callable[[Any, Any], ObservedCall | None]) -> Any:
    @functools.wraps(original)
    def request(self: Any, cast_to: Any, options: Any, *args: Any, **kwargs: Any) -> Any:
        call = observed(self, options)
        if call is None:
            return original(self, cast_to, options, *args, **kwargs)
        mark = _enter(call)
        try:
            result = original(self, cast_to, options, *args, **kwargs)
        except BaseException as error:
            _fail(call, error)
            raise
        finally:
            leave(mark)
        _follow(call, result)
        return result

    return request


def _async_request(original: Any, observed: Callable[[Any, Any], ObservedCall | None]) -> Any:
    @functools.wraps(original)
    async def request(self: Any, cast_to: Any, options: Any, *args: Any, **kwargs: Any) -> Any:
        call = observed(self, options)
        if call is None:
            return await original(self, cast_to, options, *args, **kwargs)
        mark = _enter(call)
        try:
            result = await original(self, cast_to, options, *args, **kwargs)
        except BaseException as error:
            _fail(call, error)
            raise
        finally:
            leave(mark)
        _follow(call, result)
        return result

    return request


def _process(original: Any) -> Any:
    @functools.wraps(original)
    def process(self: Any, *args: Any, **kwargs: Any) -> Any:
        _note_response(kwargs.get("response"))
        return original(self, *args, **kwargs)

    return process


def _async_process(original: Any) -> Any:
    @functools.wraps(original)
    async def process(self: Any, *args: Any, **kwargs: Any) -> Any:
        _note_response(kwargs.get("response"))
        return await original(self, *args, **kwargs)

    return process


def _enter(call: ObservedCall) -> Mark:
    before = _observed.get()
    return _observed, _observed.set(call), before


def _note_response(response: Any) -> None:
    """Keep what the HTTP answer says beside its body."""
    call = _observed.get()
    if call is None or response is None:
        return
    try:
        request_id = response.headers.get("x-request-id") or response.headers.get("request-id")
        if request_id:
            call.metadata["requestId"] = request_id
        _note_retries(call, response.request)
    except Exception:  # noqa: BLE001 - counted, and the application's call goes on
        missed(call.session)


def _fail(call: ObservedCall, error: BaseException) -> None:
    _note_retries(call, getattr(error, "request", None))
    call.fail(error)


def _note_retries(call: ObservedCall, request: Any) -> None:
    """Keep how often the client tried again, which it tells its server in a header."""
    headers = getattr(request, "headers", None)
    retries = str(headers.get("x-stainless-retry-count", "0")) if headers is not None else "0"
    if retries.isdecimal() and int(retries):
        call.metadata["retries"] = int(retries)


def _follow(call: ObservedCall, result: Any) -> None:
    """See a call to its end, from what the client returns for it."""
    try:
        _follow_result(call, result)
    except Exception:  # noqa: BLE001 - counted, and the application gets its result
        missed(call.session)
        call.finish({})


def _follow_result(call: ObservedCall, result: Any) -> None:
    if hasattr(result, "_iterator"):
        _follow_stream(call, result)
    elif hasattr(result, "http_response"):
        _follow_raw(call, result)
    else:
        call.finish(result)


def _follow_stream(call: ObservedCall, stream: Any) -> None:
    response = stream.response
    on_close(response, call, call.cancel)
    call.afterwards = functools.partial(forget, response)
    stream._iterator = watched(stream._iterator, call)  # noqa: SLF001 - what the stream reads, under every helper


def _follow_raw(call: ObservedCall, raw: Any) -> None:
    """See to a response that the application parses itself: at once where its body is there, else when it is read."""
    response = raw.http_response
    unparsed = functools.partial(call.cancel, "unparsed")
    if getattr(raw, "_stream", False) or getattr(raw, "_is_sse_stream", False):
        on_close(response, call, unparsed)
        _follow_parsing(call, raw)
    elif hasattr(response, "_content"):
        call.finish(_body(response))
    else:
        on_close(response, call, unparsed)
        on_read(response, call, lambda: call.finish(_body(response)))


def _follow_parsing(call: ObservedCall, raw: Any) -> None:
    """Watch the stream that ``parse`` returns, the first time that it is called."""
    parse = raw.parse

    def once(result: Any) -> Any:
        vars(raw).pop("parse", None)
        if hasattr(result, "_iterator"):
            forget(result.response)
            _follow(call, result)
        return result

    def parsed(*args: Any, **kwargs: Any) -> Any:
        result = parse(*args, **kwargs)
        return later(result) if hasattr(result, "__await__") else once(result)

    async def later(result: Any) -> Any:
        return once(await result)

    raw.parse = parsed


def _body(response: Any) -> Any:
    try:
        return msgspec.json.decode(response.content)
    except msgspec.MsgspecError:
        return {"text": response.text}
