"""The tables of rollups, and the triggers that keep them: sums over sessions, of which statistics are made.

Rollups are kept by triggers, so that whatever changes a session changes them with it, in the same transaction:
recording, late events, completed calls, ends, time-outs and erasing. Each session counts in the hour and in the UTC
day of its start (``span_us`` says which). Sums that may leave 64 bits are kept in two halves, so that they are exact
and can be taken back. A row of which no session is left is deleted. Latencies are histograms (``replay.histogram``),
which SQL cannot add up: ``rollups`` does, many commits' ``latency_news`` at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from playhead.store.spans import SPANS_US

COUNTS: Final = {
    "sessions": "1",
    "with_errors": "({row}.errors > 0)",
    "interactions": "({row}.interactions - {row}.pending)",
    "errors": "{row}.errors",
    "unpriced": "{row}.unpriced",
}
SUMS: Final = ("cost_nanos", "input_tokens", "output_tokens", "duration_us", "dropped")
SESSION_MEASURES: Final = COUNTS | {
    f"{name}_{half}": f"({{row}}.{name} {operator})"
    for name in SUMS
    for half, operator in (("high", ">> 32"), ("low", "& 4294967295"))
}
"""Each measure of a session, as SQL over a row of ``sessions``."""
MODEL_MEASURES: Final = (
    "sessions",
    "interactions",
    "errors",
    *(f"{name}_{half}" for name in SUMS[:3] for half in ("high", "low")),
)
"""The measures of one model, and of one user: these alone are shown."""
SESSION_KEY: Final = ("project_no", "span_us", "start_us", "feature", "source", "status")
KIND_KEY: Final = ("project_no", "feature", "source", "status")
MODEL_KEY: Final = ("project_no", "span_us", "start_us", "feature", "source", "model")

_TABLE = "CREATE TABLE {name} ({keys}, {measures}, PRIMARY KEY ({key})) WITHOUT ROWID;"
_TEXTS = {"feature", "source", "status", "model", "user_id"}


def start_sql(moment: str, span_us: int) -> str:
    """Return SQL for the start of the span that a moment is in; a remainder is negative before 1970."""
    return f"({moment} - (({moment} % {span_us}) + {span_us}) % {span_us})"


def _table(name: str, key: Sequence[str], measures: Sequence[str]) -> str:
    keys = ", ".join(f"{column} {'TEXT' if column in _TEXTS else 'INTEGER'} NOT NULL" for column in key)
    counted = ", ".join(f"{measure} INTEGER NOT NULL" for measure in measures)
    return _TABLE.format(name=name, keys=keys, measures=counted, key=", ".join(key))


def _add(name: str, key: Sequence[str], values: Sequence[str], measures: dict[str, str]) -> str:
    summed = ", ".join(f"{measure} = {measure} + excluded.{measure}" for measure in measures)
    return (
        f"INSERT INTO {name} ({', '.join(key)}, {', '.join(measures)})"
        f" VALUES ({', '.join(values)}, {', '.join(measures.values())})"
        f" ON CONFLICT ({', '.join(key)}) DO UPDATE SET {summed};"
    )


def _take(name: str, key: Sequence[str], values: Sequence[str], measures: dict[str, str]) -> str:
    where = " AND ".join(f"{column} = {value}" for column, value in zip(key, values, strict=True))
    less = ", ".join(f"{measure} = {measure} - {value}" for measure, value in measures.items())
    return f"UPDATE {name} SET {less} WHERE {where}; DELETE FROM {name} WHERE {where} AND sessions = 0;"


def _change(name: str, key: Sequence[str], values: Sequence[str], measures: Sequence[str]) -> str:
    where = " AND ".join(f"{column} = {value}" for column, value in zip(key, values, strict=True))
    differences = {
        measure: f"{_of_session(measure, 'new')} - {_of_session(measure, 'old')}"
        for measure in measures
        if measure != "sessions"
    }
    more = ", ".join(f"{measure} = {measure} + {value}" for measure, value in differences.items())
    return f"UPDATE {name} SET {more} WHERE {where};"


def _of_session(measure: str, row: str) -> str:
    return SESSION_MEASURES[measure].format(row=row)


def _measures(names: Sequence[str], row: str) -> dict[str, str]:
    return {name: _of_session(name, row) for name in names}


def _session_keys(row: str) -> list[tuple[str, Sequence[str], Sequence[str], Sequence[str]]]:
    """Return each rollup that a session counts in: table, key, the key's values, measures."""
    rows: list[tuple[str, Sequence[str], Sequence[str], Sequence[str]]] = [
        (
            "rollups",
            SESSION_KEY,
            (
                f"{row}.project_no",
                str(span),
                start_sql(f"{row}.started_us", span),
                f"{row}.feature",
                f"{row}.source",
                f"{row}.status",
            ),
            tuple(SESSION_MEASURES),
        )
        for span in SPANS_US
    ]
    user = ("user_rollups", ("project_no", "user_id"), (f"{row}.project_no", f"ifnull({row}.user_id, '')"))
    return [*rows, (*user, MODEL_MEASURES)]


def _all(make: str, row: str) -> str:
    made = _add if make == "add" else _take
    return " ".join(made(name, key, values, _measures(names, row)) for name, key, values, names in _session_keys(row))


_KEPT = ("project_no", "feature", "source", "status", "user_id", "started_us")
_WATCHED = [*_KEPT, "errors", "interactions", "pending", "unpriced", *SUMS]
_SAME = " AND ".join(f"new.{column} IS old.{column}" for column in _KEPT)
_CHANGES = " ".join(_change(name, key, values, names) for name, key, values, names in _session_keys("new"))

_SESSIONS = f"""
CREATE TRIGGER rollups_of_new_sessions AFTER INSERT ON sessions BEGIN {_all("add", "new")} END;
CREATE TRIGGER rollups_of_erased_sessions AFTER DELETE ON sessions BEGIN {_all("take", "old")} END;
CREATE TRIGGER rollups_of_grown_sessions AFTER UPDATE OF {", ".join(_WATCHED)} ON sessions WHEN {_SAME}
BEGIN {_CHANGES} END;
CREATE TRIGGER rollups_of_changed_sessions AFTER UPDATE OF {", ".join(_WATCHED)} ON sessions WHEN NOT ({_SAME})
BEGIN {_all("take", "old")} {_all("add", "new")} END;
"""


def _model_values(row: str, sign: str) -> dict[str, str]:
    others = f"(SELECT count(*) FROM session_models WHERE session_no = {row}.session_no AND model = {row}.model)"
    is_first_or_last = f"({others} = {1 if sign == '+' else 0})"
    values = {"sessions": is_first_or_last, "interactions": f"{row}.interactions", "errors": f"{row}.errors"}
    for name in SUMS[:3]:
        values[f"{name}_high"] = f"({row}.{name} >> 32)"
        values[f"{name}_low"] = f"({row}.{name} & 4294967295)"
    return values


def _model_statements(make: str, row: str) -> str:
    return " ".join(_model_statement(make, row, span) for span in SPANS_US)


def _model_statement(make: str, row: str, span: int) -> str:
    session = f"(SELECT {{}} FROM sessions AS s WHERE s.no = {row}.session_no)"
    key = ["s.project_no", str(span), start_sql("s.started_us", span), "s.feature", "s.source"]
    if make == "add":
        measures = _model_values(row, "+")
        summed = ", ".join(f"{measure} = {measure} + excluded.{measure}" for measure in measures)
        return (
            f"INSERT INTO model_rollups ({', '.join(MODEL_KEY)}, {', '.join(measures)})"
            f" SELECT {', '.join(key)}, {row}.model, {', '.join(measures.values())}"
            f" FROM sessions AS s WHERE s.no = {row}.session_no"
            f" ON CONFLICT ({', '.join(MODEL_KEY)}) DO UPDATE SET {summed};"
        )
    where = f"({', '.join(MODEL_KEY[:-1])}) = {session.format(', '.join(key))} AND model = {row}.model"
    if make == "take":
        less = ", ".join(f"{measure} = {measure} - {value}" for measure, value in _model_values(row, "-").items())
        return (
            f"UPDATE model_rollups SET {less} WHERE {where}; DELETE FROM model_rollups WHERE {where} AND sessions = 0;"
        )
    new, old = _model_values("new", "+"), _model_values("old", "+")
    more = ", ".join(f"{name} = {name} + {new[name]} - {old[name]}" for name in new if name != "sessions")
    return f"UPDATE model_rollups SET {more} WHERE {where};"


_MODELS = f"""
CREATE TRIGGER rollups_of_new_models AFTER INSERT ON session_models BEGIN {_model_statements("add", "new")} END;
CREATE TRIGGER rollups_of_grown_models AFTER UPDATE ON session_models BEGIN {_model_statements("change", "new")} END;
CREATE TRIGGER rollups_of_erased_models AFTER DELETE ON session_models BEGIN {_model_statements("take", "old")} END;
"""

_PROJECT = "(SELECT project_no FROM sessions WHERE no = {row}.session_no)"
_TAGS = f"""
CREATE TRIGGER rollups_of_new_tags AFTER INSERT ON session_tags BEGIN
    INSERT INTO tag_rollups VALUES ({_PROJECT.format(row="new")}, new.tag, 1)
    ON CONFLICT (project_no, tag) DO UPDATE SET sessions = sessions + 1;
END;
CREATE TRIGGER rollups_of_erased_tags AFTER DELETE ON session_tags BEGIN
    UPDATE tag_rollups SET sessions = sessions - 1 WHERE project_no = {_PROJECT.format(row="old")} AND tag = old.tag;
    DELETE FROM tag_rollups WHERE project_no = {_PROJECT.format(row="old")} AND tag = old.tag AND sessions = 0;
END;
"""


def _fill_sessions(span: int) -> str:
    sums = ", ".join(f"sum({_of_session(name, 's')})" for name in SESSION_MEASURES)
    start = start_sql("s.started_us", span)
    return (
        f"INSERT INTO rollups SELECT s.project_no, {span}, {start} AS start_us, s.feature, s.source,"
        f" s.status, {sums} FROM sessions AS s GROUP BY s.project_no, 3, s.feature, s.source, s.status;"
    )


def _fill_models(span: int) -> str:
    sums = ", ".join(f"sum(f.{name} >> 32), sum(f.{name} & 4294967295)" for name in SUMS[:3])
    start = start_sql("s.started_us", span)
    return (
        f"INSERT INTO model_rollups SELECT s.project_no, {span}, {start} AS start_us, s.feature,"
        f" s.source, f.model, count(DISTINCT s.no), sum(f.interactions), sum(f.errors), {sums}"
        " FROM session_models AS f JOIN sessions AS s ON s.no = f.session_no"
        " GROUP BY s.project_no, 3, s.feature, s.source, f.model;"
    )


_USER_SUMS = ", ".join(f"sum({_of_session(name, 's')})" for name in MODEL_MEASURES)
_FILL = f"""
{" ".join(map(_fill_sessions, SPANS_US))}
{" ".join(map(_fill_models, SPANS_US))}
INSERT INTO user_rollups SELECT s.project_no, ifnull(s.user_id, '') AS user, {_USER_SUMS} FROM sessions AS s
    GROUP BY s.project_no, user;
INSERT INTO tag_rollups SELECT s.project_no, t.tag, count(*) FROM session_tags AS t JOIN sessions AS s
    ON s.no = t.session_no GROUP BY s.project_no, t.tag;
"""

ROLLUPS: Final = f"""
{_table("rollups", SESSION_KEY, tuple(SESSION_MEASURES))}
{_table("user_rollups", ("project_no", "user_id"), MODEL_MEASURES)}
CREATE INDEX user_rollups_sessions ON user_rollups (project_no, sessions DESC, user_id);
{_table("model_rollups", MODEL_KEY, MODEL_MEASURES)}
CREATE TABLE tag_rollups (project_no INTEGER NOT NULL, tag TEXT NOT NULL, sessions INTEGER NOT NULL,
    PRIMARY KEY (project_no, tag)) WITHOUT ROWID;
CREATE TABLE latency_rollups (
    project_no INTEGER NOT NULL, span_us INTEGER NOT NULL, start_us INTEGER NOT NULL, feature TEXT NOT NULL,
    model TEXT NOT NULL, calls INTEGER NOT NULL, histogram BLOB NOT NULL,
    PRIMARY KEY (project_no, span_us, start_us, feature, model)) WITHOUT ROWID;
CREATE TABLE latency_news (
    no INTEGER PRIMARY KEY, project_no INTEGER NOT NULL, start_us INTEGER NOT NULL, feature TEXT NOT NULL,
    model TEXT NOT NULL, calls INTEGER NOT NULL, histogram BLOB NOT NULL);
{_FILL}
{_SESSIONS}
{_MODELS}
{_TAGS}
"""
"""Makes the tables, fills them from the sessions that are there, and makes the triggers."""


_KIND_COUNTS = ("sessions", "with_errors")


def _kind(make: str, row: str) -> str:
    made = _add if make == "add" else _take
    values = [f"{row}.{column}" for column in KIND_KEY]
    return made("kind_totals", KIND_KEY, values, _measures(_KIND_COUNTS, row))


_OF_OTHER_KIND = " OR ".join(f"new.{column} IS NOT old.{column}" for column in KIND_KEY)
_SUMS_OF_KINDS = ", ".join(f"sum({_of_session(name, 's')})" for name in _KIND_COUNTS)
KINDS: Final = f"""
{_table("kind_totals", KIND_KEY, _KIND_COUNTS)}
INSERT INTO kind_totals SELECT {", ".join(KIND_KEY)}, {_SUMS_OF_KINDS} FROM sessions AS s GROUP BY 1, 2, 3, 4;
CREATE TRIGGER kinds_of_new_sessions AFTER INSERT ON sessions BEGIN {_kind("add", "new")} END;
CREATE TRIGGER kinds_of_erased_sessions AFTER DELETE ON sessions BEGIN {_kind("take", "old")} END;
CREATE TRIGGER kinds_of_changed_sessions AFTER UPDATE OF {", ".join(KIND_KEY)}, errors ON sessions
WHEN {_OF_OTHER_KIND} OR (new.errors > 0) <> (old.errors > 0)
BEGIN {_kind("take", "old")} {_kind("add", "new")} END;
"""
"""Makes the table that counts a project's sessions whenever they began, fills it, and makes its triggers: the rows
of ``rollups`` grow with the days, and this is asked with every list."""
