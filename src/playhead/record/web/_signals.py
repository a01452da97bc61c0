"""Exceptions of frameworks that answer 500 and let none out (Flask, Django): heard by their signals, once loaded."""

from __future__ import annotations

import sys
from typing import Any

from playhead.record.web._request import request_failed

_heard: set[str] = set()
HOMES = {"flask": "flask.signals", "django": "django.core.signals"}


def listen() -> None:
    """Listen to the frameworks that this process has loaded; cheap when nothing is new."""
    for framework, home in HOMES.items():
        if framework not in _heard and home in sys.modules:
            _heard.add(framework)
            sys.modules[home].got_request_exception.connect(_heard_of)


def _heard_of(_sender: Any = None, *, exception: BaseException | None = None, **_: Any) -> None:
    request_failed(exception or sys.exception())
