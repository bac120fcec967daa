"""Values around tensors: dtypes, shapes, the tuples that operators return, packed sequences."""

from __future__ import annotations

import ast
from collections.abc import Hashable, Sequence
from typing import Any

from shapecheck import ops
from shapecheck.dims import UNKNOWN as UNKNOWN_DIM
from shapecheck.dims import Dim, number
from shapecheck.graph import Tensor
from shapecheck.interp.values import (
    Bound,
    CallArgs,
    Int,
    Items,
    Iteration,
    Machine,
    TensorValue,
    Unknown,
    Value,
)
from shapecheck.ops.values import as_int
from shapecheck.shapes import ANY, Shape


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

    def key(self) -> Hashable:
        # Where the rank is not known there are no items to tell two shapes apart.
        return ("shape", tuple([dim.expr for dim in self.shape.dims]), self.shape.open_at)

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
