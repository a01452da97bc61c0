"""An examination: what is checked of both files of a data directory, and how it is told.

Reads only. Each check yields findings for somebody who does not know the tables; one that the database fails is a
finding itself. ``doctor`` opens the files and puts the answer together.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import apsw

from playhead.errors import PlayheadError
from playhead.store.health import Finding
from playhead.store.payload import dictionary_of
from playhead.store.rows import MAX_SEQ, SEQ_BITS, event_no
from playhead.store.sqlite.connection import CLOSED, CLOSED_ERRORS, DATABASE, SEARCH_DATABASE
from playhead.store.sqlite.dictionaries import learn_dictionaries
from playhead.store.sqlite.index import PRUNE_ROWS
from playhead.store.sqlite.indexing import last_queued
from playhead.store.sqlite.migrations import MIGRATIONS, SEARCH_MIGRATIONS
from playhead.store.sqlite.reading import new_messages, read_events
from playhead.store.sqlite.vacuum import keeps_maps

SAMPLED_SESSIONS = 200
SAMPLED_EVENTS = 50
HEADER_BYTES = 18
MANY_FREE = 0.2
CURES: Final = {
    DATABASE: "Restore it from a backup",
    SEARCH_DATABASE: "Delete it while no server runs: the next start builds it again",
}
OF_A_SESSION: Final = ("session_tags", "session_metadata", "session_models", "messages", "nodes", "shares", "notes")


class Examination:
    """The checks of one database, each yielding its findings."""

    def __init__(self, db: apsw.Connection, *, thorough: bool) -> None:
        self.db = db
        self.thorough = thorough

    def findings(self) -> Iterator[Finding]:
        """Yield everything that is found; what depends on the tables is left out for a file of another version."""
        versions = list(self.versions())
        yield from versions
        main, search = (finding.level == "ok" for finding in versions)
        checks = {"pages": self.pages, "space": self.space}
        if main:
            checks |= {
                "relations": self.strays,
                "summaries": self.summaries,
                "dictionaries": self.dictionaries,
                "contents": self.contents,
            }
        if main and search:
            checks["search"] = self.index
        for subject, check in checks.items():
            try:
                with self.db:
                    yield from check()
            except (apsw.Error, UnicodeDecodeError) as error:
                yield damaged(subject, error, SEARCH_DATABASE if subject == "search" else DATABASE)

    def versions(self) -> Iterator[Finding]:
        """Compare both files' versions with this program's; one finding each, the database's first."""
        for schema, file, known in (("main", DATABASE, MIGRATIONS), ("search", SEARCH_DATABASE, SEARCH_MIGRATIONS)):
            if schema == "search" and not has_search(self.db):
                yield Finding(
                    "warning",
                    "version",
                    f"{file} is not there, or cannot be opened: the next start builds it from {DATABASE}",
                )
                continue
            version = self.db.pragma("user_version", schema=schema)
            if version == 0:
                yield Finding(
                    "warning", "version", f"{file} is empty. If something was recorded here, restore a backup"
                )
            elif version > len(known):
                yield Finding(
                    "error", "version", f"{file} was written by a newer Playhead (schema {version}): use that one"
                )
            elif version < len(known):
                yield Finding(
                    "warning", "version", f"{file} is of an older Playhead: the next start brings it up to date"
                )
            else:
                yield ok("version", f"{file} has schema {version}")

    def pages(self) -> Iterator[Finding]:
        """Have SQLite check both files' pages."""
        for schema, file in schemas(self.db):
            try:
                yield from self._pages(schema, file)
            except apsw.Error as error:
                yield damaged("pages", error, file)

    def _pages(self, schema: str, file: str) -> Iterator[Finding]:
        pragma = "integrity_check" if self.thorough else "quick_check"
        said = [str(line) for (line,) in self.db.execute(f"PRAGMA {schema}.{pragma}(20)")]
        if said == ["ok"]:
            yield ok("pages", f"{file} is whole" + ("" if self.thorough else " (--thorough compares every index too)"))
            return
        for line in said:
            yield Finding("error", "pages", f"{file}: {line}. {CURES[file]}")

    def strays(self) -> Iterator[Finding]:
        """Look for rows that belong to nothing."""
        found = False
        for table, condition in _relations():
            count = self.db.execute(f"SELECT count(*) FROM {table} AS t WHERE {condition}").get
            if count:
                found = True
                yield Finding("error", "relations", f"{count:,} rows of {table} belong to nothing that is there")
        if not found:
            yield ok("relations", "every row belongs to a session, every session to a project")

    def summaries(self) -> Iterator[Finding]:
        """Compare what sessions say of themselves with their rows: of all of them, or of a sample."""
        wrong = 0
        for no in self._session_numbers():
            said, interactions = self.db.execute("SELECT events, interactions FROM sessions WHERE no = ?", (no,)).get
            counted = self.db.execute(
                "SELECT count(*), count(*) FILTER (WHERE type = 1) FROM events WHERE no BETWEEN ? AND ?", _span(no)
            ).get
            wrong += (said, interactions) != counted
        if wrong:
            yield Finding("error", "summaries", f"{wrong:,} sessions count other events than they have")
        else:
            yield ok("summaries", "sessions count the events that they have")

    def dictionaries(self) -> Iterator[Finding]:
        """Look which dictionaries payloads name, without reading the payloads."""
        learn_dictionaries(self.db)
        there = {int(id_) for (id_,) in self.db.execute("SELECT id FROM dictionaries")}
        named: dict[int, int] = {}
        for table, column in (("events", "payload"), ("messages", "body")):
            for (header,) in self.db.execute(f"SELECT substr(CAST({column} AS BLOB), 1, {HEADER_BYTES}) FROM {table}"):
                id_ = _named(header)
                named[id_] = named.get(id_, 0) + 1
        for id_ in sorted(named.keys() - there - {0}):
            what = f"{named[id_]:,} payloads need dictionary {id_}, which is not there: they cannot be read"
            yield Finding("error", "dictionaries", f"{what}. Restore a backup that has it")
        if named.keys() <= there | {0}:
            yield ok("dictionaries", f"every payload's dictionary is there ({len(there)})")

    def contents(self) -> Iterator[Finding]:
        """Read events of sessions from all over the database, whole: payload, conversation, messages."""
        read, failed = 0, 0
        first: str | None = None
        for no in self._session_numbers():
            limit = MAX_SEQ if self.thorough else SAMPLED_EVENTS
            for (event,) in self.db.execute(
                "SELECT no FROM events WHERE no BETWEEN ? AND ? LIMIT ?", (*_span(no), limit)
            ):
                read += 1
                problem = _problem(self.db, no, event)
                if problem is not None:
                    failed += 1
                    first = first or problem
        if failed:
            yield Finding("error", "contents", f"{failed:,} of {read:,} events cannot be read; the first: {first}")
        else:
            yield ok("contents", f"{read:,} events were read" + ("" if self.thorough else " as a sample"))

    def index(self) -> Iterator[Finding]:
        """Compare how far the search index is with what was queued for it."""
        queued = last_queued(self.db)
        done = int(self.db.execute("SELECT queue_no FROM search.position").get)
        first = self.db.execute("SELECT min(no) FROM index_queue").get
        if done > queued or (first is not None and first > done + 1):
            yield Finding("warning", "search", f"{SEARCH_DATABASE} does not fit: the next start builds it anew")
        elif queued - done > PRUNE_ROWS:
            yield Finding(
                "warning", "search", f"the index is {queued - done:,} writes behind; a running server catches up"
            )
        else:
            yield ok("search", f"the index is up to date ({queued - done:,} writes behind)")
        if self.db.execute("SELECT 1 FROM search.purges").get:
            yield Finding("warning", "search", "words of erased sessions are being removed; a running server goes on")

    def space(self) -> Iterator[Finding]:
        """Say how much of both files is free."""
        for schema, file in schemas(self.db):
            pages, free = (int(self.db.pragma(name, schema=schema)) for name in ("page_count", "freelist_count"))
            size = int(self.db.pragma("page_size", schema=schema))
            message = f"{file}: {free * size:,} of {pages * size:,} bytes are free"
            if free > pages * MANY_FREE and free * size > 1 << 20:
                cure = (
                    "a running server gives them back"
                    if keeps_maps(self.db, schema)
                    else "`playhead compact` gives them back"
                )
                yield Finding("warning", "space", f"{message}; {cure}")
            else:
                yield ok("space", message)

    def _session_numbers(self) -> list[int]:
        """Return every session, or some from all over the database."""
        count = int(self.db.execute("SELECT count(*) FROM sessions").get)
        step = 1 if self.thorough else max(1, count // SAMPLED_SESSIONS)
        numbered = "SELECT no, row_number() OVER (ORDER BY no) AS n FROM sessions"
        return [int(no) for (no,) in self.db.execute(f"SELECT no FROM ({numbered}) WHERE n % ? = 0", (step,))]


def ok(subject: str, message: str) -> Finding:
    """Return a finding that all is well."""
    return Finding("ok", subject, message)


def damaged(subject: str, error: Exception, file: str = DATABASE) -> Finding:
    """Return a finding that a file cannot be read, with what to do about it."""
    cure = CLOSED if isinstance(error, CLOSED_ERRORS) else CURES[file]
    return Finding("error", subject, f"{file} cannot be read: {error}. {cure}")


def has_search(db: apsw.Connection) -> bool:
    """Say whether the search index is beside the database."""
    return "search" in {name for _, name, _ in db.execute("PRAGMA database_list")}


def schemas(db: apsw.Connection) -> list[tuple[str, str]]:
    """Return the files that there are, by the names that SQLite knows them by."""
    return [("main", DATABASE), *([("search", SEARCH_DATABASE)] if has_search(db) else [])]


def _span(session_no: int) -> tuple[int, int]:
    return event_no(session_no, 1), event_no(session_no, MAX_SEQ)


def _relations() -> Iterator[tuple[str, str]]:
    """Yield tables and the condition for a row that belongs to nothing."""
    no_session = "NOT EXISTS (SELECT 1 FROM sessions AS s WHERE s.no = {})"
    yield "sessions", "NOT EXISTS (SELECT 1 FROM projects AS p WHERE p.no = t.project_no)"
    yield "keys", "NOT EXISTS (SELECT 1 FROM projects AS p WHERE p.no = t.project_no)"
    for table in ("events", "calls"):
        yield table, no_session.format("t.session_no")
    yield "calls", f"t.no >> {SEQ_BITS} IS NOT t.session_no OR NOT EXISTS (SELECT 1 FROM events e WHERE e.no = t.no)"
    for table in OF_A_SESSION:
        yield table, no_session.format("t.session_no")


def _named(header: bytes) -> int:
    try:
        return dictionary_of(header)
    except Exception:  # noqa: BLE001  # zstandard's own; a header that cannot be read is found by decoding
        return 0


def _problem(db: apsw.Connection, session_no: int, event: int) -> str | None:
    try:
        read_events(db, session_no, [event])
        for _ in new_messages(db, session_no, event & MAX_SEQ, event & MAX_SEQ):
            pass
    except PlayheadError as error:
        return error.message
    except Exception as error:  # noqa: BLE001  # whatever a damaged payload makes its readers raise
        return f"{type(error).__name__}: {error}"
    return None
