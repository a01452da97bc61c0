r"""Patterns that a project's admin writes, compiled by RE2: it needs time in proportion to a text, whatever they are.

Neither looking around nor back-references are known to it; ``\d``, ``\w``, ``\s`` and ``\b`` mean ASCII. Searches
let other threads run meanwhile.
"""

from __future__ import annotations

import re2

from playhead.replay.redaction_rules import Pattern

MOST_STEPS = 1000
"""Instructions that a pattern may compile to: each costs time for every character, at worst."""


def linear_pattern(text: str) -> Pattern:
    """Return a compiled pattern. Raises ValueError with a sentence when it is none, too large, or matches nothing."""
    options = re2.Options()
    options.log_errors = False
    try:
        pattern = re2.compile(text, options)
    except re2.error as error:
        raise ValueError(f"no regular expression: {_reason(error)}") from None
    if pattern.programsize > MOST_STEPS:
        raise ValueError(f"too large: it takes {pattern.programsize} steps for a character, at most {MOST_STEPS}")
    if pattern.fullmatch(""):
        raise ValueError("matches the empty text")
    compiled: Pattern = pattern
    return compiled


def _reason(error: re2.error) -> str:
    said = error.args[0] if error.args else ""
    return said.decode(errors="replace") if isinstance(said, bytes) else str(said)
