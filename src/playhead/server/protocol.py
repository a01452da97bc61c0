"""HTTP itself: uvicorn's protocol, answering what is no HTTP with the same envelope as every other failure."""

from __future__ import annotations

from http import HTTPStatus

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from playhead.errors import BadRequest
from playhead.server.problems import problem


class Protocol(HttpToolsProtocol):
    """One connection."""

    def send_400_response(self, msg: str) -> None:
        """Refuse bytes that are no HTTP request, or one whose address is too long, and close the connection."""
        response = problem(BadRequest(f"{msg.rstrip('.')}: not HTTP, or an address that is too long"))
        status = HTTPStatus(response.status_code)
        head = [f"HTTP/1.1 {status.value} {status.phrase}".encode()]
        head += [name + b": " + value for name, value in response.raw_headers]
        self.transport.write(b"\r\n".join([*head, b"connection: close", b"", b""]) + bytes(response.body))
        self.transport.close()
