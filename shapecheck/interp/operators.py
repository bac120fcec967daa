"""Python's operators over values: numbers, texts, containers, tensors and objects of the program."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from shapecheck import ops
from shapecheck.dims import UNKNOWN, number
from shapecheck.interp.arithmetic import NUMBERS, ints, numbers
from shapecheck.interp.results import plain
from shapecheck.interp.values import (
    CallArgs,
    Const,
    Instance,
    Int,
    Items,
    Mapping,
    Number,
    TensorValue,
    Unknown,
    Value,
    all_complete,
    join_all,
)
from shapecheck.shapes import Conflict

if TYPE_CHECKING:
    from shapecheck.interp.machine import Interpreter

_TORCH = {
    "truediv": "torch.div",
    "floordiv": "torch.floor_divide",
    "mod": "torch.remainder",
    "and_": "torch.bitwise_and",
    "or_": "torch.bitwise_or",
    "xor": "torch.bitwise_xor",
    "lshift": "torch.bitwise_left_shift",
    "rshift": "torch.bitwise_right_shift",
}
_ARITHMETIC = frozenset(("add", "sub", "mul", "truediv"))
_COMPARISONS = frozenset(("lt", "le", "gt", "ge", "eq", "ne"))


def binary(m: Interpreter, op: str, left: Value, right: Value, node: ast.AST) -> Value:
    """``left op right``."""
    a, b = type(left), type(right)
    if a is TensorValue or b is TensorValue:
        return _tensor(m, op, left, right, node)
    if a is Int and b is Int:
        return ints(op, left.dim, right.dim)  # type: ignore[attr-defined]
    if a in NUMBERS and b in NUMBERS:
        return numbers(op, left, right)
    if a is Instance or b is Instance:
        return _special(m, op, left, right, node)
    if isinstance(left, Items) or isinstance(right, Items):
        answer = _sequences(m, op, left, right, node)
        if answer is not None:
            return answer
    if a is Mapping and b is Mapping and op == "or_":
        return _united(left, right)  # type: ignore[arg-type]
    answer = left.operate(op, right, False, m, node)
    return answer if type(answer) is not Unknown else right.operate(op, left, True, m, node)


def _tensor(m: Interpreter, op: str, left: Value, right: Value, node: ast.AST) -> Value:
    other = right if type(left) is TensorValue else left
    if type(other) is Const and (other.value is None or isinstance(other.value, str)):
        return Const(op == "ne") if op in ("eq", "ne") else Unknown()
    if type(other) is Instance:
        return _special(m, op, left, right, node)
    nodes: list[ast.AST | None] = list(sides(node))
    args = CallArgs([left, right], nodes=nodes)
    if (
        type(right) is TensorValue
        and type(left) is not TensorValue
        and type(left) not in NUMBERS
        and not isinstance(left, Unknown)
    ):
        answer = left.operate(op, right, False, m, node)
        if type(answer) is not Unknown:
            return answer
    value = m.operator(_TORCH.get(op) or f"torch.{op}", args, node)
    if type(other) is Number and type(value) is TensorValue and "float" not in (value.tensor.dtype or "float"):
        value.tensor.dtype = "bool" if op in _COMPARISONS else None
    return value


def sides(node: ast.AST) -> tuple[ast.AST | None, ast.AST | None]:
    """The two operands of an operator, as they stand in the text."""
    if isinstance(node, ast.BinOp):
        return node.left, node.right
    if isinstance(node, ast.Compare):
        return node.left, node.comparators[0]
    return (node.target, node.value) if isinstance(node, ast.AugAssign) else (None, None)


def _sequences(m: Interpreter, op: str, left: Value, right: Value, node: ast.AST) -> Value | None:
    if isinstance(left, Items) and isinstance(right, Items):
        if op == "add":
            return _added(left, right, m)
        if op in ("eq", "ne"):
            return _equal(m, op, left, right, node)
        if left.kind in ("set", "frozenset") and op in ("or_", "and_", "sub", "xor"):
            return Items(left.kind, None, join_all([*left.each(), *right.each()]))
        return None
    if op in _ARITHMETIC and type(left if isinstance(right, Items) else right) is Const:
        return _times_a_fraction(m, op, left, right, node)
    if op != "mul":
        return None
    items, times = (left, right) if isinstance(left, Items) else (right, left)
    if not isinstance(items, Items) or not isinstance(times, (Int, Unknown, Number)):
        return None
    count = times.dim.expr if isinstance(times, Int) else None
    if items.items is not None and isinstance(count, int) and len(items.items) * count <= 4096:
        return Items(items.kind, items.items * count, born=m.heap.clock)
    return Items(items.kind, None, join_all(items.each()), m.heap.clock)


def _times_a_fraction(m: Interpreter, op: str, left: Value, right: Value, node: ast.AST) -> Value | None:
    """``0.9 * scores.max(1)``: Python raises, for the tuple is no tensor."""
    items, other = (left, right) if isinstance(left, Items) else (right, left)
    if type(other.operand()) is not float or not ops.holds_tensors(items.operand()):
        return None
    words = (
        "can't multiply sequence by non-int of type 'float'"
        if op == "mul"
        else f"unsupported operand type(s) for {op}: 'tuple' and 'float'"
    )
    inputs = {"input": left, "other": right}
    spans = {
        name: m.span(at)
        for name, at in zip(inputs, sides(node), strict=True)
        if at is not None and hasattr(at, "lineno")
    }
    return m.record(f"torch.{_TORCH.get(op) or op}", inputs, spans, Conflict("tuple", words), node)


def _added(left: Items, right: Items, m: Interpreter) -> Items:
    if left.items is not None and right.items is not None:
        return Items(left.kind, left.items + right.items, born=m.heap.clock)
    return Items(left.kind, None, join_all([*left.each(), *right.each()]), m.heap.clock)


def _equal(m: Interpreter, op: str, left: Items, right: Items, node: ast.AST) -> Value:
    if left.items is None or right.items is None:
        return Unknown()
    if len(left.items) != len(right.items):
        return Const(op == "ne")
    verdicts = [truth_of(m.binary("eq", a, b, node)) for a, b in zip(left.items, right.items, strict=True)]
    if False in verdicts:
        return Const(op == "ne")
    return Unknown() if None in verdicts else Const(op == "eq")


def truth_of(value: Value) -> bool | None:
    """The truth of a comparison's answer; None of a tensor's."""
    return value.truth() if type(value) is Const else None


def _united(left: Mapping, right: Mapping) -> Mapping:
    return Mapping({**left.items, **right.items}, all_complete(left.complete, right.complete))


_DUNDER = {"and_": "and", "or_": "or"}


def _special(m: Interpreter, op: str, left: Value, right: Value, node: ast.AST) -> Value:
    word = _DUNDER.get(op, op)
    for value, other, name in ((left, right, f"__{word}__"), (right, left, f"__r{word}__")):
        if type(value) is Instance:
            method = m.attribute(value, name, node)
            if type(method) is not Unknown:
                return m.call(method, CallArgs([other], nodes=[None]), node)
    if op in ("eq", "ne") and left is right:
        return Const(op == "eq")
    return Unknown()


def unary(m: Interpreter, op: ast.unaryop, value: Value, node: ast.AST) -> Value:
    """``-value``, ``+value``, ``~value``, ``not value``."""
    if isinstance(op, ast.Not):
        truth = m.truth(value)
        return Unknown() if truth is None else Const(not truth)
    if type(value) is TensorValue:
        name = {ast.USub: "torch.neg", ast.Invert: "torch.bitwise_not", ast.UAdd: "torch.positive"}[type(op)]
        return m.operator(name, CallArgs([value], nodes=[getattr(node, "operand", None)]), node)
    if type(value) is Int:
        if isinstance(op, ast.USub):
            return Int((number(0) - value.dim).at(value.dim.origin))
        if isinstance(op, ast.UAdd):
            return value
        return Int(number(~value.dim.expr)) if isinstance(value.dim.expr, int) else Int(UNKNOWN)
    if type(value) is Const and isinstance(value.value, (float, bool, complex)):
        made = -value.value if isinstance(op, ast.USub) else +value.value
        return plain(made) if not isinstance(op, ast.Invert) else Unknown()
    return Number() if type(value) is Number else value.operate(_UNARY[type(op)], value, False, m, node)


_UNARY: dict[type[ast.unaryop], str] = {ast.USub: "neg", ast.UAdd: "pos", ast.Invert: "invert"}


def constant_key(value: Value) -> tuple[Any] | None:
    """A known constant as a dict's key, wrapped; None where it is not known."""
    if type(value) is Const:
        return (value.value,)
    if type(value) is Int and isinstance(value.dim.expr, int):
        return (value.dim.expr,)
    if type(value) is Items and value.kind == "tuple" and value.items is not None:
        parts = [constant_key(item) for item in value.items]
        return None if None in parts else (tuple(part[0] for part in parts if part),)
    return None
