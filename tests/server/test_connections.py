"""Connections: what a caller may do to HTTP itself, byte by byte, without holding the server's memory or its place."""

from __future__ import annotations

import contextlib
import gzip
import json
import re
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
import zstandard
from tests.support.server import Server, error_of, running_server

BASE = "/api/session-replay"
STEP = b'{"type":"step","data":{"name":"n"}}'
MOST_HEAD_BYTES = 131_072


@contextlib.contextmanager
def connected(server: Server) -> Iterator[socket.socket]:
    where = urlsplit(server.url)
    with socket.create_connection((where.hostname, where.port), timeout=20) as connection:
        yield connection


def post(server: Server, session_id: str, *headers: str, body: bytes = STEP) -> bytes:
    lines = [
        f"POST {BASE}/{session_id}/snapshot HTTP/1.1",
        "Host: localhost",
        f"Authorization: Bearer {server.admin_key}",
        *(headers or (f"Content-Length: {len(body)}",)),
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body


def answers(connection: socket.socket, count: int) -> list[int]:
    """Read this many whole answers and return their statuses."""
    statuses: list[int] = []
    received = b""
    while len(statuses) < count:
        part = connection.recv(65_536)
        assert part, received
        received += part
        while (length := re.search(rb"content-length: (\d+)\r\n", received)) and b"\r\n\r\n" in received:
            end = received.index(b"\r\n\r\n") + 4 + int(length[1])
            if len(received) < end:
                break
            statuses.append(int(received.split()[1]))
            received = received[end:]
    return statuses


def rest(connection: socket.socket) -> bytes:
    """Return what comes until the server closes, also where it closes on what is still being sent."""
    parts = []
    with contextlib.suppress(ConnectionResetError):
        while part := connection.recv(65_536):
            parts.append(part)
    return b"".join(parts)


@pytest.fixture
def started(server: Server) -> str:
    """An open session of the server's first project."""
    with server.client() as api:
        session_id: str = api.post(f"{BASE}/recording/start", json={"feature": "chat"}).json()["sessionId"]
    return session_id


def stored(server: Server, session_id: str) -> int:
    with server.client() as api:
        count: int = api.get(f"{BASE}/{session_id}").json()["data"]["summary"]["totalEvents"]
    return count


# --- another protocol is not taken, and takes nothing with it --------------------------------------------------------

UPGRADE = ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__")


@pytest.mark.parametrize("apart", [False, True], ids=["at once", "the body behind"])
@pytest.mark.parametrize("chunked", [False, True], ids=["counted", "chunked"])
def test_who_asks_for_another_protocol_is_answered_in_this_one_with_the_body_read(
    server: Server, started: str, apart: bool, chunked: bool
) -> None:
    body = b"%x\r\n%b\r\n0\r\n\r\n" % (len(STEP), STEP) if chunked else STEP
    length = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {len(STEP)}"
    request = post(server, started, *UPGRADE, length, body=body)
    with connected(server) as connection:
        connection.sendall(request[: -len(body)] if apart else request)
        if apart:
            connection.sendall(body)
        assert answers(connection, 1) == [201]
        connection.sendall(request + post(server, started))
        assert answers(connection, 2) == [201, 201]

    assert stored(server, started) == 3


def test_a_body_behind_a_wish_for_another_protocol_is_never_read_as_a_request(server: Server, started: str) -> None:
    hidden = post(server, started)
    with connected(server) as connection:
        connection.sendall(post(server, started, *UPGRADE, f"Content-Length: {len(hidden)}", body=hidden))
        assert answers(connection, 1) == [400]

    assert stored(server, started) == 0


def test_many_wishes_for_another_protocol_at_once_are_all_answered(server: Server) -> None:
    wish = b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
    with connected(server) as connection:
        connection.sendall(wish * 2000)
        assert answers(connection, 2000) == [200] * 2000


def test_a_tunnel_is_refused(server: Server) -> None:
    with connected(server) as connection:
        connection.sendall(b"CONNECT localhost:80 HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert rest(connection).startswith(b"HTTP/1.1 400")


# --- room ------------------------------------------------------------------------------------------------------------

READ = b"GET /health HTTP/1.1\r\nHost: localhost\r\n"
CHUNKED = b"POST /api/sign-in HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
ENDLESS = {
    "one header": (READ + b"X: ", b"a" * 65_536),
    "many headers": (READ, b"X: y\r\n" * 11_000),
    "the extension of a chunk": (CHUNKED + b"1;", b"a" * 65_536),
    "headers behind a body": (CHUNKED + b"0\r\n", b"X: y\r\n" * 11_000),
}


@pytest.mark.parametrize("what", ENDLESS)
def test_what_never_becomes_a_request_is_cut_off_where_the_room_ends(server: Server, what: str) -> None:
    before = resident_bytes(server)
    opening, more = ENDLESS[what]
    with connected(server) as connection, contextlib.suppress(ConnectionError):
        connection.sendall(opening)
        for _ in range(1000):  # 64 MB, had somebody listened
            connection.sendall(more)
        raise AssertionError("the server took it all")

    assert resident_bytes(server) - before < 30_000_000


def test_a_head_that_is_too_large_is_told_the_limit(server: Server) -> None:
    with connected(server) as connection:
        connection.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\nX: ")
        for _ in range(MOST_HEAD_BYTES // 1024):
            connection.sendall(b"a" * 1024)
        received = rest(connection)

    assert received.startswith(b"HTTP/1.1 413")
    assert json.loads(received.partition(b"\r\n\r\n")[2])["error"]["code"] == "too_large"
    assert str(MOST_HEAD_BYTES).encode() in received


def test_a_large_body_in_tiny_chunks_with_a_trailer_is_no_large_head(server: Server, started: str) -> None:
    body = STEP + b" " * 60_000
    chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in body) + b"0\r\nX: y\r\n\r\n"
    with connected(server) as connection:
        connection.sendall(post(server, started, "Transfer-Encoding: chunked", body=chunks))
        assert answers(connection, 1) == [201]


def resident_bytes(server: Server) -> int:
    status = Path(f"/proc/{server.process.pid}/status").read_text(encoding="ascii")
    return int(status.split("VmRSS:")[1].split()[0]) * 1024


@pytest.mark.parametrize(("name", "pack"), [("gzip", gzip.compress), ("zstd", zstandard.compress)])
def test_a_body_of_more_packed_pieces_than_anyone_needs_is_refused_before_they_are_all_read(
    server: Server, started: str, name: str, pack: Callable[[bytes], bytes]
) -> None:
    packed = pack(b"") * 100_000 + pack(STEP)
    with server.client() as api:
        answer = api.post(f"{BASE}/{started}/snapshot", content=packed, headers={"Content-Encoding": name})

    assert answer.status_code == 413
    assert "10000 pieces" in str(error_of(answer)["message"])


# --- a place that is not given back ----------------------------------------------------------------------------------


@pytest.mark.parametrize("sent", [b"", b"{"], ids=["nothing", "a part"])
def test_a_caller_who_was_answered_early_is_not_waited_for_without_end(tmp_path: Path, sent: bytes) -> None:
    with running_server(tmp_path / "data", request_timeout_s=0.2) as server, connected(server) as connection:
        connection.sendall(b"POST " + BASE.encode() + b"/recording/start HTTP/1.1\r\nHost: localhost\r\n")
        connection.sendall(b"Content-Length: 50\r\n\r\n" + sent)
        received = rest(connection)

    assert received.startswith(b"HTTP/1.1 401")


def test_the_rest_of_a_body_behind_an_early_answer_is_let_pass(server: Server, started: str) -> None:
    with connected(server) as connection:
        connection.sendall(b"POST " + BASE.encode() + b"/recording/start HTTP/1.1\r\nHost: localhost\r\n")
        connection.sendall(b"Content-Length: 50\r\n\r\n{")
        assert answers(connection, 1) == [401]
        connection.sendall(b" " * 49 + post(server, started))
        assert answers(connection, 1) == [201]


def test_a_request_for_two_hosts_is_refused(server: Server) -> None:
    with connected(server) as connection:
        connection.sendall(READ + b"Host: elsewhere.example\r\n\r\n")
        assert answers(connection, 1) == [400]


def streams(api: httpx.Client) -> float:
    lines = api.get("/metrics").text.splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith("playhead_live_streams "))


def test_a_caller_who_takes_nothing_of_an_answer_is_let_go(tmp_path: Path) -> None:
    with running_server(tmp_path / "data", request_timeout_s=0.05) as server, server.client() as api:
        api.post(f"{BASE}/recording/start", json={"feature": "chat", "sessionId": "large"})
        for _ in range(8):
            api.post(f"{BASE}/large/snapshot", json={"type": "step", "data": {"name": "n", "input": "x" * 4_000_000}})
        where = urlsplit(server.url)
        with socket.socket() as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.connect((where.hostname, where.port))
            request = f"GET {BASE}/large/live HTTP/1.1\r\nHost: localhost\r\nX-API-Key: {server.admin_key}\r\n\r\n"
            connection.sendall(request.encode())
            assert connection.recv(15) == b"HTTP/1.1 200 OK"
            assert any(streams(api) == 0 for _ in range(20_000))
