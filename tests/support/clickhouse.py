"""A real ClickHouse in its own process: the engine of ``chdb``, served over ClickHouse's own HTTP interface.

    def test_something(clickhouse):        # one engine for the whole run; databases of one's own in it
        url = clickhouse.new_database()

``start_clickhouse`` is for tests that kill an engine, or start one again on the same directory. The interface has what
``clickhouse-connect`` asks of it: queries in the body, the URL or a form, ``param_x`` for placeholders, settings and
``database`` as URL parameters, compression both ways, and errors with their code. It does not stream. After
``POST /fatal/after`` the engine dies as soon as it has done a query that begins with the words in the body, unanswered.
"""

from __future__ import annotations

import atexit
import contextlib
import email
import functools
import gzip
import itertools
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
import zstandard
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from playhead.store.clickhouse.connection import address_of, connect
from playhead.store.clickhouse.sqlite_book import SqliteBook
from playhead.store.clickhouse.store import ClickHouseStore
from playhead.store.memory import MemoryStore

MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None  # where what is inserted stands meanwhile
PORT = re.compile(rb"^(\d+)$")
INSERT = re.compile(rb"(INSERT INTO [^\n]*?) FORMAT Native\n")
CODE = re.compile(r"Code: (\d+)\.")
STATUS_OF_CODE = {"60": 404, "81": 404, "62": 400, "47": 400, "46": 400, "516": 403}
OWN = {"query", "database", "client_protocol_version", "wait_end_of_query", "enable_http_compression", "query_id"}
HTTP_ONLY = {"send_progress_in_http_headers", "http_headers_progress_interval_ms", "default_format", "session_id"}


@dataclass
class ClickHouse:
    """A running engine: ``port`` on 127.0.0.1."""

    process: subprocess.Popen[bytes]
    port: int
    data_dir: Path
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def url(self, database: str) -> str:
        """Return what names a database of this engine in PLAYHEAD_DATABASE_URL."""
        return f"clickhouse://default:@127.0.0.1:{self.port}/{database}"

    def new_database(self) -> str:
        """Return the URL of a database that does not exist yet."""
        return self.url(f"test_{os.getpid()}_{next(self._numbers)}")

    def query(self, sql: str) -> str:
        """Run a query and return its answer as text."""
        response = httpx.post(f"http://127.0.0.1:{self.port}/", content=sql.encode(), timeout=60, trust_env=False)
        response.raise_for_status()
        return response.text

    def die_after(self, words: str) -> None:
        """Let the engine die when it has done a query that begins with these words, and before it says so."""
        self._doom("after", words)

    def die_before(self, words: str) -> None:
        """Let the engine die when it is asked to do a query that begins with these words."""
        self._doom("before", words)

    def _doom(self, when: str, words: str) -> None:
        url = f"http://127.0.0.1:{self.port}/fatal/{when}"
        httpx.post(url, content=words.encode(), timeout=60, trust_env=False).raise_for_status()

    def kill(self) -> None:
        """End the process at once, as a power cut would."""
        self.process.kill()
        self.process.wait(20)

    def stop(self) -> None:
        """Ask the process to end, and wait until it has."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)


def start_clickhouse(data_dir: Path, port: int = 0) -> ClickHouse:
    """Start an engine on a directory, on a free port or the one that it had before, and wait until it answers.

    Where ``chdb`` is not installed the test is skipped, which is a failure on CI.
    """
    if find_spec("chdb") is None:
        pytest.skip("the ClickHouse engine (chdb-core-lite) is not installed")
    data_dir.mkdir(parents=True, exist_ok=True)
    lifeline = _lifeline()
    command = [sys.executable, "-m", "tests.support.clickhouse", str(data_dir), str(port), str(lifeline)]
    home = Path(__file__).parents[2]
    with (data_dir.parent / f"{data_dir.name}.log").open("ab") as log:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, cwd=home, pass_fds=[lifeline])
    assert process.stdout is not None
    said = process.stdout.readline()
    process.stdout.close()
    assert PORT.match(said.strip()), f"the ClickHouse engine did not start: see {log.name}"
    return ClickHouse(process, int(said), data_dir)


@functools.cache
def _lifeline() -> int:
    """Return the end to read of a pipe to which nobody writes, and which ends with this process."""
    reading, _ = os.pipe()
    return reading


@functools.cache
def shared_engine() -> ClickHouse:
    """Return the engine of this run, started with the first call and ended with the process."""
    data_dir = Path(tempfile.mkdtemp(prefix="playhead-clickhouse-", dir="/tmp"))
    engine = start_clickhouse(data_dir / "data")

    def remove() -> None:
        engine.kill()
        shutil.rmtree(data_dir, ignore_errors=True)

    atexit.register(remove)
    return engine


@pytest.fixture
def clickhouse() -> ClickHouse:
    """One engine for all tests of a run; tests stay apart by databases of their own."""
    return shared_engine()


def open_clickhouse_for(data_dir: Path) -> ClickHouseStore:
    """Open a store in a new database, for tests that know engines by directories: the book lies in it, keys and shares
    are kept in memory."""
    address = address_of(shared_engine().new_database())
    return ClickHouseStore(connect(address), SqliteBook(data_dir), MemoryStore())


# --- the served engine -----------------------------------------------------------------------------------------------


class Engine:
    """The engine in this process; each request has a connection of its own, and so its own settings."""

    def __init__(self, data_dir: str) -> None:
        chdb: Any = import_module("chdb")  # only the serving process loads the engine
        self._connect: Callable[[], Any] = lambda: chdb.connect(data_dir)
        self._first = self._connect()  # the engine lives as long as a connection does
        self.fatal: dict[str, bytes] = {}

    def run(self, query: bytes, *, database: str, settings: dict[str, str], values: dict[str, str], form: str) -> bytes:
        """Run one query and return the bytes of its answer."""
        with contextlib.ExitStack() as leaving:
            if inserted := INSERT.match(query):  # chdb looks for the ends of statements inside data
                data = leaving.enter_context(tempfile.NamedTemporaryFile(dir=MEMORY))
                data.write(memoryview(query)[inserted.end() :])
                data.flush()
                query = inserted[1] + f" FROM INFILE '{data.name}' FORMAT Native".encode()
            self.die_if_doomed("before", query)
            answer = self._run(query, database, settings, values, form)
            self.die_if_doomed("after", query)
            return answer

    def _run(self, query: bytes, database: str, settings: dict[str, str], values: dict[str, str], form: str) -> bytes:
        connection = self._connect()
        try:
            if database:
                connection.query(f"USE `{database}`")
            if settings:
                said = ", ".join(f"{name} = '{value}'" for name, value in settings.items())
                connection.query(f"SET {said}")
            answer: bytes = connection.query(query, form, params=values).bytes()
        finally:
            connection.close()
        return answer

    def die_if_doomed(self, when: str, query: bytes) -> None:
        """End this process at once if that was asked for before or after such a query."""
        if when in self.fatal and query.startswith(self.fatal[when]):
            os.kill(os.getpid(), signal.SIGKILL)


def _form(content_type: str, body: bytes) -> dict[str, str]:
    message = email.message_from_bytes(b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + body)
    parts: list[Any] = list(message.walk())[1:]
    return {
        str(part.get_param("name", header="content-disposition")): part.get_payload(decode=True).decode()
        for part in parts
    }


def _unpacked(body: bytes, encoding: str) -> bytes:
    if encoding == "lz4":
        return _frames(import_module("lz4.frame").LZ4FrameDecompressor, body)
    if encoding == "zstd":
        return _frames(zstandard.ZstdDecompressor().decompressobj, body)
    return gzip.decompress(body) if encoding == "gzip" else body


def _frames(decompressor: Callable[[], Any], body: bytes) -> bytes:
    """Decompress frames that stand behind each other: the driver makes one of each block."""
    found = []
    while body:
        one = decompressor()
        found.append(one.decompress(body))
        body = one.unused_data or b""
    return b"".join(found)


def _packed(body: bytes, wanted: str) -> tuple[bytes, dict[str, str]]:
    if "lz4" in wanted:
        return bytes(import_module("lz4.frame").compress(body)), {"Content-Encoding": "lz4"}
    if "gzip" in wanted:
        return gzip.compress(body, 1), {"Content-Encoding": "gzip"}
    return body, {}


class Interface:
    """What answers requests for an engine; takes and returns what ``starlette`` has."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def ping(self, _: Request) -> Response:
        """Say that the engine is there."""
        return Response("Ok.\n")

    async def fatal(self, request: Request) -> Response:
        """Doom the engine."""
        self._engine.fatal[request.path_params["when"]] = await request.body()
        return Response()

    async def query(self, request: Request) -> Response:
        """Answer a query, or say what the engine said against it."""
        text, asked = await _asked(request)
        bound = {name.removeprefix("param_"): value for name, value in asked.items() if name.startswith("param_")}
        settings = {name: value for name, value in asked.items() if name not in OWN | HTTP_ONLY}
        settings = {name: value for name, value in settings.items() if not name.startswith("param_")}
        form, database = asked.get("default_format", "TabSeparated"), asked.get("database", "")
        try:
            answer = await run_in_threadpool(
                self._engine.run, text, database=database, settings=settings, values=bound, form=form
            )
        except Exception as error:  # noqa: BLE001  # the engine raises RuntimeError, and says the code in words
            return _refusal(str(error))
        wanted = request.headers.get("accept-encoding", "") if asked.get("enable_http_compression") == "1" else ""
        packed, headers = _packed(answer, wanted)
        headers |= {"X-ClickHouse-Summary": "{}", "X-ClickHouse-Timezone": "UTC", "X-ClickHouse-Format": form}
        return Response(packed, 200, headers, "application/octet-stream")

    def routes(self) -> list[Route]:
        """Return where each of these is found."""
        return [
            Route("/ping", self.ping),
            Route("/fatal/{when}", self.fatal, methods=["POST"]),
            Route("/", self.query, methods=["GET", "POST"]),
        ]


async def _asked(request: Request) -> tuple[bytes, dict[str, str]]:
    """Return a request's query, with the data behind it, and its parameters."""
    values = dict(request.query_params)
    body = await request.body()
    if (content_type := request.headers.get("content-type", "")).startswith("multipart/form-data"):
        values |= _form(content_type, body)
        body = b""
    else:
        body = _unpacked(body, request.headers.get("content-encoding", ""))
    return b"\n".join(filter(None, (values.get("query", "").encode(), body))), values


def _refusal(words: str) -> Response:
    found = CODE.search(words)
    code = found[1] if found else "1002"
    return Response(f"{words}\n", STATUS_OF_CODE.get(code, 500), {"X-ClickHouse-Exception-Code": code})


def _end_with(lifeline: int) -> None:
    os.read(lifeline, 1)
    os._exit(0)


def serve(data_dir: str, port: int, lifeline: int) -> None:
    """Serve the engine on a port of 127.0.0.1, which is printed, until the process or a pipe is ended: also a starter
    that was killed leaves none behind."""
    threading.Thread(target=_end_with, args=[lifeline], daemon=True).start()
    interface = Interface(Engine(data_dir))
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind(("127.0.0.1", port))
    listening.listen()
    print(listening.getsockname()[1], flush=True)  # noqa: T201  # how the starting process learns the port
    app = Starlette(routes=interface.routes())
    config = uvicorn.Config(app, log_level="warning", lifespan="off", timeout_graceful_shutdown=2)
    uvicorn.Server(config).run(sockets=[listening])


if __name__ == "__main__":
    serve(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
