"""nn.Module instances: their class, where they hang in the model, what they were built with, and where."""

from __future__ import annotations

import functools
import inspect
import itertools
import sys
import weakref
from types import FrameType
from typing import Any

import torch

from shapecheck.places import Span
from shapecheck.tracer.child.frames import Calls, context, is_user_file, span_of, user_frame, user_frames

_CONTAINERS = (torch.nn.Sequential, torch.nn.ModuleList, torch.nn.ModuleDict)
_CONFIG = (
    "model_type",
    "hidden_size",
    "num_labels",
    "problem_type",
    "is_decoder",
    "is_encoder_decoder",
    "max_position_embeddings",
    "vocab_size",
    "type_vocab_size",
    "pad_token_id",
    "return_dict",
    "output_hidden_states",
)
_PLAIN = (bool, int, float, str, type(None))


class Modules:
    """Numbers and places of the modules of one run."""

    def __init__(self) -> None:
        self._numbers: dict[int, tuple[weakref.ref[torch.nn.Module], int]] = {}
        self._next = itertools.count()
        self._created: weakref.WeakKeyDictionary[torch.nn.Module, tuple[Span, Calls]] = weakref.WeakKeyDictionary()
        self._given: weakref.WeakKeyDictionary[torch.nn.Module, dict[str, Any]] = weakref.WeakKeyDictionary()
        self._paths: dict[int, str] = {}
        self._sent: dict[int, str] = {}

    def install(self) -> None:
        """Note where in the user's text each module is made."""
        original = torch.nn.Module.__init__
        created, given = self._created, self._given

        def init(self: torch.nn.Module, *args: Any, **kwargs: Any) -> None:
            original(self, *args, **kwargs)
            maker = sys._getframe(1)
            if arguments := _given(maker, self):
                given[self] = arguments
            frame = user_frame(maker)
            while frame is not None and _is_init_of(frame, self):
                frame = user_frame(frame.f_back) if frame.f_back else None
            if frame is not None:
                created[self] = span_of(frame), context(list(user_frames(frame)))

        torch.nn.Module.__init__ = init

    def number(self, module: torch.nn.Module) -> int:
        """The number that names a module in the records."""
        held = self._numbers.get(id(module))
        if held is None or held[0]() is not module:
            held = self._numbers[id(module)] = (weakref.ref(module), next(self._next))
        return held[1]

    def name_below(self, root: torch.nn.Module) -> None:
        """Note the paths of all modules under a root that is about to run."""
        for path, module in root.named_modules():
            if path or self.number(module) not in self._paths:
                self._paths[self.number(module)] = path

    def path(self, module: torch.nn.Module) -> str:
        """Where a module hangs in the model; empty where that is not known."""
        return self._paths.get(self.number(module), "")

    def record(self, module: torch.nn.Module) -> dict[str, Any]:
        """A record of a module; what does not change is sent once."""
        number, path = self.number(module), self.path(module)
        if self._sent.get(number) == path:
            return {"m": number}
        self._sent[number] = path
        created, calls = self._created.get(module, (None, []))
        return {
            "m": number,
            "kind": kind(module),
            "path": path,
            "params": params(module) | self._arguments(module),
            "created": created,
            "context": calls,
        }

    def _arguments(self, module: torch.nn.Module) -> dict[str, Any]:
        given = self._given.get(module, {})
        return {name: self.record(v) if isinstance(v, torch.nn.Module) else v for name, v in given.items()}


def _is_init_of(frame: Any, module: torch.nn.Module) -> bool:
    code = frame.f_code
    return code.co_name == "__init__" and bool(code.co_varnames) and frame.f_locals.get(code.co_varnames[0]) is module


def _given(frame: FrameType, module: torch.nn.Module) -> dict[str, Any]:
    """What a constructor of torch's transformer layers was given: they keep little of it under its name."""
    home = frame.f_globals.get("__name__", "")
    if home != "torch.nn.modules.transformer" or not _is_init_of(frame, module):
        return {}
    known = (*_PLAIN, torch.nn.Module)
    return {name: value for name, value in frame.f_locals.items() if isinstance(value, known) and value is not module}


def is_transparent(module: torch.nn.Module) -> bool:
    """Whether a module is only a frame around others: the user's own ``forward``, or a container."""
    return isinstance(module, _CONTAINERS) or is_own(module)


def is_own(module: torch.nn.Module) -> bool:
    """Whether a module's ``forward`` is the user's."""
    code = getattr(type(module).forward, "__code__", None)
    if code is None:
        code = getattr(inspect.unwrap(type(module).forward), "__code__", None)
    return code is not None and is_user_file(code.co_filename)


_STAND_INS = "shapecheck.tracer.standins.absent."
"""Where classes live that stand for those of packages that are not installed."""


def kind(module: torch.nn.Module) -> str:
    """The class by its public name (``torch.nn.Linear``, ``transformers.BertModel``), or the user's name for it."""
    for cls in type(module).__mro__:
        home = cls.__module__
        if home.startswith("torch.nn.modules.") and hasattr(torch.nn, cls.__name__):
            return f"torch.nn.{cls.__name__}"
        if home.startswith("transformers."):
            return f"transformers.{cls.__qualname__}"
        if home.startswith(_STAND_INS):
            package = home.removeprefix(_STAND_INS).partition(".")[0]
            return f"{package}.{cls.__qualname__}"
        if _installed(home):
            return f"{home}.{cls.__qualname__}"
        if "forward" in cls.__dict__:
            return cls.__qualname__
    return type(module).__qualname__


def _installed(home: str) -> bool:
    file = getattr(sys.modules.get(home), "__file__", None)
    return bool(file) and not is_user_file(file)


def params(module: torch.nn.Module) -> dict[str, Any]:
    """Constructor parameters that the module keeps under their names, and what a transformers config says."""
    found: dict[str, Any] = {}
    cls: Any = type(module)
    for name in _parameter_names(cls):
        value = getattr(module, name, inspect.Parameter.empty)
        if isinstance(value, torch.nn.Parameter):
            found[name] = True
        elif isinstance(value, _PLAIN) and not (name == "bias" and value is None):
            found[name] = value
        elif name == "bias" and value is None:
            found[name] = False
        elif isinstance(value, tuple) and all(isinstance(v, _PLAIN) for v in value):
            found[name] = list(value)
    config = getattr(module, "config", None)
    if hasattr(config, "model_type"):
        found |= _config(module, config)
    return found


@functools.cache
def _parameter_names(cls: type) -> list[str]:
    names: list[str] = list(getattr(cls, "__constants__", ()))
    for base in cls.__mro__:
        init = base.__dict__.get("__init__")
        if base in (torch.nn.Module, object) or init is None:
            continue
        try:
            names += [
                p.name
                for p in list(inspect.signature(init).parameters.values())[1:]
                if p.kind < p.VAR_POSITIONAL or p.kind == p.KEYWORD_ONLY
            ]
        except (ValueError, TypeError):
            continue
    return list(dict.fromkeys(name for name in names if name not in ("device", "dtype")))


def _config(module: torch.nn.Module, config: Any) -> dict[str, Any]:
    found = {
        name: getattr(config, name)
        for name in _CONFIG
        if hasattr(config, name) and isinstance(getattr(config, name), _PLAIN)
    }
    found = {name: value for name, value in found.items() if value is not None}
    checkpoint = getattr(config, "_name_or_path", "") or getattr(module, "name_or_path", "")
    if checkpoint:
        found["checkpoint"] = checkpoint
    if hasattr(module, "pooler"):
        found["pooler"] = module.pooler is not None
    return found
