"""The ways in which PostgreSQL finds the sessions that a search leaves, each brought about by sizes.

Patches, because the sizes are for a million texts and no test records so many.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import pytest

from playhead.store.postgres import counting, holders, walking

Sizes: TypeAlias = Mapping[str, Any]

NOT_LISTED = {"FEW_TEXTS": -1, "SURELY_MORE": 0}
ONE_BY_ONE = {"EVENTS_READ": 1_000_000}
BOTH_INDEXES = {"EVENTS_READ": -1, "TEXTS_OF_EVENT": 1_000_000}
WALKED = {"TEXTS_OF_SESSION": 0, "MOST_AT_ONCE": 3, "RARE": 0}
MANY = {"FEW": -1, "SAMPLED": (3, 7)}
WAYS: list[Sizes] = [
    {},
    {"LISTED_OF_SESSION": 0},
    {"LISTED_OF_SESSION": 1_000_000},
    NOT_LISTED | ONE_BY_ONE,
    NOT_LISTED | BOTH_INDEXES,
    NOT_LISTED | ONE_BY_ONE | WALKED | MANY,
    NOT_LISTED | BOTH_INDEXES | WALKED | MANY,
    NOT_LISTED | ONE_BY_ONE | MANY | {"TEXTS_OF_SESSION": 1_000_000},
    NOT_LISTED | ONE_BY_ONE | MANY | {"TEXTS_OF_SESSION": 0, "MOST_AT_ONCE": 2, "RARE": 1_000_000},
]


def patched(patch: pytest.MonkeyPatch, sizes: Sizes) -> None:
    """Set sizes by name, each where it is read."""
    for module in (counting, holders, walking):
        for name in sizes.keys() & vars(module).keys():
            patch.setattr(module, name, sizes[name])
