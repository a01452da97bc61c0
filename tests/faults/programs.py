"""Programs that record and end in every way there is: ``python programs.py NAME URL KEY SPOOL_DIR LEDGER SEED``.

What was recorded is noted in the ledger, one line with time and id for each event, written when the recorder has
returned. A program says "ready" on stdout when something may happen to it.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import random
import resource
import signal
import sys
import threading
import time
from types import FrameType

import msgspec

import playhead
from playhead.record.session import Session

NAME, URL, KEY, SPOOL_DIR, LEDGER, SEED = sys.argv[1:7]
dice = random.Random(f"{NAME} {SEED}")


def begin(**settings: float) -> None:
    """Set the recorder up; at the end it may take three tenths of a second where the server is away."""
    playhead.init(
        URL, KEY, spool_dir=SPOOL_DIR, batch_s=0.02, exit_timeout_s=1.5 if int(SEED) % 2 == 0 else 0.3, **settings
    )


def note(session: Session, event_id: str) -> None:
    """Write an event into the ledger."""
    if event_id:
        file = os.open(LEDGER, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        os.write(file, f"{time.time_ns()} {session.session_id} {event_id}\n".encode())
        os.close(file)


def record(session: Session, count: int = 0) -> None:
    """Record and note some events."""
    for number in range(count or dice.randrange(10, 60)):
        note(session, session.record_interaction(model="gpt-4o", prompt=f"Question {number}", response="word " * 80))


def say(word: str) -> None:
    """Tell the test."""
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


def record_on(session: Session) -> None:
    """Record until something ends the program, for twenty seconds at most; something is noted before it is ready."""
    record(session, 1)
    say("ready")
    resting = threading.Event()
    for _ in range(20_000):
        record(session, 1)
        resting.wait(0.001)


def returns() -> None:
    """End by coming to the end, inside a session's block."""
    begin()
    with playhead.session(feature="chat") as session:
        record(session)


def exits() -> None:
    """End by sys.exit."""
    begin()
    record(playhead.session(feature="chat"))
    sys.exit(3)


def raises() -> None:
    """End by an exception that nobody catches."""
    begin()
    with playhead.session(feature="chat") as session:
        record(session)
        raise RuntimeError("nobody catches this")


def terminated() -> None:
    """End by SIGTERM, without a handler of its own."""
    begin()
    with playhead.session(feature="chat") as session:
        record_on(session)


def handles_term() -> None:
    """End by SIGTERM, with a handler of its own."""

    def leave(_number: int, _frame: FrameType | None) -> None:
        sys.exit(5)

    signal.signal(signal.SIGTERM, leave)
    begin()
    with playhead.session(feature="chat") as session:
        record_on(session)


def interrupted() -> None:
    """End by Ctrl-C."""
    begin()
    with playhead.session(feature="chat") as session:
        record_on(session)


def ends_abruptly() -> None:
    """End by os._exit."""
    begin()
    record(playhead.session(feature="chat"))
    os._exit(7)


def killed() -> None:
    """End by SIGKILL."""
    begin()
    record_on(playhead.session(feature="chat"))


def loops() -> None:
    """End an asyncio loop whose tasks record until they are cancelled."""
    begin()

    async def task() -> None:
        async with playhead.session(feature="agent") as session:
            try:
                while True:
                    record(session, 1)
                    await asyncio.sleep(0)
            finally:
                record(session, 2)

    async def main() -> None:
        tasks = [asyncio.create_task(task()) for _ in range(3)]
        for _ in range(dice.randrange(5, 30)):
            await asyncio.sleep(0)
        tasks[0].cancel()

    asyncio.run(main())


def forks() -> None:
    """Fork while events wait in the queue; parent and child record on."""
    begin()
    session = playhead.session(feature="chat")
    record(session)
    child = os.fork()
    record(session)
    if child == 0:
        if dice.random() < 0.5:
            sys.exit(0)
        playhead.shutdown()
        os._exit(0)
    record(session)
    os.waitpid(child, 0)


def works(session_id: str) -> None:
    """Be a child of multiprocessing."""
    begin()
    with playhead.session(feature="workflow", session_id=session_id) as session:
        record(session)


def works_on(session: Session) -> None:
    """Be a forked child of multiprocessing that records into its parent's session."""
    record(session)


def multi_fork() -> None:
    """Have children of multiprocessing by fork."""
    begin()
    session = playhead.session(feature="chat")
    record(session)
    context = multiprocessing.get_context("fork")
    children = [context.Process(target=works_on, args=(session,)) for _ in range(2)]
    for child in children:
        child.start()
    record(session)
    for child in children:
        child.join()


def multi_spawn() -> None:
    """Have a child of multiprocessing by spawn, which has a recorder of its own."""
    begin()
    session = playhead.session(feature="chat")
    record(session)
    child = multiprocessing.get_context("spawn").Process(target=works, args=(f"spawned-{SEED}-{time.time_ns()}",))
    child.start()
    record(session)
    child.join()


def preloads() -> None:
    """Be gunicorn with --preload: the application is loaded and records, then workers are forked, later ended."""
    begin()
    record(playhead.session(feature="chat"))
    workers = []
    for _ in range(2):
        ready, tell = os.pipe()
        worker = os.fork()
        if worker == 0:
            signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
            with playhead.session(feature="chat") as session:
                record(session, 20)
                os.write(tell, b"1")
                record_on(session)
        os.read(ready, 1)
        workers.append(worker)
    for worker in workers:
        os.kill(worker, signal.SIGTERM)
    for worker in workers:
        os.waitpid(worker, 0)


def fills_the_disk() -> None:
    """Have a disk on which no file can grow beyond a limit; wait for the server, then flush and tell the account."""
    limit = dice.randrange(12_000, 24_000)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    begin(queue_bytes=dice.randrange(10_000, 40_000))
    with playhead.session(feature="chat") as session:
        record(session, 120)
        playhead.flush(0.05)
        say(json.dumps(msgspec.to_builtins(playhead.stats())))
        sys.stdin.readline()
        playhead.flush(20)
        record(session, 3)
    playhead.flush(20)
    say(json.dumps(msgspec.to_builtins(playhead.stats())))


PROGRAMS = (
    returns, exits, raises, terminated, handles_term, interrupted, ends_abruptly, killed, loops,
    forks, multi_fork, multi_spawn, preloads, fills_the_disk,
)  # fmt: skip

if __name__ == "__main__":
    next(program for program in PROGRAMS if program.__name__ == NAME)()
