"""What goes into an operator and what comes out of it."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol, TypeGuard

from shapecheck.dims import UNKNOWN as UNKNOWN_DIM
from shapecheck.dims import Dim, Truth, number
from shapecheck.shapes import ANY, Conflict, Shape


class Unknown(enum.Enum):
    """The type of :data:`UNKNOWN`."""

    UNKNOWN = "unknown"

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN = Unknown.UNKNOWN
"""A Python value of which nothing is known."""


class Operand(Protocol):
    """Anything that can be handed to an operator as a tensor: :class:`Spec`, ``graph.Tensor``."""

    @property
    def shape(self) -> Shape: ...

    @property
    def dtype(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Spec:
    """A result tensor. ``dtype`` is torch's name without the prefix, ``float`` or ``int`` where only the kind is
    known, or None."""

    shape: Shape = ANY
    dtype: str | None = None


@dataclass(frozen=True, slots=True)
class Packed:
    """A ``PackedSequence``: what ``pack_padded_sequence`` made of a (batch, length, *features) tensor."""

    batch: Dim
    length: Dim
    features: tuple[Dim, ...]
    dtype: str | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """What an operator gives: a :class:`Spec`, a Dim, a tuple, list or dict of these, a Python value, or UNKNOWN."""

    value: Any


@dataclass(frozen=True, slots=True)
class NotKnown:
    """The outcome cannot be told; ``reason`` is a short phrase for the list of what was not checked."""

    reason: str


class Batches(list[Any]):
    """A list of tensors of which one, its only element, stands for each; as a loop over batches appends them.

    ``many`` is their number; if the first axis has the size ``each``, that of a batch, all have ``together`` rows.
    """

    def __init__(self, items: Iterable[Any], many: Dim, each: Dim, together: Dim) -> None:
        super().__init__(items)
        self.many, self.each, self.together = many, each, together

    def joined(self, size: Dim, axis: int) -> Dim:
        """The size of an axis along which they are joined, of which the one tensor has ``size``."""
        if axis == 0 and self.each.known and size.compare(self.each) is Truth.EQUAL:
            return self.together
        return size * self.many if self.many.known and isinstance(size.expr, int) else UNKNOWN_DIM


Outcome = Result | Conflict | NotKnown


class Clash(Exception):
    """Raised by a handler where the shapes certainly do not fit."""

    def __init__(self, conflict: Conflict) -> None:
        super().__init__(conflict.message)
        self.conflict = conflict


class Unclear(Exception):
    """Raised by a handler that cannot tell; the text is a short phrase."""


def is_tensor(value: object) -> TypeGuard[Operand]:
    """Whether a value is handed over as a tensor."""
    return type(value) is Spec or (hasattr(value, "dtype") and isinstance(getattr(value, "shape", None), Shape))


def as_int(value: object) -> int | None:
    """A plain integer, if that is what a value is; None if it is none or not known."""
    if type(value) is int or type(value) is bool:
        return int(value)
    if isinstance(value, Dim):
        return value.value
    return None


def as_dim(value: object) -> Dim:
    """A size from an int or a Dim; an unknown dim for anything else."""
    if isinstance(value, Dim):
        return value
    return number(int(value)) if isinstance(value, int) else UNKNOWN_DIM


def as_shape(value: object) -> Shape:
    """A shape from a ``size`` argument: an integer, a sequence of sizes, a Shape, or unknown."""
    if isinstance(value, Shape):
        return value
    if isinstance(value, (tuple, list)):
        if len(value) == 1 and (value[0] is UNKNOWN or isinstance(value[0], (tuple, list, Shape))):
            return as_shape(value[0])
        return Shape(tuple([as_dim(size) for size in value]))
    if isinstance(value, (int, Dim)):
        return Shape((as_dim(value),))
    return ANY


def listed(sizes: Shape | tuple[Dim, ...]) -> str:
    """Sizes as torch prints them inside brackets: ``4, 3``."""
    return ", ".join(map(str, sizes.dims if isinstance(sizes, Shape) else sizes))
