"""``playhead keys``: made and revoked beside a running server, which sees it at once."""

from __future__ import annotations

import getpass
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from tests.cli.conftest import Playhead, Serving

from playhead.model.audit import Actor, Target
from playhead.store.sqlite.store import open_sqlite


def whoami(url: str, key: str) -> httpx.Response:
    return httpx.get(f"{url}/api/whoami", headers={"Authorization": f"Bearer {key}"}, trust_env=False)


def test_a_key_is_the_only_thing_on_stdout_and_works_at_once(
    serving: Callable[..., Serving], playhead: Playhead
) -> None:
    server = serving("serve", lines=3)
    done = playhead("keys", "create", "--scope", "read", "--project", "shop", "--data-dir", server.data_dir)
    key = done.out.removesuffix("\n")
    assert key.startswith("ph_shop_")
    assert "\n" not in key
    assert whoami(server.url, key).json()["data"] == {"project": "shop", "scope": "read"}


def test_a_revoked_key_is_refused_at_once(serving: Callable[..., Serving], playhead: Playhead) -> None:
    server = serving("serve", lines=3)
    made = playhead("keys", "create", "--label", "short-lived", "--data-dir", server.data_dir)
    key = made.out.strip()
    assert whoami(server.url, key).status_code == 200
    listed = playhead("keys", "list", "--data-dir", server.data_dir)
    key_id = next(line[0] for line in listed.lines if line[-1] == "short-lived")
    assert playhead("keys", "revoke", key_id, "--data-dir", server.data_dir).status == 0
    assert whoami(server.url, key).status_code == 401
    states = {line[0]: line[3] for line in playhead("keys", "list", "--data-dir", server.data_dir).lines}
    assert states[key_id] == "revoked"


def test_what_the_command_line_does_is_in_the_audit_log(playhead: Playhead, tmp_path: Path) -> None:
    playhead("keys", "create", "--label", "for CI", "--data-dir", tmp_path)
    key_id = playhead("keys", "list", "--data-dir", tmp_path).lines[0][0]
    playhead("keys", "revoke", key_id, "--data-dir", tmp_path)
    store = open_sqlite(tmp_path)
    made, revoked = store.copy_entries(store.list_projects()[0].no)
    store.close()
    user = getpass.getuser()
    assert made.actor == Actor("command-line", user, "playhead keys create")
    assert revoked.actor == Actor("command-line", user, "playhead keys revoke")
    assert [entry.target for entry in (made, revoked)] == [Target("key", key_id)] * 2
    assert made.details == {"scope": "ingest", "label": "for CI"}
    assert made.address == made.agent == ""


def test_keys_are_made_before_the_first_start_and_never_listed_themselves(playhead: Playhead, tmp_path: Path) -> None:
    key = playhead("keys", "create", "--scope", "admin", "--expires", "30d", PLAYHEAD_DATA_DIR=tmp_path).out.strip()
    listed = playhead("keys", "list", PLAYHEAD_DATA_DIR=tmp_path)
    assert [line[1:4] for line in listed.lines] == [["default", "admin", "active"]]
    assert listed.lines[0][5] != "never"
    assert key.rpartition("_")[2] not in listed.out


@pytest.mark.parametrize(
    ("option", "value"),
    [("--expires", "soon"), ("--expires", "2001-01-01"), ("--project", "No Slug"), ("--label", "x" * 201)],
)
def test_what_cannot_be_is_refused_by_its_option(playhead: Playhead, tmp_path: Path, option: str, value: str) -> None:
    done = playhead("keys", "create", option, value, "--data-dir", tmp_path)
    assert done.status == 1
    assert done.out == ""
    assert option in done.err


def test_an_unknown_key_and_an_unknown_directory_are_told_in_words(playhead: Playhead, tmp_path: Path) -> None:
    playhead("keys", "create", "--data-dir", tmp_path)
    assert "No such key" in playhead("keys", "revoke", "key_nothing", "--data-dir", tmp_path).err
    assert "no recordings" in playhead("keys", "list", "--data-dir", tmp_path / "nowhere").err
