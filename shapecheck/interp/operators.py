"""Python's operators over values: numbers, texts, containers, tensors and objects of the program."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from shapecheck import ops
from shapecheck.algebra import Call, Expr, Poly, lower, sub
from shapecheck.dims import UNKNOWN, Dim, Truth, number
from shapecheck.interp.results import plain
from shapecheck.interp.values import (
    CallArgs,
    Const,
    Instance,
    Int,
    Items,
    Lacking,
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

NAMES: dict[type[ast.AST], str] = {
    ast.Add: "add",
    ast.Sub: "sub",
    ast.Mult: "mul",
    ast.Div: "truediv",
    ast.FloorDiv: "floordiv",
    ast.Mod: "mod",
    ast.Pow: "pow",
    ast.MatMult: "matmul",
    ast.BitAnd: "and_",
    ast.BitOr: "or_",
    ast.BitXor: "xor",
    ast.LShift: "lshift",
    ast.RShift: "rshift",
    ast.Lt: "lt",
    ast.LtE: "le",
    ast.Gt: "gt",
    ast.GtE: "ge",
    ast.Eq: "eq",
    ast.NotEq: "ne",
}
"""Operators of the tree by their name in the module ``operator``."""

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
_LONGEST = 100_000
"""Elements or characters beyond which a known sequence is no longer held."""


def binary(m: Interpreter, op: str, left: Value, right: Value, node: ast.AST) -> Value:
    """``left op right``."""
    a, b = type(left), type(right)
    if a is TensorValue or b is TensorValue:
        return _tensor(m, op, left, right, node)
    if a is Int and b is Int:
        return _ints(op, left.dim, right.dim)  # type: ignore[attr-defined]
    if a in _NUMBERS and b in _NUMBERS:
        return _numbers(op, left, right)
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


_NUMBERS = frozenset((Int, Const, Number))


def _tensor(m: Interpreter, op: str, left: Value, right: Value, node: ast.AST) -> Value:
    other = right if type(left) is TensorValue else left
    if type(other) is Const and (other.value is None or isinstance(other.value, str)):
        return Const(op == "ne") if op in ("eq", "ne") else Unknown()
    if type(other) is Instance:
        return _special(m, op, left, right, node)
    nodes: list[ast.AST | None] = list(_sides(node))
    args = CallArgs([left, right], nodes=nodes)
    if (
        type(right) is TensorValue
        and type(left) is not TensorValue
        and type(left) not in _NUMBERS
        and not isinstance(left, Unknown)
    ):
        answer = left.operate(op, right, False, m, node)
        if type(answer) is not Unknown:
            return answer
    value = m.operator(_TORCH.get(op) or f"torch.{op}", args, node)
    if type(other) is Number and type(value) is TensorValue and "float" not in (value.tensor.dtype or "float"):
        value.tensor.dtype = "bool" if op in _COMPARISONS else None
    return value


def _sides(node: ast.AST) -> tuple[ast.AST | None, ast.AST | None]:
    if isinstance(node, ast.BinOp):
        return node.left, node.right
    if isinstance(node, ast.Compare):
        return node.left, node.comparators[0]
    return (node.target, node.value) if isinstance(node, ast.AugAssign) else (None, None)


def _ints(op: str, a: Dim, b: Dim) -> Value:
    x, y = a.expr, b.expr
    match op:
        case "add":
            return Int(_kept(a + b))
        case "sub":
            return Int(_kept(a - b))
        case "mul":
            return Int(_kept(a * b))
        case "floordiv":
            return Int(_kept(a // b))
        case "mod":
            return Int(_kept(a % b))
        case "eq" | "ne":
            verdict = a.compare(b)
            return Number() if verdict is Truth.UNKNOWN else Const((verdict is Truth.EQUAL) == (op == "eq"))
        case "truediv":
            if not (isinstance(x, int) and isinstance(y, int)):
                return Number(a // b)
        case "lt" | "le" | "gt" | "ge":
            if x is None or y is None:
                return Number()
            return _ordered(op, x, y)
    if isinstance(x, int) and isinstance(y, int):
        answer = _computed(op, x, y)
        return Int(answer.dim.at(a.origin or b.origin)) if type(answer) is Int else answer
    return Number() if op == "pow" else Int(UNKNOWN)


_LARGEST = 24
"""Names and operations in a size, beyond which it says nothing to a reader and costs too much to compare."""


def _kept(dim: Dim) -> Dim:
    """A size that was computed; unknown where its expression has grown beyond use."""
    return dim if isinstance(dim.expr, int) or _weight(dim.expr) <= _LARGEST else UNKNOWN


def _weight(expr: Expr | None, most: int = _LARGEST) -> int:
    """The names and operations in an expression, counted up to a little over ``most``."""
    total = 0
    if isinstance(expr, Poly):
        for atoms, _ in expr.terms:
            total += max(len(atoms), 1)
            for atom in atoms:
                if isinstance(atom, Call) and total <= most:
                    total += _weight(atom.left, most - total) + _weight(atom.right, most - total)
            if total > most:
                return total
    return total


def _ordered(op: str, x: Any, y: Any) -> Value:
    if op in ("gt", "ge"):
        op, x, y = ("lt" if op == "gt" else "le"), y, x
    gap, back = sub(y, x), sub(x, y)
    strict = op == "lt"
    if lower(gap) >= (1 if strict else 0):
        return Const(True)
    return Const(False) if lower(back) >= (0 if strict else 1) else Unknown()


def _raw(value: Value) -> Any:
    """The Python number or constant of a value; None's own type stands for "not known"."""
    if type(value) is Int:
        return value.dim.expr if isinstance(value.dim.expr, int) else _Missing
    return value.value if type(value) is Const else _Missing


class _Missing:
    """A number that is not known."""


def _numbers(op: str, left: Value, right: Value) -> Value:
    a, b = _raw(left), _raw(right)
    if a is not _Missing and b is not _Missing:
        return _computed(op, a, b)
    if op in ("eq", "ne") and (a is None or b is None or isinstance(a, str) or isinstance(b, str)):
        return Const(op == "ne")
    return Unknown() if isinstance(a, str) or isinstance(b, str) else Number()


def _computed(op: str, a: Any, b: Any) -> Value:
    if _huge(op, a, b):
        return Unknown() if isinstance(a, str) or isinstance(b, str) else Number()
    try:
        return plain(_PYTHON[op](a, b))
    except Exception:
        return Unknown()


_PYTHON: dict[str, Callable[[Any, Any], Any]] = {name: getattr(operator, name) for name in NAMES.values()}


def _huge(op: str, a: Any, b: Any) -> bool:
    if op == "pow":
        return isinstance(a, int) and isinstance(b, int) and a.bit_length() * abs(b) > 512
    if op in ("lshift", "rshift"):
        return not (isinstance(b, int) and b < 512)
    if op == "mul" and isinstance(a, (str, bytes)) and isinstance(b, int):
        return len(a) * b > _LONGEST
    if op == "mul" and isinstance(b, (str, bytes)) and isinstance(a, int):
        return len(b) * a > _LONGEST
    if op == "mod" and isinstance(a, (str, bytes)):
        return any(len(digits) > 4 for digits in "".join(c if c.isdigit() else " " for c in str(a)).split())
    return isinstance(a, int) and isinstance(b, int) and (a.bit_length() > 4096 or b.bit_length() > 4096)


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
        for name, at in zip(inputs, _sides(node), strict=True)
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


def contains(m: Interpreter, container: Value, value: Value, node: ast.AST) -> bool | None:
    """``value in container``, None where it cannot be told."""
    if type(container) is Mapping:
        key = constant_key(value)
        if key is None:
            return None
        m.modules.register(m, container, key[0])
        if isinstance(container.complete, Lacking):
            return None if key[0] in container.complete.keys else key[0] in container.items
        return True if key[0] in container.items else False if container.complete else None
    if (
        type(container) is Const
        and type(value) is Const
        and isinstance(container.value, str)
        and isinstance(value.value, str)
    ):
        return value.value in container.value
    if isinstance(container, Items) and container.items is not None:
        verdicts = [truth_of(binary(m, "eq", item, value, node)) for item in container.items[:64]]
        if True in verdicts:
            return True
        return None if None in verdicts or len(container.items) > 64 else False
    name = value.operand()
    return container.holds(name) if isinstance(name, str) else None


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
