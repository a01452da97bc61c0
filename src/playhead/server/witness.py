"""What reading is entered as in the audit log: that a session was viewed, that texts were searched for.

Of filters the names alone are entered: their values, and the words of a search, are content.
"""

from __future__ import annotations

import msgspec

from playhead.model.audit import Target, session_target
from playhead.model.requests import FilterQuery
from playhead.server.table import Call


async def viewed(call: Call, session_id: str | None = None) -> None:
    """Enter that the caller views a session (the path's, unless one is named), once in a while."""
    entry = call.entry("session.view", session_target(session_id or call.params["session_id"]))
    await call.services.audit.enter_once(entry)


async def searched(call: Call) -> None:
    """Enter that the caller searches for words if the call's query does, once in a while for the same filters."""
    query: FilterQuery = call.query
    if query.search is not None:
        names = filter_names(query)
        entry = call.entry("search", Target("project", call.project.name), filters=names)
        await call.services.audit.enter_once(entry, " ".join(names))


def filter_names(query: FilterQuery) -> list[str]:
    """Return the names of the filters that a query has, but for its words, in order."""
    filters = msgspec.structs.fields(FilterQuery)
    return sorted(
        each.encode_name for each in filters if each.name != "search" and getattr(query, each.name) is not None
    )
