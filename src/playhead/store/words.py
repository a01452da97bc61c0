"""Words live in playhead.replay.words (pure); import them from there. This file goes once nothing imports it."""

from playhead.replay.words import MAX_QUERY_CHARS, MAX_TERMS, Term, parse_query, spaced, tokens

__all__ = ["MAX_QUERY_CHARS", "MAX_TERMS", "Term", "parse_query", "spaced", "tokens"]
