"""Every setting of the server: one frozen struct, each member from the environment variable ``PLAYHEAD_<NAME>``.

A value that is not of its kind stops the start with the setting's name. Nothing reads the environment later.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

import msgspec
from msgspec import Meta, Struct

from playhead.errors import BadSetting
from playhead.replay.refusals import sentence
from playhead.store.place import DATABASE_URL, Place

PREFIX = "PLAYHEAD_"
LogLevel: TypeAlias = Literal["debug", "info", "warning", "error"]
LogFormat: TypeAlias = Literal["auto", "json", "console"]
Bytes = Annotated[int, Meta(ge=1024)]
Seconds = Annotated[float, Meta(gt=0)]


def default_data_dir() -> str:
    """Return the directory that recordings are kept in unless a setting says otherwise (XDG)."""
    return str(Path(os.environ.get("XDG_DATA_HOME") or "~/.local/share").expanduser() / "playhead")


class Settings(Struct, frozen=True, kw_only=True):
    """What a server runs with. The descriptions are the documentation."""

    host: Annotated[
        str, Meta(description="Address to listen on; beyond loopback only when a key exists", min_length=1)
    ] = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535, description="Port to listen on; 0 takes a free one")] = 4747
    data_dir: Annotated[str, Meta(description="Directory of the database; made when it is not there", min_length=1)] = (
        msgspec.field(default_factory=default_data_dir)
    )
    database_url: (
        Annotated[
            str,
            Meta(
                pattern=r"^[A-Za-z][A-Za-z0-9+.-]*://[^\s\x00]*\Z",
                description="Database to keep everything in instead of that directory: postgresql://user@host/name, or"
                " clickhouse://user@host:8123/name (clickhouses:// with TLS)",
            ),
        ]
        | None
    ) = None
    registry_url: (
        Annotated[
            str,
            Meta(
                pattern=r"^[A-Za-z][A-Za-z0-9+.-]*://[^\s\x00]*\Z",
                description="Beside a ClickHouse: the PostgreSQL for keys, shares and ledgers; without one, SQLite in"
                " the directory, for a single server",
            ),
        ]
        | None
    ) = None
    clickhouse_cluster: (
        Annotated[
            str,
            Meta(
                pattern=r"^[A-Za-z0-9_.{}-]+\Z",
                description="ClickHouse's cluster to make the tables in: replicated, distributed, on all its servers",
            ),
        ]
        | None
    ) = None
    clickhouse_ttl_days: (
        Annotated[
            int, Meta(ge=1, le=36_500, description="Days after its arrival on which ClickHouse forgets a session")
        ]
        | None
    ) = None
    admin_key: (
        Annotated[
            str,
            Meta(
                min_length=24,
                pattern=r"^[\x21-\x7e]+\Z",
                description="Admin key of the first project, at least 24 characters; else the first start makes one",
            ),
        ]
        | None
    ) = None
    public_url: (
        Annotated[
            str,
            Meta(
                pattern=r"^https?://[^/?#\s]+(/[^?#\s]*)?\Z",
                description="Where people reach this server, for the links in answers; https marks cookies as secure",
            ),
        ]
        | None
    ) = None
    allowed_hosts: Annotated[
        list[str],
        Meta(description="Further names that a Host header may carry, by commas; .example.com: subdomains, *: any"),
    ] = msgspec.field(default_factory=list)
    max_body_bytes: Annotated[Bytes, Meta(description="Largest request body, as sent and as unpacked")] = 33_554_432
    max_event_bytes: Annotated[Bytes, Meta(description="Largest data of one event")] = 8_388_608
    max_depth: Annotated[int, Meta(ge=4, le=200, description="Deepest nesting of JSON in a body")] = 64
    max_values: Annotated[
        int,
        Meta(
            ge=1000,
            description=(
                "Most values in one request: each text, list, object and name; numbers, true, false and null count half"
            ),
        ),
    ] = 2_250_000
    max_batch: Annotated[int, Meta(ge=1, description="Most events in one request")] = 5000
    max_label: Annotated[int, Meta(ge=1, le=500, description="Longest label of a session, in characters")] = 500
    max_metadata_bytes: Annotated[int, Meta(ge=2, description="Largest metadata of a session, as JSON")] = 65_536
    session_timeout_s: Annotated[
        int,
        Meta(
            ge=1,
            description="Seconds of silence after which an open session ends itself, in projects that set no other",
        ),
    ] = 1800
    retention_days: (
        Annotated[
            int,
            Meta(
                ge=1,
                le=36_500,
                description="Days after which sessions are erased, in projects that set no other; empty: never",
            ),
        ]
        | None
    ) = None
    rate_limit: Annotated[
        float, Meta(ge=0, description="Requests a second that one key may make, with as many at once; 0 sets no limit")
    ] = 0
    queue_bytes: Annotated[
        Bytes,
        Meta(
            description=(
                "Most bytes of requests being received, and again waiting to be written; one project alone has half"
                " of it; beyond, 503"
            )
        ),
    ] = 67_108_864
    request_timeout_s: Annotated[
        Seconds,
        Meta(
            description=(
                "Seconds that a request's head, and then each part of its body, may take to arrive; a caller may take"
                " nothing of an answer for ten times as long"
            )
        ),
    ] = 30
    cookie_s: Annotated[Seconds, Meta(description="Seconds that a signed-in dashboard stays signed in")] = 604_800
    sign_in_link_s: Annotated[Seconds, Meta(description="Seconds that a printed sign-in link can be used")] = 43_200
    live_clients: Annotated[int, Meta(ge=1, description="Most live streams at once")] = 500
    live_heartbeat_s: Annotated[Seconds, Meta(description="Seconds between comments that keep a live stream open")] = 15
    log_level: Annotated[LogLevel, Meta(description="Least level that is logged")] = "info"
    log_format: Annotated[
        LogFormat, Meta(description="Logs as JSON or for a console; auto takes the console's on a terminal")
    ] = "auto"

    @property
    def place(self) -> Place:
        """Where everything is kept."""
        return Place(
            Path(self.data_dir).expanduser(),
            self.database_url,
            self.registry_url,
            self.clickhouse_cluster,
            self.clickhouse_ttl_days,
        )

    @property
    def loopback(self) -> bool:
        """Whether the address to listen on can be reached from this machine only."""
        return is_loopback(self.host)


def is_loopback(host: str) -> bool:
    """Say whether a name or address is this machine itself."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def variable(name: str) -> str:
    """Return the environment variable of a setting."""
    return PREFIX + name.upper()


def from_environment(environment: Mapping[str, str] = os.environ, **given: Any) -> Settings:
    """Return the settings of an environment; a member ``given`` (not None), as by an option, comes before its variable.

    A directory that is given comes before a database that the environment names. Raises BadSetting, which names the
    setting or the option.
    """
    if given.get("data_dir") is not None:
        environment = {name: value for name, value in environment.items() if name != DATABASE_URL}
    values = {each.name: _value(each, environment, given) for each in msgspec.structs.fields(Settings)}
    return Settings(**{name: value for name, value in values.items() if value is not msgspec.UNSET})


def _value(field: msgspec.structs.FieldInfo, environment: Mapping[str, str], given: Mapping[str, Any]) -> Any:
    value = given.get(field.name)
    if value is None:
        value = environment.get(variable(field.name)) or None
    if value is None:
        return msgspec.UNSET
    if field.name == "allowed_hosts" and isinstance(value, str):
        value = [host.strip() for host in value.split(",") if host.strip()]
    try:
        return msgspec.convert(value, field.type, strict=False)
    except msgspec.ValidationError as error:
        spelt = variable(field.name) if given.get(field.name) is None else f"--{field.name.replace('_', '-')}"
        raise BadSetting(f"{spelt}: {sentence(str(error))}") from None
