"""Building a class of the user's, from the arguments given, and plausible ones for what it requires beyond them."""

from __future__ import annotations

import contextlib
import importlib.util
import inspect
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shapecheck.tracer.child.session import Stop
from shapecheck.tracer.standins.arguments import plausible

if TYPE_CHECKING:
    from shapecheck.tracer.child.session import Session

_KINDS = {"int": int, "float": float, "bool": bool, "str": str}
_FRACTIONS = ("drop", "rate", "ratio", "prob", "eps", "alpha", "temperature", "momentum")
_TEXTS = ("model", "name", "path", "checkpoint", "bert", "encoder", "backbone", "plm", "pretrained", "activation")


def module_of(path: str) -> dict[str, Any]:
    """The names that a file defines, up to the first training step of a script that runs when it is imported."""
    parts = [Path(path).stem]
    folder = Path(path).parent
    while (folder / "__init__.py").is_file():
        parts.insert(0, folder.name)
        folder = folder.parent
    sys.path.insert(0, str(folder))
    name = ".".join(parts)
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    with contextlib.suppress(Stop):  # the classes of a script stand above its training
        spec.loader.exec_module(module)
    return vars(module)


def instance(session: Session, cls: type, given: Mapping[str, Any]) -> Any:
    """An object of a class. What it requires beyond ``given`` is made up by name and type, and said."""
    config_class = getattr(cls, "config_class", None)
    if config_class is not None:
        return cls(config_class(**given))
    missing = {
        parameter.name: parameter
        for parameter in list(inspect.signature(cls).parameters.values())
        if parameter.default is parameter.empty
        and parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
        and parameter.name not in given
    }
    made = {name: plausible(name, _kind(parameter)) for name, parameter in missing.items()}
    for name, value in made.items():
        session.guess(f"argument {name} of {cls.__name__} was not given: {value}", number=not isinstance(value, str))
    return cls(**given, **made)


def _kind(parameter: inspect.Parameter) -> type:
    """The type that an annotation names, else the one that a parameter of this name usually has."""
    stated = getattr(parameter.annotation, "__name__", str(parameter.annotation))
    if stated in _KINDS and parameter.annotation is not parameter.empty:
        return _KINDS[stated]
    name = parameter.name.lower()
    if any(word in name for word in _FRACTIONS):
        return float
    numbers = ("num", "size", "dim", "len", "layers", "labels", "classes")
    return str if any(word in name for word in _TEXTS) and not any(word in name for word in numbers) else int
