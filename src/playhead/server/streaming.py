"""Streams: answers that are written while they are read, so that memory stays flat.

Pieces are made on a reader thread, one at a time, and the next only when the last was sent: a slow client holds up
nobody. The first piece is made before the status goes out, so that a failure there is still answered as one.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator

from starlette.responses import StreamingResponse

from playhead.server.services import Services

PRIVATE = {"Cache-Control": "no-store"}


async def streamed(
    services: Services, chunks: Iterator[bytes], media_type: str, filename: str | None = None
) -> StreamingResponse:
    """Return the response of some chunks; a download when it has a name. Raises what the first chunk raises."""
    first = await services.read(next, chunks, b"")
    headers = PRIVATE | ({} if filename is None else {"Content-Disposition": f'attachment; filename="{filename}"'})
    return StreamingResponse(_all(services, first, chunks), media_type=media_type, headers=headers)


async def _all(services: Services, first: bytes, following: Iterator[bytes]) -> AsyncIterator[bytes]:
    chunk = first
    while chunk:
        yield chunk
        chunk = await services.read(next, following, b"")


def file_name(stem: str, kind: str) -> str:
    """Return a name that every file system takes."""
    return f"playhead-{re.sub(r'[^A-Za-z0-9._-]', '_', stem)[:120]}.{kind}"
