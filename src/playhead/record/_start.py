"""A session's start as the server takes it: what is too long is cut and what is no slug becomes one, so that no session
is lost for its label."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

NO_SLUG = re.compile(r"[^a-z0-9._-]+")
MAX_LABEL = MAX_SHORT = 500
MAX_TAGS, MAX_TAG = 100, 200


def start_data(
    *,
    feature: str,
    label: Any,
    metadata: Mapping[str, Any] | None,
    tags: Iterable[str] | None,
    source: str | None,
    **short: Any,
) -> dict[str, Any]:
    """Return the data of a ``session.start``; ``short`` are ``user_id``, ``integration_name`` and ``workspace_id``."""
    data = {
        "feature": slug(feature),
        "userId": _short(short["user_id"]),
        "label": _text(label, MAX_LABEL),
        "metadata": _metadata(metadata),
        "tags": _tags(tags),
        "source": source,
        "integrationName": _short(short["integration_name"]),
        "workspaceId": _short(short["workspace_id"]),
    }
    return {name: value for name, value in data.items() if value is not None}


def slug(feature: Any) -> str:
    """Return a feature as a slug of at most 64 characters."""
    return NO_SLUG.sub("_", words(feature).lower()).strip("_")[:64] or "app"


def words(value: Any) -> str:
    """Return a value as text; one whose own words fail by its type's name in brackets."""
    try:
        return str(value)
    except Exception:  # noqa: BLE001 - a foreign object may raise anything
        return f"[{type(value).__qualname__}]"


def _text(value: Any, limit: int) -> str | None:
    return None if value is None else words(value).replace("\0", "")[:limit]


def _short(value: Any) -> str | None:
    return _text(value, MAX_SHORT) or None


def _metadata(given: Any) -> dict[str, Any] | None:
    """Return what the server takes, an object: anything else is its ``value``."""
    if given is None:
        return None
    try:
        return dict(given) or None
    except Exception:  # noqa: BLE001 - as in words
        return {"value": given}


def _tags(tags: Any) -> list[str] | None:
    if tags is None:
        return None
    try:
        given = [tags] if isinstance(tags, str) else list(tags)
    except Exception:  # noqa: BLE001 - as in words
        given = [tags]
    return [text for text in (_text(tag, MAX_TAG) for tag in given[:MAX_TAGS]) if text]
