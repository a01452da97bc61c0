"""``playhead migrate``: everything comes along, what is cut off goes on, and what cannot be done is said."""

from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import closing, suppress
from io import FileIO
from pathlib import Path
from typing import Any

import apsw
import httpx
import pytest
from tests.cli.conftest import Done, Playhead, Serving, environment
from tests.store.build import EVERY, T0, action, interaction, new_session
from tests.support.clickhouse import shared_engine as clickhouse_engine
from tests.support.postgres import shared_server as postgres_server

from playhead.store.copying import MAX_UNCHECKED
from playhead.store.sqlite.store import open_sqlite

PROGRESS = re.compile(r"^\w+: [\d,]+ of [\d,]+ sessions, [\d,]+ events\n", re.MULTILINE)
SESSIONS, EVENTS = 400, 10
KILLED_AT = 250
SOME = KILLED_AT - MAX_UNCHECKED - 1
"""The least that the target has by then: no more than MAX_UNCHECKED are under way at once."""
CUT_OFF = f"""
import itertools, os, signal
from playhead.cli import main
from playhead.store.sqlite.store import SqliteStore

def append(*arguments):
    under_way = plainly(*arguments)  # the writer's thread is at it now
    if next(numbers) == {KILLED_AT}:
        os.kill(os.getpid(), signal.SIGKILL)
    return under_way

numbers, plainly = itertools.count(1), SqliteStore.append
SqliteStore.append = append
main()
"""


def complaints(done: Done) -> str:
    """Return what was said beside how far it is, which a copying that takes its time says every few seconds."""
    return PROGRESS.sub("", done.err)


def listed(playhead: Playhead, place: Path) -> list[str]:
    return playhead("list", "--json", "--limit", "100", "--data-dir", place).out.splitlines()


def test_everything_comes_along_and_old_keys_go_on_working(
    samples: Path, tmp_path: Path, playhead: Playhead, serving: Callable[..., Serving]
) -> None:
    source = tmp_path / "source"
    assert playhead("migrate", samples, source).status == 0
    key = playhead("keys", "create", "--scope", "read", "--data-dir", source).out.strip()
    done = playhead("migrate", source, tmp_path / "data")
    assert (done.status, complaints(done)) == (0, "")
    assert done.out.startswith("default: 13 sessions and ")
    assert done.out.endswith("; 0 erased, 0 notes, 3 keys, 0 shares, 4 in the audit log\n")
    assert len(listed(playhead, samples)) == 13
    assert listed(playhead, tmp_path / "data") == listed(playhead, samples)
    server = serving("serve", lines=2)
    answer = httpx.get(f"{server.url}/api/whoami", headers={"Authorization": f"Bearer {key}"}, trust_env=False)
    assert answer.json()["data"] == {"project": "default", "scope": "read"}


URLS: dict[str, Callable[[], str]] = {
    "postgresql": lambda: postgres_server().new_database(),
    "clickhouse": lambda: clickhouse_engine().new_database(),
}


@pytest.mark.parametrize("engine", URLS)
def test_through_another_engine_and_back(samples: Path, tmp_path: Path, playhead: Playhead, engine: str) -> None:
    url, beside = URLS[engine](), {"PLAYHEAD_DATA_DIR": tmp_path / "beside"}
    there = playhead("migrate", samples, url, **beside)
    assert (there.status, complaints(there)) == (0, "")
    back = playhead("migrate", url, tmp_path / "back", **beside)
    assert (back.status, complaints(back)) == (0, "")
    assert back.out == there.out
    assert listed(playhead, tmp_path / "back") == listed(playhead, samples)
    again = playhead("migrate", samples, url, **beside)
    assert "compared, 0 and 0 of them new" in again.out


def test_a_clickhouse_does_not_keep_its_keys_where_they_come_from(samples: Path, playhead: Playhead) -> None:
    done = playhead("migrate", samples, "clickhouse://127.0.0.1:1/x", PLAYHEAD_DATA_DIR=samples)
    assert done.status == 1
    assert f"would both keep keys in {samples}: set PLAYHEAD_REGISTRY_URL" in done.err


def test_a_dry_run_says_what_there_is_to_do_and_does_nothing(samples: Path, tmp_path: Path, playhead: Playhead) -> None:
    done = playhead("migrate", "--dry-run", samples, tmp_path / "to")
    assert (done.status, complaints(done)) == (0, "")
    assert done.out.startswith("default: 13 sessions of 13 and ")
    assert done.out.endswith(" to copy, 2 keys, 0 shares\n")
    assert not (tmp_path / "to").exists()


def fill(place: Path) -> None:
    store = open_sqlite(place)
    project = store.ensure_project("default", T0).no
    under_way: list[Future[Any]] = []
    for number in range(SESSIONS):
        id_ = f"s{number:04d}"
        events = [interaction(f"i{n}", prompt=[{"content": f"turn {k}"} for k in range(n)]) for n in range(EVENTS)]
        under_way += [store.start_session(project, new_session(id_), T0), store.append(project, id_, events, T0)]
    for each in under_way:
        each.result()
    store.close()


def count(place: Path) -> int:
    """Return how many sessions a directory has."""
    with closing(apsw.Connection(str(place / "playhead.db"), flags=apsw.SQLITE_OPEN_READWRITE)) as db:
        number: int = db.execute("SELECT count(*) FROM sessions").get
        return number


def test_one_that_is_killed_goes_on_when_it_is_run_again(tmp_path: Path, playhead: Playhead) -> None:
    source, target = tmp_path / "from", tmp_path / "to"
    fill(source)
    command = [sys.executable, "-c", CUT_OFF, "migrate", str(source), str(target)]
    cut_off = subprocess.run(command, env=environment(), stdout=subprocess.DEVNULL, timeout=60, check=False)
    assert cut_off.returncode == -signal.SIGKILL
    there = count(target)
    assert SOME <= there < SESSIONS
    done = playhead("migrate", source, target)
    assert (done.status, complaints(done)) == (0, "")
    new = int(done.out.split(" compared, ")[1].split(" ")[0].replace(",", ""))
    assert done.out.startswith(f"default: {SESSIONS:,} sessions and {SESSIONS * EVENTS:,} events compared, ")
    assert SESSIONS - there <= new < SESSIONS
    assert count(target) == SESSIONS
    assert listed(playhead, target) == listed(playhead, source)
    again = playhead("migrate", source, target)
    assert "compared, 0 and 0 of them new" in again.out


def test_a_terminal_shows_a_bar_and_the_result_stays_plain(samples: Path, tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "playhead", "migrate", str(samples), str(tmp_path / "to")]
    with os.fdopen(ours, "rb", 0) as screen:
        with subprocess.Popen(command, env=environment(TERM="xterm"), stdout=subprocess.PIPE, stderr=theirs) as running:
            os.close(theirs)
            assert running.stdout is not None
            assert running.stdout.read().startswith(b"default: 13 sessions and ")
        assert running.returncode == 0
        assert b"/13" in everything(screen)


def everything(screen: FileIO) -> bytes:
    """Return all that was written to a terminal, piece by piece, until it was closed."""
    seen = b""
    with suppress(OSError):  # how Linux says that nobody has it open any more
        while piece := screen.read(65_536):
            seen += piece
    return seen


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["{samples}", "{samples}/../data"], "FROM and TO are the same"),
        (["{tmp}/nowhere", "{tmp}/to"], "there are no recordings in {tmp}/nowhere"),
        (
            ["--project", "shop", "{samples}", "{tmp}/to"],
            "--project: there is no project 'shop' in FROM; there are: default",
        ),
        (["{samples}", "oracle://user:secret@host/db"], "PLAYHEAD_DATABASE_URL: expected a URL that begins with"),
    ],
)
def test_what_cannot_be_copied_is_said(
    samples: Path, tmp_path: Path, playhead: Playhead, arguments: list[str], words: str
) -> None:
    names = {"samples": str(samples), "tmp": str(tmp_path)}
    done = playhead("migrate", *(each.format(**names) for each in arguments))
    assert done.status == 1
    assert done.err.startswith(f"playhead: {words.format(**names)}")
    assert "secret" not in done.err
    assert not (tmp_path / "nowhere").exists()


def test_a_target_with_keys_of_its_own_takes_sessions_alone(samples: Path, tmp_path: Path, playhead: Playhead) -> None:
    target = tmp_path / "to"
    key = playhead("keys", "create", "--data-dir", target)
    assert key.status == 0
    refused = playhead("migrate", samples, target)
    assert refused.status == 1
    assert "has keys or shares of its own" in refused.err
    assert listed(playhead, target) == []
    done = playhead("migrate", "--no-keys", samples, target)
    assert (done.status, complaints(done)) == (0, "")
    assert done.out.endswith(" 0 keys, 0 shares, 0 in the audit log\n")
    assert listed(playhead, target) == listed(playhead, samples)


def test_what_is_not_the_same_in_the_end_is_named(samples: Path, tmp_path: Path, playhead: Playhead) -> None:
    target = tmp_path / "to"
    assert playhead("migrate", samples, target).status == 0
    store = open_sqlite(target)
    project = store.list_projects()[0].no
    session = next(store.export_sessions(project, EVERY))
    store.append(project, session.id, [action("later")], T0 * 2).result()
    store.close()
    done = playhead("migrate", samples, target)
    assert done.status == 1
    assert complaints(done) == f"default: {session.id} has gone on in the target\n"
