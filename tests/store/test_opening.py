"""Opening the engine that a place names."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.store.build import T0, action, record

from playhead.errors import BadSetting
from playhead.store.opening import Place, open_engine

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
