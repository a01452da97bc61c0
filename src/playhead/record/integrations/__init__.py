"""Which packages can be recorded without a change to the application's code, and turning that on and off.

An integration is a row of INTEGRATIONS: the package that it is for, and a module of ours with ``install() -> undo``.
``install`` runs once that package has been imported, and never imports it itself: a package that the application does
not use costs nothing.
"""

from __future__ import annotations

import importlib
import importlib.util
import logging
import sys
import threading
from collections.abc import Callable

from msgspec import Struct

from playhead.errors import Invalid
from playhead.record.integrations import _implicit, _late

Undo = Callable[[], None]
_log = logging.getLogger("playhead")


class Integration(Struct, frozen=True):
    """``package`` is what the application imports; ``module`` is ours, with ``install() -> undo``."""

    package: str
    module: str


INTEGRATIONS: dict[str, Integration] = {
    "openai": Integration("openai", "playhead.record.integrations.openai"),
    "anthropic": Integration("anthropic", "playhead.record.integrations.anthropic"),
    "langchain": Integration("langchain_core", "playhead.record.integrations.langchain"),
    "litellm": Integration("litellm", "playhead.record.integrations.litellm"),
    "pydantic_ai": Integration("pydantic_ai", "playhead.record.integrations.pydantic_ai"),
}

_lock = threading.RLock()
_undo: dict[str, Undo] = {}


def instrument(*names: str, auto_session: str | None = None) -> list[str]:
    """Record the calls of these packages, or of all that are installed; return those that were not recorded before.

    Calls are recorded into the current session. Outside any session nothing is recorded, unless ``auto_session`` names
    a feature: then such calls go into one session of that feature, which lasts as long as the process. A package that
    is not imported yet is instrumented when it is. Raises Invalid for a name that is not known.
    """
    unknown = [name for name in names if name not in INTEGRATIONS]
    if unknown:
        raise Invalid.field("names", f"expected some of {', '.join(INTEGRATIONS)}, not {unknown[0]!r}")
    if auto_session is not None:
        _implicit.use(auto_session)
    with _lock:
        return [name for name in names or INTEGRATIONS if name not in _undo and _begin(name, INTEGRATIONS[name])]


def uninstrument() -> None:
    """Leave every package as it was, and end the session that ``auto_session`` started."""
    with _lock:
        while _undo:
            _undo.popitem()[1]()
    _implicit.stop()


def _begin(name: str, integration: Integration) -> bool:
    if integration.package in sys.modules:
        return _install(name, integration)
    if importlib.util.find_spec(integration.package) is None:
        return False
    _undo[name] = _late.when_imported(integration.package, lambda: _install(name, integration))
    return True


def _install(name: str, integration: Integration) -> bool:
    """Install an integration; one that fails leaves the application as it is."""
    with _lock:
        try:
            _undo[name] = importlib.import_module(integration.module).install()
        except Exception as error:  # noqa: BLE001 - a version that we do not know must not break the application
            _undo.pop(name, None)
            _log.warning("playhead does not record %s: %s: %s", name, type(error).__name__, error)
            return False
        return True
