"""Nested Python lists of numbers, by the tensor that ``torch.tensor`` makes of them."""

from __future__ import annotations

import ast
from collections.abc import Hashable, Iterable, Sequence
from typing import Any

from shapecheck import ops
from shapecheck.dims import UNKNOWN as UNKNOWN_DIM
from shapecheck.dims import Dim, Truth, number
from shapecheck.graph import Tensor
from shapecheck.interp.values import (
    Const,
    Int,
    Items,
    Iteration,
    Machine,
    Number,
    TensorValue,
    Text,
    Unknown,
    Value,
    joined,
)
from shapecheck.ops.values import as_int
from shapecheck.shapes import ANY, Shape, join


class Cell(Text):
    """A cell of a table: a number or a text."""

    __slots__ = ()

    def operand(self) -> Any:
        return ops.UNKNOWN


class Rows(Value):
    """A (nested) Python list of numbers: ``tensor`` is what ``torch.tensor`` makes of it.

    ``ragged`` lists of rows of different lengths have no such tensor; ``tensor`` then has an unknown last size.
    """

    __slots__ = ("ragged", "tensor")

    def __init__(self, tensor: Tensor, ragged: bool = False) -> None:
        self.tensor = tensor
        self.ragged = ragged

    def row(self, size: Dim | None = None) -> Value:
        """One element; ``size`` is its length where the rows differ."""
        shape = self.tensor.shape
        if shape.rank == 1:
            return element_of(self.tensor)
        dims = shape.dims[1:] if size is None else (size, *shape.dims[2:])
        return Rows(
            Tensor(Shape(dims) if shape.rank else ANY, self.tensor.dtype, self.tensor.role, self.tensor.padding)
        )

    def item(self, key: Value, machine: Machine, node: ast.AST) -> Value:
        asked = key.operand()
        if isinstance(asked, slice):
            outcome = ops.index(self.tensor, asked)
            shape = outcome.value.shape if isinstance(outcome, ops.Result) else ANY
            return Rows(Tensor(shape, self.tensor.dtype, self.tensor.role, self.tensor.padding), self.ragged)
        if not isinstance(asked, (int, Dim)) and asked is not ops.UNKNOWN:
            return Unknown()
        return self.iterate(machine, node).element

    def iterate(self, machine: Machine, node: ast.AST) -> Iteration:
        size = machine.fresh("seq", node, "the length of one of several lists") if self.ragged else None
        count = as_int(self.length())
        if count is None or count > 32:
            return Iteration(None, self.row(size), self.length())
        rows = [
            self.row(machine.fresh("seq", node, "the length of one of several lists") if self.ragged else None)
            for _ in range(count)
        ]
        return Iteration(rows, rows[0] if rows else Unknown())

    def length(self) -> Dim:
        return self.tensor.shape.dim(0)

    def truth(self) -> bool | None:
        return True if self.length().known else None

    def join(self, other: Value) -> Value:
        assert isinstance(other, Rows)
        return Rows(joined(self.tensor, other.tensor), self.ragged or other.ragged)

    def key(self) -> Hashable:
        return ("rows", self.ragged, TensorValue(self.tensor).key())


def element_of(tensor: Tensor) -> Value:
    """One number of a list of numbers."""
    if tensor.dtype is None or not tensor.dtype.startswith(("int", "uint")):
        return Unknown()
    if tensor.low is None or tensor.high is None:
        return Int(UNKNOWN_DIM)
    return Int(number(tensor.low)) if tensor.low == tensor.high else Int(UNKNOWN_DIM, (tensor.low, tensor.high))


def described(data: Value) -> Tensor:
    """The tensor that ``torch.tensor(data)`` makes: shape, dtype, range of integers, role."""
    tensor = getattr(data, "tensor", None)
    if isinstance(tensor, Tensor) and not isinstance(data, Rows):  # a tensor, or an array
        return Tensor(tensor.shape, tensor.dtype, tensor.role, tensor.padding, tensor.masked, tensor.low, tensor.high)
    match data:
        case Rows():
            return (
                data.tensor
                if not data.ragged
                else Tensor(_last_unknown(data.tensor.shape), data.tensor.dtype, data.tensor.role)
            )
        case Int():
            low, high = data.bounds or (None, None)
            return Tensor(Shape(()), "int64", low=low, high=high)
        case Const(value=bool()):
            return Tensor(Shape(()), "bool")
        case Const(value=float()):
            return Tensor(Shape(()), "float32")
        case Number() | Cell():
            return Tensor(Shape(()))
        case Items(kind="list" | "tuple"):
            return _stacked(data)
    return Tensor()


def _last_unknown(shape: Shape) -> Shape:
    return shape.replaced(-1, UNKNOWN_DIM)


def _stacked(data: Items) -> Tensor:
    if data.items is None:
        return stacked([described(data.element)], data.length())
    if not data.items:
        return Tensor(Shape((number(0),)), "float32")
    return stacked([described(item) for item in data.items], number(len(data.items)))


def stacked(rows: Sequence[Tensor], count: Dim) -> Tensor:
    """Tensors of one shape, on top of each other: a new first axis of ``count``."""
    shape = rows[0].shape
    for row in rows[1:]:
        shape = _alike(shape, row.shape)
    open_at = None if shape.open_at is None else shape.open_at + 1
    return Tensor(
        Shape((count, *shape.dims), open_at),
        _common({row.dtype for row in rows}),
        _only({row.role for row in rows}),
        _only({row.padding for row in rows}),
        all(row.masked for row in rows),
        _bound(min, (row.low for row in rows)),
        _bound(max, (row.high for row in rows)),
    )


def _alike(a: Shape, b: Shape) -> Shape:
    """The shape of two rows that must be equal to be stacked: what is known of either."""
    if a.rank is None or a.rank != b.rank:
        return join(a, b)
    return Shape(tuple(_either(x, y) for x, y in zip(a.dims, b.dims, strict=True)))


def _either(a: Dim, b: Dim) -> Dim:
    if not a.known:
        return b
    return a if a.compare(b) is Truth.EQUAL or not b.known else UNKNOWN_DIM


def _common(dtypes: set[str | None]) -> str | None:
    if len(dtypes) == 1:
        return next(iter(dtypes))
    if None in dtypes:
        return None
    floats = {d for d in dtypes if d is not None and d.startswith("float")}
    return floats.pop() if len(floats) == 1 else "int64" if dtypes <= {"int64", "bool"} else None


def _only(values: set[Any]) -> Any:
    return next(iter(values)) if len(values) == 1 else None


def _bound(pick: Any, bounds: Iterable[int | None]) -> int | None:
    known = list(bounds)
    return None if any(bound is None for bound in known) else pick(known)
