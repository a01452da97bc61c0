"""``playhead serve``: what it prints, what it keeps, and how it stops."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import httpx
from tests.cli.conftest import Playhead, Serving


def test_the_first_line_says_where_it_listens_and_the_second_how_to_sign_in(serving: Callable[..., Serving]) -> None:
    server = serving("serve", lines=3)
    assert re.fullmatch(r"Playhead listening on http://127\.0\.0\.1:\d+", server.first_lines[0])
    assert re.fullmatch(rf"Open the dashboard: {server.url}/\?token=\S+", server.first_lines[1])
    assert httpx.get(f"{server.url}/ready", trust_env=False).status_code == 200


def test_the_first_start_shows_a_key_that_works_and_later_ones_do_not(serving: Callable[..., Serving]) -> None:
    server = serving("serve", lines=3)
    key = server.first_lines[2].rpartition(" ")[2]
    answer = httpx.get(f"{server.url}/api/whoami", headers={"X-API-Key": key}, trust_env=False)
    assert answer.json()["data"] == {"project": "default", "scope": "admin"}
    server.interrupt()
    again = serving("serve")
    status, rest = again.interrupt()
    assert status == 0
    assert "Admin key" not in rest


def test_ctrl_c_stops_it_without_a_trace(serving: Callable[..., Serving]) -> None:
    status, rest = serving("serve", lines=3).interrupt()
    assert status == 0
    assert "Traceback" not in rest


def test_a_port_that_is_taken_is_told_in_words(serving: Callable[..., Serving], playhead: Playhead) -> None:
    server = serving("serve", lines=3)
    done = playhead("serve", "--port", server.url.rpartition(":")[2], "--data-dir", server.data_dir.parent / "other")
    assert done.status == 1
    assert "cannot listen on 127.0.0.1" in done.err
    assert "--port" in done.err


def test_a_bad_setting_is_named(playhead: Playhead, tmp_path: object) -> None:
    done = playhead("serve", "--data-dir", tmp_path, PLAYHEAD_MAX_BATCH="many")
    assert done.status == 1
    assert "PLAYHEAD_MAX_BATCH" in done.err


def test_a_network_address_is_refused_while_there_is_no_key(playhead: Playhead, tmp_path: object) -> None:
    done = playhead("serve", "--host", "0.0.0.0", "--port", "0", "--data-dir", tmp_path)
    assert done.status == 1
    assert "PLAYHEAD_ADMIN_KEY" in done.err


def test_an_option_that_cannot_be_is_named_as_it_was_typed(playhead: Playhead, tmp_path: object) -> None:
    assert "--port: expected a whole number" in playhead("serve", "--port", "http", "--data-dir", tmp_path).err
    assert "PLAYHEAD_PORT: expected" in playhead("serve", "--data-dir", tmp_path, PLAYHEAD_PORT="http").err


def test_a_directory_that_cannot_be_made_is_told_with_the_way_out(playhead: Playhead, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = playhead("serve", "--port", "0", "--data-dir", tmp_path / "file")
    assert done.status == 1
    assert f"cannot keep recordings in {tmp_path / 'file'}: " in done.err
    assert "--data-dir" in done.err
