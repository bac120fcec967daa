"""Functions of torch over lists of tensors, where the list's length is a size (a collate function's batch)."""

from __future__ import annotations

import ast

from shapecheck import ops
from shapecheck.graph import Tensor
from shapecheck.interp.library.collate import stacked
from shapecheck.interp.library.registry import HANDLERS, Handler, handles, spans, take
from shapecheck.interp.values import CallArgs, Items, Machine, TensorValue, Value
from shapecheck.ops.values import as_int
from shapecheck.shapes import Shape


def _unlisted(value: Value | None) -> Items | None:
    """A list whose elements are not listed, but all like one tensor."""
    return (
        value if isinstance(value, Items) and value.items is None and isinstance(value.element, TensorValue) else None
    )


def _joined(op: str) -> Handler:
    """An operator over a list; one that is empty as far as was read may be filled where nobody looked."""

    def handler(args: CallArgs, machine: Machine, node: ast.AST) -> Value:
        given = take(args, "tensors").get("tensors")
        empty = isinstance(given, Items) and given.items == []
        return TensorValue(Tensor()) if empty else machine.operator(op, args, node)

    return handler


for _name in ("cat", "concat", "concatenate", "hstack", "vstack", "dstack"):
    HANDLERS[f"torch.{_name}"] = _joined(f"torch.{_name}")


@handles("torch.stack")
def _stack(args: CallArgs, machine: Machine, node: ast.AST) -> Value:
    taken = take(args, "tensors", "dim")
    given = _unlisted(taken.get("tensors"))
    listed = taken.get("tensors")
    if isinstance(listed, Items) and listed.items == []:
        return TensorValue(Tensor())
    if given is None or as_int(taken.plain("dim", 0)) != 0:
        return machine.operator("torch.stack", args, node)
    assert isinstance(given.element, TensorValue)
    row = given.element.tensor
    made = stacked(row, given.length())
    return _recorded("torch.stack", taken.values, made, machine, node, args)


@handles("torch.nn.utils.rnn.pad_sequence")
def _pad_sequence(args: CallArgs, machine: Machine, node: ast.AST) -> Value:
    taken = take(args, "sequences", "batch_first", "padding_value", "padding_side")
    given = taken.get("sequences")
    batch_first = taken.plain("batch_first", False)
    if not isinstance(given, Items) or batch_first not in (True, False) or batch_first is ops.UNKNOWN:
        return machine.operator("torch.nn.utils.rnn.pad_sequence", args, node)
    example = given.element if given.items is None else given.items[0] if given.items else None
    if not isinstance(example, TensorValue) or not example.tensor.shape.rank:
        return machine.operator("torch.nn.utils.rnn.pad_sequence", args, node)
    row = example.tensor
    length = machine.fresh("seq", node, "the length of the longest sequence")
    axes = (given.length(), length) if batch_first else (length, given.length())
    made = Tensor(Shape((*axes, *row.shape.dims[1:])), row.dtype, row.role)
    return _recorded("torch.nn.utils.rnn.pad_sequence", taken.values, made, machine, node, args)


def _recorded(
    op: str, inputs: dict[str, Value], made: Tensor, machine: Machine, node: ast.AST, args: CallArgs
) -> Value:
    outcome = ops.Result(ops.Spec(made.shape, made.dtype))
    value = machine.record(op, inputs, spans(take(args, *inputs), machine), outcome, node)
    if isinstance(value, TensorValue):
        tensor = value.tensor
        tensor.role, tensor.padding, tensor.low, tensor.high = made.role, made.padding, made.low, made.high
    return value
