"""The dashboard's files.

Every path that is no route and no file gets the page itself, so that links into the dashboard work. Files are small and
few: each is read and compressed once.
"""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from playhead.errors import MethodNotAllowed, NotFound
from playhead.server.problems import problem

UI = Path(__file__).parent / "_ui"
INDEX = "index.html"
COMPRESSIBLE = ("text/", "application/javascript", "application/json", "image/svg+xml", "application/manifest+json")
UNBUILT = b"""<!doctype html><html lang="en"><title>Playhead</title>
<h1>Playhead</h1><p>The dashboard has not been built: run <code>make ui</code>.</p></html>"""


@dataclass(frozen=True, slots=True)
class File:
    """One file, ready to be sent."""

    body: bytes
    packed: bytes | None
    kind: str
    etag: str
    lasting: bool


class Pages:
    """Serves the dashboard as an ASGI application."""

    def __init__(self, root: Path = UI) -> None:
        self._root = root.resolve()
        self._files: dict[str, File] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with a file, the page, or a failure under /api."""
        await self._respond(Request(scope))(scope, receive, send)

    def _respond(self, request: Request) -> Response:
        path = request.url.path.lstrip("/")
        if path == "api" or path.startswith("api/"):
            return problem(NotFound("No such route"))
        if request.method not in {"GET", "HEAD"}:
            return problem(MethodNotAllowed(), {"Allow": "GET, HEAD"})
        file = self._file(path)
        if file is None and "." in path.rpartition("/")[2] and path.startswith("assets/"):
            return problem(NotFound("No such file"))
        return _response(request, file or self._file(INDEX) or _make(UNBUILT, "text/html", lasting=False))

    def _file(self, path: str) -> File | None:
        if path not in self._files:
            found = (self._root / path).resolve() if path and "\x00" not in path else self._root
            if not (found.is_relative_to(self._root) and found.is_file()):
                return None
            kind = mimetypes.guess_type(found.name)[0] or "application/octet-stream"
            self._files[path] = _make(found.read_bytes(), kind, lasting=path.startswith("assets/"))
        return self._files[path]


def _make(body: bytes, kind: str, *, lasting: bool) -> File:
    text = kind.startswith(COMPRESSIBLE)
    return File(
        body=body,
        packed=gzip.compress(body, mtime=0) if text and len(body) > 512 else None,
        kind=f"{kind}; charset=utf-8" if kind.startswith("text/") else kind,
        etag=f'"{hashlib.sha256(body).hexdigest()[:32]}"',
        lasting=lasting,
    )


def _response(request: Request, file: File) -> Response:
    """Return a file; names under assets/ carry a hash of their content and may be kept for ever."""
    headers = {
        "ETag": file.etag,
        "Vary": "Accept-Encoding",
        "Cache-Control": "public, max-age=31536000, immutable" if file.lasting else "no-cache",
    }
    if request.headers.get("if-none-match") == file.etag:
        return Response(None, 304, headers)
    if file.packed is not None and "gzip" in request.headers.get("accept-encoding", ""):
        return Response(file.packed, 200, headers | {"Content-Encoding": "gzip"}, media_type=file.kind)
    return Response(file.body, 200, headers, media_type=file.kind)
