"""LiteLLM: ``completion``, ``acompletion``, ``embedding`` and ``aembedding`` for every provider that it knows.

What it calls underneath, OpenAI's client for one, is not recorded a second time. Keys are left out of what is recorded.
"""

from __future__ import annotations

import functools
import importlib
import re
from collections.abc import Callable
from typing import Any

from playhead.record.current import suppressed
from playhead.record.integrations._calls import Fold, Members, ObservedCall, Reader, Request, begin, given, read_answer
from playhead.record.integrations._chat import ChatFold, NoFold
from playhead.record.integrations.openai import read_embedding

SECRET = re.compile(r"(_key|_key_id|_token|_ad_token|secret\w*|password|credentials|headers)$")
OBJECTS = frozenset({"client", "shared_session", "logger_fn", "litellm_logging_obj", "acompletion", "aembedding"})
MARK = "_playhead_call"


def install() -> Callable[[], None]:
    """Record LiteLLM's functions; return what undoes it."""
    package = importlib.import_module("litellm")
    streams = importlib.import_module("litellm.litellm_core_utils.streaming_handler").CustomStreamWrapper
    chat = functools.partial(_begin, "messages", _read_completion, ChatFold)
    embed = functools.partial(_begin, "input", _read_embedding, NoFold)
    wrapped = [
        (package, "completion", _call(package.completion, chat)),
        (package, "acompletion", _async_call(package.acompletion, chat)),
        (package, "embedding", _call(package.embedding, embed)),
        (package, "aembedding", _async_call(package.aembedding, embed)),
        (streams, "__next__", _next(streams.__next__)),
        (streams, "__anext__", _anext(streams.__anext__)),
        (streams, "aclose", _aclose(streams.aclose)),
    ]
    originals = [(owner, name, getattr(owner, name)) for owner, name, _ in wrapped]
    for owner, name, function in wrapped:
        setattr(owner, name, function)

    def undo() -> None:
        for owner, name, function in originals:
            setattr(owner, name, function)

    return undo


class _Follower:
    """Stays with a stream: one that is dropped was given up."""

    def __init__(self, call: ObservedCall) -> None:
        self.call = call

    def __del__(self) -> None:
        self.call.cancel()


def _begin(
    asked: str, read: Reader, fold: Callable[[], Fold], args: tuple[Any, ...], kwargs: Members
) -> ObservedCall | None:
    def request() -> Request:
        body = given(dict(zip(("model", asked), args, strict=False)) | kwargs)
        model, prompt = str(body.pop("model", "unknown")), body.pop(asked, "")
        named = body.get("custom_llm_provider") or (model.partition("/")[0] if "/" in model else "litellm")
        parameters = {name: value for name, value in body.items() if name not in OBJECTS and not SECRET.search(name)}
        return Request(model=model, prompt=prompt, provider=str(named), parameters=parameters)

    return begin(request, read, fold)


def _call(original: Any, observed: Callable[[tuple[Any, ...], Members], ObservedCall | None]) -> Any:
    @functools.wraps(original)
    def call(*args: Any, **kwargs: Any) -> Any:
        observing = observed(args, kwargs)
        if observing is None:
            return original(*args, **kwargs)
        try:
            with suppressed():
                result = original(*args, **kwargs)
        except BaseException as error:
            observing.fail(error)
            raise
        _follow(observing, result)
        return result

    return call


def _async_call(original: Any, observed: Callable[[tuple[Any, ...], Members], ObservedCall | None]) -> Any:
    @functools.wraps(original)
    async def call(*args: Any, **kwargs: Any) -> Any:
        observing = observed(args, kwargs)
        if observing is None:
            return await original(*args, **kwargs)
        try:
            with suppressed():
                result = await original(*args, **kwargs)
        except BaseException as error:
            observing.fail(error)
            raise
        _follow(observing, result)
        return result

    return call


def _follow(call: ObservedCall, result: Any) -> None:
    """See a call to its end: a stream when it is read, anything else now."""
    if hasattr(result, "__anext__") and hasattr(result, "__dict__"):
        vars(result)[MARK] = _Follower(call)
    else:
        call.finish(result)


def _followed(stream: Any) -> ObservedCall | None:
    follower = vars(stream).get(MARK)
    return follower.call if follower is not None else None


def _next(original: Any) -> Any:
    @functools.wraps(original)
    def __next__(self: Any) -> Any:  # noqa: N807 - stands in for it
        call = _followed(self)
        if call is None:
            return original(self)
        try:
            piece = original(self)
        except StopIteration:
            call.finish()
            raise
        except BaseException as error:
            call.fail(error)
            raise
        call.take(piece)
        return piece

    return __next__


def _anext(original: Any) -> Any:
    @functools.wraps(original)
    async def __anext__(self: Any) -> Any:  # noqa: N807 - stands in for it
        call = _followed(self)
        if call is None:
            return await original(self)
        try:
            piece = await original(self)
        except StopAsyncIteration:
            call.finish()
            raise
        except BaseException as error:
            call.fail(error)
            raise
        call.take(piece)
        return piece

    return __anext__


def _aclose(original: Any) -> Any:
    @functools.wraps(original)
    async def aclose(self: Any) -> None:
        call = _followed(self)
        if call is not None:
            call.cancel()
        await original(self)

    return aclose


def _read_completion(answer: Any) -> Members:
    return read_answer(answer) | _hidden(answer)


def _read_embedding(answer: Any) -> Members:
    return read_embedding(answer) | _hidden(answer)


def _hidden(answer: Any) -> Members:
    """Return what LiteLLM says of an answer beside it: who gave it, and what it cost in US dollars."""
    hidden = getattr(answer, "_hidden_params", None) or {}
    provider, cost = hidden.get("custom_llm_provider"), hidden.get("response_cost")
    told = {"provider": str(provider)} if provider else {}
    return {**told, "cost": cost} if isinstance(cost, float) and cost > 0 else told
