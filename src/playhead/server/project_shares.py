"""All links of a project, newest first: to see who may look at what, and to end it.

Blocks its thread; belongs on a reader thread.
"""

from __future__ import annotations

from contextlib import suppress

import msgspec

from playhead.errors import SessionNotFound
from playhead.model.answers import Pagination, ProjectShare, SharesAnswer
from playhead.model.requests import SharesQuery
from playhead.model.results import ShareRecord
from playhead.server.present import is_open, share_item
from playhead.store.base import Registry, Store


def project_shares(store: Store, registry: Registry, project: int, query: SharesQuery, now_us: int) -> SharesAnswer:
    """Return one page of a project's links; sessions are looked up for that page alone."""
    shares = [copy.record for copy in registry.copy_shares(project)]
    if query.active is not None:
        shares = [share for share in shares if is_open(share, now_us) == query.active]
    shares.sort(key=lambda share: (share.created_us, share.id), reverse=True)
    first = (query.page - 1) * query.limit
    return SharesAnswer(
        data=[_shown(store, share, now_us) for share in shares[first : first + query.limit]],
        pagination=Pagination(
            page=query.page,
            limit=query.limit,
            total=len(shares),
            total_pages=-(-len(shares) // query.limit),
        ),
    )


def _shown(store: Store, share: ShareRecord, now_us: int) -> ProjectShare:
    label = None
    with suppress(SessionNotFound):  # erased this moment, and the link with it
        label = store.get_session(share.project_no, share.session_id).label
    item = msgspec.structs.asdict(share_item(share, now_us))
    return ProjectShare(**item, session_id=share.session_id, session_label=label)
