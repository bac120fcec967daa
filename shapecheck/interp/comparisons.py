"""Comparisons: ``==`` and its like, ``is``, ``in``."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from shapecheck.interp import operators
from shapecheck.interp.arithmetic import NAMES
from shapecheck.interp.library.around import DType
from shapecheck.interp.values import Builtin, Const, Items, Lacking, Mapping, Unknown, Value

if TYPE_CHECKING:
    from shapecheck.interp.machine import Interpreter


def compare(m: Interpreter, node: ast.Compare) -> Value:
    """``a < b``, and chains of it (whose tensors are not compared one by one)."""
    left = m.eval(node.left)
    result: Value = Unknown()
    for op, place in zip(node.ops, node.comparators, strict=True):
        right = m.eval(place)
        result = _comparison(m, op, left, right, node)
        if len(node.ops) == 1 or m.truth(result) is False:
            return result
        left = right
    return result


def _comparison(m: Interpreter, op: ast.cmpop, left: Value, right: Value, node: ast.Compare) -> Value:
    kind = type(op)
    alone = type(left) is type(right) and type(left) in (Builtin, DType)  # equal only to itself
    if kind in (ast.Is, ast.IsNot) or alone and kind in (ast.Eq, ast.NotEq):
        verdict = identical(left, right)
        return Unknown() if verdict is None else Const(verdict == (kind in (ast.Is, ast.Eq)))
    if kind is ast.In or kind is ast.NotIn:
        verdict = contains(m, right, left, node)
        return Unknown() if verdict is None else Const(verdict == (kind is ast.In))
    return operators.binary(m, NAMES[kind], left, right, node)


def identical(left: Value, right: Value) -> bool | None:
    """``left is right``, None where it cannot be told."""
    if type(left) is Const and type(right) is Const:
        return left.value is right.value if left.value is None or right.value is None else left.value == right.value
    if type(left) is Builtin and type(right) is Builtin:
        plain = left.name.startswith("builtins.") and right.name.startswith("builtins.")
        return True if left.name == right.name else False if plain else None
    if type(left) is DType and type(right) is DType:
        known = left.name and right.name and not {left.name, right.name} & {"float", "int"}  # these are kinds
        return left.name == right.name if known else None
    for constant_side, other in ((left, right), (right, left)):
        if type(constant_side) is Const and constant_side.value in (None, True, False):
            return None if isinstance(other, Unknown) else False
    return True if left is right and not isinstance(left, Unknown) else None


def contains(m: Interpreter, container: Value, value: Value, node: ast.AST) -> bool | None:
    """``value in container``, None where it cannot be told."""
    if type(container) is Mapping:
        key = operators.constant_key(value)
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
        verdicts = [operators.truth_of(operators.binary(m, "eq", item, value, node)) for item in container.items[:64]]
        if True in verdicts:
            return True
        return None if None in verdicts or len(container.items) > 64 else False
    name = value.operand()
    return container.holds(name) if isinstance(name, str) else None
