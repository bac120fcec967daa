"""The classes behind a class of the program: where its attributes are looked up, and what libraries say of them."""

from __future__ import annotations

from typing import Any

from shapecheck.interp import library
from shapecheck.interp.values import Builtin, Class, Value


def lineage(cls: Class) -> list[Value]:
    """The classes in which an attribute is looked up, in order (each class before its bases, a base after all its
    heirs)."""
    if cls.lineage is None:
        cls.lineage = [cls]
        parts = [lineage(base) if type(base) is Class else [base] for base in cls.bases]
        cls.lineage = [cls, *_linear([*parts, list(cls.bases)])]
    return cls.lineage


def _linear(parts: list[list[Value]]) -> list[Value]:
    """C3; where that contradicts itself, the order of the text."""
    out: list[Value] = []
    rest = [list(part) for part in parts if part]
    while rest:
        head = next((part[0] for part in rest if not any(_among(part[0], other[1:]) for other in rest)), rest[0][0])
        out.append(head)
        rest = [kept for part in rest if (kept := [value for value in part if not _is(value, head)])]
    return out


def _is(a: Value, b: Value) -> bool:
    return a is b or (type(a) is Builtin and type(b) is Builtin and a.name == b.name)


def _among(value: Value, others: list[Value]) -> bool:
    return any(_is(value, other) for other in others)


def find(cls: Class, name: str, after: Class | None = None) -> Value | None:
    """An attribute of a class or of the classes of the program before it; from behind ``after`` in the lineage."""
    line = lineage(cls)
    if after is not None:
        line = line[next((i for i, part in enumerate(line) if part is after), -1) + 1 :]
    for part in line:
        if type(part) is Class and name in part.attributes:
            return part.attributes[name]
    return None


def foreign_bases(cls: Class) -> list[Value]:
    """The bases that are not of the program: libraries', or unknown."""
    return [part for part in lineage(cls) if type(part) is not Class]


def facts(cls: Class) -> Any:
    """What the library says of the bases of a class; None where no base is one that it knows."""
    for base in foreign_bases(cls):
        if type(base) is Builtin and (known := library.base_class(base.name)) is not None:
            return known
    return None


def is_module(cls: Class) -> bool:
    """Whether a class derives from nn.Module."""
    known = facts(cls)
    return known is not None and "module" in known.kinds
