"""numpy: arrays have a shape as tensors have; their operators are no stages, since PyTorch has no part in them."""

from __future__ import annotations

import ast
from typing import Any

from shapecheck import ops
from shapecheck.dims import Dim, number
from shapecheck.graph import Tensor
from shapecheck.interp.library.around import DType, ShapeValue
from shapecheck.interp.library.registry import CONSTANTS, HANDLERS, Handler, handles, take, words
from shapecheck.interp.library.rows import Rows, described
from shapecheck.interp.values import (
    Bound,
    Builtin,
    CallArgs,
    Const,
    Int,
    Iteration,
    Machine,
    Number,
    TensorValue,
    Unknown,
    Value,
    joined,
)
from shapecheck.ops.dtypes import as_dtype
from shapecheck.ops.values import as_shape
from shapecheck.shapes import ANY, Conflict, Shape

_BINARY = {
    "truediv": "div",
    "floordiv": "floor_divide",
    "mod": "remainder",
    "and_": "bitwise_and",
    "or_": "bitwise_or",
    "xor": "bitwise_xor",
}


class ArrayValue(Value):
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
            case "transpose":
                name = "permute" if args.positional else "t"
            case (
                "squeeze"
                | "reshape"
                | "flatten"
                | "ravel"
                | "mean"
                | "sum"
                | "max"
                | "min"
                | "argmax"
                | "argmin"
                | "std"
                | "var"
                | "prod"
            ):
                pass
            case _:
                return Unknown()
        return computed(f"torch.Tensor.{name}", [self, *args.positional], args.keywords)

    def item(self, key: Value, machine: Machine, node: ast.AST) -> Value:
        return _array(ops.index(self.tensor, key.operand()))

    def iterate(self, machine: Machine, node: ast.AST) -> Iteration:
        from shapecheck.interp.library.tensors import row_of

        return Iteration(None, ArrayValue(row_of(self.tensor)), self.length())

    def operate(self, op: str, other: Value, swapped: bool, machine: Machine, node: ast.AST) -> Value:
        pair = [other, self] if swapped else [self, other]
        if isinstance(other, Unknown):
            return Unknown()
        return computed(f"torch.{_BINARY.get(op, op)}", pair, {})

    def length(self) -> Dim:
        return self.tensor.shape.dim(0)

    def operand(self) -> Any:
        return self.tensor

    def join(self, other: Value) -> Value:
        assert isinstance(other, ArrayValue)
        return ArrayValue(joined(self.tensor, other.tensor))

    def key(self) -> Any:
        return ("array", self.tensor.shape, self.tensor.dtype, self.tensor.role, self.tensor.low, self.tensor.high)


def computed(op: str, positional: list[Value], keywords: dict[str, Value]) -> Value:
    """The array that an operator of torch would give; unknown where the operands do not fit."""
    return _array(
        ops.apply(op, [value.operand() for value in positional], {k: v.operand() for k, v in keywords.items()})
    )


def _array(outcome: ops.Outcome) -> Value:
    if isinstance(outcome, Conflict) or not isinstance(outcome, ops.Result):
        return Unknown()
    value = outcome.value
    if isinstance(value, ops.Spec):
        return (
            ArrayValue(Tensor(value.shape, value.dtype))
            if value.shape.dims or value.shape.open_at is not None
            else Number()
        )
    return Int(value) if isinstance(value, Dim) else Unknown()


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


def _drawn(size_at: int, dtype: str) -> Handler:
    """``numpy.random.randint(low, high, size)`` and its like: the shape is the argument ``size``."""

    def handler(args: CallArgs, machine: Machine, node: ast.AST) -> Value:
        size = args.keywords.get("size") or (args.positional[size_at] if len(args.positional) > size_at else None)
        if size is None or (isinstance(size, Const) and size.value is None):
            return Number()
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


def _like_torch(op: str) -> Handler:
    """A function of arrays that torch has too."""

    def handler(args: CallArgs, machine: Machine, node: ast.AST) -> Value:
        if any(isinstance(value, TensorValue) for value in args.positional):
            return Unknown()
        return computed(op, list(args.positional), args.keywords) if args.exact else Unknown()

    return handler


for _name in words("""
    argmax argmin mean sum exp log sqrt abs concatenate stack where squeeze transpose matmul zeros_like ones_like
    clip arange linspace eye sin cos tan tanh log1p expm1 log2 log10 sign square floor ceil round power maximum minimum
    cumsum isnan vstack hstack expand_dims var std
"""):
    _op = {"concatenate": "cat", "transpose": "permute", "power": "pow", "expand_dims": "unsqueeze"}.get(_name, _name)
    HANDLERS[f"numpy.{_name}"] = _like_torch(f"torch.{_op}")

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
