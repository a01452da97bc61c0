"""Sessions: one recorded run, as it is started, changed, ended, stored and summed up."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from msgspec import UNSET, Meta, Struct, UnsetType, field

from playhead.model.event import Object

Source: TypeAlias = Literal["in-app", "integration", "telemetry", "manual", "unified", "import"]
Status: TypeAlias = Literal["active", "completed", "error"]
EndStatus: TypeAlias = Literal["completed", "error"]
EndReason: TypeAlias = Literal["ended", "timeout"]

FEATURES = ("chat", "experimentation", "workflow", "agent", "notebook", "agent_trace")
SESSION_ID_PATTERN = r"^[A-Za-z0-9_-][A-Za-z0-9._:@~+=-]*$(?!\n)"
RESERVED_SESSION_IDS = frozenset(
    {
        *("recording", "list", "sessions", "stats", "search", "compare", "export", "events", "facets", "shares"),
        *("activity", "settings", "audit"),
    }
)
MAX_METADATA_BYTES = 65_536

Feature = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[a-z0-9._-]+$(?!\n)")]
SessionId = Annotated[str, Meta(min_length=1, max_length=200, pattern=SESSION_ID_PATTERN)]
Label = Annotated[str, Meta(max_length=500, pattern=r"^[^\x00]*$(?!\n)")]
Tag = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[^\x00]*$(?!\n)")]
Tags = Annotated[list[Tag], Meta(max_length=100)]
ShortText = Annotated[str, Meta(min_length=1, max_length=500, pattern=r"^[^\x00]*$(?!\n)")]


class NewSession(Struct, frozen=True):
    """A session to be started; the id is the caller's own or a generated one."""

    id: str
    feature: str
    started_us: int
    user_id: str | None = None
    label: str | None = None
    source: Source = "in-app"
    integration_name: str | None = None
    workspace_id: str | None = None
    tags: list[str] = field(default_factory=list)
    metadata: Object = field(default_factory=dict)


class SessionEnd(Struct, frozen=True):
    """How a session ended."""

    status: EndStatus = "completed"
    ended_us: int | None = None
    reason: EndReason = "ended"


class SessionPatch(Struct, frozen=True):
    """What may be changed of a session afterwards; UNSET leaves it as it is, None clears a label."""

    label: str | None | UnsetType = UNSET
    tags: list[str] | UnsetType = UNSET
    metadata: Object | UnsetType = UNSET
    bookmarked: bool | UnsetType = UNSET


class Totals(Struct, frozen=True):
    """The running summary of a session. Money is whole nano-dollars; ``models`` in order of first use.

    ``interactions`` counts the ``pending`` ones too, ``changes`` those that were pending and have been completed.
    """

    events: int = 0
    interactions: int = 0
    steps: int = 0
    errors: int = 0
    cost_nanos: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    unpriced: int = 0
    dropped: int = 0
    pending: int = 0
    changes: int = 0
    models: list[str] = field(default_factory=list)
    last_event_us: int | None = None


class Session(Struct, frozen=True):
    """A session as a store returns it, with its running summary and without events."""

    id: str
    feature: str
    source: Source
    status: Status
    started_us: int
    created_us: int
    updated_us: int
    user_id: str | None = None
    label: str | None = None
    integration_name: str | None = None
    workspace_id: str | None = None
    tags: list[str] = field(default_factory=list)
    metadata: Object = field(default_factory=dict)
    ended_us: int | None = None
    end_reason: EndReason | None = None
    bookmarked: bool = False
    totals: Totals = field(default_factory=Totals)

    @property
    def duration_us(self) -> int:
        """Microseconds from the start to the end, or of an open session to its last event; never negative."""
        until = self.ended_us if self.ended_us is not None else self.totals.last_event_us
        return max(0, until - self.started_us) if until is not None else 0


class Erasure(Struct, frozen=True):
    """What an erasure removed, and when."""

    session_id: str
    erased_us: int
    events: int
    messages: int
    shares: int


def metadata_text(value: Any) -> str | None:
    """Return the text by which ``metadata.NAME=text`` finds a value, or None for one that cannot be found by text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, str) and "\x00" not in value:
        return value
    return None
