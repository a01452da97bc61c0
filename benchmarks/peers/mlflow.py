"""MLflow: ``mlflow server`` with one worker, its job runner off, on SQLite."""

from __future__ import annotations

from pathlib import Path

import msgspec

from benchmarks.peers import spans
from benchmarks.peers.environment import Environment
from benchmarks.peers.server import Server

TRACES_AT_ONCE = 50


class MLflow(Environment):
    """The contender; its calls go into the experiment that it has from the first."""

    name = "MLflow"
    health = "/health"
    path = "/v1/traces"
    headers = spans.HEADERS | {"x-mlflow-experiment-id": "0"}

    def __init__(self) -> None:
        super().__init__("mlflow", "mlflow")

    def command(self, folder: Path, port: int) -> list[str]:
        """Return what starts the server."""
        store = [
            "--backend-store-uri",
            f"sqlite:///{folder}/mlflow.db",
            "--artifacts-destination",
            str(folder / "files"),
        ]
        return [self.program("mlflow"), "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1", *store]

    def environment(self, folder: Path, port: int) -> dict[str, str]:  # noqa: ARG002  # the command names them
        """Return its settings."""
        return {
            "MLFLOW_DISABLE_TELEMETRY": "true",
            "DO_NOT_TRACK": "true",
            "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        }

    def bodies(self, count: int) -> list[bytes]:
        """Return the calls as spans."""
        return spans.bodies(count)

    def count(self, server: Server, wanted: int) -> int:
        """Ask for the traces, and count their spans."""
        ids = [f"tr-{one}" for one in spans.trace_ids(wanted)]
        found = 0
        for first in range(0, len(ids), TRACES_AT_ONCE):
            asked = "&".join(f"trace_ids={one}" for one in ids[first : first + TRACES_AT_ONCE])
            answer = msgspec.json.decode(server.ask("GET", f"/api/3.0/mlflow/traces/batchGet?{asked}"))
            found += sum(len(trace.get("spans", ())) for trace in answer.get("traces", ()))
        return found
