"""Tensors: attributes, methods, indexing, rows."""

from __future__ import annotations

import ast
from typing import Any

from shapecheck import ops
from shapecheck.dims import UNKNOWN as UNKNOWN_DIM
from shapecheck.dims import Truth, number
from shapecheck.graph import Tensor
from shapecheck.interp.library.around import DType, ShapeValue
from shapecheck.interp.library.registry import Opaque, take
from shapecheck.interp.library.rows import Rows, element_of
from shapecheck.interp.values import (
    Bound,
    Builtin,
    CallArgs,
    Const,
    Int,
    Items,
    Iteration,
    Machine,
    TensorValue,
    Text,
    Unknown,
    Value,
)
from shapecheck.ops.dtypes import TENSOR_TYPES
from shapecheck.ops.values import as_int
from shapecheck.shapes import ANY, Shape

MOVES = frozenset(
    {"cuda", "cpu", "xpu", "mps", "pin_memory", "share_memory_", "requires_grad_", "retain_grad", "is_shared"}
)
"""Methods that give the same tensor back, as far as shapes are concerned."""

SILENT = frozenset({"register_hook", "zero_", "detach_"})

_ANSWERS = frozenset(
    {
        "requires_grad",
        "is_leaf",
        "is_cuda",
        "is_sparse",
        "grad_fn",
        "layout",
        "is_contiguous",
        "data_ptr",
        "stride",
        "untyped_storage",
    }
)


def attribute(value: TensorValue, name: str, machine: Machine, node: ast.AST) -> Value:
    """``tensor.name``."""
    tensor = value.tensor
    match name:
        case "shape":
            return ShapeValue(tensor.shape, tensor)
        case "dtype":
            return DType(tensor.dtype)
        case "device":
            return Opaque("device")
        case "ndim":
            return _rank(tensor)
        case "data":
            return value
        case "grad":
            return TensorValue(Tensor(tensor.shape, tensor.dtype))
        case "T" | "mT" | "H" | "mH":
            return _transposed(value, machine, node)
    return Unknown() if name in _ANSWERS else Bound(value, name)


def _rank(tensor: Tensor) -> Value:
    return Unknown() if tensor.shape.rank is None else Int(number(tensor.shape.rank))


def _transposed(value: TensorValue, machine: Machine, node: ast.AST) -> Value:
    rank = value.tensor.shape.rank
    if rank is not None and rank < 2:
        return value
    axes: list[Value] = [Int(number(-2)), Int(number(-1))]
    return machine.operator("torch.transpose", CallArgs([value, *axes], nodes=[_receiver(node), None, None]), node)


def _receiver(node: ast.AST) -> ast.AST | None:
    """The node of the object whose attribute is taken or whose method is called."""
    target = node.func if isinstance(node, ast.Call) else node
    return target.value if isinstance(target, (ast.Attribute, ast.Subscript)) else None


def method(value: TensorValue, name: str, args: CallArgs, machine: Machine, node: ast.AST) -> Value:
    """``tensor.name(...)``."""
    tensor = value.tensor
    if name in MOVES:
        return value
    if name in SILENT:
        return Const(None)
    if name in _ANSWERS:
        return Unknown()
    match name:
        case "backward" if tensor.shape.numel.compare(number(1)) is not Truth.DIFFERENT:
            return Const(None)
        case "size":
            return _size(tensor, args)
        case "dim" | "ndimension":
            return _rank(tensor)
        case "numel" | "nelement":
            return Int(tensor.shape.numel)
        case "item":
            return element_of(tensor)
        case "tolist":
            return element_of(tensor) if tensor.shape.rank == 0 else Rows(tensor)
        case "to":
            return _moved(value, args, machine, node)
        case "type":
            return _retyped(value, args, machine, node)
        case "get_device":
            return Unknown()
        case "numpy":
            from shapecheck.interp.library.numpy import ArrayValue

            return ArrayValue(tensor)
        case "__len__":
            return Int(value.length())
    full = CallArgs(
        [value, *args.positional], args.keywords, [_receiver(node), *args.nodes], args.keyword_nodes, args.exact
    )
    return machine.operator(f"torch.Tensor.{name}", full, node)


def _size(tensor: Tensor, args: CallArgs) -> Value:
    axis = take(args, "dim").plain("dim")
    if axis is None:
        return ShapeValue(tensor.shape, tensor)
    index = as_int(axis)
    return Int(UNKNOWN_DIM) if index is None else Int(tensor.shape.dim(index))


def _moved(value: TensorValue, args: CallArgs, machine: Machine, node: ast.AST) -> Value:
    """``to``: the same tensor on another device, or of another dtype."""
    taken = take(args, "target", "dtype")
    for name in ("dtype", "target", "other"):
        asked = taken.get(name)
        if isinstance(asked, TensorValue):
            return _cast(value, asked.tensor.dtype, machine, node)
        if isinstance(asked, DType):
            return _cast(value, asked.name, machine, node)
        if isinstance(asked, Unknown) and (name == "dtype" or "type" in _word(taken.nodes.get(name))):
            return _cast(value, None, machine, node)
    return value


def _retyped(value: TensorValue, args: CallArgs, machine: Machine, node: ast.AST) -> Value:
    """``type``: the tensor's type as a word, or the tensor in another: a dtype, ``torch.LongTensor``, a word."""
    asked = take(args, "dtype").get("dtype")
    if asked is None:
        return Text()
    if isinstance(asked, DType):
        return _cast(value, asked.name, machine, node)
    name = asked.name if isinstance(asked, Builtin) else asked.operand()
    word = name.rpartition(".")[2] if isinstance(name, str) else ""
    return _cast(value, TENSOR_TYPES.get(word), machine, node)


def _word(node: ast.AST | None) -> str:
    """The last word of an expression: ``dtype`` of ``self.dtype``."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _cast(value: TensorValue, dtype: str | None, machine: Machine, node: ast.AST) -> Value:
    tensor = value.tensor
    if dtype == tensor.dtype and dtype is not None:
        return value
    outcome = ops.Result(ops.Spec(tensor.shape, dtype))
    return machine.record("torch.Tensor.to", {"input": value, "dtype": DType(dtype)}, {}, outcome, node)


def item(value: TensorValue, key: Value, machine: Machine, node: ast.AST) -> Value:
    """``tensor[key]``."""
    outcome = ops.index(value.tensor, _selector(key))
    where: dict[str, ast.AST | None] = {"input": _receiver(node)}
    if isinstance(node, ast.Subscript):
        where["key"] = node.slice
    spans = {name: machine.span(at) for name, at in where.items() if at is not None}
    return machine.record("torch.Tensor.__getitem__", {"input": value, "key": key}, spans, outcome, node)


def _selector(key: Value) -> Any:
    """An index as operators want it: a range selects like a tensor of that many ints."""
    if isinstance(key, Items) and key.kind == "range":
        return Tensor(Shape((key.length(),)), "int64")
    if isinstance(key, Items) and key.kind == "tuple" and key.items is not None:
        return tuple(_selector(part) for part in key.items)
    return key.operand()


def iterate(value: TensorValue, machine: Machine, node: ast.AST) -> Iteration:
    """Rows of the first axis."""
    shape = value.tensor.shape
    if shape.rank and isinstance(shape.dims[0].expr, int) and shape.dims[0].expr <= 32:
        rows = machine.operator("torch.unbind", CallArgs([value], nodes=[node]), node)
        if isinstance(rows, Items) and rows.items:
            return Iteration(rows.items, rows.items[0])
    return Iteration(None, TensorValue(row_of(value.tensor)), value.tensor.shape.dim(0))


def row_of(tensor: Tensor) -> Tensor:
    """One row of a tensor: everything but the first axis."""
    shape = tensor.shape
    if shape.open_at == 0 or not shape.dims:
        rest = ANY
    else:
        rest = Shape(shape.dims[1:], None if shape.open_at is None else shape.open_at - 1)
    return Tensor(rest, tensor.dtype, tensor.role, tensor.padding, tensor.masked, tensor.low, tensor.high)


def set_item(value: TensorValue, key: Value, new: Value, machine: Machine, node: ast.AST) -> None:
    """``tensor[key] = new`` keeps the shape; the integers in it are no longer known."""
    tensor = value.tensor
    if isinstance(new, Int) and isinstance(new.dim.expr, int) and tensor.low is not None and tensor.high is not None:
        tensor.low, tensor.high = min(tensor.low, new.dim.expr), max(tensor.high, new.dim.expr)
    else:
        tensor.low = tensor.high = None


def set_attribute(value: TensorValue, name: str, new: Value, machine: Machine, node: ast.AST) -> None:
    """``tensor.data = other`` takes over the shape."""
    if name == "data" and isinstance(new, TensorValue):
        value.tensor.shape, value.tensor.dtype = new.tensor.shape, new.tensor.dtype
