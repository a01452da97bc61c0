"""Which session shows that one of its events was refused: read off the line that was sent."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from playhead.record._delivery import Refusal

WITHOUT_SESSION = frozenset({"session_not_found", "session_erased"})


class _Line(Struct, rename="camel"):
    session_id: str
    type: str


_decode = msgspec.json.Decoder(_Line).decode


def session_that_shows(refusal: Refusal) -> str | None:
    """Return the session's id; None where there is no session to show it, and for a gap itself."""
    if refusal.code in WITHOUT_SESSION:
        return None
    try:
        line = _decode(refusal.line)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
    return None if line.type in ("gap", "session.start") else line.session_id
