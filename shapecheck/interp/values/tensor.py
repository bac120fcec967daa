"""A tensor as a value of the program."""

from __future__ import annotations

import ast
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

from shapecheck import shapes
from shapecheck.dims import Dim
from shapecheck.graph import Tensor
from shapecheck.interp.values.base import CallArgs, Iteration, Machine, Value


def joined(a: Tensor, b: Tensor) -> Tensor:
    """What is known of a tensor that is one or the other."""
    if a is b:
        return a
    return Tensor(
        shape=shapes.join(a.shape, b.shape),
        dtype=a.dtype if a.dtype == b.dtype else None,
        role=a.role if a.role == b.role else None,
        padding=a.padding if a.padding == b.padding else "unknown",
        masked=a.masked and b.masked,
        low=None if a.low is None or b.low is None else min(a.low, b.low),
        high=None if a.high is None or b.high is None else max(a.high, b.high),
        producer=a.producer if a.producer is b.producer else None,
        field=a.field if a.field == b.field else "",
        span=a.span if a.span == b.span else None,
        text=a.text if a.text == b.text else "",
    )


class Nameable(Value):
    """What has a tensor that is called by the first name it is assigned to."""

    __slots__ = ()

    tensor: Tensor


@dataclass(slots=True)
class TensorValue(Nameable):
    """A tensor of the graph. Its attributes, methods and indexing stand in ``library/tensors.py``."""

    tensor: Tensor

    def attribute(self, name: str, machine: Machine, node: ast.AST) -> Value:
        from shapecheck.interp.library import tensors

        return tensors.attribute(self, name, machine, node)

    def item(self, key: Value, machine: Machine, node: ast.AST) -> Value:
        from shapecheck.interp.library import tensors

        return tensors.item(self, key, machine, node)

    def method(self, name: str, args: CallArgs, machine: Machine, node: ast.AST) -> Value:
        from shapecheck.interp.library import tensors

        return tensors.method(self, name, args, machine, node)

    def iterate(self, machine: Machine, node: ast.AST) -> Iteration:
        from shapecheck.interp.library import tensors

        return tensors.iterate(self, machine, node)

    def set_item(self, key: Value, value: Value, machine: Machine, node: ast.AST) -> None:
        from shapecheck.interp.library import tensors

        tensors.set_item(self, key, value, machine, node)

    def set_attribute(self, name: str, value: Value, machine: Machine, node: ast.AST) -> None:
        from shapecheck.interp.library import tensors

        tensors.set_attribute(self, name, value, machine, node)

    def length(self) -> Dim:
        return self.tensor.shape.dim(0)

    def operand(self) -> Any:
        return self.tensor

    def join(self, other: Value) -> Value:
        return TensorValue(joined(self.tensor, other.tensor))  # type: ignore[attr-defined]

    def key(self) -> Hashable:
        t = self.tensor
        made = t.producer.span if t.producer is not None else t.span
        place = (made.line, made.column) if made is not None else None
        shape = tuple([dim.expr for dim in t.shape.dims])
        return (shape, t.shape.open_at, t.dtype, t.role, t.padding, t.masked, t.low, t.high, t.field, place)


_LAID_OUT_ANEW = frozenset(
    "__getitem__ select squeeze unsqueeze flatten view reshape to long int detach clone contiguous cuda cpu".split()
)
_OF_A_TOKENIZER = frozenset(("ids", "mask", "segments", "positions"))


def hand_on(op: str, inputs: dict[str, Any], outputs: dict[str, Tensor]) -> None:
    """Let what a tokenizer's tensor means outlive a mere change of its axes: ``enc["input_ids"].squeeze(0)`` in a data
    set, whose rows a loader collates. (Of what stays in one function, ``flow`` knows it without.)"""
    given = inputs.get("input")
    if not isinstance(given, Tensor) or op.rpartition(".")[2] not in _LAID_OUT_ANEW:
        return
    for out in outputs.values():
        if out.role is None and given.role in _OF_A_TOKENIZER:
            out.role, out.padding = given.role, given.padding
        if out.low is None and out.high is None:
            out.low, out.high = given.low, given.high
