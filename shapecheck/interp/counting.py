"""How often loops go round, and which lists grow by one element at every turn, as the text of the loop shows it."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Sequence


def grown_once(loop: ast.For | ast.AsyncFor) -> frozenset[str]:
    """The names of lists to which every turn of a loop appends exactly once, whichever way it takes."""
    known: frozenset[str] | None = getattr(loop, "grown_once", None)
    if known is None:
        names = {part.func.value.id for part in ast.walk(loop) if _appends(part)}  # type: ignore[attr-defined]
        known = frozenset(name for name in names if not loop.orelse and _count(loop.body, name) == 1)
        loop.grown_once = known  # type: ignore[union-attr]
    return known


def _appends(part: ast.AST, name: str = "") -> bool:
    match part:
        case ast.Call(func=ast.Attribute(value=ast.Name(id=target), attr="append")):
            return not name or target == name
    return False


def _count(body: Sequence[ast.stmt], name: str) -> int | None:
    """How often a block appends to a list; None where that depends on the way through it."""
    total = 0
    for statement in body:
        here = _of(statement, name)
        if here is None:
            return None
        total += here
    return total


def _of(statement: ast.stmt, name: str) -> int | None:
    match statement:
        case ast.Expr(value=ast.Call() as call) if _appends(call, name):
            return 1
        case ast.If():
            then, otherwise = _count(statement.body, name), _count(statement.orelse, name)
            return then if then == otherwise else None
        case ast.With() | ast.AsyncWith():
            return _count(statement.body, name)
        case ast.Continue() | ast.Break() | ast.Return() | ast.Raise():
            return None
    return None if _concerns(statement, name) else 0


def _concerns(statement: ast.stmt, name: str) -> bool:
    """Whether a statement may leave the loop's turn, or change or rebind the list."""
    leaves = isinstance(statement, (ast.For, ast.While, ast.Try, ast.Match))
    for part in ast.walk(statement):
        if leaves and isinstance(part, (ast.Continue, ast.Break, ast.Return, ast.Raise)):
            return True
        if isinstance(part, ast.Name) and part.id == name and not isinstance(statement, ast.Expr):
            return True
        if isinstance(part, ast.Attribute) and isinstance(part.value, ast.Name) and part.value.id == name:
            return True
    return False


# -- loops that count --------------------------------------------------------------------------------------------------

_TESTS: dict[type[ast.cmpop], Callable[[int, int], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.NotEq: operator.ne,
}
_STEPS: dict[type[ast.operator], Callable[[int, int], int]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
}


def steps_of(loop: ast.While) -> tuple[str, ast.expr, ast.AugAssign] | None:
    """The name that a loop's test compares, with what, and the one statement of its body that changes the name."""
    match loop.test:
        case ast.Compare(left=ast.Name(id=name), ops=[op], comparators=[bound]) if type(op) in _TESTS:
            stored = [part for part in ast.walk(loop) if isinstance(part, ast.Name) and part.id == name]
            stored = [part for part in stored if isinstance(part.ctx, ast.Store)]
            for statement in loop.body:
                if isinstance(statement, ast.AugAssign) and stored == [statement.target]:
                    return name, bound, statement
    return None


def turns_of(test: ast.expr, step: ast.operator, numbers: tuple[int, int, int], most: int) -> int | None:
    """How often a loop goes round; ``numbers`` are where its name starts, where it ends, and the step.

    None for more than ``most`` times.
    """
    start, bound, by = numbers
    if type(step) not in _STEPS or not isinstance(test, ast.Compare):
        return None
    met, change = _TESTS[type(test.ops[0])], _STEPS[type(step)]
    if by == 0 and change is operator.floordiv:
        return None
    for turn in range(most + 1):
        if not met(start, bound):
            return turn
        start = change(start, by)
    return None
