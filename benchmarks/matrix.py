"""Every filter of a list in every order: values that match nothing, few, half and all of ``dataset``, by member."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Final, TypeAlias

from benchmarks.dataset import SEED
from benchmarks.vocabulary import Vocabulary

SORTS: Final = ("startedAt", "cost", "tokens", "duration", "interactions", "errors")
ORDERS: Final = ("desc", "asc")
_WORDS = Vocabulary(SEED)
VALUES: Final[Mapping[str, tuple[str, ...]]] = {
    "userId": ("nobody", "user-0700", "user-0010", "user-0001"),
    "appFeature": ("none", "experimentation", "agent", "chat"),
    "source": ("manual", "telemetry", "integration", "in-app"),
    "status": ("active", "error", "completed"),
    "label": ("none", "Checkout 7"),
    "workspaceId": ("none", "workspace-07"),
    "tag": ("none", "legacy", "eu", "web", "prod"),
    "hasErrors": ("true", "false"),
    "startDate": ("2025-12-01", "2025-10-04", "2025-08-22", "2025-07-01"),
    "endDate": ("2025-07-01", "2025-07-10", "2025-08-22", "2025-12-01"),
    "minCost": ("1000", "0.2", "0.06", "0"),
    "maxCost": ("0", "0.005", "0.03", "1000"),
    "minTokens": ("1000000000", "16500", "15000", "0"),
    "maxTokens": ("0", "13500", "15000", "1000000000"),
    "minDuration": ("1000000000", "600000", "150000", "0"),
    "maxDuration": ("0", "20000", "150000", "1000000000"),
    "minInteractions": ("21", "20", "0"),
    "aiModel": ("none", "deepseek-r1", "mistral-large", "gpt-4o"),
    "provider": ("none", "mistral", "google", "openai"),
    "metadata.plan": ("none", "pro"),
    "metadata.build": ("77",),
    "metadata.beta": ("true", "false"),
    "bookmarked": ("true", "false"),
    "search": (
        "zzzzzz",
        _WORDS.rare(5),
        "stea",
        _WORDS.common[4_000],
        _WORDS.common[600],
        f"{_WORDS.common[0]} {_WORDS.common[30]}",
        _WORDS.common[0],
    ),
}
"""Times, costs and so on are bounds of one side; ``TOGETHER`` has a time between two."""
TOGETHER: Final[Mapping[str, tuple[dict[str, str], ...]]] = {
    "startDate and endDate": (
        {"startDate": "2025-08-18", "endDate": "2025-08-18"},
        {"startDate": "2025-07-10", "endDate": "2025-07-18"},
        {"startDate": "2025-08-08", "endDate": "2025-09-07"},
    ),
}

Cell: TypeAlias = tuple[str, str]
"""A member of the filter, and an order."""


def cells() -> Iterator[tuple[Cell, list[dict[str, str]]]]:
    """Yield each member in each order, and the query of each of its values."""
    wheres = {member: tuple({member: value} for value in values) for member, values in VALUES.items()} | dict(TOGETHER)
    for (member, values), order in product(wheres.items(), orders()):
        yield (member, " ".join(order.values())), [where | order for where in values]


def orders() -> Iterator[dict[str, str]]:
    """Yield the query of each order."""
    return ({"sortBy": by, "sortOrder": order} for by, order in product(SORTS, ORDERS))
