"""Activity of some sessions of a list: read from columns alone, and in all not more than a request may cost.

Blocks its thread; belongs on a reader thread.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from playhead.errors import SessionNotFound
from playhead.model.answers import Activity
from playhead.model.answers.activity import CELLS
from playhead.model.session import Session
from playhead.replay.activity import Cells, cells_of
from playhead.store.base import Store

MOST_EVENTS: Final = 50_000
"""Of all sessions of a request together; one that would go beyond is answered without cells."""


def activities(
    store: Store, project: int, session_ids: Sequence[str], most_events: int = MOST_EVENTS
) -> Iterator[Activity]:
    """Yield the activity of sessions, in their order; one that is not there is left out."""
    left = most_events
    for session_id in session_ids:
        try:
            session = store.get_session(project, session_id)
        except SessionNotFound:
            continue
        if session.totals.events > left:
            yield _activity(session, None)
            continue
        marks = store.get_marks(project, session.id, limit=left)
        yield _activity(session, cells_of(marks, session.started_us, session.duration_us, CELLS))
        left -= len(marks)


def _activity(session: Session, cells: Cells | None) -> Activity:
    shown = cells or Cells()
    return Activity(
        session_id=session.id,
        duration=session.duration_us / 1000,
        complete=cells is not None,
        interactions=shown.interactions,
        steps=shown.steps,
        others=shown.others,
        errors=shown.errors,
    )
