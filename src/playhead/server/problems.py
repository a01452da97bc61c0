"""Failures on the wire: the envelope with the members of RFC 9457 beside it, and the headers that go with a status.

A failure that Playhead names says so in full; any other becomes a 500 with a reference that stands in the log too.
"""

from __future__ import annotations

import secrets
from typing import Any

import msgspec
import structlog
from starlette.exceptions import HTTPException
from starlette.responses import Response

from playhead.errors import BadRequest, Invalid, InvalidJson, MethodNotAllowed, NotFound, PlayheadError
from playhead.model.answers import Failure, Problem
from playhead.replay.refusals import refusal, unreadable

MEDIA_TYPE = "application/problem+json"
LOG = structlog.get_logger()


def problem(error: PlayheadError, headers: dict[str, str] | None = None) -> Response:
    """Return the answer that tells of a failure."""
    body = Failure(
        error=Problem(code=error.code, message=error.message, details=error.details),
        type=f"urn:playhead:problem:{error.code}",
        title=error.title,
        status=error.status,
        detail=error.message,
    )
    return Response(
        msgspec.json.encode(body), error.status, _headers_of(error) | (headers or {}), media_type=MEDIA_TYPE
    )


def _headers_of(error: PlayheadError) -> dict[str, str]:
    headers = {"Cache-Control": "no-store"}
    if error.status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="playhead"'
    retry_after_s = getattr(error, "retry_after_s", None)
    if retry_after_s is not None:
        headers["Retry-After"] = str(retry_after_s)
    return headers


def unexpected(error: Exception) -> PlayheadError:
    """Log an error that nobody foresaw, and return a failure that says its reference and nothing of its inside."""
    reference = secrets.token_hex(8)
    LOG.error("unexpected error", reference=reference, exc_info=error)
    return PlayheadError(
        f"Something went wrong; the server's log has it under {reference}", details={"reference": reference}
    )


def of_http(error: HTTPException) -> PlayheadError:
    """Translate what the router raises."""
    if error.status_code == 405:
        return MethodNotAllowed()
    return NotFound() if error.status_code == 404 else BadRequest(str(error.detail))


def of_decoding(error: Exception, prefix: str = "") -> PlayheadError:
    """Translate what msgspec raises: text that is no JSON is 400, a value that is not of its kind 422 with its name."""
    if isinstance(error, msgspec.ValidationError):
        return refusal(error, prefix)
    if isinstance(error, RecursionError):
        return Invalid.field(prefix or "body", "nested far deeper than is taken (PLAYHEAD_MAX_DEPTH)")
    return InvalidJson(f"The body is not valid JSON: {unreadable(error)}")


def struct_response(answer: Any, status: int) -> Response:
    """Return a struct as JSON."""
    return Response(msgspec.json.encode(answer), status, media_type="application/json")
