"""Runs a function once a package has been imported, without importing it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any


class _Finder(MetaPathFinder):
    """Lets the other finders find a package that is waited for, and is told when it has run."""

    def __init__(self) -> None:
        self.waiting: dict[str, Callable[[], object]] = {}

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return what another finder finds, its loader made to tell."""
        if fullname not in self.waiting:
            return None
        for finder in [each for each in sys.meta_path if each is not self]:
            spec = finder.find_spec(fullname, path, target)
            if spec is not None:
                self._watch(fullname, spec.loader)
                return spec
        return None

    def _watch(self, name: str, loader: Any) -> None:
        load = getattr(loader, "exec_module", None)
        if load is None:
            return

        def exec_module(module: ModuleType) -> None:
            loader.__dict__.pop("exec_module", None)
            load(module)
            then = self.waiting.pop(name, None)
            if then is not None:
                then()

        loader.exec_module = exec_module


_finder = _Finder()


def when_imported(package: str, then: Callable[[], object]) -> Callable[[], None]:
    """Run ``then`` after the first import of a package; return what takes that back."""
    if _finder not in sys.meta_path:
        sys.meta_path.insert(0, _finder)
    _finder.waiting[package] = then

    def forget() -> None:
        _finder.waiting.pop(package, None)

    return forget
