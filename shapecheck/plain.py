"""Values as plain JSON data and back: nothing but the classes named here is ever made from it.

A cache folder may be anybody's, so that no pickle is read from it: unpickling runs what the data asks for.
"""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any

from shapecheck.findings import Edit, Finding, Fix, NamedShape, Related
from shapecheck.graph import NotChecked
from shapecheck.places import Span
from shapecheck.results import Applied, BaselineUse, ExpressionRow, Failure, Hidden, Outcome, StageRow, TensorRow
from shapecheck.suppressions import Suppression

_CLASSES: dict[str, type] = {
    cls.__name__: cls
    for cls in (
        Applied, BaselineUse, Edit, ExpressionRow, Failure, Finding, Fix, Hidden, NamedShape, NotChecked, Outcome,
        Related, Span, StageRow, Suppression, TensorRow,
    )
}  # fmt: skip


def plain(value: Any) -> Any:
    """A value as JSON knows it: containers and dataclasses as lists that begin with their kind.

    Raises:
        TypeError: it holds something else.
    """
    kind = type(value)
    if value is None or kind in (bool, int, float, str):
        return value
    if kind in (list, tuple):
        return [kind.__name__, *map(plain, value)]
    if kind in (set, frozenset):
        return [kind.__name__, *sorted(map(plain, value), key=repr)]
    if kind is dict:
        return ["dict", *([plain(key), plain(item)] for key, item in value.items())]
    if is_dataclass(kind):
        return [kind.__name__, *(plain(getattr(value, field.name)) for field in fields(value))]
    raise TypeError(f"{kind.__name__} is no plain value")


def value_of(data: Any) -> Any:
    """What :func:`plain` was given.

    Raises:
        ValueError, TypeError, KeyError, IndexError: the data is no such value.
    """
    if not isinstance(data, list):
        return data
    kind = data[0]
    if kind == "list":
        return [value_of(item) for item in data[1:]]
    if kind == "tuple":
        return tuple([value_of(item) for item in data[1:]])
    if kind == "dict":
        return {value_of(key): value_of(item) for key, item in data[1:]}
    if kind in ("set", "frozenset"):
        return (set if kind == "set" else frozenset)(value_of(item) for item in data[1:])
    return _CLASSES[kind](*map(value_of, data[1:]))
