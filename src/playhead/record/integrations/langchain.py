"""LangChain and LangGraph: chains, tools, retrievers and graphs as steps, model calls as interactions.

    chain.invoke(question, config={"callbacks": [PlayheadCallbackHandler()]})

or, for everything that runs, ``playhead.instrument("langchain")``.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from typing import Any
from uuid import UUID

from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.tracers import context as tracing

from playhead.record._guard import guarded
from playhead.record.integrations import _langchain_words as words
from playhead.record.integrations._implicit import session_for_a_call
from playhead.record.integrations._langchain_runs import Run, Runs, is_foreign
from playhead.record.session import Session

HIDDEN = "langsmith:hidden"
AGENTS = frozenset({"LangGraph", "AgentExecutor"})

_runs = Runs()


class PlayheadCallbackHandler(BaseCallbackHandler):
    """Records what runs into a session: the one given, or the one that is current where the outermost run begins.

    May be used for many runs at once, sync and async. Fails silently: a failure counts as a drop of the session.
    """

    run_inline = True  # in the task that runs, so that what is current there is known and can be set

    def __init__(self, session: Session | None = None) -> None:
        self._session = session

    # --- chains, tools, retrievers -----------------------------------------------------------------------------------

    def on_chain_start(
        self, serialized: dict[str, Any], inputs: dict[str, Any], *, run_id: UUID, **kwargs: Any
    ) -> None:
        """Begin a step of kind chain, or agent for a graph that nothing encloses."""
        name = words.name_of(serialized, kwargs)
        kind = "agent" if kwargs.get("parent_run_id") is None and name in AGENTS else "chain"
        self._begin_step(run_id, kind, name, inputs, kwargs)

    def on_tool_start(self, serialized: dict[str, Any], input_str: str, *, run_id: UUID, **kwargs: Any) -> None:
        """Begin a step of kind tool."""
        given = input_str if kwargs.get("inputs") is None else kwargs["inputs"]
        self._begin_step(run_id, "tool", words.name_of(serialized, kwargs), given, kwargs)

    def on_retriever_start(self, serialized: dict[str, Any], query: str, *, run_id: UUID, **kwargs: Any) -> None:
        """Begin a step of kind retrieval."""
        self._begin_step(run_id, "retrieval", words.name_of(serialized, kwargs), query, kwargs)

    def on_chain_end(self, outputs: Any, *, run_id: UUID, **kwargs: Any) -> None:
        """End a step with what it returned."""
        self._end_step(run_id, outputs)

    def on_tool_end(self, output: Any, *, run_id: UUID, **kwargs: Any) -> None:
        """End a step with what it returned."""
        self._end_step(run_id, output)

    def on_retriever_end(self, documents: Sequence[Any], *, run_id: UUID, **kwargs: Any) -> None:
        """End a step with the documents that were found."""
        self._end_step(run_id, documents)

    def on_chain_error(self, error: BaseException, *, run_id: UUID, **kwargs: Any) -> None:
        """End a step that failed."""
        self._fail_step(run_id, error)

    def on_tool_error(self, error: BaseException, *, run_id: UUID, **kwargs: Any) -> None:
        """End a step that failed."""
        self._fail_step(run_id, error)

    def on_retriever_error(self, error: BaseException, *, run_id: UUID, **kwargs: Any) -> None:
        """End a step that failed."""
        self._fail_step(run_id, error)

    # --- models ------------------------------------------------------------------------------------------------------

    def on_chat_model_start(
        self, serialized: dict[str, Any], messages: list[list[Any]], *, run_id: UUID, **kwargs: Any
    ) -> None:
        """Announce a call of a chat model."""
        self._announce(run_id, serialized, next(iter(messages), []), kwargs)

    def on_llm_start(self, serialized: dict[str, Any], prompts: list[str], *, run_id: UUID, **kwargs: Any) -> None:
        """Announce a call of a model that completes text."""
        self._announce(run_id, serialized, prompts[0] if len(prompts) == 1 else prompts, kwargs)

    def on_llm_new_token(self, token: Any, *, run_id: UUID, **kwargs: Any) -> None:
        """Note a piece of a streamed answer."""
        self._take(run_id, token if isinstance(token, str) else "", came=bool(token))

    def on_stream_event(self, event: Any, *, run_id: UUID, **kwargs: Any) -> None:
        """Note a piece of an answer that is streamed as events."""
        delta = event.get("delta") if event.get("event") == "content-block-delta" else None
        if isinstance(delta, Mapping):
            self._take(run_id, str(delta.get("text") or ""), came=True)

    def on_llm_end(self, response: Any, *, run_id: UUID, **kwargs: Any) -> None:
        """Complete a call."""
        self._complete(run_id, response, {})

    def on_llm_error(self, error: BaseException, *, run_id: UUID, **kwargs: Any) -> None:
        """Complete a call that failed or was given up; what had come of the answer is kept."""
        partial = kwargs.get("response")
        if isinstance(error, Exception):
            self._complete(run_id, partial, {}, error)
        else:
            self._complete(run_id, partial, {"cancelled": True})

    # --- runs --------------------------------------------------------------------------------------------------------

    def _start(self, run_id: UUID, parent_run_id: UUID | None) -> Run | None:
        """Return a new run, or None for one that is not to be recorded."""
        parent = _runs.get(parent_run_id)
        session = self._session or (parent.session if parent is not None else session_for_a_call())
        if session is None or is_foreign() or not session.recorder.options.enabled or _runs.get(run_id) is not None:
            return None
        run = Run(self, session, parent.event_id if parent is not None else None)
        _runs.add(run_id, run)
        return run

    def _begin_step(self, run_id: UUID, kind: str, name: str | None, given: Any, told: Mapping[str, Any]) -> None:
        run = self._start(run_id, told.get("parent_run_id"))
        if run is not None and HIDDEN not in (told.get("tags") or ()):
            with self._guarded(run):
                run.run_step(run.session.step(name or kind, kind, input=words.shown(given), parent_id=run.event_id))

    def _end_step(self, run_id: UUID, output: Any) -> None:
        run = _runs.take(run_id, self)
        if run is not None and run.step is not None:
            with self._guarded(run):
                run.leave()
                run.step.output(words.shown(output))
                run.step.end()

    def _fail_step(self, run_id: UUID, error: BaseException) -> None:
        run = _runs.take(run_id, self)
        if run is not None and run.step is not None:
            with self._guarded(run):
                run.leave()
                status = _given_up(error)
                if status is None:
                    run.step.fail(error)
                else:
                    run.step.set(status=status)
                run.step.end()

    def _announce(self, run_id: UUID, serialized: Mapping[str, Any], prompt: Any, told: Mapping[str, Any]) -> None:
        run = self._start(run_id, told.get("parent_run_id"))
        if run is not None:
            with self._guarded(run):
                asked = words.asked(serialized, told)
                call = run.session.interaction(prompt=words.shown(prompt), parent_id=run.event_id, **asked)
                run.run_call(call, asked["model"])

    def _take(self, run_id: UUID, text: str, *, came: bool) -> None:
        run = _runs.get(run_id, self)
        if run is not None and run.call is not None:
            with self._guarded(run):
                run.leave()  # the provider has been asked; what the application does with a piece is its own
                if came:
                    run.call.first_token()
                if text:
                    run.pieces.append(text)

    def _complete(self, run_id: UUID, result: Any, metadata: dict[str, Any], error: Exception | None = None) -> None:
        run = _runs.take(run_id, self)
        if run is not None and run.call is not None:
            with self._guarded(run):
                run.leave()
                told = words.answered(result)
                metadata = told.pop("responseMetadata", {}) | metadata
                if told.get("model") not in (None, run.requested):
                    metadata["requestedModel"] = run.requested
                if not told.get("response") and (run.pieces or error is None):
                    told["response"] = "".join(run.pieces)
                if error is not None:
                    run.call.fail(error)
                run.call.end(**told, response_metadata=metadata or None)

    def _guarded(self, run: Run) -> guarded:
        return guarded(lambda: run.session.recorder, run.session.session_id)


def _given_up(error: BaseException) -> str | None:
    """Return the status of a step that ended early without having failed, or None: LangGraph interrupts by raising."""
    if not isinstance(error, Exception):
        return "cancelled"
    return "interrupted" if any(kind.__name__ == "GraphBubbleUp" for kind in type(error).__mro__) else None


def install() -> Callable[[], None]:
    """Give every run a handler, and return what takes that back."""
    handler = PlayheadCallbackHandler()
    variable: ContextVar[Any] = ContextVar("playhead_langchain", default=handler)
    tracing.register_configure_hook(variable, inheritable=True)
    hook = tracing._configure_hooks[-1]  # noqa: SLF001 - there is no public way to take one back

    def undo() -> None:
        with contextlib.suppress(ValueError):
            tracing._configure_hooks.remove(hook)  # noqa: SLF001

    return undo
