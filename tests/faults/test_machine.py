"""The account holds when the machine fails the recorder: a disk that is full, threads that die, a server that is killed
or away for a minute."""

from __future__ import annotations

import ctypes
import gc
import json
import random
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import msgspec
import pytest
from tests.faults.children import lost, running
from tests.faults.conftest import Stage
from tests.faults.proxy import Proxy
from tests.faults.stories import Story, quiet, settle, stored_events
from tests.support.server import Server, running_server, start_server

from playhead.record._accounts import RecorderStats
from playhead.record._worker import Worker
from playhead.record.recorder import Recorder

RUNS = range(20)
AWAY_S = 60.0


def full_disk(run: int, server: Server, client: httpx.Client, folder: Path) -> RecorderStats:
    with running("fills_the_disk", 2 * run + 1, server.url, server.admin_key, folder) as child:
        before = msgspec.convert(json.loads(child.line()), RecorderStats)
        assert before.unaccounted == 0
        assert before.stored == 0
        assert before.recorded == 121 + before.gaps
        child.proxy.listen()
        assert child.process.stdin is not None
        child.process.stdin.write("the server is back\n")
        child.process.stdin.flush()
        after = msgspec.convert(json.loads(child.line()), RecorderStats)
        assert child.wait() == 0, (folder / "stderr").read_text()
        assert after.unaccounted == after.spooled == after.queued == 0
        assert after.dropped == before.dropped
        assert after.stored == after.recorded - sum(after.dropped.values())
        assert after.recorded == 121 + 4 + after.gaps  # the end is recorded with the last three
        told = [gap["reasons"] for gap in stored_events(client, child.ledger()[0][1]) if gap["type"] == "gap"]
        assert sum(sum(reasons.values()) for reasons in told) == sum(after.dropped.values())
        assert lost(child, client) == []
        return after


def test_a_disk_that_is_full_drops_by_reason_and_loses_nothing_that_was_taken(
    server: Server, looker: httpx.Client, tmp_path: Path
) -> None:
    with ThreadPoolExecutor(4) as pool:
        accounts = list(pool.map(lambda run: full_disk(run, server, looker, tmp_path / str(run)), RUNS))
    assert "disk_full" in {reason for account in accounts for reason in account.dropped}


# A thread that is killed while it connects leaves its socket to the collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("run", RUNS)
def test_threads_that_are_killed_are_replaced_and_lose_nothing(run: int, stage: Stage) -> None:
    recorder, story = stage.recorder(batch_events=20, on_disk=run % 4 > 0), Story()
    telling = threading.Thread(target=story.tell, args=(recorder, random.Random(run)), kwargs={"events": 150})
    telling.start()
    resting, kills = threading.Event(), 0
    while telling.is_alive() or kills < 4:
        kills += kill(stage.dice.choice([recorder._writing, recorder._sending]))
        resting.wait(stage.dice.uniform(0, 0.01))
    telling.join()
    stats = settle(recorder, story, stage.client)
    assert stats.stored == stats.recorded
    recorder.shutdown(1)
    gc.collect()


def kill(worker: Worker) -> int:
    """End a worker's thread at its next instruction, as nothing that it could catch."""
    if worker.ident is None or not worker.is_alive:
        return 0
    found: int = ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(worker.ident), ctypes.py_object(SystemExit))
    return found


@pytest.fixture(scope="module")
def mortal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Server]]:
    """A server that may be killed: its present process is the last of the list."""
    folder = tmp_path_factory.mktemp("mortal")
    with running_server(folder) as first:
        servers = [first]
        yield servers
        for server in servers[1:]:
            if server.process.poll() is None:
                server.stop()
            assert server.process.stdout is not None
            server.process.stdout.close()


@pytest.mark.parametrize("run", RUNS)
def test_nothing_is_lost_or_doubled_by_a_server_that_is_killed(run: int, stage: Stage, mortal: list[Server]) -> None:
    stage.proxy.upstream = mortal[-1].url
    recorder, story = stage.recorder(batch_events=10), Story()
    telling = threading.Thread(target=story.tell, args=(recorder, stage.dice), kwargs={"events": 200})
    telling.start()
    assert stage.proxy.wait_for_requests(1)
    threading.Event().wait(stage.dice.uniform(0, 0.05))
    mortal[-1].kill()
    telling.join()
    quiet(recorder)
    mortal.append(start_server(mortal[0].data_dir))
    stage.proxy.upstream = mortal[-1].url
    with mortal[-1].client() as client:
        stats = settle(recorder, story, client)
    assert stats.stored == stats.recorded


@pytest.mark.timeout(240)
def test_twenty_recorders_lose_nothing_while_the_server_is_away_for_a_minute(
    server: Server, looker: httpx.Client, tmp_path: Path
) -> None:
    with Proxy(server.url) as proxy:
        proxy.refuse()
        tales = [
            (Recorder(proxy.url, server.admin_key, spool_dir=tmp_path / str(run) if run % 4 else False), Story())
            for run in RUNS
        ]
        for run, (recorder, story) in enumerate(tales):
            story.tell(recorder, random.Random(run), sessions=1, events=100)
        threading.Event().wait(AWAY_S)
        for recorder, _ in tales:
            stats = quiet(recorder)
            assert stats.stored == 0
            assert stats.spooled + stats.queued == stats.recorded
        proxy.listen()
        for recorder, story in tales:
            stats = settle(recorder, story, looker)
            assert stats.stored == stats.recorded
            recorder.shutdown(1)
