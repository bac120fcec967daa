"""numpy: arrays have a shape as tensors have, and their operators are stages of the graph, called by numpy's names."""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import Any

from shapecheck import ops
from shapecheck.dims import Dim, number
from shapecheck.graph import Tensor
from shapecheck.interp.library.around import DType, ShapeValue
from shapecheck.interp.library.registry import CONSTANTS, HANDLERS, Handler, handles, take
from shapecheck.interp.library.rows import Rows, described
from shapecheck.interp.operators import sides
from shapecheck.interp.values import (
    Bound,
    Builtin,
    CallArgs,
    Const,
    Int,
    Iteration,
    Machine,
    Nameable,
    Number,
    TensorValue,
    Unknown,
    Value,
    joined,
)
from shapecheck.ops import arrays
from shapecheck.ops.dtypes import as_dtype
from shapecheck.ops.values import as_shape
from shapecheck.shapes import ANY, Shape


class ArrayValue(Nameable):
    """A numpy array; ``tensor`` is what ``torch.from_numpy`` makes of it."""

    __slots__ = ("tensor",)

    def __init__(self, tensor: Tensor) -> None:
        self.tensor = tensor

    def attribute(self, name: str, machine: Machine, node: ast.AST) -> Value:
        rank = self.tensor.shape.rank
        match name:
            case "shape":
                return ShapeValue(self.tensor.shape)
            case "ndim":
                return Unknown() if rank is None else Int(number(rank))
            case "size":
                return Int(self.tensor.shape.numel)
            case "dtype":
                return DType(self.tensor.dtype)
            case "T":
                return ArrayValue(
                    Tensor(Shape(self.tensor.shape.dims[::-1]) if rank is not None else ANY, self.tensor.dtype)
                )
        return Bound(self, name)

    def method(self, name: str, args: CallArgs, machine: Machine, node: ast.AST) -> Value:
        match name:
            case "tolist":
                return Rows(self.tensor)
            case "astype":
                asked = take(args, "dtype").get("dtype")
                return ArrayValue(Tensor(self.tensor.shape, _type_asked(asked, None)))
            case "copy":
                return self
            case "resize":  # in place, as numpy.resize is not
                sizes = tuple(value.operand() for value in args.positional)
                self.tensor = Tensor(as_shape(sizes[0] if len(sizes) == 1 else sizes), self.tensor.dtype)
                return Const(None)
            case "item":
                return Number()
            case "transpose" if not args.positional:
                return self.attribute("T", machine, node)
        if name not in arrays.METHODS:
            return Unknown()
        receiver = node.func.value if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) else None
        full = replace(args, positional=[self, *args.positional], nodes=[receiver, *args.nodes])
        return computed(f"numpy.ndarray.{name}", full, machine, node)

    def item(self, key: Value, machine: Machine, node: ast.AST) -> Value:
        places = [node.value, node.slice] if isinstance(node, ast.Subscript) else [None, None]
        return computed("numpy.ndarray.__getitem__", CallArgs([self, key], nodes=[*places]), machine, node)

    def iterate(self, machine: Machine, node: ast.AST) -> Iteration:
        from shapecheck.interp.library.tensors import row_of

        return Iteration(None, ArrayValue(row_of(self.tensor)), self.length())

    def operate(self, op: str, other: Value, swapped: bool, machine: Machine, node: ast.AST) -> Value:
        pair = [other, self] if swapped else [self, other]
        if isinstance(other, Unknown):
            return Unknown()
        if other is self and op in ("neg", "pos", "invert"):
            return computed(f"numpy.{op}", CallArgs([self], nodes=[getattr(node, "operand", None)]), machine, node)
        return computed(f"numpy.{op}", CallArgs(pair, nodes=list(sides(node))), machine, node)

    def length(self) -> Dim:
        return self.tensor.shape.dim(0)

    def operand(self) -> Any:
        return self.tensor

    def join(self, other: Value) -> Value:
        assert isinstance(other, ArrayValue)
        return ArrayValue(joined(self.tensor, other.tensor))

    def key(self) -> Any:
        return ("array", TensorValue(self.tensor).key())


def computed(op: str, args: CallArgs, machine: Machine, node: ast.AST) -> Value:
    """The array that an operator of numpy gives, recorded as a stage; unknown where that cannot be told."""
    named = {name: value.operand() for name, value in args.keywords.items()}
    outcome = ops.apply(op, [value.operand() for value in args.positional], named)
    if isinstance(outcome, ops.NotKnown):
        return Unknown()
    return as_array(machine.operator(op, args, node))


def as_array(value: Value) -> Value:
    """What numpy gives where torch gives ``value``: an array for a tensor, a number for one without axes."""
    if isinstance(value, TensorValue):
        return Number() if value.tensor.shape.rank == 0 else ArrayValue(value.tensor)
    return value if isinstance(value, Int) else Unknown()


@handles("numpy.array", "numpy.asarray", "numpy.ascontiguousarray")
def _from_data(args: CallArgs, machine: Machine, node: ast.AST) -> Value:
    taken = take(args, "object", "dtype")
    made = described(taken.get("object") or Unknown())
    dtype = _type_asked(taken.get("dtype"), {"float32": "float64"}.get(made.dtype or "", made.dtype))
    return ArrayValue(Tensor(made.shape, dtype, made.role, made.padding, made.masked, made.low, made.high))


def _type_asked(asked: Value | None, usual: str | None) -> str | None:
    """The type that a ``dtype`` argument asks for: a dtype, one of Python's own, a word; None where it is not known."""
    if asked is None or isinstance(asked, Const) and asked.value is None:
        return usual
    if isinstance(asked, DType):
        return asked.name
    if isinstance(asked, Builtin):
        return {"builtins.int": "int64", "builtins.float": "float64", "builtins.bool": "bool"}.get(asked.name)
    word = asked.operand()
    return {"int": "int64", "float": "float64"}.get(word, as_dtype(word)) if isinstance(word, str) else None


def _factory(dtype: str) -> Handler:
    def handler(args: CallArgs, machine: Machine, node: ast.AST) -> Value:
        taken = take(args, "shape", "dtype")
        size = taken.get("shape") or taken.get("size")
        shape = ANY if size is None else as_shape(size.operand())
        return ArrayValue(Tensor(shape, _type_asked(taken.get("dtype"), dtype)))

    return handler


for _name in ("zeros", "ones", "empty"):
    HANDLERS[f"numpy.{_name}"] = _factory("float64")


def _sizes(dtype: str) -> Handler:
    """``numpy.random.rand(2, 3)``: sizes as arguments."""

    def handler(args: CallArgs, machine: Machine, node: ast.AST) -> Value:
        if not args.positional:
            return Number()
        return ArrayValue(Tensor(as_shape(tuple(value.operand() for value in args.positional)), dtype))

    return handler


_LIMITS = ("loc", "scale", "low", "high")


def _of_limits(limits: list[Value], dtype: str) -> Value:
    given = [value for value in limits if not isinstance(value, (Const, Int, Number))]
    if any(isinstance(value, Unknown) for value in given):
        return Unknown()
    if not given:
        return Number()
    outcome = ops.apply("torch.add", [described(value) for value in (given * 2)[:2]], {})
    made = outcome.value if isinstance(outcome, ops.Result) else None
    return ArrayValue(Tensor(made.shape, dtype)) if isinstance(made, ops.Spec) else Unknown()


def _drawn(size_at: int, dtype: str) -> Handler:
    """``numpy.random.randint(low, high, size)`` and its like: the shape is the argument ``size``, else that of the
    limits, where these are no numbers but arrays."""

    def handler(args: CallArgs, machine: Machine, node: ast.AST) -> Value:
        size = args.keywords.get("size") or (args.positional[size_at] if len(args.positional) > size_at else None)
        if size is None or (isinstance(size, Const) and size.value is None):
            limits = [*args.positional[:size_at], *(args.keywords[name] for name in _LIMITS if name in args.keywords)]
            return _of_limits(limits, dtype) if args.exact else Unknown()
        return ArrayValue(Tensor(as_shape(size.operand()), dtype))

    return handler


for _name, _at, _dtype in (
    ("randint", 2, "int64"),
    ("integers", 2, "int64"),
    ("normal", 2, "float64"),
    ("uniform", 2, "float64"),
    ("random", 0, "float64"),
    ("random_sample", 0, "float64"),
    ("standard_normal", 0, "float64"),
):
    HANDLERS[f"numpy.random.{_name}"] = _drawn(_at, _dtype)  # of generators too, see :mod:`.generators`
HANDLERS["numpy.random.rand"] = HANDLERS["numpy.random.randn"] = _sizes("float64")


def _recorded(op: str) -> Handler:
    """A function of arrays that torch has too."""

    def handler(args: CallArgs, machine: Machine, node: ast.AST) -> Value:
        if any(isinstance(value, TensorValue) for value in args.positional):
            return Unknown()
        return computed(op, args, machine, node) if args.exact else Unknown()

    return handler


for _name in arrays.FUNCTIONS:
    HANDLERS[f"numpy.{_name}"] = _recorded(f"numpy.{_name}")

for _name, _dtype in {
    "float16": "float16",
    "float32": "float32",
    "float64": "float64",
    "double": "float64",
    "single": "float32",
    "int8": "int8",
    "int16": "int16",
    "int32": "int32",
    "int64": "int64",
    "uint8": "uint8",
    "bool_": "bool",
    "long": "int64",
    "int_": "int64",
    "float_": "float64",
}.items():
    CONSTANTS[f"numpy.{_name}"] = DType(_dtype)
CONSTANTS["numpy.newaxis"] = Const(None)
CONSTANTS["numpy.pi"] = Const(3.141592653589793)
CONSTANTS["numpy.inf"] = Const(float("inf"))
CONSTANTS["numpy.nan"] = Number()
