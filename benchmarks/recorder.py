"""What recording costs the application, side by side with the OpenTelemetry SDK, and Langfuse's and PostHog's.

All send to the same sink. Langfuse and PostHog are installed into an environment of their own below
``.venv`` when that is possible, and left out when it is not.
"""

from __future__ import annotations

import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.harness import Figure

CLIENT = Path(__file__).with_name("recorder_client.py")
SDKS = Path(sys.prefix) / "benchmark-sdks"
ALWAYS = ("playhead", "opentelemetry", "current-span")
COUNT = 10_000
AWAY = 100_000
IMPORTS = 15
MODES = {"up": "", "hanging": ", server hangs", "refusing": ", server refuses", "absent": ", no such host"}
WORDS = {"current-span": "OpenTelemetry's start_as_current_span"}
ABSENT = "http://playhead.invalid:4747"
OTEL_IMPORTS = (
    "import opentelemetry.sdk.trace.export, opentelemetry.exporter.otlp.proto.http.trace_exporter",
    "OpenTelemetry",
)
NOT_THE_RECORDERS = ("starlette", "uvicorn", "apsw", "argon2", "typer", "rich", "structlog", "genai_prices", "httpx")


def run() -> Iterator[Figure]:
    """Measure everything, this project against OpenTelemetry first."""
    up = {name: measured(name, "up") for name in contenders()}
    for mode, words in MODES.items():
        ours = up["playhead"] if mode == "up" else measured("playhead", mode)
        theirs = up["opentelemetry"] if mode == "up" else measured("opentelemetry", mode)
        goal = "≤ 15, ratio ≤ 1/3" if mode == "up" else "≤ 15"
        yield Figure(f"one interaction, p50{words}", ours["p50_us"], "µs", goal, theirs["p50_us"], "OpenTelemetry")
        yield Figure(f"one interaction, p99{words}", ours["p99_us"], "µs", "≤ 200", theirs["p99_us"], "OpenTelemetry")
    ours, theirs = up["playhead"], up["opentelemetry"]
    yield Figure("CPU for 10,000 interactions", ours["cpu_s"], "s", "ratio ≤ 1/2", theirs["cpu_s"], "OpenTelemetry")
    for name in [one for one in up if one not in ("playhead", "opentelemetry")]:
        other = up[name]
        yield Figure(
            f"one interaction, p50, against {WORDS.get(name, name)}", ours["p50_us"], "µs", "", other["p50_us"], name
        )
        yield Figure(
            f"one interaction, p99, against {WORDS.get(name, name)}", ours["p99_us"], "µs", "", other["p99_us"], name
        )
        yield Figure(
            f"CPU for 10,000 interactions, against {WORDS.get(name, name)}",
            ours["cpu_s"],
            "s",
            "",
            other["cpu_s"],
            name,
        )
    yield from away()
    yield from imports()


def away() -> Iterator[Figure]:
    """Measure 100,000 events while there is no server, and how many arrive when it is back."""
    ours, theirs = measured("playhead", "away"), measured("opentelemetry", "away")
    memory = "peak memory, server away for 100,000 events"
    yield Figure(memory, ours["peak_mib"], "MiB", "≤ 64", theirs["peak_mib"], "OpenTelemetry")
    arrived = ours["arrived"]["events"] - 1  # the session's start
    yield Figure("… that arrive when it is back", arrived, "", "≥ 100,000", theirs["arrived"]["spans"], "OpenTelemetry")
    yield Figure("… dropped or not accounted for", ours["dropped"] + abs(ours["unaccounted"]), "", "≤ 0")


def imports() -> Iterator[Figure]:
    """Measure how long importing takes beyond bare Python."""
    bare = import_ms("pass")
    statement, name = OTEL_IMPORTS
    theirs = import_ms(statement) - bare
    yield Figure("import playhead, over bare Python", import_ms("import playhead") - bare, "ms", "≤ 60", theirs, name)
    started = "import playhead; playhead.init(spool_dir=False)"
    yield Figure("import and init, over bare Python", import_ms(started) - bare, "ms", "", theirs, name)
    loaded = subprocess.run(
        [sys.executable, "-c", f"{started}; import sys; print([n for n in {NOT_THE_RECORDERS!r} if n in sys.modules])"],
        check=True, capture_output=True, text=True,
    ).stdout.strip()  # fmt: skip
    if loaded != "[]":
        raise SystemExit(f"importing playhead loads {loaded}")


def contenders() -> list[str]:
    """Return who takes part: some always, the others where they can be installed."""
    names = [*ALWAYS]
    for name in ("langfuse", "posthog"):
        found = [sys.executable, "-c", f"import {name}"]
        if (
            _has_sdks()
            and subprocess.run([_python(name), *found[1:]], check=False, capture_output=True).returncode == 0
        ):
            names.append(name)
        else:
            print(f"{name} cannot be installed here: not measured", file=sys.stderr)
    return names


def _has_sdks() -> bool:
    if not SDKS.exists():
        environment = {**os.environ, "UV_SYSTEM_CERTS": "1"}
        for command in (
            ["venv", "--quiet", str(SDKS)],
            ["pip", "install", "--quiet", "--python", str(SDKS), "langfuse", "posthog"],
        ):
            uv = [str(Path(sys.executable).with_name("uv")), *command]
            if subprocess.run(uv, check=False, env=environment, stderr=subprocess.DEVNULL).returncode:
                return False
    return True


def _python(name: str) -> str:
    return sys.executable if name in ALWAYS else str(SDKS / "bin" / "python")


def measured(name: str, mode: str) -> dict[str, Any]:
    """Run one contender with the server in one of the modes, and return its figures."""
    print(f"  {name}, server {mode}", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory(prefix="playhead-bench-") as folder:
        if mode == "away":
            return _away(name, folder)
        if mode in ("up", "hanging"):
            with sink(0, mode) as (port, _):
                return _client(name, f"http://127.0.0.1:{port}", folder, ["--up"] if mode == "up" else [])
        url = f"http://127.0.0.1:{free_port()}" if mode == "refusing" else ABSENT
        return _client(name, url, folder, [])


def _client(name: str, url: str, folder: str, options: list[str]) -> dict[str, Any]:
    command = [_python(name), str(CLIENT), name, url, folder, str(COUNT), *options]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def _away(name: str, folder: str) -> dict[str, Any]:
    port = free_port()
    command = [_python(name), str(CLIENT), name, f"http://127.0.0.1:{port}", folder, str(AWAY), "--wait"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as client:
        assert client.stdin is not None
        assert client.stdout is not None
        client.stdout.readline()
        with sink(port, "up") as (_, server):
            client.stdin.write("the server is back\n")
            client.stdin.flush()
            figures = json.loads(client.stdout.readline())
            assert server.stdin is not None
            assert server.stdout is not None
            server.stdin.write("how many?\n")
            server.stdin.flush()
            return {**figures, "arrived": json.loads(server.stdout.readline())}


@contextmanager
def sink(port: int, mode: str) -> Iterator[tuple[int, subprocess.Popen[str]]]:
    """Run the sink in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.sink", str(port), mode]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline()), process
        finally:
            process.kill()


def free_port() -> int:
    """Return a port at which nobody listens."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def import_ms(statement: str) -> float:
    """Return the median time of a process that runs a statement, in milliseconds."""
    times = []
    for _ in range(IMPORTS):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", statement], check=True)
        times.append((time.perf_counter() - began) * 1000)
    return statistics.median(times)
