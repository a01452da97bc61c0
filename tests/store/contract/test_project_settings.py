"""What a project has set, as every engine must keep it."""

from __future__ import annotations

import threading

import pytest
from msgspec.structs import replace
from tests.store.build import T0, Engine

from playhead.errors import Invalid
from playhead.model.audit import THE_SERVER, EntryFilter, NewEntry, Target
from playhead.model.project_settings import ProjectSettings, Retention, SettingsChange
from playhead.store.project_settings import SettingsCopy

NOTHING = ProjectSettings()
MONTH = ProjectSettings(retention=Retention(days=30, keep_bookmarked=False), session_timeout_s=90)


def test_a_project_has_set_nothing_until_it_does(store: Engine, project: int) -> None:
    assert store.project_settings(project) == NOTHING
    assert store.copy_settings(project) == SettingsCopy(NOTHING, 0)


def test_a_change_says_what_was_and_what_is_and_stays(store: Engine, project: int, other_project: int) -> None:
    assert store.set_project_settings(project, lambda _: MONTH, T0) == SettingsChange(NOTHING, MONTH)
    longer = store.set_project_settings(project, lambda was: replace(was, session_timeout_s=120), T0 + 1)
    assert longer == SettingsChange(MONTH, replace(MONTH, session_timeout_s=120))
    assert store.project_settings(project) == longer.after
    assert store.project_settings(other_project) == NOTHING


def test_a_change_has_its_entry_and_what_is_no_change_has_none(store: Engine, project: int) -> None:
    def entry(change: SettingsChange) -> NewEntry:
        return THE_SERVER.entry(project, T0, "settings.change", Target("settings"), details=change.differences())

    for _ in range(2):
        store.set_project_settings(project, lambda _: MONTH, T0, entry)
    [entered] = store.list_entries(project, EntryFilter()).entries
    assert entered.details == {
        "retention": {"before": None, "after": {"days": 30, "keepBookmarked": False}},
        "sessionTimeoutSeconds": {"before": None, "after": 90},
    }


def test_for_good_is_kept_apart_from_never_set(store: Engine, project: int) -> None:
    for_good = ProjectSettings(retention=Retention(days=None))
    store.set_project_settings(project, lambda _: for_good, T0)
    assert store.project_settings(project) == for_good != NOTHING


def test_a_change_that_changes_nothing_or_fails_leaves_everything(store: Engine, project: int) -> None:
    store.set_project_settings(project, lambda _: MONTH, T0)
    assert store.set_project_settings(project, lambda was: was, T0 + 5) == SettingsChange(MONTH, MONTH)

    def refuse(_: ProjectSettings) -> ProjectSettings:
        raise Invalid("not so")

    with pytest.raises(Invalid):
        store.set_project_settings(project, refuse, T0 + 6)
    assert store.copy_settings(project) == SettingsCopy(MONTH, T0)


def test_changes_at_once_do_not_undo_each_other(store: Engine, project: int) -> None:
    store.set_project_settings(project, lambda _: ProjectSettings(session_timeout_s=60), T0)

    def longer(was: ProjectSettings) -> ProjectSettings:
        assert was.session_timeout_s is not None
        return replace(was, session_timeout_s=was.session_timeout_s + 1)

    def keep_on() -> None:
        for _ in range(5):
            store.set_project_settings(project, longer, T0)

    threads = [threading.Thread(target=keep_on) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.project_settings(project).session_timeout_s == 80


def test_a_copy_puts_settings_in_the_place_of_others(store: Engine, project: int) -> None:
    store.set_project_settings(project, lambda _: ProjectSettings(session_timeout_s=60), T0)
    for _ in range(2):
        store.keep_settings(project, SettingsCopy(MONTH, T0 + 9))
    assert store.copy_settings(project) == SettingsCopy(MONTH, T0 + 9)
