"""Arize Phoenix: ``phoenix serve`` on its SQLite."""

from __future__ import annotations

from pathlib import Path

import msgspec

from benchmarks.peers import spans
from benchmarks.peers.environment import Environment
from benchmarks.peers.server import Server

COUNT = msgspec.json.encode({"query": "{projects{edges{node{recordCount}}}}"})


class Phoenix(Environment):
    """The contender; told to leave the network alone."""

    name = "Phoenix"
    health = "/healthz"
    path = "/v1/traces"
    headers = spans.HEADERS

    def __init__(self) -> None:
        super().__init__("phoenix", "arize-phoenix")

    def command(self, folder: Path, port: int) -> list[str]:  # noqa: ARG002  # its settings name them
        """Return what starts the server."""
        return [self.program("phoenix"), "serve"]

    def environment(self, folder: Path, port: int) -> dict[str, str]:
        """Return its settings."""
        return {
            "PHOENIX_WORKING_DIR": str(folder),
            "PHOENIX_HOST": "127.0.0.1",
            "PHOENIX_PORT": str(port),
            "PHOENIX_GRPC_PORT": "0",
            "PHOENIX_ALLOW_EXTERNAL_RESOURCES": "false",
        }

    def bodies(self, count: int) -> list[bytes]:
        """Return the calls as spans."""
        return spans.bodies(count)

    def count(self, server: Server, wanted: int) -> int:  # noqa: ARG002  # it counts all that it has
        """Ask for the number of spans."""
        answer = msgspec.json.decode(server.ask("POST", "/graphql", COUNT))
        return sum(int(edge["node"]["recordCount"]) for edge in answer["data"]["projects"]["edges"])
