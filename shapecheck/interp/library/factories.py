"""torch functions that make tensors from Python data, and those whose results have known integers in them."""

from __future__ import annotations

import ast
from typing import Any

from shapecheck.graph import Tensor
from shapecheck.interp.library.around import DType, ShapeValue
from shapecheck.interp.library.registry import HANDLERS, Handler, handles, take
from shapecheck.interp.library.rows import described
from shapecheck.interp.values import CallArgs, Const, Int, Items, Machine, TensorValue, Value
from shapecheck.ops.dtypes import TENSOR_TYPES, is_floating, is_integral
from shapecheck.ops.values import as_int, as_shape
from shapecheck.places import Origin


@handles("torch.tensor", "torch.as_tensor", "torch.asarray", "torch.from_numpy")
def from_data(args: CallArgs, machine: Machine, node: ast.AST) -> Value:
    """A tensor of nested Python data, of an array, or of another tensor."""
    taken = take(args, "data", "dtype")
    data = taken.get("data") or taken.get("obj")
    made = described(data) if data is not None and not _maybe_a_list(data, machine) else Tensor()
    asked = taken.get("dtype")
    if asked is not None and not (isinstance(asked, Const) and asked.value is None):
        made = retyped(made, asked.name if isinstance(asked, DType) else None)
    fresh = renewed(made)
    fresh.span = machine.span(node)
    written = Origin("the length of the data", fresh.span)
    fresh.shape = fresh.shape.with_origins(dim if dim.origin else dim.at(written) for dim in fresh.shape.dims)
    return TensorValue(fresh)


def _maybe_a_list(data: Value, machine: Machine) -> bool:
    """Whether this is a made-up size: a constructor that nobody calls may want a list of sizes under that name."""
    return machine.unused and type(data) is Int and data.dim.value is None


def renewed(tensor: Tensor) -> Tensor:
    """A new tensor like another one, without its producer."""
    return Tensor(tensor.shape, tensor.dtype, tensor.role, tensor.padding, tensor.masked, tensor.low, tensor.high)


def retyped(tensor: Tensor, dtype: str | None) -> Tensor:
    """A tensor of another dtype."""
    fresh = renewed(tensor)
    fresh.dtype = dtype
    return fresh


def _legacy(dtype: str) -> Handler:
    """``torch.LongTensor(data)``, or of sizes: ``torch.FloatTensor(2, 3)``."""

    def handler(args: CallArgs, machine: Machine, node: ast.AST) -> Value:
        given = args.positional
        size = args.keywords.get("size")
        if size is not None:
            return TensorValue(Tensor(as_shape(size.operand()), dtype))
        if len(given) == 1 and not isinstance(given[0], (Int, ShapeValue)):
            return TensorValue(retyped(described(given[0]), dtype))
        if not args.exact:
            return TensorValue(Tensor(dtype=dtype))
        return TensorValue(Tensor(as_shape(tuple(value.operand() for value in given)), dtype))

    return handler


for _name, _dtype in TENSOR_TYPES.items():
    HANDLERS[f"torch.{_name}"] = HANDLERS[f"torch.cuda.{_name}"] = _legacy(_dtype)


def _filled(op: str, low: int, high: int) -> Handler:
    """A factory whose elements are all known to lie between two numbers."""

    def handler(args: CallArgs, machine: Machine, node: ast.AST) -> Value:
        made = machine.operator(op, args, node)
        if isinstance(made, TensorValue):
            made.tensor.low, made.tensor.high = low, high
            if low == high == 1 and is_integral(made.tensor.dtype):
                made.tensor.role, made.tensor.padding = "mask", "none"
        return made

    return handler


for _name, _value in (("ones", 1), ("zeros", 0)):
    for _suffix in ("", "_like"):
        HANDLERS[f"torch.{_name}{_suffix}"] = _filled(f"torch.{_name}{_suffix}", _value, _value)


@handles("torch.randint")
def _randint(args: CallArgs, machine: Machine, node: ast.AST) -> Value:
    """``randint(low=0, high, size)``: integers below ``high``."""
    made = machine.operator("torch.randint", args, node)
    if not isinstance(made, TensorValue):
        return made
    bounds = [value.operand() for value in args.positional if not _is_size(value)]
    low: Any = args.keywords["low"].operand() if "low" in args.keywords else bounds[0] if len(bounds) > 1 else 0
    high: Any = args.keywords["high"].operand() if "high" in args.keywords else bounds[-1] if bounds else None
    if not is_floating(made.tensor.dtype) and as_int(high) is not None and as_int(low) is not None:
        made.tensor.low, made.tensor.high = as_int(low), (as_int(high) or 0) - 1
    return made


def _is_size(value: Value) -> bool:
    return isinstance(value, Items)


@handles("torch.full", "torch.full_like")
def _full(args: CallArgs, machine: Machine, node: ast.AST) -> Value:
    called = "torch.full" if len(args.positional) + len(args.keywords) and _is_first_size(args) else "torch.full_like"
    made = machine.operator(called, args, node)
    fill = take(args, "input", "fill_value").plain("fill_value")
    if isinstance(made, TensorValue) and as_int(fill) is not None:
        made.tensor.low = made.tensor.high = as_int(fill)
    return made


def _is_first_size(args: CallArgs) -> bool:
    return bool(args.positional and not isinstance(args.positional[0], TensorValue)) or "size" in args.keywords
