"""The SQLite schema, as numbered migrations. Read this first: the rest of the package speaks of these tables.

Two files in the data directory. ``playhead.db`` is the truth; ``search.db`` holds the full-text index, can be
rebuilt from it, and is written by a follower, so that indexing never holds up the writer.

Each project has an index of its own in ``search.db``, ``texts_<project_no>``, so that neither ranks nor the time of a
search tell anything of another project. ``position`` is how far the follower has come: the rows of ``index_queue`` up
to ``queue_no`` whole, and of the next one the events up to ``seq`` (-1: none). An index knows which words a text has,
not where they stand (``detail=none``): whether they make a phrase is read in the texts (``phrases``). Texts are taken
apart by ``replay.words``; the tokenizer only splits what that put spaces into. To rebuild is to drop the tables and to
queue every session again.

``events`` is clustered by session and seq without a second key: ``no = session_no << 26 | seq``. A session's events are
one range of rowids. Seqs run from 1 to 2**26 - 1.

A text's rowid in ``search.db`` is its place: an index repeats it for each word, and the numbers of events are too far
apart to be repeated cheaply. 32 events that stand behind each other (seq 0: the session's own label and tags) have a
block of 32 places, given out in order of arrival: ``blocks.first`` is the upper part of their ``no``, and the lower
five bits are the same in place and ``no``. The columns of an index are few for the same reason: each that is not the
first is named with every word in it. ``purges`` names the indexes from whose file erased words have yet to be removed.

``events.id`` is text, or bytes for an id that is hexadecimal (see ``event_ids``).

A payload is the event's data as JSON, compressed with zstandard. The prompt of an interaction that is a list of
messages is taken out of it and kept in ``messages`` and ``nodes``: a message is stored once per session under the
BLAKE2b-128 hash of its JSON; a node is a conversation up to and including one message, keyed by the hash of its
parent node's key and the message's hash. The event keeps the key of its last node alone, so that a chat of n turns,
each sent with its whole history, costs n and not n²; in its payload ``prompt`` is null to keep the member's place.
``messages.seq`` is the event that brought a message first, which is where search finds it. Messages lie in order of
arrival with their hashes beside them: clustered by hash each would dirty a page, and long ones spill over.

``events.change`` is null for an event that came whole, 0 for an interaction that is pending, and for one that has been
completed the number of the change that did so, counted within the session (``sessions.changes``): what a live stream
sends again. Completing puts the whole interaction into the row, keeping its seq and arrival, and only then is there a
row in ``calls``.

``notes`` are what people wrote beside a session; they are no part of the record. ``project_settings`` has a row
for each project that has set anything: one JSON text, and when it was changed last.

``audit`` is who did what, numbered without holes in each project: appended to and never changed, which triggers see to.
``entry`` is the truth, in its canonical form; the columns before it repeat what entries are asked for by.

``dictionaries`` holds what payloads were compressed with: a frame names its dictionary by ``id``. ``trained_us`` is the
latest arrival that it was trained from, ``database_bytes`` how large the database was then.

``calls`` repeats what an interaction has of numbers in narrow rows, so that statistics do not read payloads;
``session_models`` is the same summed up per session and model. Money is whole nano-dollars, times microseconds.
"""

from __future__ import annotations

FIRST = """
CREATE TABLE installation (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;

CREATE TABLE projects (
    no INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, created_us INTEGER NOT NULL,
    timeout_s INTEGER NOT NULL DEFAULT 1800);

CREATE TABLE keys (
    no INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, project_no INTEGER NOT NULL REFERENCES projects,
    hash BLOB NOT NULL UNIQUE, scope TEXT NOT NULL, label TEXT NOT NULL,
    created_us INTEGER NOT NULL, expires_us INTEGER, revoked_us INTEGER);

CREATE TABLE sessions (
    no INTEGER PRIMARY KEY AUTOINCREMENT, project_no INTEGER NOT NULL REFERENCES projects, id TEXT NOT NULL,
    feature TEXT NOT NULL, source TEXT NOT NULL, user_id TEXT, label TEXT, integration_name TEXT, workspace_id TEXT,
    tags TEXT NOT NULL, metadata TEXT NOT NULL,
    started_us INTEGER NOT NULL, ended_us INTEGER, status TEXT NOT NULL, end_reason TEXT,
    bookmarked INTEGER NOT NULL DEFAULT 0, created_us INTEGER NOT NULL, updated_us INTEGER NOT NULL,
    last_arrival_us INTEGER NOT NULL, last_event_us INTEGER, duration_us INTEGER NOT NULL DEFAULT 0,
    last_seq INTEGER NOT NULL DEFAULT 0, events INTEGER NOT NULL DEFAULT 0, interactions INTEGER NOT NULL DEFAULT 0,
    steps INTEGER NOT NULL DEFAULT 0, errors INTEGER NOT NULL DEFAULT 0, cost_nanos INTEGER NOT NULL DEFAULT 0,
    input_tokens INTEGER NOT NULL DEFAULT 0, output_tokens INTEGER NOT NULL DEFAULT 0,
    tokens INTEGER NOT NULL DEFAULT 0, unpriced INTEGER NOT NULL DEFAULT 0, dropped INTEGER NOT NULL DEFAULT 0,
    models TEXT NOT NULL DEFAULT '[]',
    UNIQUE (project_no, id));
CREATE INDEX sessions_started ON sessions (project_no, started_us, no);
CREATE INDEX sessions_cost ON sessions (project_no, cost_nanos, no);
CREATE INDEX sessions_tokens ON sessions (project_no, tokens, no);
CREATE INDEX sessions_duration ON sessions (project_no, duration_us, no);
CREATE INDEX sessions_interactions ON sessions (project_no, interactions, no);
CREATE INDEX sessions_errors ON sessions (project_no, errors, no);
CREATE INDEX sessions_user ON sessions (project_no, user_id, started_us, no);
CREATE INDEX sessions_feature ON sessions (project_no, feature, started_us, no);
CREATE INDEX sessions_active ON sessions (last_arrival_us) WHERE status = 'active';

CREATE TABLE session_tags (
    session_no INTEGER NOT NULL, tag TEXT NOT NULL, PRIMARY KEY (session_no, tag)) WITHOUT ROWID;
CREATE INDEX session_tags_tag ON session_tags (tag, session_no);

CREATE TABLE session_metadata (
    session_no INTEGER NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL,
    PRIMARY KEY (session_no, name)) WITHOUT ROWID;
CREATE INDEX session_metadata_value ON session_metadata (name, value, session_no);

CREATE TABLE session_models (
    session_no INTEGER NOT NULL, model TEXT NOT NULL, provider TEXT NOT NULL, interactions INTEGER NOT NULL,
    errors INTEGER NOT NULL, cost_nanos INTEGER NOT NULL, input_tokens INTEGER NOT NULL, output_tokens INTEGER NOT NULL,
    PRIMARY KEY (session_no, model, provider)) WITHOUT ROWID;
CREATE INDEX session_models_model ON session_models (model, session_no);
CREATE INDEX session_models_provider ON session_models (provider, session_no);

CREATE TABLE erased_sessions (
    project_no INTEGER NOT NULL, id TEXT NOT NULL, erased_us INTEGER NOT NULL,
    PRIMARY KEY (project_no, id)) WITHOUT ROWID;

CREATE TABLE events (
    no INTEGER PRIMARY KEY, session_no INTEGER NOT NULL, id TEXT NOT NULL, type INTEGER NOT NULL,
    timestamp_us INTEGER NOT NULL, received_us INTEGER NOT NULL, error INTEGER NOT NULL, latency_ms REAL,
    size_bytes INTEGER NOT NULL, node BLOB, payload BLOB NOT NULL);
CREATE UNIQUE INDEX events_id ON events (session_no, id);
CREATE INDEX events_time ON events (session_no, timestamp_us, no, type);

CREATE TABLE calls (
    no INTEGER PRIMARY KEY, session_no INTEGER NOT NULL, model TEXT NOT NULL, provider TEXT,
    timestamp_us INTEGER NOT NULL, latency_ms REAL, first_token_ms REAL, error INTEGER NOT NULL,
    cost_nanos INTEGER NOT NULL, cost_source TEXT NOT NULL, input_tokens INTEGER, output_tokens INTEGER,
    cached_tokens INTEGER, reasoning_tokens INTEGER);

CREATE TABLE messages (
    no INTEGER PRIMARY KEY, session_no INTEGER NOT NULL, hash BLOB NOT NULL, seq INTEGER NOT NULL, body BLOB NOT NULL);
CREATE UNIQUE INDEX messages_hash ON messages (session_no, hash);
CREATE INDEX messages_seq ON messages (session_no, seq);

CREATE TABLE nodes (
    session_no INTEGER NOT NULL, key BLOB NOT NULL, parent BLOB, message BLOB NOT NULL,
    PRIMARY KEY (session_no, key)) WITHOUT ROWID;

CREATE TABLE shares (
    no INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, project_no INTEGER NOT NULL, session_no INTEGER NOT NULL,
    token_hash BLOB NOT NULL UNIQUE, access_level TEXT NOT NULL, password_hash TEXT, created_us INTEGER NOT NULL,
    expires_us INTEGER NOT NULL, max_views INTEGER, views INTEGER NOT NULL DEFAULT 0, redact INTEGER NOT NULL DEFAULT 0,
    revoked_us INTEGER);
CREATE INDEX shares_session ON shares (session_no);

CREATE TABLE index_queue (
    no INTEGER PRIMARY KEY AUTOINCREMENT, session_no INTEGER NOT NULL, project_no INTEGER NOT NULL,
    first_seq INTEGER NOT NULL, last_seq INTEGER NOT NULL, erased INTEGER NOT NULL DEFAULT 0);
"""

PENDING = """
ALTER TABLE events ADD COLUMN change INTEGER;
CREATE INDEX events_change ON events (session_no, change) WHERE change > 0;
ALTER TABLE sessions ADD COLUMN pending INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN changes INTEGER NOT NULL DEFAULT 0;
"""

NOTES = """
CREATE TABLE notes (
    no INTEGER PRIMARY KEY, session_no INTEGER NOT NULL, id TEXT NOT NULL, kind TEXT NOT NULL, at_ms REAL NOT NULL,
    text TEXT NOT NULL, author TEXT NOT NULL, author_label TEXT NOT NULL, created_us INTEGER NOT NULL, event_id TEXT,
    editor TEXT, editor_label TEXT, edited_us INTEGER, UNIQUE (session_no, id));
CREATE INDEX notes_moment ON notes (session_no, at_ms, no);
"""

RESTED = """
CREATE INDEX sessions_rested ON sessions (project_no, bookmarked, last_arrival_us) WHERE status <> 'active';
"""

PROJECT_SETTINGS = """
CREATE TABLE project_settings (
    project_no INTEGER PRIMARY KEY REFERENCES projects, settings TEXT NOT NULL, changed_us INTEGER NOT NULL);
"""

DICTIONARIES = """
CREATE TABLE dictionaries (
    no INTEGER PRIMARY KEY AUTOINCREMENT, id INTEGER NOT NULL UNIQUE, kind TEXT NOT NULL,
    trained_us INTEGER NOT NULL, database_bytes INTEGER NOT NULL, content BLOB NOT NULL);
"""

LISTS = """
CREATE INDEX sessions_status ON sessions (project_no, status, started_us, no);
CREATE INDEX sessions_source ON sessions (project_no, source, started_us, no);
CREATE INDEX sessions_label ON sessions (project_no, label, started_us, no) WHERE label IS NOT NULL;
CREATE INDEX sessions_workspace ON sessions (project_no, workspace_id, started_us, no) WHERE workspace_id IS NOT NULL;
CREATE INDEX sessions_bookmarked ON sessions (project_no, started_us, no) WHERE bookmarked = 1;
"""

ORDERS = "".join(
    f"""
DROP INDEX sessions_{order};
CREATE INDEX sessions_{order} ON sessions (project_no, {column}, no, started_us);
"""
    for order, column in {
        "cost": "cost_nanos",
        "tokens": "tokens",
        "duration": "duration_us",
        "interactions": "interactions",
        "errors": "errors",
    }.items()
)
"""The start stands in each order, so that a walk along it that asks for a time reads no session."""

_COUNTED = ("cost_nanos", "tokens", "interactions")
COVERING = "".join(
    f"""
DROP INDEX sessions_{order};
CREATE INDEX sessions_{order} ON sessions (project_no, {column}, no, started_us, {", ".join(others)}, errors);
"""
    for order, column in {"cost": "cost_nanos", "tokens": "tokens", "interactions": "interactions"}.items()
    for others in [[other for other in _COUNTED if other != column]]
)
COVERING += f"""
DROP INDEX sessions_duration;
CREATE INDEX sessions_duration ON sessions (
    project_no, duration_us, no, started_us, {", ".join(_COUNTED)}, errors);
"""
"""What changes together stands in each other's order, so that a list with bounds reads the index alone. A duration
changes with every event: it stands in no order but its own; and for that of errors nothing else does."""

FAILED = """
CREATE INDEX events_failed ON events (session_no, type) WHERE error = 1;
"""

AUDIT = """
CREATE TABLE audit (
    project_no INTEGER NOT NULL, no INTEGER NOT NULL, at_us INTEGER NOT NULL, action TEXT NOT NULL,
    actor_id TEXT NOT NULL, target_id TEXT NOT NULL, session_id TEXT, entry TEXT NOT NULL,
    PRIMARY KEY (project_no, no)) WITHOUT ROWID;
CREATE INDEX audit_at ON audit (project_no, at_us);
CREATE INDEX audit_action ON audit (project_no, action, no);
CREATE INDEX audit_actor ON audit (project_no, actor_id, no);
CREATE INDEX audit_target ON audit (project_no, target_id, no);
CREATE INDEX audit_session ON audit (project_no, session_id, no) WHERE session_id IS NOT NULL;
CREATE TRIGGER audit_unchanged BEFORE UPDATE ON audit
    BEGIN SELECT raise(ABORT, 'entries of the audit log do not change'); END;
CREATE TRIGGER audit_unremoved BEFORE DELETE ON audit
    BEGIN SELECT raise(ABORT, 'entries of the audit log stay'); END;
"""

SEARCH = """
CREATE TABLE position (one INTEGER PRIMARY KEY CHECK (one = 1), queue_no INTEGER NOT NULL, seq INTEGER NOT NULL);
INSERT INTO position VALUES (1, 0, -1);
"""

PLACES = """
CREATE TABLE blocks (no INTEGER PRIMARY KEY, first INTEGER NOT NULL UNIQUE);
CREATE TABLE purges (name TEXT PRIMARY KEY) WITHOUT ROWID;
"""

TEXTS = """
CREATE VIRTUAL TABLE {table} USING fts5(
    words, content='', contentless_delete=1, detail=none, tokenize=ascii);
INSERT INTO {table} ({table}, rank) VALUES ('automerge', 8);
"""
