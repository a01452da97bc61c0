"""The audit log in SQLite: kept by the database itself."""

from __future__ import annotations

from pathlib import Path

import apsw
import pytest
from tests.store.build import T0

from playhead.model.audit import THE_SERVER, Target
from playhead.store.sqlite.connection import DATABASE
from playhead.store.sqlite.store import SqliteStore


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET entry = '{}'",
        "UPDATE audit SET no = no + 1",
        "DELETE FROM audit",
        "DELETE FROM audit WHERE no = 1",
    ],
)
def test_the_database_refuses_to_change_or_remove_an_entry(sqlite: SqliteStore, tmp_path: Path, statement: str) -> None:
    project = sqlite.ensure_project("mine", T0).no
    sqlite.add_entries([THE_SERVER.entry(project, T0, "search", Target("project"))] * 2)
    before = sqlite.copy_entries(project)
    db = apsw.Connection(str(tmp_path / "data" / DATABASE))
    with pytest.raises(apsw.ConstraintError, match="entries of the audit log"):
        db.execute(statement)
    db.close()
    assert sqlite.copy_entries(project) == before
