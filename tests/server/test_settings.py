"""Settings: from the environment, checked at the start, each documented."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from playhead.errors import BadSetting
from playhead.server.settings import Settings, from_environment, variable
from playhead.store.place import Place

FIELDS = msgspec.structs.fields(Settings)


def test_an_empty_environment_gives_the_defaults() -> None:
    settings = from_environment({})

    assert (settings.host, settings.port, settings.loopback) == ("127.0.0.1", 4747, True)
    assert settings.max_body_bytes == 32 * 1024 * 1024
    assert settings.data_dir.endswith("playhead")


def test_every_setting_can_be_set_by_its_variable() -> None:
    settings = from_environment(
        {
            "PLAYHEAD_PORT": "80",
            "PLAYHEAD_RATE_LIMIT": "2.5",
            "PLAYHEAD_ALLOWED_HOSTS": " a.example , .b.example,, ",
            "PLAYHEAD_LOG_LEVEL": "error",
            "PLAYHEAD_HOST": "",
        }
    )

    assert (settings.port, settings.rate_limit, settings.log_level) == (80, 2.5, "error")
    assert settings.allowed_hosts == ["a.example", ".b.example"]
    assert settings.host == "127.0.0.1"


def test_what_is_given_comes_before_the_environment() -> None:
    assert from_environment({"PLAYHEAD_PORT": "80"}, port=90, host=None).port == 90


def test_a_directory_that_is_given_comes_before_a_database_of_the_environment() -> None:
    environment = {"PLAYHEAD_DATABASE_URL": "postgresql://h/db", "PLAYHEAD_DATA_DIR": "/a"}

    assert from_environment(environment).place == Place(Path("/a"), "postgresql://h/db")
    assert from_environment(environment, data_dir="/b").place == Place(Path("/b"))


@pytest.mark.parametrize("url", ["/srv/data", "host/db", "postgresql://h/d b", "p q://h"])
def test_what_is_no_url_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(BadSetting) as failure:
        from_environment({"PLAYHEAD_DATABASE_URL": url})

    assert "PLAYHEAD_DATABASE_URL" in failure.value.message
    assert url not in failure.value.message


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.name)
def test_every_setting_says_what_it_is(field: msgspec.structs.FieldInfo) -> None:
    schema = msgspec.json.schema(Settings)["$defs"]["Settings"]["properties"][field.name]

    assert "description" in str(schema)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("port", "70000"),
        ("port", "-1"),
        ("port", "8o"),
        ("admin_key", "x" * 23),
        ("admin_key", "has a space in it, which no header keeps"),
        ("public_url", "ftp://x"),
        ("max_body_bytes", "0"),
        ("max_depth", "10000"),
        ("session_timeout_s", "0"),
        ("rate_limit", "-1"),
        ("rate_limit", "nan"),
        ("log_level", "verbose"),
        ("live_heartbeat_s", "0"),
    ],
)
def test_a_value_that_cannot_be_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(BadSetting, match=variable(name)):
        from_environment({variable(name): value})


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("localhost", True), ("127.0.0.9", True), ("::1", True), ("[::1]", True), ("0.0.0.0", False), ("::", False)],
)
def test_what_this_machine_alone_can_reach_is_known(host: str, loopback: bool) -> None:
    assert from_environment({}, host=host).loopback is loopback
