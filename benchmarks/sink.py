"""The server that all contenders of ``benchmarks.recorder`` send to: it takes everything and answers what each expects.

``python -m benchmarks.sink PORT MODE`` with the modes ``up``, ``hanging`` (takes requests, never answers). A line on
stdin makes it print how many events there were: Playhead's by their ids, spans as they come.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import sys

import msgspec
import zstandard
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


class _Line(msgspec.Struct):
    id: str


_line = msgspec.json.Decoder(_Line).decode


class Sink:
    """Counts what arrives."""

    def __init__(self, *, hanging: bool) -> None:
        self.hanging = hanging
        self.ids: set[str] = set()
        self.spans: list[bytes] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer requests on one connection until it ends."""
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                path = head.split(" ", 2)[1]
                headers = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                if self.hanging:
                    await asyncio.Event().wait()
                answer = self.answer(path, headers, body)
                kind = "application/x-protobuf" if "protobuf" in headers.get("content-type", "") else "application/json"
                writer.write(
                    f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {len(answer)}\r\n\r\n".encode()
                    + answer
                )
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    def answer(self, path: str, headers: dict[str, str], body: bytes) -> bytes:
        """Return the answer's body."""
        if path.endswith("/session-replay/events"):
            raw = zstandard.decompress(body) if headers.get("content-encoding") == "zstd" else body
            lines = raw.split(b"\n")
            before = len(self.ids)
            self.ids.update(_line(line).id for line in lines)
            new = len(self.ids) - before
            data = {"accepted": new, "duplicates": len(lines) - new, "rejected": []}
            return json.dumps({"success": True, "data": data}).encode()
        if path.endswith("/v1/traces"):
            self.spans.append(gzip.decompress(body) if headers.get("content-encoding") == "gzip" else body)
            return b""
        return b'{"status": "Ok"}'

    def count(self) -> dict[str, int]:
        """Return how many events arrived."""
        requests = map(ExportTraceServiceRequest.FromString, self.spans)
        spans = sum(len(scope.spans) for one in requests for all_ in one.resource_spans for scope in all_.scope_spans)
        return {"events": len(self.ids), "spans": spans}


async def main(port: int, mode: str) -> None:
    """Serve until stdin ends."""
    sink = Sink(hanging=mode == "hanging")
    server = await asyncio.start_server(sink.serve, "127.0.0.1", port, limit=1 << 20)
    print(server.sockets[0].getsockname()[1], flush=True)
    loop = asyncio.get_running_loop()
    while await loop.run_in_executor(None, sys.stdin.readline):
        print(json.dumps(sink.count()), flush=True)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[2]))
