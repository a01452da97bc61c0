"""The compose files start what exists: settings, commands, packages, files, hosts and ports that fit each other."""

from __future__ import annotations

import re
import shlex
import tomllib
from importlib import import_module
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import psycopg
import pytest
from docs.reference import leaves
from msgspec.structs import fields
from tests.support.postgres import PostgresServer, postgres
from typer.main import get_command

from playhead.cli.app import app
from playhead.server.settings import Settings, from_environment, variable
from playhead.store.place import scheme_of

__all__ = ["postgres"]

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
INSTALLATIONS = ["cluster", "postgres"]
GIVEN = {"POSTGRES_PASSWORD": "secret", "CLICKHOUSE_PASSWORD": "secret", "PLAYHEAD_ADMIN_KEY": "k" * 24}
"""What the README has a reader export."""
TOP = {"name", "services", "volumes", "networks", "configs", "secrets"}
SERVICE = {
    "command", "depends_on", "environment", "healthcheck", "hostname", "image", "ports", "restart", "shm_size",
    "ulimits", "volumes",
}  # fmt: skip
"""Those members of a service in the compose specification that are used here."""
HEALTHCHECK = {"test", "interval", "timeout", "retries", "start_period", "start_interval", "disable"}
CONDITIONS = {"service_started", "service_healthy", "service_completed_successfully"}
VARIABLE = re.compile(r"\$\{(\w+)(?::([-?])([^}]*))?\}")

pytestmark = pytest.mark.parametrize("name", INSTALLATIONS)


def compose(name: str) -> dict[str, Any]:
    """Return an installation with every variable put in, as ``docker compose config`` shows it."""
    yaml: Any = import_module("yaml")
    said: dict[str, Any] = with_variables(yaml.safe_load((DEPLOY / name / "compose.yaml").read_text(encoding="utf-8")))
    return said


def with_variables(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: with_variables(member) for key, member in value.items()}
    if isinstance(value, list):
        return [with_variables(each) for each in value]
    return VARIABLE.sub(put_in, value) if isinstance(value, str) else value


def put_in(found: re.Match[str]) -> str:
    variable, how, rest = found.groups()
    if how == "-":
        return GIVEN.get(variable, rest)
    assert how == "?", f"{variable} has neither a default nor words for its absence"
    return GIVEN[variable]


def playheads(name: str) -> dict[str, dict[str, Any]]:
    """Return the services that run Playhead."""
    return {key: one for key, one in compose(name)["services"].items() if "playhead serve" in str(one.get("command"))}


def test_they_are_compose_files(name: str) -> None:
    whole = compose(name)
    assert {key for key in whole if not key.startswith("x-")} <= TOP
    for key, service in whole["services"].items():
        assert set(service) <= SERVICE, key
        assert re.fullmatch(r"[\w./-]+:[\w.-]+", service["image"]), "an image without a version"
        assert set(service.get("healthcheck", {})) <= HEALTHCHECK
        assert all(isinstance(value, str) for value in service.get("environment", {}).values())
        assert all(re.fullmatch(r"\d+(-\d+)?:\d+", port) for port in service.get("ports", ()))


def test_what_a_service_waits_for_and_keeps_is_there(name: str) -> None:
    whole = compose(name)
    for service in whole["services"].values():
        waits = service.get("depends_on", {})
        for other in waits:
            condition = waits[other]["condition"] if isinstance(waits, dict) else "service_started"
            assert condition in CONDITIONS
            assert condition != "service_healthy" or "healthcheck" in whole["services"][other]
        for volume in service.get("volumes", ()):
            source, inside, *_ = volume.split(":")
            assert inside.startswith("/")
            assert (DEPLOY / name / source).is_file() if source.startswith(".") else source in whole["volumes"]


def test_what_must_be_set_is_what_the_readme_has_one_set(name: str) -> None:
    text = (DEPLOY / name / "compose.yaml").read_text(encoding="utf-8")
    wanted = {found[1] for found in VARIABLE.finditer(text) if found[2] == "?"}
    [exported] = re.findall(r"^export (.*)$", (DEPLOY / name / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert wanted == set(re.findall(r"(\w+)=", exported)) <= set(GIVEN)


def test_settings_commands_and_extras_exist(name: str) -> None:
    known = {variable(each.name) for each in fields(Settings)}
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    commands = {command for command, _ in leaves("playhead", get_command(app))}
    assert playheads(name)
    for service in playheads(name).values():
        environment = service["environment"]
        assert {key for key in environment if key.startswith("PLAYHEAD_")} <= known
        settings = from_environment(environment)
        shell, flag, script = service["command"]
        assert (shell, flag) == ("sh", "-c")
        install, serve = script.split(" && exec ")
        [package] = [word for word in shlex.split(install) if word.startswith("playhead")]
        assert serve in commands
        wanted = {"server", "postgres"} | ({"clickhouse"} if settings.clickhouse_cluster else set())
        assert set(package.removeprefix("playhead[").removesuffix("]").split(",")) == wanted <= set(extras)
        assert all(port.endswith(f":{settings.port}") for port in service["ports"])
        compile(service["healthcheck"]["test"][-1], "healthcheck", "exec")
        assert f":{settings.port}/ready" in service["healthcheck"]["test"][-1]


def test_the_databases_that_are_named_are_the_services(name: str) -> None:
    whole = compose(name)["services"]
    for service in playheads(name).values():
        environment = service["environment"]
        for url in (environment["PLAYHEAD_DATABASE_URL"], environment.get("PLAYHEAD_REGISTRY_URL")):
            if url is None:
                continue
            user, host, port, database = re.fullmatch(r"\w+://(\w+)[^@]*@([\w-]+):(\d+)/(\w+)", url).groups()  # type: ignore[union-attr]  # else it fails
            there = whole[host]["environment"]
            assert host in service["depends_on"]
            if scheme_of(url) == "postgresql":
                assert (there["POSTGRES_USER"], there["POSTGRES_DB"], port) == (user, database, "5432")
                assert there["POSTGRES_PASSWORD"] == environment["PGPASSWORD"]
            else:
                assert (there["CLICKHOUSE_USER"], port) == (user, "8123")


def test_the_settings_of_postgresql_exist(name: str, postgres: PostgresServer) -> None:
    command = compose(name)["services"]["database"].get("command", [])
    given = dict(each.split("=") for each in command if "=" in each)
    with psycopg.connect(postgres.url()) as db:
        known = {row[0] for row in db.execute("SELECT name FROM pg_settings")}
    assert set(given) <= known


def test_the_configuration_of_clickhouse_fits_the_services(name: str) -> None:
    configured = DEPLOY / name / "clickhouse.xml"
    if not configured.is_file():
        assert "clickhouse" not in str(compose(name))
        return
    services = compose(name)["services"]
    server, keeper = (ET.parse(DEPLOY / name / f"{each}.xml").getroot() for each in ("clickhouse", "keeper"))
    [cluster] = server.findall("remote_servers/*")
    assert {one["environment"]["PLAYHEAD_CLICKHOUSE_CLUSTER"] for one in playheads(name).values()} == {cluster.tag}
    replicas = [host.text for host in cluster.findall("shard/replica/host")]
    assert replicas == [key for key, one in services.items() if "clickhouse-server" in one["image"]]
    assert [services[key]["environment"]["REPLICA"] for key in replicas if key] == replicas
    assert [services[key]["hostname"] for key in replicas if key] == replicas
    assert {each.tag for each in server.findall("macros/*")} == {"shard", "replica"}
    assert server.findtext("zookeeper/node/host") == keeper.findtext("keeper_server/raft_configuration/server/hostname")
    assert server.findtext("zookeeper/node/host") in services
    assert server.findtext("zookeeper/node/port") == keeper.findtext("keeper_server/tcp_port")
    variables = {each.get("from_env") for each in server.iter()} - {None}
    assert all(variables <= set(services[key]["environment"]) for key in replicas if key)
