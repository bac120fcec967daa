"""How a loader joins examples to a batch."""

from __future__ import annotations

import ast

from shapecheck.dims import Dim
from shapecheck.graph import Tensor
from shapecheck.interp.library.encodings import Encoding, Words
from shapecheck.interp.library.numpy import ArrayValue
from shapecheck.interp.library.rows import Cell, Rows
from shapecheck.interp.values import (
    CallArgs,
    Const,
    Int,
    Items,
    Machine,
    Mapping,
    Number,
    TensorValue,
    Text,
    Unknown,
    Value,
)
from shapecheck.shapes import Shape

LISTED = 512
"""Examples up to which a batch of known size is written out as a list."""


def examples(example: Value, count: Dim) -> Items:
    """The list of examples that a collate function is given."""
    if isinstance(count.expr, int) and count.expr <= LISTED:
        return Items("list", [example] * count.expr)
    return Items("list", None, example, size=count)


def default(example: Value, count: Dim) -> Value:
    """torch's default collation of ``count`` examples that are like this one: a batch axis in front of every tensor."""
    match example:
        case TensorValue() | ArrayValue():
            return TensorValue(stacked(example.tensor, count))
        case Int():
            low, high = example.bounds or (None, None)
            return TensorValue(Tensor(Shape((count,)), "int64", low=low, high=high))
        case Const(value=bool()):
            return TensorValue(Tensor(Shape((count,)), "bool"))
        case Const(value=float()):
            return TensorValue(Tensor(Shape((count,)), "float64"))
        case Number():
            return TensorValue(Tensor(Shape((count,))))
        case Cell():
            return Unknown()
        case Const(value=str()) | Text():
            return Words(count, Text())
        case Rows():
            return _transposed(example, count)
        case Items(kind="tuple" | "list", items=list()):
            return Items("list", [default(item, count) for item in example.items or ()])
        case Mapping():
            joined = {key: default(value, count) for key, value in example.items.items()}
            return Mapping(joined, example.complete)
        case Encoding():
            return Encoding(
                {key: default(value, count) for key, value in example.fields.items()}, count, None, example.complete
            )
    return Unknown()


def stacked(tensor: Tensor, count: Dim) -> Tensor:
    """``count`` tensors like this one on top of each other."""
    open_at = None if tensor.shape.open_at is None else tensor.shape.open_at + 1
    shape = Shape((count, *tensor.shape.dims), open_at)
    return Tensor(
        shape, tensor.dtype, tensor.role, tensor.padding, tensor.masked, tensor.low, tensor.high, text=tensor.text
    )


def _transposed(rows: Rows, count: Dim) -> Value:
    """Lists of numbers become a list of tensors, one per place in the lists."""
    column = TensorValue(Tensor(Shape((count,)), rows.tensor.dtype))
    if rows.tensor.shape.rank != 1:
        return Unknown()
    length = rows.length()
    if isinstance(length.expr, int) and length.expr <= LISTED:
        return Items("list", [column] * length.expr)
    return Items("list", None, column, size=length)


def keys_of(example: Value) -> list[str]:
    """The keys or places of an example, for the event that tells of a collation."""
    if isinstance(example, Mapping):
        return [str(key) for key in example.items]
    if isinstance(example, Encoding):
        return list(example.fields)
    return (
        [str(i) for i in range(len(example.items))] if isinstance(example, Items) and example.items is not None else []
    )


def tensors_of(example: Value) -> list[Tensor]:
    """The tensors of an example, which torch's own function stacks."""
    match example:
        case TensorValue():
            return [example.tensor]
        case Items(items=list()):
            return [tensor for item in example.items or () for tensor in tensors_of(item)]
        case Mapping():
            return [tensor for item in example.items.values() for tensor in tensors_of(item)]
        case Encoding():
            return [tensor for item in example.fields.values() for tensor in tensors_of(item)]
    return []


def collated(collate: Value | None, example: Value, count: Dim, machine: Machine, node: ast.AST) -> Value:
    """A batch of ``count`` examples like this one, by the loader's own function or torch's."""
    if collate is None:
        return default(example, count)
    return machine.call(collate, CallArgs([examples(example, count)], nodes=[None]), node)
