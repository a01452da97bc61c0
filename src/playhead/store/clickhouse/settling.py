"""Settling: the sessions whose commit a killed server has not published are published by whoever comes next.

Owns the comparison of the book with ClickHouse. What was saved long enough ago to have been compared is not looked at
again; ``MARGIN_US`` is longer than any group can take.
"""

from __future__ import annotations

import logging
from typing import Final

from playhead.store.clickhouse.book import LedgerBook
from playhead.store.clickhouse.connection import Connection
from playhead.store.clickhouse.publishing import publish, published_revision, revisions

MARGIN_US: Final = 600_000_000
AT_ONCE: Final = 1_000

log = logging.getLogger("playhead.store")


def settle(connection: Connection, book: LedgerBook) -> int:
    """Publish what was committed and is not seen by readers; return how many sessions that were. Raises Unavailable."""
    with book.open_page() as page:
        now_us = page.clock_us
    since, no, repaired = book.settled_us(), 0, 0
    while entries := book.saved_since(since, no, AT_ONCE):
        no = entries[-1].no
        seen = revisions(connection, entries)
        behind = [entry for entry in entries if entry.revision and seen.get(entry.no, -1) < published_revision(entry)]
        publish(connection, behind)
        repaired += len(behind)
    if repaired:
        log.warning("Published %d sessions that another server had committed and not published", repaired)
    book.set_settled_us(now_us - MARGIN_US)
    return repaired
