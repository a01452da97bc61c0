"""``playhead demo``: starts a server, records samples into it through the public client, and lets the live one grow."""

from __future__ import annotations

import secrets
import signal
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Annotated

import typer

from playhead.cli.options import DataDir
from playhead.cli.samples import SAMPLES, live
from playhead.cli.samples.tape import Tape
from playhead.cli.serve import Host, Port, announce, announce_key, run_server
from playhead.errors import PlayheadError

if TYPE_CHECKING:
    from playhead.model.results import KeyRecord
    from playhead.record.client import SessionReplayClient
    from playhead.server.run import Ready

BEAT_S = 2.5
EARLIER_BEATS = 12
EARLIER_S = timedelta(seconds=4)
MOST_BEATS = 5_000


def demo(
    host: Host = None,
    port: Port = None,
    data_dir: DataDir = None,
    serve: Annotated[bool, typer.Option("--serve/--no-serve", help="Keep serving, or leave once recorded.")] = True,
) -> None:
    """Record the sample sessions and serve them, with one that is still being recorded while you watch.

    A second demo on the same directory finds its samples there and adds none.
    """
    from playhead.server.settings import from_environment

    free = None if serve or port is not None else 0  # nobody looks for a server that only records the samples
    settings = from_environment(host=host, port=port if free is None else free, data_dir=data_dir)
    show = Show(data_dir, keeps_serving=serve)
    try:
        run_server(settings, show.begin)
    finally:
        show.end()
    if show.failure is not None:
        raise show.failure


class Show:
    """Records on a thread of its own while the server runs on the main one. ``failure`` is what went wrong."""

    def __init__(self, data_dir: str | None, *, keeps_serving: bool) -> None:
        self.failure: PlayheadError | None = None
        self._data_dir = data_dir
        self._keeps_serving = keeps_serving
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def begin(self, ready: Ready) -> None:
        """Start to record: the server listens."""
        self._thread = threading.Thread(target=self._run, args=(ready,), name="playhead-demo", daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Let the live session go, and wait until the recording is over."""
        self._over.set()
        if self._thread is not None:
            self._thread.join(5)

    def _run(self, ready: Ready) -> None:
        from playhead.record.client import SessionReplayClient

        try:
            with Borrowed(self._data_dir) as key, SessionReplayClient(ready.url, key, timeout_s=60) as client:
                _say(record_samples(client))
                if self._keeps_serving:
                    announce(ready)
                    self._live(client)
                else:
                    announce_key(ready)
        except PlayheadError as failure:
            if not self._over.is_set():
                self.failure = failure
        if not self._keeps_serving or self.failure is not None:
            signal.raise_signal(signal.SIGINT)

    def _live(self, client: SessionReplayClient) -> None:
        for session in list(client.iterate_session_replays(tags=[live.TAG])):
            client.delete_session(session.session_id)
        now, beats = datetime.now(UTC), live.beats()
        begun = client.start_recording(
            feature=live.FEATURE,
            user_id=live.USER,
            label=live.LABEL,
            tags=["incident", live.TAG],
            started_at=now - EARLIER_BEATS * EARLIER_S,
        )
        for number in range(EARLIER_BEATS):
            _record(client, begun.session_id, next(beats), now - (EARLIER_BEATS - number - 1) * EARLIER_S)
        for tape in islice(beats, MOST_BEATS):
            _announce(client, begun.session_id, tape)
            if self._over.wait(max(BEAT_S, tape.now_s)):
                return
            _record(client, begun.session_id, tape, datetime.now(UTC))


def _record(client: SessionReplayClient, session_id: str, tape: Tape, until: datetime) -> None:
    """Record a tape's events into a session, the last one at the moment ``until``."""
    events = tape.events(until - timedelta(seconds=tape.now_s))
    client.record_events([event | {"session_id": session_id} for event in events])


def _announce(client: SessionReplayClient, session_id: str, tape: Tape) -> None:
    """Record the calls of a tape as pending: they begin now, and are over when the tape is recorded."""
    for event in tape.events(datetime.now(UTC)):
        if event["type"] == "interaction":
            asked = {name: event["data"][name] for name in ("model", "provider", "prompt")}
            client.record_interaction(session_id, asked | {"pending": True}, id=event["id"])


def record_samples(client: SessionReplayClient) -> tuple[int, int]:
    """Record every sample; returns how many sessions there are, and how many of their events were new."""
    now, new = datetime.now(UTC), 0
    for sample in SAMPLES:
        result = client.record_events(sample().unroll(now))
        if result.rejected:
            first = result.rejected[0]
            raise PlayheadError(f"sample {sample.__name__}: event {first.index} was refused: {first.message}")
        new += result.accepted
    return len(SAMPLES), new


class Borrowed:
    """An admin key of the default project for the length of a block, made beside the running server."""

    def __init__(self, data_dir: str | None) -> None:
        self._data_dir = data_dir
        self._key: KeyRecord | None = None

    def __enter__(self) -> str:
        from playhead.cli.source import command_line, open_store
        from playhead.server.keyring import make_key

        with open_store(self._data_dir) as opened:
            project = opened.registry.ensure_project("default", _now_us())
            record, key = make_key(
                opened.registry,
                project,
                scope="admin",
                now_us=_now_us(),
                random_bytes=secrets.token_bytes,
                label="demo",
                origin=command_line("playhead demo"),
            )
        self._key = record
        return key

    def __exit__(self, *_: object) -> None:
        from playhead.cli.source import command_line, open_store
        from playhead.server.keyring import entry_of_key

        if self._key is None:
            return
        now_us = _now_us()
        entry = entry_of_key("key.revoke", self._key, command_line("playhead demo"), now_us)
        with open_store(self._data_dir) as opened:
            opened.registry.revoke_key(self._key.id, now_us, entry=entry)


def _say(recorded: tuple[int, int]) -> None:
    sessions, new = recorded
    print(f"{sessions} sample sessions are there, {new} events new", file=sys.stderr, flush=True)


def _now_us() -> int:
    return time.time_ns() // 1000
