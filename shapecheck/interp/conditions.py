"""Conditions: whether a test is decided, and what holds where it is supposed to be met."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from shapecheck.interp.values import Const, Unknown, Value

if TYPE_CHECKING:
    from shapecheck.interp.machine import Interpreter


def decide(m: Interpreter, test: ast.expr, value: Value) -> bool | None:
    """Whether a test is met; None where it cannot be told.

    The truth of a TYPE_CHECKING or a debugging flag is that of a usual run.
    """
    truth = m.truth(value)
    if truth is None and isinstance(test, (ast.Name, ast.Attribute)):
        return False if (test.id if isinstance(test, ast.Name) else test.attr) == "TYPE_CHECKING" else None
    return truth


@contextmanager
def supposing(m: Interpreter, test: ast.expr, met: bool) -> Iterator[None]:
    """Look at an expression under the condition that a test is met (or not); names keep their values afterwards."""
    before, narrowed = m.conditions, _narrowed(m, test, met)
    saved = {name: m.scope.names.get(name) for name in narrowed}
    m.conditions = (*before, (m.home, test, met))
    m.scope.names.update(narrowed)
    try:
        yield
    finally:
        m.conditions = before
        for name, value in saved.items():
            if value is not None and m.scope.names.get(name) is narrowed[name]:
                m.scope.names[name] = value


def narrow(m: Interpreter, test: ast.expr, met: bool) -> None:
    """Store what holds of names in an arm where a test is met (or not)."""
    narrowed = _narrowed(m, test, met)
    if narrowed:
        m.heap.touch(m.scope)
        m.scope.names.update(narrowed)


def _narrowed(m: Interpreter, test: ast.expr, met: bool) -> dict[str, Value]:
    match test:
        case ast.UnaryOp(op=ast.Not(), operand=inner):
            return _narrowed(m, inner, not met)
        case ast.BoolOp(op=ast.And(), values=parts) if met:
            return {k: v for part in parts for k, v in _narrowed(m, part, True).items()}
        case ast.BoolOp(op=ast.Or(), values=parts) if not met:
            return {k: v for part in parts for k, v in _narrowed(m, part, False).items()}
        case ast.Compare(
            left=ast.Name(id=name), ops=[ast.Is() | ast.IsNot() as op], comparators=[ast.Constant(value=None)]
        ):
            if isinstance(op, ast.Is) is met and type(m.scope.names.get(name)) is Unknown:
                return {name: Const(None)}
    return {}
