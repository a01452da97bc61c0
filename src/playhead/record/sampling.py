"""Which sessions are recorded when not all are: rates by user, by feature, by a function. Decides; holds nothing.

Whole sessions, decided at their start. The decision hangs on the session's id alone, so that two processes which record
one session decide alike.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct, field

from playhead.errors import Invalid

PYTHON = {
    "userId": "user_id",
    "integrationName": "integration_name",
    "workspaceId": "workspace_id",
    "startedAt": "started_at",
}
BLANK = dict.fromkeys(("user_id", "label", "metadata", "tags", "source", "integration_name", "workspace_id"))


class Sampling(Struct, frozen=True, kw_only=True):
    """Rules: the first that says something about a session decides, in this order.

    Args:
        function: Is given what the session starts with, by the arguments' names (``session_id``, ``feature``,
            ``user_id``, ``label``, ``metadata``, ``tags``, …), and returns True, False, a rate, or None to leave it to
            the others. One that raises leaves it to the others too.
        users: Rates by user id, from 0 to 1.
        features: Rates by feature.
        rate: The rate of all other sessions.
        session_bytes: Memory for a session that is left out, until its first error; then its oldest events go.
        total_bytes: Memory for all such sessions together.
    """

    function: Callable[[Mapping[str, Any]], Any] | None = None
    users: dict[str, float] = field(default_factory=dict)
    features: dict[str, float] = field(default_factory=dict)
    rate: float = 1.0
    session_bytes: int = 1 << 20
    total_bytes: int = 16 << 20

    def records(self, session_id: str, start: Mapping[str, Any]) -> bool:
        """Say whether a session is recorded."""
        rate = self._asked(session_id, start)
        if rate is None:
            rate = self.users.get(start.get("userId") or "")
        if rate is None:
            rate = self.features.get(start["feature"], self.rate)
        return draw(session_id) < rate

    def _asked(self, session_id: str, start: Mapping[str, Any]) -> float | None:
        if self.function is None:
            return None
        try:
            named = {PYTHON.get(name, name): value for name, value in start.items()}
            answer = self.function({**BLANK, **named, "session_id": session_id})
            return None if answer is None else float(answer)
        except Exception:  # noqa: BLE001 - the application's function must not keep a session from starting
            return None


def draw(session_id: str) -> float:
    """Return a session's lot, from 0 to below 1: the same everywhere."""
    digest = hashlib.blake2b(session_id.encode("utf-8", "replace"), digest_size=6).digest()
    return int.from_bytes(digest, "big") / 2**48


def read_sampling(given: Any) -> Sampling | None:
    """Return rules from what ``init`` takes: a rate, a mapping of ``Sampling``'s arguments, a function, or rules.

    Raises Invalid.
    """
    if given is None or isinstance(given, Sampling):
        return _checked(given)
    if isinstance(given, Mapping):
        unknown = [name for name in given if name not in Sampling.__struct_fields__]
        if unknown:
            raise Invalid.field(f"sampling.{unknown[0]}", f"expected of {', '.join(Sampling.__struct_fields__)}")
        return _checked(Sampling(**given))
    if callable(given):
        return Sampling(function=given)
    return _checked(Sampling(rate=given))


def _checked(rules: Sampling | None) -> Sampling | None:
    if rules is not None:
        _rate("sampling.rate", rules.rate)
        for name, rates in (("users", rules.users), ("features", rules.features)):
            for key, rate in rates.items():
                _rate(f"sampling.{name}.{key}", rate)
    return rules


def _rate(name: str, rate: Any) -> None:
    if not isinstance(rate, int | float) or not 0 <= rate <= 1:
        raise Invalid.field(name, f"expected a rate from 0 to 1, not {rate!r}")
