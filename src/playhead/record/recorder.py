"""The recorder: takes events from an application in microseconds and sees to it that each is stored or accounted for.

Nothing here raises into the application after construction, and nothing blocks it: an event is encoded once and put
into a bounded queue. One thread writes what is queued to the spool, another sends what is in the spool.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from playhead.model.session import Source
from playhead.record import _lifecycle
from playhead.record._accounts import Losses, RecorderStats, Tally, added
from playhead.record._delivery import Refusal
from playhead.record._encoding import encode
from playhead.record._members import moment_ms
from playhead.record._options import Options, read_options
from playhead.record._policy import Policy
from playhead.record._queue import Queue
from playhead.record._refused import session_that_shows
from playhead.record._sender import Sender
from playhead.record._spool import Spool, destination
from playhead.record._spooler import Spooler
from playhead.record._start import start_data, words
from playhead.record._stopwatch import elapsed_s
from playhead.record._transport import HttpTransport, Transport
from playhead.record._worker import Worker
from playhead.record.ids import new_session_id, quick_event_id
from playhead.record.session import Session
from playhead.record.settings import read_settings

if TYPE_CHECKING:
    from playhead.record._sampling import Sampler

CHECK_EVERY_NS = 100_000_000
GAP_EVERY_S = 1.0
DRAIN_LOCK_S = 1.0
URGENT = frozenset({"session.start", "session.end", "gap"})


class RedactionFailed(Exception):  # noqa: N818 - a name says what happened
    """The rules for redaction failed on an event: it is dropped, never passed. Stays inside the recorder."""


class Recorder:
    """Records sessions of one process to one server.

    Args:
        url: The server; else PLAYHEAD_URL, else http://127.0.0.1:4747.
        api_key: The key; else PLAYHEAD_API_KEY.
        redaction: What may not be recorded: True for the built-in rules, or a ``playhead.Redactor``.
        redact: Beside it, a function that is given each event's data as JSON values before it is encoded, and returns
            what may be recorded. An event on which it fails is dropped.
        enabled: False records nothing; else PLAYHEAD_ENABLED, else True.
        spool_dir: Where events wait on disk; else PLAYHEAD_SPOOL_DIR, else the user's state directory. False: memory.
        sampling: Which sessions are recorded: a rate from 0 to 1, a function, or a ``playhead.Sampling``; else all.
        system_metrics: Seconds between samples of process and machine in every session; True: 5.
        transport: Another way to a server, for tests; called once for each process.
        clock: Nanoseconds since the epoch.
        new_id: Makes event ids.
        limits: Sizes and times, by the names in ``playhead.record._options.Options``.

    Raises Invalid for a setting that cannot be used.
    """

    def __init__(
        self,
        url: str | None = None,
        api_key: str | None = None,
        *,
        enabled: bool | None = None,
        spool_dir: Path | str | bool | None = None,
        redaction: Any = None,
        redact: Callable[[Any], Any] | None = None,
        sampling: Any = None,
        system_metrics: float | bool | None = None,
        transport: Callable[[], Transport] | None = None,
        clock: Callable[[], int] = time.time_ns,
        new_id: Callable[[], str] = quick_event_id,
        **limits: Any,
    ) -> None:
        self.settings = read_settings(url, api_key, 30.0, 0)
        self.options: Options = read_options(enabled=enabled, spool_dir=spool_dir, **limits)
        self._policy = Policy(redaction=redaction, redact=redact, sampling=sampling, system_metrics=system_metrics)
        self._clock = clock
        self._new_id = new_id
        self._tally, self._gap_tally, self._losses = Tally(), Tally(), Losses()
        self._queue = Queue(self.options.queue_bytes)
        self._spool = Spool(self._home(), self.options.spool_bytes)
        self._spooler = Spooler(self._queue, self._spool)
        self._sender = Sender(
            self._spool, self.options, transport or (lambda: HttpTransport(self.settings)), self._note_refusal
        )
        self._writing = Worker("playhead-spooler", self._write)
        self._sending = Worker("playhead-sender", self._send)
        self._telling = threading.RLock()
        self._check_ns = 0
        self._gaps_at = 0.0
        self._closed = False
        self.generation = 0
        if self.options.enabled:
            _recorders.add(self)
            _lifecycle.arm()
            if self._spool.has_others():
                self._ensure()

    # --- recording -------------------------------------------------------------------------------------------------

    def session(
        self,
        *,
        feature: str,
        user_id: str | None = None,
        label: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        tags: Iterable[str] | None = None,
        session_id: str | None = None,
        source: Source | None = None,
        integration_name: str | None = None,
        workspace_id: str | None = None,
        started_at: Any = None,
        system_metrics: float | bool | None = None,
    ) -> Session:
        """Start a session, now, and return it: use it in ``with`` or ``async with``, or end it with ``end``.

        The arguments are those of the client's ``start_recording``, and ``system_metrics``: seconds between samples of
        process and machine, for this session. What the server would refuse is brought into shape.
        """
        data = start_data(
            feature=feature, user_id=user_id, label=label, metadata=metadata, tags=tags, source=source,
            integration_name=integration_name, workspace_id=workspace_id,
        )  # fmt: skip
        moment = None if started_at is None else moment_ms(started_at)
        data["startedAt"] = self._clock() // 1000 / 1000 if moment is None else moment
        own_id = ("" if session_id is None else words(session_id)) or new_session_id(data["feature"])
        self._policy.decide(own_id, data)
        session = Session(self, own_id, data)
        if self.options.enabled:
            self._policy.watch(session, system_metrics)
        return session

    def emit(
        self,
        session_id: str,
        type: str,  # noqa: A002 - the wire's names
        data: dict[str, Any],
        *,
        id: str | None = None,  # noqa: A002
        timestamp: Any = None,
    ) -> str:
        """Record an event and return its id, or '' when it was dropped (and counted). ``data`` has the wire's names.

        Encodes once and returns; what is in ``data`` may be changed afterwards. ``timestamp`` is a datetime, RFC 3339
        text or epoch milliseconds, and the present where it is missing.
        """
        if not self.options.enabled:
            return ""
        self._tally.add()
        now_ns = self._clock()
        event_id = id or self._new_id()
        try:
            moment = None if timestamp is None else moment_ms(timestamp)
            event = {
                "sessionId": session_id,
                "id": event_id,
                "type": type,
                "timestamp": now_ns // 1000 / 1000 if moment is None else moment,
                "data": self._redacted(type, data) if self._policy.redacts else data,
            }
            reason = self._queued(event, type)
        except RedactionFailed:
            reason = "redaction_failed"
        except Exception:  # noqa: BLE001 - nothing raises into the application
            reason = "unencodable"
        if reason is not None:
            self._losses.drop(session_id, reason, now_ns // 1000)
        if self._writing.resting:
            self._writing.wake()
        if self._queue.is_filling:
            self._queue.is_filling = False
            self._writing.wake()
            time.sleep(0)  # a loop that does nothing but record would not let the writing thread in
        if now_ns > self._check_ns:
            self._check_ns = now_ns + CHECK_EVERY_NS
            self._ensure()
        return event_id if reason is None else ""

    def miss(self, session_id: str | None, reason: str) -> None:
        """Account for an event that could not even be made: it counts as recorded, and as dropped for this reason."""
        self._tally.add()
        self._losses.drop(session_id, reason, self._clock() // 1000)

    def _queued(self, event: dict[str, Any], kind: str) -> str | None:
        """Encode and queue an event, or return why it is dropped."""
        line, altered = encode(event)
        if altered:
            self._losses.alter(altered)
        if self._closed:
            return "shut_down"
        if len(line) > self.options.event_bytes:
            return "too_large"
        sampler = self._policy.sampler
        if sampler is None or not sampler.leaves_out(event["sessionId"]):
            return self._put(line, kind)
        with sampler.lock:
            if sampler.keep(event["sessionId"], line, kind, event["data"]):
                return None
            self._bring_in(event["sessionId"], sampler)
            return self._put(line, kind)

    def _bring_in(self, session_id: str, sampler: Sampler) -> None:
        """Record what was held of a session that sampling had left out, before its first error."""
        held, now_us = sampler.release(session_id), self._clock() // 1000
        for line, kind in held.lines:
            reason = self._put(line, kind)
            if reason is not None:
                self._losses.drop(session_id, reason, now_us)
        if held.lost:
            self._losses.drop(session_id, "sampling_full", now_us, held.lost)
        sampler.done(session_id)

    def _put(self, line: bytes, kind: str) -> str | None:
        return None if self._queue.put(line, kind in URGENT) else self._spool.trouble or "queue_full"

    def _redacted(self, kind: str, data: dict[str, Any]) -> Any:
        altered: set[str] = set()
        try:
            return self._policy.redacted(kind, data, altered)
        except Exception as error:
            raise RedactionFailed from error
        finally:
            if altered:
                self._losses.alter(frozenset(altered))

    # --- settling --------------------------------------------------------------------------------------------------

    def flush(self, timeout_s: float = 10.0) -> bool:
        """Wait until what was recorded before is settled, no longer than ``timeout_s`` seconds; say whether it is."""
        if not self.options.enabled:
            return True
        deadline = elapsed_s() + timeout_s
        self._sender.hurries += 1
        try:
            told = self._gap_tally.value
            settled = self._settled_by(deadline)
            self._tell_gaps()
            return settled and (self._gap_tally.value == told or self._settled_by(deadline))
        finally:
            self._sender.hurries -= 1

    def shutdown(self, timeout_s: float | None = None) -> bool:
        """Flush, then stop; say whether everything is settled. What is not stays in the spool for the next start.

        ``timeout_s`` is 2 seconds unless set otherwise. What is recorded afterwards is dropped as ``shut_down``.
        """
        if not self.options.enabled or self._closed:
            return True
        deadline = elapsed_s() + (self.options.exit_timeout_s if timeout_s is None else timeout_s)
        settled = self.flush(max(0.0, deadline - elapsed_s()))
        self._closed = True
        self._policy.stop()
        self._spooler.drain(DRAIN_LOCK_S)
        self._writing.stop(max(0.01, deadline - elapsed_s()))
        if self._sending.stop(max(0.01, deadline - elapsed_s())):
            self._sender.close()
        with self._spool.held():
            self._sender.closed = True
            lost = self._spool.close()
            if lost:
                self._losses.drop(None, "shut_down", self._clock() // 1000, lost)
        return settled

    def stats(self) -> RecorderStats:
        """Return the account of this moment; see ``RecorderStats``."""
        with self._spool.held():
            books, dropped = self._sender.books, self._losses.dropped
            sampled_out = self._policy.sampler.sampled_out if self._policy.sampler is not None else 0
            return RecorderStats(
                recorded=self._tally.value + self._spool.adopted_total - sampled_out,
                stored=books.stored,
                duplicates=books.duplicates,
                rejected=books.rejected,
                dropped=added(dropped, {"torn": self._spool.torn} if self._spool.torn else {}),
                queued=len(self._queue),
                spooled=self._spool.count,
                in_flight=self._sender.in_flight,
                adopted=self._spool.adopted_total,
                gaps=self._gap_tally.value,
                altered=self._losses.altered,
                sampled_out=sampled_out,
                requests=books.requests,
                retries=books.retries,
                restarts=self._writing.restarts + self._sending.restarts,
            )

    # --- the threads' work -----------------------------------------------------------------------------------------

    def _write(self) -> float | None:
        """Move what is queued to the spool; one step of the writing thread."""
        self._sending.ensure()
        if elapsed_s() >= self._gaps_at:
            self._tell_gaps()
        if not len(self._queue):
            self._writing.resting = True
            if not len(self._queue):
                return None
            self._writing.resting = False
        self._spooler.move()
        self._sending.wake()
        return self.options.spool_s

    def _send(self) -> float | None:
        """Send a batch; one step of the sending thread."""
        if len(self._queue):
            self._writing.ensure()
        pause_s = self._sender.work()
        self._queue.held_bytes = self._spool.memory_bytes
        return pause_s

    def _tell_gaps(self) -> None:
        """Record what was lost as gaps, once there is room again."""
        if self._queue.is_crowded():
            return
        with self._telling:
            self._gaps_at = elapsed_s() + GAP_EVERY_S
            for session_id, gap in self._losses.take_gaps().items():
                self._gap_tally.add()
                if not self.emit(session_id, "gap", gap.data(), timestamp=gap.until_us / 1000):
                    self._losses.restore(session_id, gap)

    def _note_refusal(self, refusal: Refusal) -> None:
        session_id = session_that_shows(refusal)
        if session_id is not None:
            self._losses.mark(session_id, f"rejected_{refusal.code}", self._clock() // 1000)
            self._writing.wake()

    def _settled_by(self, deadline: float) -> bool:
        """Wait until everything that has been recorded, and everything adopted, is settled; say whether it is."""
        self._spooler.drain(min(DRAIN_LOCK_S, max(0.01, deadline - elapsed_s())))
        target = self._spool.taken + len(self._queue)
        self._ensure()
        self._sender.hurry()
        self._sending.wake()
        with self._sender.settling:
            while not self._is_settled(target):
                left_s = deadline - elapsed_s()
                if left_s <= 0:
                    return False
                if self._ensure():
                    self._sender.settled.wait(min(left_s, 0.1))
                else:
                    self._send_here(left_s)
        return True

    def _is_settled(self, target: int) -> bool:
        if not self._sender.has_adopted:
            return False
        with self._spool.held():
            return self._spool.taken - self._spool.own_count >= target and not self._spool.adopted_count

    def _send_here(self, within_s: float) -> None:
        """Do the sending thread's work where no thread can be started any more."""
        pause_s = self._sending.here(lambda: self._sender.work(within_s))
        self._sender.settled.wait(min(within_s, 0.1 if pause_s is None else pause_s))

    def _ensure(self) -> bool:
        """See to it that the threads run; False where they cannot."""
        if self._closed:
            return False
        _lifecycle.arm()
        return self._writing.ensure() and self._sending.ensure()

    def _home(self) -> Path | None:
        base = self.options.spool_dir
        return None if base is None else destination(base, self.settings.url, self.settings.api_key)

    # --- forks -----------------------------------------------------------------------------------------------------

    def after_fork(self) -> None:
        """Begin anew in a forked child: what was queued and spooled is the parent's, who sends it."""
        self.generation += 1
        self._queue.clear()
        self._policy.forget()
        self._spool.forget()
        self._spooler.forget()
        self._sender.forget()
        self._writing.forget()
        self._sending.forget()
        self._tally, self._gap_tally, self._losses = Tally(), Tally(), Losses()
        self._telling = threading.RLock()
        self._check_ns = 0
        self._gaps_at = 0.0


_recorders: WeakSet[Recorder] = WeakSet()
_lifecycle.govern(_recorders)
