"""The commands on a PostgreSQL: what opens a store follows PLAYHEAD_DATABASE_URL, and none tells its password."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cli.conftest import Playhead
from tests.support.postgres import PostgresServer, postgres

__all__ = ["postgres"]


@pytest.fixture
def url(postgres: PostgresServer) -> Iterator[str]:
    url = postgres.new_database()
    yield url
    postgres.drop(url)


def test_what_is_recorded_there_is_listed_shown_and_has_keys(playhead: Playhead, url: str, tmp_path: Path) -> None:
    there = {"PLAYHEAD_DATABASE_URL": url, "PLAYHEAD_DATA_DIR": tmp_path / "unused"}
    recorded = playhead("demo", "--no-serve", **there)
    assert recorded.status == 0, recorded.err
    listed = json.loads(playhead("list", "--json", "--limit", 1, **there).out)
    shown = playhead("show", listed["sessionId"], **there)
    assert shown.status == 0, shown.err
    assert playhead("keys", "create", "--project", "shop", **there).out.startswith("ph_shop_")
    projects = {line[1] for line in playhead("keys", "list", **there).lines}
    assert projects == {"default", "shop"}
    assert not (tmp_path / "unused").exists()


def test_a_directory_that_is_named_comes_before_it(playhead: Playhead, url: str, tmp_path: Path) -> None:
    made = playhead("keys", "create", "--data-dir", tmp_path / "data", PLAYHEAD_DATABASE_URL=url)
    assert made.status == 0, made.err
    assert (tmp_path / "data" / "playhead.db").is_file()
    assert playhead("keys", "list", PLAYHEAD_DATABASE_URL=url).lines == []


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("postgresql://u:hunter2@127.0.0.1:1/d", "cannot be reached"),
        ("mysql://u:hunter2@h/d", "postgresql://"),
        ("postgresql://u:hunter2@h/d?nonsense=1", "not a PostgreSQL URL"),
    ],
)
def test_a_database_that_cannot_be_opened_is_told_in_words_without_its_password(
    playhead: Playhead, given: str, said: str
) -> None:
    for command in (["keys", "list"], ["list"], ["serve", "--port", "0"]):
        done = playhead(*command, PLAYHEAD_DATABASE_URL=given)
        assert done.status != 0
        assert said in done.err
        assert "hunter2" not in done.out + done.err
