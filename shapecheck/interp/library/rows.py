"""Values around tensors: shapes, dtypes, and nested Python lists of numbers with the shape that a tensor of them has."""

from __future__ import annotations

import ast
from collections.abc import Hashable, Iterable, Sequence
from typing import Any

from shapecheck import ops
from shapecheck.dims import UNKNOWN as UNKNOWN_DIM
from shapecheck.dims import Dim, Truth, number
from shapecheck.graph import Tensor
from shapecheck.interp.values import (
    Bound,
    CallArgs,
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


class DType(Value):
    """A dtype by torch's name without the prefix; None where it is not known which."""

    __slots__ = ("name",)

    def __init__(self, name: str | None) -> None:
        self.name = name

    def operand(self) -> Any:
        return ops.UNKNOWN if self.name is None else self.name

    def key(self) -> Hashable:
        return ("dtype", self.name)

    def call(self, args: CallArgs, machine: Machine, node: ast.AST) -> Value:
        """``numpy.float32(x)``: a number."""
        return Unknown()


class ShapeValue(Items):
    """``tensor.shape``: a tuple of its sizes, where the rank is known. ``of`` is the tensor, where there is one."""

    __slots__ = ("of", "shape")

    def __init__(self, shape: Shape, of: Tensor | None = None) -> None:
        known = shape.rank is not None
        super().__init__("tuple", [Int(dim) for dim in shape.dims] if known else None, Int(UNKNOWN_DIM))
        self.shape = shape
        self.of = of

    def operand(self) -> Any:
        return self.shape

    def item(self, key: Value, machine: Machine, node: ast.AST) -> Value:
        asked = key.operand()
        if isinstance(asked, slice):
            return self._part(asked)
        index = as_int(asked)
        return Int(UNKNOWN_DIM if index is None else self.shape.dim(index))

    def _part(self, asked: slice) -> Value:
        bounds = [None if part is None else as_int(part) for part in (asked.start, asked.stop, asked.step)]
        given = (asked.start, asked.stop, asked.step)
        if any(number is None and part is not None for number, part in zip(bounds, given, strict=True)):
            return ShapeValue(ANY)
        dims, open_at = self.shape.dims, self.shape.open_at
        start, stop, step = bounds
        if open_at is None:
            return ShapeValue(Shape(dims[start:stop:step]))
        if stop is None and step is None and start is not None and -(len(dims) - open_at) <= start < 0:
            return ShapeValue(Shape(dims[start:]))
        if step is None and stop is not None and 0 <= (start or 0) <= stop <= open_at:
            return ShapeValue(Shape(dims[start:stop]))
        if step is None and not start and stop is not None and -(len(dims) - open_at) <= stop < 0:
            return ShapeValue(Shape(dims[:stop], open_at))
        return ShapeValue(ANY)

    def method(self, name: str, args: CallArgs, machine: Machine, node: ast.AST) -> Value:
        return Int(self.shape.numel) if name == "numel" else Unknown()

    def unpack(self, count: int, starred: bool, machine: Machine, node: ast.AST) -> Sequence[Value] | None:
        machine.event("unpack", node, of="shape", count=count, starred=starred, tensor=self.of, rank=self.shape.rank)
        return None

    def iterate(self, machine: Machine, node: ast.AST) -> Iteration:
        return Iteration(self.items, Int(UNKNOWN_DIM))

    def length(self) -> Dim:
        return UNKNOWN_DIM if self.shape.rank is None else number(self.shape.rank)

    def truth(self) -> bool | None:
        return bool(self.shape.rank) if self.shape.rank is not None else None


_FIELDS = {
    "values": 0,
    "indices": 1,
    "min": 0,
    "max": 1,
    "U": 0,
    "S": 1,
    "Vh": 2,
    "V": 2,
    "Q": 0,
    "R": 1,
    "L": 0,
    "solution": 0,
    "eigenvalues": 0,
    "eigenvectors": 1,
    "sign": 0,
    "logabsdet": 1,
}
"""The names of torch's named tuples, and their places."""


class ResultTuple(Items):
    """The tuple that an operator returns; torch names the parts of some (``x.max(1).values``)."""

    __slots__ = ()

    def __init__(self, parts: list[Value]) -> None:
        super().__init__("tuple", parts)

    def attribute(self, name: str, machine: Machine, node: ast.AST) -> Value:
        place = _FIELDS.get(name)
        if place is None or self.items is None or place >= len(self.items):
            return Bound(self, name)
        return self.items[place]


class PackedValue(Value):
    """A PackedSequence."""

    __slots__ = ("packed",)

    def __init__(self, packed: ops.Packed) -> None:
        self.packed = packed

    def operand(self) -> Any:
        return self.packed

    def attribute(self, name: str, machine: Machine, node: ast.AST) -> Value:
        if name == "data":
            return TensorValue(Tensor(Shape((UNKNOWN_DIM, *self.packed.features)), self.packed.dtype))
        return (
            TensorValue(Tensor())
            if name in ("batch_sizes", "sorted_indices", "unsorted_indices")
            else Bound(self, name)
        )

    def method(self, name: str, args: CallArgs, machine: Machine, node: ast.AST) -> Value:
        return self if name in ("to", "cuda", "cpu") else Unknown()


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
    return Int(number(tensor.low)) if tensor.low is not None and tensor.low == tensor.high else Int(UNKNOWN_DIM)


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
            low = data.dim.expr if isinstance(data.dim.expr, int) else None
            return Tensor(Shape(()), "int64", low=low, high=low)
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
