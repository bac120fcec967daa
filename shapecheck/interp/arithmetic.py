"""Arithmetic and comparison of plain numbers, texts and sizes, known or symbolic."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from typing import Any

from shapecheck.algebra import Call, Expr, Poly, lower, sub
from shapecheck.dims import UNKNOWN, Dim, Truth
from shapecheck.interp.results import plain
from shapecheck.interp.values import Const, Int, Number, Unknown, Value

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

_LONGEST = 100_000
"""Elements or characters beyond which a known sequence is no longer held."""


NUMBERS = frozenset((Int, Const, Number))
"""The values that stand for plain numbers and texts."""


def ints(op: str, a: Dim, b: Dim) -> Value:
    """``a op b`` of two whole numbers, which may be symbolic: their expression keeps its origins."""
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


def numbers(op: str, left: Value, right: Value) -> Value:
    """``left op right`` of numbers and texts of any kind."""
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
