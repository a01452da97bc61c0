"""Opening the engine that a place names."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from tests.store.build import T0, action, record
from tests.support.clickhouse import ClickHouse, clickhouse
from tests.support.postgres import PostgresServer, postgres

from playhead.errors import BadSetting, Unavailable
from playhead.store.opening import open_engine
from playhead.store.place import Place
from playhead.store.postgres.store import PostgresStore

__all__ = ["clickhouse", "postgres"]

SECRET = "hunter2"


def test_a_directory_alone_is_sqlites(tmp_path: Path) -> None:
    place = Place(tmp_path / "data")
    assert not place.exists()
    opened = open_engine(place)
    try:
        project = opened.registry.ensure_project("p", T0).no
        record(opened.store, project, "s1", action("a"))
    finally:
        opened.close()
    assert place.exists()
    again = open_engine(place)
    try:
        assert again.store.get_session(project, "s1").totals.events == 1
    finally:
        again.close()


@pytest.mark.parametrize("url", [f"mysql://u:{SECRET}@h/d", f"u:{SECRET}@h/d", f"://u:{SECRET}@h"])
def test_a_url_that_names_no_engine_is_refused_with_those_that_there_are(tmp_path: Path, url: str) -> None:
    with pytest.raises(BadSetting, match=r"PLAYHEAD_DATABASE_URL.*postgresql://") as failure:
        open_engine(Place(tmp_path, url))
    assert SECRET not in str(failure.value)


def test_a_place_shows_no_password(tmp_path: Path) -> None:
    place = Place(tmp_path, f"postgresql://u:{SECRET}@h/d")
    assert SECRET not in f"{place} {place!r}"
    assert place.exists()


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "PostgreSQL"])
def test_a_postgresql_url_opens_that_database(postgres: PostgresServer, tmp_path: Path, scheme: str) -> None:
    url = postgres.new_database()
    try:
        opened = open_engine(Place(tmp_path, scheme + url.removeprefix("postgresql")))
        try:
            record(opened.store, opened.registry.ensure_project("p", T0).no, "s1", action("a"))
            assert isinstance(opened.store, PostgresStore)
        finally:
            opened.close()
    finally:
        postgres.drop(url)


@pytest.mark.parametrize("rest", [f"u:{SECRET}@127.0.0.1:port/d", f"u:{SECRET}@[::1/d", f"u:{SECRET}@h/d?x=1"])
def test_a_postgresql_url_that_cannot_be_read_is_refused_without_its_password(tmp_path: Path, rest: str) -> None:
    with pytest.raises((BadSetting, Unavailable), match="PLAYHEAD_DATABASE_URL: ") as failure:
        open_engine(Place(tmp_path, f"postgresql://{rest}"))
    assert SECRET not in f"{failure.value} {failure.value.__cause__}"


def test_a_database_that_nobody_serves_is_said_to_be_away(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="cannot be reached") as failure:
        open_engine(Place(tmp_path, f"postgresql://u:{SECRET}@127.0.0.1:1/d"))
    assert SECRET not in f"{failure.value} {failure.value.__cause__}"


def test_a_database_that_is_not_there_is_said_not_to_be(postgres: PostgresServer, tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="knows no such user or database"):
        open_engine(Place(tmp_path, postgres.url("nowhere")))


def test_a_missing_driver_is_named_by_the_extra_that_brings_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "playhead.store.postgres.store", None)  # as if its imports had failed
    with pytest.raises(BadSetting, match=r'pip install "playhead\[postgres\]"'):
        open_engine(Place(tmp_path, "postgresql://h/d"))


@pytest.mark.parametrize("beside", ["sqlite", "postgres"])
def test_a_clickhouse_url_opens_that_database_and_what_is_to_stand_beside_it(
    clickhouse: ClickHouse, postgres: PostgresServer, tmp_path: Path, beside: str
) -> None:
    registry_url = postgres.new_database() if beside == "postgres" else None
    place = Place(tmp_path, clickhouse.new_database(), registry_url)
    for number in (1, 2):
        opened = open_engine(place)
        try:
            project = opened.registry.ensure_project("p", T0).no
            record(opened.store, project, f"s{number}", action("a"))
            assert opened.store.get_session(project, "s1").totals.events == 1
        finally:
            opened.close()
    assert (tmp_path / "ledgers.db").exists() == (beside == "sqlite")
    if registry_url is not None:
        postgres.drop(registry_url)


@pytest.mark.parametrize(
    ("place", "named"),
    [
        (Place(Path(), f"clickhouse://u:{SECRET}@h:port/d"), "PLAYHEAD_DATABASE_URL: expected clickhouse://"),
        (Place(Path(), f"clickhouse://u:{SECRET}@/d"), "PLAYHEAD_DATABASE_URL: names no host"),
        (Place(Path(), "clickhouse://h/d", f"mysql://u:{SECRET}@h/d"), "PLAYHEAD_REGISTRY_URL: expected"),
    ],
)
def test_a_clickhouse_url_that_cannot_be_used_is_refused_without_its_password(place: Place, named: str) -> None:
    with pytest.raises(BadSetting, match=named) as failure:
        open_engine(place)
    assert SECRET not in f"{failure.value} {failure.value.__cause__}"


def test_a_clickhouse_that_nobody_serves_is_said_to_be_away(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="ClickHouse cannot do this") as failure:
        open_engine(Place(tmp_path, f"clickhouse://u:{SECRET}@127.0.0.1:1/d"))
    assert SECRET not in f"{failure.value} {failure.value.__cause__}"


def test_the_drivers_for_clickhouse_are_named_by_their_extras(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "playhead.store.clickhouse.opening", None)  # as if its imports had failed
    with pytest.raises(BadSetting, match=r'pip install "playhead\[clickhouse,postgres\]"'):
        open_engine(Place(tmp_path, "clickhouse://h/d"))
