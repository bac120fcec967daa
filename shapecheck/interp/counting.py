"""Lists that grow by one element at every turn of a loop: they are as long as what the loop runs over."""

from __future__ import annotations

import ast
from collections.abc import Sequence


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
