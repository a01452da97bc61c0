"""Matching as SQL: which texts hold all terms of a query, and how well.

A term stands in a text as a substring (see ``wording``); the full-text index is asked for its whole words first, so
that few texts are looked into, and none for a word that the index answers exactly. A term that is but the beginning of
a word is looked for in all of the project's texts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from playhead.replay.words import Term
from playhead.store.clickhouse.wording import is_token, needle, whole_words

WEIGHT_OF_LABEL: Final = 10
WEIGHT_OF_PROMPT: Final = 4
MOST_WORDS: Final = 32
"""How many words the index is asked for."""

ENDS: Final = "(SELECT no, slots FROM sessions FINAL WHERE project_no = {project:UInt32})"


def hits_sql(terms: Sequence[Term], *, prefix: str, text_index: bool) -> tuple[str, dict[str, Any]]:
    """Return a query for (no, seq, score) of all texts of ``{project:UInt32}`` that hold these terms, and its values.

    The seq is 0 for a session's own text. ``prefix`` begins the names of the values. ``text_index`` says whether the
    server knows full-text functions.
    """
    values: dict[str, Any] = {f"{prefix}{place}": needle(term) for place, term in enumerate(terms)}
    names = [f"{{{name}:String}}" for name in values]
    holds = [f"position(text, {name}) > 0" for name in names]
    words = sorted({word for term in terms for word in whole_words(term)})
    if words and text_index:
        values[f"{prefix}_words"] = words[:MOST_WORDS]
        asked = f"hasAllTokens(text, {{{prefix}_words:Array(String)}})"
        is_all = len(words) <= MOST_WORDS
        holds = [asked, *(each for each, term in zip(holds, terms, strict=True) if not (is_all and is_token(term)))]
    condition = " AND ".join(holds)
    return f"{_of_events(condition, names)} UNION ALL {_of_labels(condition, names)}", values


def _of_events(holds: str, names: Sequence[str]) -> str:
    prompt, rest = "substring(text, 1, prompt_bytes)", "substring(text, prompt_bytes + 1)"
    found = " + ".join(
        f"{WEIGHT_OF_PROMPT} * countSubstrings({prompt}, {name}) + countSubstrings({rest}, {name})" for name in names
    )
    return (
        f"SELECT e.no AS no, toUInt32(e.seq) AS seq, e.score AS score FROM (SELECT no, seq, slot, pending,"
        f" ({found}) / length(text) AS score FROM events FINAL WHERE project_no = {{project:UInt32}} AND {holds}) AS e"
        f" INNER JOIN {ENDS} AS s ON s.no = e.no WHERE e.slot <= s.slots"
        f" AND NOT (e.pending AND (e.no, e.seq) IN ({_COMPLETED}))"
    )


def _of_labels(holds: str, names: Sequence[str]) -> str:
    found = " + ".join(f"{WEIGHT_OF_LABEL} * countSubstrings(text, {name})" for name in names)
    return (
        f"SELECT no, toUInt32(0) AS seq, ({found}) / length(text) AS score FROM sessions FINAL"
        f" WHERE project_no = {{project:UInt32}} AND {holds}"
    )


_COMPLETED: Final = (
    "SELECT c.no, c.seq FROM (SELECT no, seq, slot FROM events FINAL"
    " WHERE project_no = {project:UInt32} AND change > 0) AS c"
    f" INNER JOIN {ENDS} AS s ON s.no = c.no WHERE c.slot <= s.slots"
)
