"""A session while it is recorded: what happens is handed to the recorder, which returns at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from playhead.model.session import EndStatus
from playhead.record._members import members, said
from playhead.record._span import PendingInteraction, RunningStep
from playhead.record.current import Mark, current_parent, enter_session, leave

if TYPE_CHECKING:
    from playhead.record.recorder import Recorder


class Session:
    """One recorded run. Made by ``recorder.session(…)`` or ``playhead.session(…)``, which start it.

    As a block (``with`` or ``async with``) it is current inside, and ends with it: ``completed``, or ``error`` when the
    block raises, which goes on. In a forked child it goes on too, but does not end with the child's block. Methods
    return the event's id, or '' when it was dropped; they raise nothing.
    """

    def __init__(self, recorder: Recorder, session_id: str, start: Mapping[str, Any]) -> None:
        self.recorder = recorder
        self.session_id = session_id
        self.feature: str = start["feature"]
        self.user_id: str | None = start.get("userId")
        self.label: str | None = start.get("label")
        self.ended = False
        self._start = start
        self._marks: list[Mark] = []
        self._own_generation = recorder.generation
        self._announce()

    def __repr__(self) -> str:
        return f"<playhead session {self.session_id}>"

    @property
    def replay_url(self) -> str:
        """The page that plays the session."""
        return f"{self.recorder.settings.url}/sessions/replay/{self.session_id}"

    def record_interaction(  # noqa: PLR0912 - see below
        self,
        interaction: Mapping[str, Any] | None = None,
        *,
        model: str | None = None,
        prompt: Any = None,
        response: Any = None,
        provider: str | None = None,
        tokens: Any = None,
        cost: float | None = None,
        latency: Any = None,
        time_to_first_token: Any = None,
        parameters: Mapping[str, Any] | None = None,
        request_metadata: Mapping[str, Any] | None = None,
        response_metadata: Mapping[str, Any] | None = None,
        error: Any = None,
        timestamp: Any = None,
        id: str | None = None,  # noqa: A002 - the wire's name
    ) -> str:
        """Record one model call that is done, as the client's ``record_interaction`` takes it."""
        named: dict[str, Any] = {}  # member by member: half as long as said(), in the call that is made most
        if model is not None:
            named["model"] = model
        if prompt is not None:
            named["prompt"] = prompt
        if response is not None:
            named["response"] = response
        if provider is not None:
            named["provider"] = provider
        if tokens is not None:
            named["tokens"] = tokens
        if cost is not None:
            named["cost"] = cost
        if latency is not None:
            named["latency"] = latency
        if time_to_first_token is not None:
            named["timeToFirstToken"] = time_to_first_token
        if parameters is not None:
            named["parameters"] = parameters
        if request_metadata is not None:
            named["requestMetadata"] = request_metadata
        if response_metadata is not None:
            named["responseMetadata"] = response_metadata
        if error is not None:
            named["error"] = error
        parent_id = current_parent(self.session_id)
        if parent_id is not None:
            named["parentId"] = parent_id
        return self.record("interaction", interaction, named, timestamp, id)

    def record_user_action(
        self,
        user_action: Mapping[str, Any] | None = None,
        *,
        action: str | None = None,
        target: Any = None,
        metadata: Mapping[str, Any] | None = None,
        timestamp: Any = None,
        id: str | None = None,  # noqa: A002
    ) -> str:
        """Record something that the end user did."""
        named = said(action=action, target=target, metadata=metadata)
        return self.record("user_action", user_action, named, timestamp, id)

    def record_code_context(
        self,
        code_context: Mapping[str, Any] | None = None,
        *,
        file: str | None = None,
        snippet: str | None = None,
        language: str | None = None,
        cursor_position: Mapping[str, int] | None = None,
        metadata: Mapping[str, Any] | None = None,
        timestamp: Any = None,
        id: str | None = None,  # noqa: A002
    ) -> str:
        """Record the code that was open."""
        named = said(file=file, snippet=snippet, language=language, cursorPosition=cursor_position, metadata=metadata)
        return self.record("code_context", code_context, named, timestamp, id)

    def record_system_metrics(
        self,
        system_metrics: Mapping[str, Any] | None = None,
        *,
        cpu: float | None = None,
        memory: float | None = None,
        active_requests: int | None = None,
        network: Mapping[str, float] | None = None,
        metadata: Mapping[str, Any] | None = None,
        timestamp: Any = None,
        id: str | None = None,  # noqa: A002
    ) -> str:
        """Record one sample of the machine: ``cpu`` and ``memory`` in per cent, ``network`` in bytes."""
        named = said(cpu=cpu, memory=memory, activeRequests=active_requests, network=network, metadata=metadata)
        return self.record("system_metrics", system_metrics, named, timestamp, id)

    def record_workspace_state(
        self,
        workspace_state: Mapping[str, Any] | None = None,
        *,
        environment: Any = None,
        settings: Any = None,
        active_files: Sequence[Any] | None = None,
        metadata: Mapping[str, Any] | None = None,
        timestamp: Any = None,
        id: str | None = None,  # noqa: A002
    ) -> str:
        """Record the surroundings of the work."""
        named = said(environment=environment, settings=settings, activeFiles=active_files, metadata=metadata)
        return self.record("workspace_state", workspace_state, named, timestamp, id)

    def record_step(
        self,
        step: Mapping[str, Any] | None = None,
        *,
        name: str | None = None,
        kind: str | None = None,
        parent_id: str | None = None,
        input: Any = None,  # noqa: A002
        output: Any = None,
        latency: Any = None,
        status: str | None = None,
        error: Any = None,
        timestamp: Any = None,
        id: str | None = None,  # noqa: A002
    ) -> str:
        """Record a step that is done; its parent is the enclosing step or interaction unless one is named."""
        named = said(
            name=name,
            kind=kind,
            parentId=parent_id or current_parent(self.session_id),
            input=input,
            output=output,
            latency=latency,
            status=status,
            error=error,
        )
        return self.record("step", step, named, timestamp, id)

    def record_feedback(
        self,
        feedback: Mapping[str, Any] | None = None,
        *,
        score: float | bool | str | None = None,
        comment: str | None = None,
        interaction_id: str | None = None,
        timestamp: Any = None,
        id: str | None = None,  # noqa: A002
    ) -> str:
        """Record what somebody thought of an interaction, or of the session."""
        named = said(score=score, comment=comment, interactionId=interaction_id)
        return self.record("feedback", feedback, named, timestamp, id)

    def interaction(
        self,
        *,
        model: str,
        prompt: Any = None,
        provider: str | None = None,
        id: str | None = None,  # noqa: A002
        **more: Any,
    ) -> PendingInteraction:
        """Announce a model call and return it, to be completed in a ``with`` block; see ``PendingInteraction``.

        ``more`` are members of the interaction under their Python names: ``parameters``, ``request_metadata``, ….
        """
        return PendingInteraction(self, id, {"model": model, "prompt": prompt, "provider": provider, **more})

    def step(
        self,
        name: str,
        kind: str = "custom",
        *,
        input: Any = None,  # noqa: A002
        parent_id: str | None = None,
        id: str | None = None,  # noqa: A002
        **more: Any,
    ) -> RunningStep:
        """Return a step for a ``with`` block; steps and interactions inside it are its children."""
        return RunningStep(self, id, {"name": name, "kind": kind, "input": input, "parent_id": parent_id, **more})

    def end(self, status: EndStatus = "completed", *, ended_at: Any = None) -> None:
        """End the session, once; ending it again does nothing."""
        if self.ended:
            return
        self.ended = True
        if self._generation != self.recorder.generation:
            self._announce()
        self.recorder.emit(self.session_id, "session.end", {"status": status}, timestamp=ended_at)

    def record(
        self,
        kind: str,
        given: Mapping[str, Any] | None,
        named: dict[str, Any],
        timestamp: Any = None,
        event_id: str | None = None,
    ) -> str:
        """Record an event of any kind from a mapping with Python or wire names and from named members, which win.

        ``named`` has the wire's names and no None; it is the recorder's from then on.
        """
        if self._generation != self.recorder.generation:
            self._announce()
        try:
            data = members(kind, given, named)
            moment = data.pop("timestamp", None) if timestamp is None else timestamp
            own_id = data.pop("id", None) if event_id is None else event_id
        except Exception:  # noqa: BLE001 - a foreign object may raise anything; the recorder counts what it drops
            return self.recorder.emit(self.session_id, kind, {"given": given, **named}, id=event_id)
        return self.recorder.emit(self.session_id, kind, data, id=own_id, timestamp=moment)

    def _announce(self) -> None:
        """Record the start: also in a forked child, whose events may be sent before its parent's. Twice is harmless."""
        self._generation = self.recorder.generation
        self.recorder.emit(self.session_id, "session.start", dict(self._start), timestamp=self._start["startedAt"])

    def __enter__(self) -> Self:
        self._marks.append(enter_session(self))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._marks:
            leave(self._marks.pop())
        if not self._marks and self._own_generation == self.recorder.generation:
            self.end("completed" if error is None else "error")

    async def __aenter__(self) -> Self:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, trace)
