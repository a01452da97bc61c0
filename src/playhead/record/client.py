"""The blocking client, a thin driver of conversations over ``httpx.Client``; and the session that it records."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Concatenate, ParamSpec, Self, TypeVar

import httpx

from playhead.errors import PlayheadError
from playhead.model.answers import StartedData
from playhead.record import notes, reading, recording
from playhead.record.binding import documented
from playhead.record.call import Broken, Call, Pages, Reply
from playhead.record.conversation import Attempt, Pause, converse
from playhead.record.exchange import broken, client_options, request_of
from playhead.record.settings import read_settings

P = ParamSpec("P")
T = TypeVar("T")
A = TypeVar("A")

LAST_WORD_S = 5.0
"""How long an exception may be held up by the end of its session."""


def _operation(build: Callable[P, Call[T]]) -> Callable[Concatenate[SessionReplayClient, P], T]:
    def method(self: SessionReplayClient, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self.perform(build(*args, **kwargs))

    return documented(method, build)


def _paged(build: Callable[P, Pages[A, T]]) -> Callable[Concatenate[SessionReplayClient, P], Iterator[T]]:
    def method(self: SessionReplayClient, /, *args: P.args, **kwargs: P.kwargs) -> Iterator[T]:
        return self._turn(build(*args, **kwargs))

    return documented(method, build)


def _on_session(build: Callable[Concatenate[str, P], Call[T]]) -> Callable[Concatenate[SessionRecording, P], T]:
    def method(self: SessionRecording, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self._client.perform(build(self.session_id, *args, **kwargs))

    return documented(method, build, given=1)


def _opening(build: Callable[P, Call[StartedData]]) -> Callable[Concatenate[SessionReplayClient, P], SessionRecording]:
    def session(self: SessionReplayClient, /, *args: P.args, **kwargs: P.kwargs) -> SessionRecording:
        return SessionRecording(self, build(*args, **kwargs))

    documented(session, build)
    session.__name__ = session.__qualname__ = "session"
    session.__doc__ = """Return a session to be recorded in a ``with`` block, by what ``start_recording`` takes.

    It starts with the block and ends with it: ``completed``, or ``error`` when the block raises, which goes on.
    """
    return session


class SessionReplayClient:
    """Records sessions into a Playhead server and reads them back. Safe to share between threads.

    Each operation waits for its answer: when it returns, what was recorded is on stable storage. Failures are the
    classes of ``playhead.errors``. Lost connections and full queues are retried with the same ids, until
    ``timeout_s`` is over.

    Args:
        url: The server; else PLAYHEAD_URL, else http://127.0.0.1:4747.
        api_key: The key; else PLAYHEAD_API_KEY.
        timeout_s: Seconds for one operation with all its attempts.
        max_retries: Attempts after the first.
        transport: Another way to reach the server, for tests: ``httpx.MockTransport``, for example.
    """

    def __init__(
        self,
        url: str | None = None,
        api_key: str | None = None,
        *,
        timeout_s: float = 30.0,
        max_retries: int = 4,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._settings = read_settings(url, api_key, timeout_s, max_retries)
        self._http = httpx.Client(transport=transport, **client_options(self._settings))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    session = _opening(recording.start_recording)
    start_recording = _operation(recording.start_recording)
    record_interaction = _operation(recording.record_interaction)
    record_user_action = _operation(recording.record_user_action)
    record_code_context = _operation(recording.record_code_context)
    record_system_metrics = _operation(recording.record_system_metrics)
    record_workspace_state = _operation(recording.record_workspace_state)
    record_step = _operation(recording.record_step)
    record_feedback = _operation(recording.record_feedback)
    record_gap = _operation(recording.record_gap)
    record_events = _operation(recording.record_events)
    end_recording = _operation(recording.end_recording)
    update_session = _operation(recording.update_session)
    delete_session = _operation(recording.delete_session)
    get_session_replay = _operation(reading.get_session_replay)
    get_session = _operation(reading.get_session)
    get_events = _paged(reading.get_events)
    list_session_replays = _operation(reading.list_session_replays)
    iterate_session_replays = _paged(reading.iterate_session_replays)
    search = _operation(reading.search)
    stats = _operation(reading.stats)
    compare = _operation(reading.compare)
    export_session = _operation(reading.export_session)
    share_session = _operation(reading.share_session)
    list_shares = _operation(reading.list_shares)
    iterate_shares = _paged(reading.iterate_shares)
    revoke_share = _operation(reading.revoke_share)
    add_note = _operation(notes.add_note)
    list_notes = _operation(notes.list_notes)
    edit_note = _operation(notes.edit_note)
    delete_note = _operation(notes.delete_note)

    def perform(self, call: Call[T], *, timeout_s: float | None = None) -> T:
        """Send a call of ``playhead.record`` and return its result, as every operation here does."""
        conversation = converse(call, self._settings.within(timeout_s), time.monotonic, random.random)
        answer: Reply | Broken | None = None
        while True:
            try:
                step = conversation.send(answer)
            except StopIteration as end:
                return end.value  # type: ignore[no-any-return]
            if isinstance(step, Pause):
                time.sleep(step.seconds)
            answer = self._exchange(step) if isinstance(step, Attempt) else None

    def _exchange(self, attempt: Attempt) -> Reply | Broken:
        deadline = time.monotonic() + attempt.within_s
        try:
            with self._http.stream(**request_of(attempt, self._settings)) as response:
                body = bytearray()
                for piece in response.iter_bytes():
                    body += piece
                    if time.monotonic() > deadline:
                        return Broken(reason="the answer took too long", sent=True)
                return Reply(status=response.status_code, headers=response.headers, body=bytes(body))
        except httpx.RequestError as error:
            return broken(error)

    def _turn(self, pages: Pages[A, T]) -> Iterator[T]:
        call: Call[A] | None = pages.first
        while call is not None:
            page = self.perform(call)
            yield from pages.items(page)
            call = pages.following(page)


class SessionRecording:
    """One session while it is recorded. ``started`` is None before the block begins."""

    def __init__(self, client: SessionReplayClient, start: Call[StartedData]) -> None:
        self._client = client
        self._start = start
        self.started: StartedData | None = None

    @property
    def session_id(self) -> str:
        """The session's id, once it has started."""
        return self._begun().session_id

    @property
    def replay_url(self) -> str:
        """The page that plays the session."""
        return self._begun().replay_url

    record_interaction = _on_session(recording.record_interaction)
    record_user_action = _on_session(recording.record_user_action)
    record_code_context = _on_session(recording.record_code_context)
    record_system_metrics = _on_session(recording.record_system_metrics)
    record_workspace_state = _on_session(recording.record_workspace_state)
    record_step = _on_session(recording.record_step)
    record_feedback = _on_session(recording.record_feedback)
    record_gap = _on_session(recording.record_gap)
    update = _on_session(recording.update_session)
    end = _on_session(recording.end_recording)

    def __enter__(self) -> Self:
        self.started = self._client.perform(self._start)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.end()
            return
        try:
            self._client.perform(recording.end_recording(self.session_id, status="error"), timeout_s=LAST_WORD_S)
        except PlayheadError as failure:
            error.add_note(f"Playhead could not end session {self.session_id}: {failure}")

    def _begun(self) -> StartedData:
        if self.started is None:
            raise RuntimeError("the session has not started: use `with client.session(…) as session:`")
        return self.started
