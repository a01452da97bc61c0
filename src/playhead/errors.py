"""Every failure that Playhead names, in one tree.

    PlayheadError
    ├── BadRequest                 400  the bytes are not what they claim to be
    ├── Unauthorized               401  no key, or one that is unknown, expired or revoked
    │   ├── PasswordRequired           a shared link that asks for a password
    │   └── SignInRequired             a shared link for people of the project
    ├── Forbidden                  403  a key without the scope, or a foreign Host or Origin
    ├── NotFound                   404
    │   ├── SessionNotFound
    │   ├── EventNotFound
    │   ├── ShareNotFound
    │   ├── KeyNotFound
    │   └── NotBuilt                   a page that the dashboard brings along, on a server without it
    ├── MethodNotAllowed           405
    ├── Conflict                   409
    │   ├── SessionEnded               a start of a session that has ended
    │   └── SessionErased              a start of a session that was erased
    ├── TooLarge                   413  over a limit on size
    ├── Invalid                    422  well-formed, but a member is not of its kind
    ├── TooManyRequests            429
    ├── DictionaryMissing          500  a payload was compressed with a dictionary that is not there
    ├── PayloadDamaged             500  what is stored of an event cannot be read any more
    └── Unavailable                503
        ├── StoreBusy                  the write queue is full
        └── StoreFull              507  no room on the disk

    Never sent, but raised:
    ├── NewerDatabase              at start: the database was written by a newer program
    ├── Unreachable                by the client: no answer came
    └── UnexpectedAnswer           by the client: the answer is not one of a Playhead server

Each carries the ``code`` and ``status`` that the wire shows, a sentence for a person, and ``details`` for a program.
"""

from __future__ import annotations

from typing import Any, ClassVar


class PlayheadError(Exception):
    """A failure with a wire ``code``, an HTTP ``status``, a sentence and optional machine-readable ``details``."""

    code: ClassVar[str] = "internal_error"
    status: ClassVar[int] = 500
    title: ClassVar[str] = "Something went wrong"

    def __init__(self, message: str = "", *, details: Any = None) -> None:
        super().__init__(message or self.title)
        self.message = message or self.title
        self.details = details


class BadRequest(PlayheadError):
    code, status, title = "bad_request", 400, "The request cannot be read"


class InvalidJson(BadRequest):
    code, title = "invalid_json", "The body is not valid JSON"


class InvalidEncoding(BadRequest):
    code, title = "invalid_encoding", "The body's Content-Encoding cannot be decoded"


class Unauthorized(PlayheadError):
    code, status, title = "unauthorized", 401, "A valid API key is required"


class PasswordRequired(Unauthorized):
    code, title = "password_required", "This link asks for a password"


class SignInRequired(Unauthorized):
    code, title = "sign_in_required", "This link is for people of the project: sign in first"


class Forbidden(PlayheadError):
    code, status, title = "forbidden", 403, "This key may not do that"


class NotFound(PlayheadError):
    code, status, title = "not_found", 404, "Not found"


class SessionNotFound(NotFound):
    code, title = "session_not_found", "No such session"


class EventNotFound(NotFound):
    code, title = "event_not_found", "No such event"


class ShareNotFound(NotFound):
    code, title = "share_not_found", "No such share"


class NoteNotFound(NotFound):
    code, title = "note_not_found", "No such note"


class NotBuilt(NotFound):
    code, title = "not_built", "The dashboard has not been built: run `make ui`"


class KeyNotFound(NotFound):
    code, title = "key_not_found", "No such key"


class MethodNotAllowed(PlayheadError):
    code, status, title = "method_not_allowed", 405, "This path does not take that method"


class Conflict(PlayheadError):
    code, status, title = "conflict", 409, "The request contradicts what is stored"


class SessionEnded(Conflict):
    code, title = "session_ended", "A session of this id has already ended"


class SessionErased(Conflict):
    code, title = "session_erased", "A session of this id was erased and cannot be started again"


class TooLarge(PlayheadError):
    code, status, title = "too_large", 413, "Over a limit on size"


class UnsupportedMedia(PlayheadError):
    code, status, title = "unsupported_media_type", 415, "This Content-Type or Content-Encoding is not taken"


class Invalid(PlayheadError):
    """A member, parameter or limit was not met; ``details`` lists ``{"field", "message"}`` for each."""

    code, status, title = "validation_error", 422, "The request is not valid"

    @classmethod
    def field(cls, name: str, message: str) -> Invalid:
        """Name one field and what is wrong with it."""
        return cls(f"{name}: {message}", details=[{"field": name, "message": message}])


class TooManyRequests(PlayheadError):
    code, status, title = "rate_limited", 429, "Too many requests"
    retry_after_s: ClassVar[int] = 1


class Unavailable(PlayheadError):
    code, status, title = "unavailable", 503, "The server cannot do this at the moment"
    retry_after_s: ClassVar[int] = 1


class StoreBusy(Unavailable):
    code, title = "store_busy", "The write queue is full"


class StoreFull(Unavailable):
    code, status, title = "store_full", 507, "There is no room left to store this"
    retry_after_s = 30


class NewerDatabase(PlayheadError):
    code, title = "newer_database", "The database was written by a newer version of Playhead"


class DictionaryMissing(PlayheadError):
    code, title = "dictionary_missing", "A payload was compressed with a dictionary that is not there"


class PayloadDamaged(PlayheadError):
    code, title = "payload_damaged", "An event is damaged where it is stored; `playhead doctor` examines the database"


class Unreachable(PlayheadError):
    """No answer came within the time and the attempts allowed. What was sent may or may not be stored: retry with
    its ids."""

    code, status, title = "unreachable", 503, "The server cannot be reached"


class UnexpectedAnswer(PlayheadError):
    code, status, title = "unexpected_answer", 502, "This is not an answer of a Playhead server"


class BadSetting(PlayheadError):
    code, title = "bad_setting", "A setting cannot be used"
