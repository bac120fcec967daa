"""How a stand-in takes the place of a function: by attribute, keeping the original's name, docstring and binding."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any


def patch_function(owner: Any, name: str, make: Callable[[Callable[..., Any]], Callable[..., Any]]) -> None:
    """Replace ``owner.name`` by ``make(original)``. Does nothing if there is no such attribute."""
    original = getattr(owner, name, None)
    if original is not None:
        setattr(owner, name, _named(make(original), original))


def patch_classmethod(owner: type, name: str, function: Callable[..., Any]) -> Callable[..., Any] | None:
    """Replace a classmethod by ``function(cls, ...)``; gives the original ``f(cls, ...)``, or None if there is none."""
    original = owner.__dict__.get(name)
    if original is None:
        return None
    original_function: Callable[..., Any] = getattr(original, "__func__", original)
    setattr(owner, name, classmethod(_named(function, original_function)))
    return original_function


def _named(function: Callable[..., Any], original: Any) -> Callable[..., Any]:
    try:
        return functools.update_wrapper(function, original)
    except AttributeError:  # builtins and partials that carry no names
        return function
