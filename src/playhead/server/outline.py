"""The outline of a session, read from columns alone: no payload is touched, whatever the session's length.

Blocks its thread; belongs on a reader thread.
"""

from __future__ import annotations

from playhead.errors import EventNotFound
from playhead.model.answers import Outline
from playhead.replay.outline import Outliner
from playhead.server.view import View


def outline(view: View, event_id: str | None = None) -> Outline:
    """Return the outline of a view's session, with the place of an event where there is one with this id.

    Raises SessionNotFound.
    """
    session = view.session()
    wanted = None if event_id is None else _seq_of(view, event_id)
    return Outliner(session.started_us, session.duration_us).outline(view.marks(), wanted)


def _seq_of(view: View, event_id: str) -> int | None:
    try:
        return view.store.find_event(view.project, view.session_id, event_id)
    except EventNotFound:
        return None
