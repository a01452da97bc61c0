"""Pydantic AI: a run as a step of kind agent, requests to models as interactions, tools as steps.

    agent = Agent("openai:gpt-4o", capabilities=[PlayheadCapability()])

or, for every agent, ``playhead.instrument("pydantic_ai")``.
"""

from __future__ import annotations

import asyncio
import functools
import time
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from typing import Any

from pydantic_ai import Agent
from pydantic_ai.capabilities import AbstractCapability
from pydantic_ai.models import Model, StreamedResponse
from pydantic_ai.models.wrapper import WrapperModel

from playhead.record import door
from playhead.record._guard import guarded
from playhead.record._span import PendingInteraction, RunningStep
from playhead.record.current import enter_suppression, is_suppressed, leave, suppressed
from playhead.record.integrations import _pydantic_ai_words as words
from playhead.record.integrations._implicit import session_for_a_call
from playhead.record.session import Session

NO_FAILURES = frozenset({"CallDeferred", "ApprovalRequired", "SkipToolExecution"})
"""What a tool raises to be called later, or not at all."""


class PlayheadCapability(AbstractCapability[Any]):
    """Records what an agent does into a session: the one given, or the one that is current when it runs."""

    _safe_at_runtime = True  # changes nothing that durable runs depend on

    def __init__(self, session: Session | None = None) -> None:
        self.id = "playhead"  # an agent has one of these
        self._session = session

    @classmethod
    def combine(cls, capabilities: Any) -> Any:
        """Return the one to use of several that an agent was given: the last."""
        return capabilities[-1]

    def get_wrapper_model(self, model: Model) -> Model | None:
        """Return the model, recorded."""
        return RecordedModel(model, self._session)

    async def wrap_run(self, ctx: Any, *, handler: Any) -> Any:
        """Record a run as a step, within which the rest is recorded."""
        session = _session(self._session)
        if session is None:
            return await handler()
        name = getattr(getattr(ctx, "agent", None), "name", None) or "agent"
        with _recorded(session, name, "agent", ctx.prompt) as step:
            result = await handler()
            step.output(getattr(result, "output", None))
            return result

    async def wrap_tool_execute(self, ctx: Any, *, call: Any, tool_def: Any, args: Any, handler: Any) -> Any:  # noqa: ARG002
        """Record a tool's execution as a step."""
        session = _session(self._session)
        if session is None:
            return await handler(args)
        with _recorded(session, call.tool_name, "tool", dict(args) if isinstance(args, Mapping) else args) as step:
            result = await handler(args)
            step.output(result)
            return result


class RecordedModel(WrapperModel):
    """A model whose requests are recorded as interactions, streamed ones with the time to their first token."""

    def __init__(self, wrapped: Any, session: Session | None = None) -> None:
        super().__init__(wrapped)
        self._session = session

    async def request(self, messages: Any, model_settings: Any, model_request_parameters: Any) -> Any:
        """Send a request."""
        request = self._begin(messages, model_settings, model_request_parameters)
        if request is None:
            return await super().request(messages, model_settings, model_request_parameters)
        try:
            with suppressed():
                response = await super().request(messages, model_settings, model_request_parameters)
        except BaseException as error:
            request.fail(error)
            raise
        request.finish(response)
        return response

    @asynccontextmanager
    async def request_stream(
        self, messages: Any, model_settings: Any, model_request_parameters: Any, run_context: Any = None
    ) -> AsyncGenerator[StreamedResponse]:
        """Send a request whose answer is streamed."""
        request = self._begin(messages, model_settings, model_request_parameters)
        stream: StreamedResponse | None = None
        try:
            async with AsyncExitStack() as stack:
                mark = None if request is None else enter_suppression()
                try:
                    stream = await stack.enter_async_context(
                        super().request_stream(messages, model_settings, model_request_parameters, run_context)
                    )
                finally:
                    if mark is not None:
                        leave(mark)
                yield stream
        except BaseException as error:
            if request is not None:
                request.fail(error, stream)
            raise
        if request is not None:
            request.finish_stream(stream)

    def _begin(self, messages: Any, settings: Any, parameters: Any) -> _Request | None:
        session = _session(self._session)
        if session is None:
            return None
        with _guarded(session):
            call = session.interaction(
                model=self.model_name or "unknown",
                prompt=words.prompt(messages, parameters),
                provider=self.system or None,
                parameters=words.parameters_of(settings, parameters),
            )
            return _Request(session, call, self.model_name)
        return None


class _Request:
    """A request under way; it ends once."""

    def __init__(self, session: Session, call: PendingInteraction, model: str) -> None:
        self._session = session
        self._call = call
        self._model = model
        self._began = time.perf_counter()

    def finish(self, response: Any, **more: Any) -> None:
        """Record the answer."""
        with _guarded(self._session):
            told = self._told(response)
            metadata = told.pop("responseMetadata") | more.pop("metadata", {})
            self._call.end(**{"response": ""} | _known(told), **more, response_metadata=metadata or None)

    def finish_stream(self, stream: Any) -> None:
        """Record what came of a streamed answer, which its reader may have left early."""
        with _guarded(self._session):
            response = stream.get()
            metadata = {} if response.state in ("complete", "suspended") else {"cancelled": True}
            self.finish(response, metadata=metadata, time_to_first_token=self._first_ms(stream))

    def fail(self, error: BaseException, stream: Any = None) -> None:
        """Record a request that failed or was given up, with what had come."""
        with _guarded(self._session):
            came = stream is not None and bool(stream.get().parts)
            told = self._told(stream.get()) if came else {}
            metadata = told.pop("responseMetadata", {})
            if isinstance(error, Exception):
                self._call.fail(error)
            else:
                told = {"response": "", **_known(told)}
                metadata["cancelled"] = True
            first_ms = self._first_ms(stream) if came else None
            self._call.end(**_known(told), time_to_first_token=first_ms, response_metadata=metadata or None)

    def _told(self, response: Any) -> dict[str, Any]:
        told = words.answered(response)
        if told["model"] not in (None, self._model):
            told["responseMetadata"]["requestedModel"] = self._model
        return told

    def _first_ms(self, stream: Any) -> float | None:
        first_s = stream.time_to_first_chunk(self._began)
        return None if first_s is None else round(first_s * 1000, 3)


def _known(told: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in told.items() if value is not None}


def _session(given: Session | None) -> Session | None:
    """Return the session to record into, or None where nothing is to be recorded."""
    session = None if is_suppressed() else given or session_for_a_call()
    return session if session is not None and session.recorder.options.enabled else None


def _guarded(session: Session) -> guarded:
    return guarded(lambda: session.recorder, session.session_id)


@contextmanager
def _recorded(session: Session, name: str, kind: str, given: Any) -> Iterator[RunningStep]:
    """A block that is a step; being given up, or put off, is no failure."""
    with RunningStep(session, None, {"name": name, "kind": kind, "input": given}) as step:
        try:
            yield step
        except BaseException as error:
            status = _given_up(error)
            if status is not None:
                step.end(status=status)
            raise


def _given_up(error: BaseException) -> str | None:
    if isinstance(error, asyncio.CancelledError | GeneratorExit):
        return "cancelled"
    return "deferred" if type(error).__name__ in NO_FAILURES else None


def install() -> Callable[[], None]:
    """Give every run of every agent the capability, unless it has one; return what takes that back."""
    original = Agent.iter

    @functools.wraps(original)
    def recorded(self: Any, *args: Any, **kwargs: Any) -> Any:
        with guarded(door.recorder):
            given = list(kwargs.get("capabilities") or ())
            if not _has_one([*given, *self.root_capability.capabilities]):
                kwargs["capabilities"] = [*given, PlayheadCapability()]
        return original(self, *args, **kwargs)

    Agent.iter = recorded  # type: ignore[method-assign]

    def undo() -> None:
        Agent.iter = original  # type: ignore[method-assign]

    return undo


def _has_one(capabilities: list[Any]) -> bool:
    return any(isinstance(each, PlayheadCapability) for each in capabilities)
