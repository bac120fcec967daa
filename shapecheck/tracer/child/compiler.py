"""torch's compiler, left unloaded: abstract tensors ask for two of its settings, and loading it takes two seconds."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import torch

_NAME = "torch._dynamo"
_SOURCES = f"{_NAME}.source"


_DECORATORS = ("disable", "assume_constant_result", "allow_in_graph", "disallow_in_graph", "forbid_in_graph", "run")
_NOTES = (
    "mark_static_address",
    "mark_static",
    "mark_dynamic",
    "maybe_mark_dynamic",
    "graph_break",
    "reset",
    "is_compiling",
)
"""What libraries tell the compiler; without one it changes nothing."""


def _unchanged(fn: Callable[..., Any] | None = None, *args: Any, **kwargs: Any) -> Any:
    return fn if fn is not None else _unchanged


class _Unloaded(ModuleType):
    """``torch._dynamo`` without its body: its submodules can be imported, and any other use loads the real one."""

    def __init__(self) -> None:
        super().__init__(_NAME)
        self.__path__ = [str(Path(torch.__file__).parent / "_dynamo")]

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if name in _DECORATORS:
            return _unchanged
        if name in _NOTES:
            return lambda *args, **kwargs: None
        if f"{_NAME}.{name}" in sys.modules:
            return sys.modules[f"{_NAME}.{name}"]
        if importlib.util.find_spec(f"{_NAME}.{name}") is not None:
            raise AttributeError(name)  # a submodule: the import system imports it now
        return getattr(_load(), name)


class _Sources(ModuleType):
    """``torch._dynamo.source``: the converter of tensors names each one by such a source, and never looks at it."""

    def __getattr__(self, name: str) -> Any:
        if not name.endswith("Source"):
            raise AttributeError(name)
        kind = type(name, (), {"__init__": lambda self, *args, **kwargs: None, "name": lambda self: name})
        setattr(self, name, kind)
        return kind


def leave_unloaded() -> None:
    """Do not load the compiler unless something uses it."""
    if _NAME not in sys.modules:
        module = _Unloaded()
        sys.modules[_NAME] = module
        sys.modules[_SOURCES] = _Sources(_SOURCES)
        torch._dynamo = module


def _load() -> ModuleType:
    if isinstance(sys.modules.get(_NAME), _Unloaded):
        del sys.modules[_NAME], sys.modules[_SOURCES]
        torch._dynamo = importlib.import_module(_NAME)
    return sys.modules[_NAME]
