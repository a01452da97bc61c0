"""What was acknowledged survives the death of the process, whenever it comes."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest
from tests.store.sqlite.parts import begin, ids_of

from playhead.model.filters import SessionFilter
from playhead.store.sqlite.store import open_sqlite

RECORDER = """
import sys, threading
from pathlib import Path
from playhead.model.event import NewEvent
from playhead.store.sqlite.store import open_sqlite

data_dir, first = Path(sys.argv[1]), int(sys.argv[2])
store = open_sqlite(data_dir)
lock = threading.Lock()

def record(thread):
    number = first
    while True:
        batch = [NewEvent(f"{thread}-{number + each}", "user_action", 1, 1, {"action": "x" * 500}) for each in range(5)]
        store.append(1, "s", batch, 1).result()
        with lock:
            print(*(event.id for event in batch), flush=True)
        number += 5

for thread in range(3):
    threading.Thread(target=record, args=(thread,), daemon=True).start()
threading.Event().wait()
"""


@pytest.mark.parametrize("seed", range(5))
def test_every_acknowledged_event_is_there_once_after_kill_9(tmp_path: Path, seed: int) -> None:
    store = open_sqlite(tmp_path)
    project = begin(store)
    store.close()
    acknowledged: list[str] = []
    for life in range(3):
        acknowledged += record_and_kill(tmp_path, life * 1_000_000, random.Random(seed * 10 + life).randint(1, 120))
        store = open_sqlite(tmp_path)
        ids = ids_of(store, project)
        assert len(ids) == len(set(ids)) == store.get_session(project, "s").totals.events
        assert set(acknowledged) <= set(ids)
        store.close()


def record_and_kill(data_dir: Path, first: int, answers: int, recorder: str = RECORDER) -> list[str]:
    command = [sys.executable, "-c", recorder, str(data_dir), str(first)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(answers)]
        process.kill()
        lines += process.stdout.readlines()
    return [id_ for line in lines if line.endswith("\n") for id_ in line.split()]


def test_what_was_acknowledged_is_found_after_kill_9_whatever_the_index_was_at(tmp_path: Path) -> None:
    store = open_sqlite(tmp_path)
    project = begin(store)
    store.close()
    acknowledged: list[str] = []
    for life in range(3):
        acknowledged += record_and_kill(tmp_path, life * 1_000_000, 60 + 50 * life, recorder=SAYING)
    store = open_sqlite(tmp_path)
    assert store.wait_for_index()
    for id_ in acknowledged[::7]:
        hits = store.search(project, f'"said {id_}"', SessionFilter()).hits
        assert [hit.event.id for hit in hits if hit.event] == [id_]
    assert store.search(project, "said", SessionFilter(), limit=1).total >= len(acknowledged)
    store.close()


SAYING = RECORDER.replace('{"action": "x" * 500}', '{"action": f"said {thread}-{number + each}"}')
