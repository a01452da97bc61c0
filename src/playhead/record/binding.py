"""Makes methods out of the functions that build calls, so that each operation is written, typed and documented once."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, TypeVar

M = TypeVar("M", bound=Callable[..., Any])


def documented(method: M, build: Callable[..., Any], *, given: int = 0) -> M:
    """Give a method the name, docstring and signature of what it calls, without the first ``given`` parameters."""
    parameters = list(inspect.signature(build).parameters.values())[given:]
    itself = inspect.Parameter("self", inspect.Parameter.POSITIONAL_ONLY)
    method.__name__ = build.__name__
    method.__qualname__ = build.__name__
    method.__doc__ = build.__doc__
    method.__module__ = build.__module__
    method.__signature__ = inspect.Signature([itself, *parameters])  # type: ignore[attr-defined]
    return method
