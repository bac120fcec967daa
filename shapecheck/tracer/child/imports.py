"""Doing something right after the script imports a module."""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import sys
from collections.abc import Callable, Sequence
from types import ModuleType

Callback = Callable[[ModuleType], None]


class ImportHooks(importlib.abc.MetaPathFinder):
    """Calls back once per module name, after the module's body ran; at once where it is loaded already."""

    def __init__(self) -> None:
        self._waiting: dict[str, list[Callback]] = {}
        self._busy: set[str] = set()

    def install(self) -> None:
        """Stand first among the finders, so that no import is missed."""
        sys.meta_path.insert(0, self)

    def on_import(self, name: str, callback: Callback) -> None:
        """Call ``callback(module)`` when ``name`` is imported."""
        module = sys.modules.get(name)
        if module is not None and not getattr(getattr(module, "__spec__", None), "_initializing", False):
            callback(module)
        else:
            self._waiting.setdefault(name, []).append(callback)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Find a module that somebody waits for through the finders behind, and wrap its loader."""
        if fullname not in self._waiting or fullname in self._busy:
            return None
        self._busy.add(fullname)
        try:
            spec = _find_behind(self, fullname, path, target)
        finally:
            self._busy.discard(fullname)
        if spec is not None and spec.loader is not None and hasattr(spec.loader, "exec_module"):
            spec.loader = _Announcing(spec.loader, lambda module: self._announce(fullname, module))
        return spec

    def _announce(self, name: str, module: ModuleType) -> None:
        for callback in self._waiting.pop(name, []):
            callback(sys.modules.get(name, module))


def _find_behind(
    me: ImportHooks, name: str, path: Sequence[str] | None, target: ModuleType | None
) -> importlib.machinery.ModuleSpec | None:
    for finder in sys.meta_path[sys.meta_path.index(me) + 1 :]:
        found = finder.find_spec(name, path, target)
        if found is not None:
            return found
    return None


class _Announcing(importlib.abc.Loader):
    """A loader that tells when the module's body has run; else the loader that it wraps."""

    def __init__(self, loader: importlib.abc.Loader, announce: Callback) -> None:
        self._loader, self._tell = loader, announce

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        module.__loader__ = self._loader
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        self._loader.exec_module(module)
        self._tell(module)

    def __getattr__(self, name: str) -> object:
        return getattr(self._loader, name)
