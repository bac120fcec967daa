"""What the text of the user's files says about a line: is a failing import expected there, does the run end there."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator

from shapecheck.errors import UnreadableSource
from shapecheck.tracer.child.source import read

_IMPORT_ERRORS = {"ImportError", "ModuleNotFoundError", "PackageNotFoundError", "Exception", "BaseException"}
_ENDS = {"exit", "_exit", "quit", "abort"}


@functools.lru_cache(maxsize=64)
def tree(path: str) -> ast.Module | None:
    """The syntax tree of a file, or None if it cannot be read or parsed."""
    try:
        return ast.parse(read(path, {}))
    except (OSError, SyntaxError, ValueError, UnreadableSource):
        return None


def statements_at(path: str, line: int) -> list[ast.stmt]:
    """The statements that enclose a line, outermost first."""
    root = tree(path)
    found: list[ast.stmt] = []
    node: ast.AST | None = root
    while node is not None:
        node = next((s for s in _statements(node) if s.lineno <= line <= (s.end_lineno or s.lineno)), None)
        if node is not None:
            found.append(node)
    return found


def expects_import_error(path: str, line: int) -> bool:
    """Whether the line stands in the body of a ``try`` that goes on after a failing import."""
    return any(
        isinstance(statement, ast.Try)
        and any(part.lineno <= line <= (part.end_lineno or part.lineno) for part in statement.body)
        and any(_catches_import_error(handler) and not _gives_up(handler) for handler in statement.handlers)
        for statement in statements_at(path, line)
    )


def gives_up_without(path: str, line: int, column: int = 0) -> bool:
    """Whether a condition that is false at this place ends the script: ``assert c`` or ``if not c: raise``.

    Of a condition of several parts the one at the place decides; without a column (counted from 1), its line's.
    """
    statement = _asking(path, line)
    if statement is None:
        return False
    negated = _is_negated(_part_at(statement.test, line, column - 1))
    if isinstance(statement, ast.Assert):
        return not negated
    branch = statement.body if negated else statement.orelse
    return any(ends_the_run(part) for part in branch)


def gives_up_with(path: str, line: int) -> bool:
    """Whether a condition that is true at this place ends the script: ``if c: raise``."""
    statement = _asking(path, line)
    return isinstance(statement, ast.If) and any(ends_the_run(part) for part in statement.body)


def _asking(path: str, line: int) -> ast.Assert | ast.If | None:
    """The innermost statement whose condition stands at a line."""
    asking = (s for s in reversed(statements_at(path, line)) if isinstance(s, (ast.Assert, ast.If)))
    return next((s for s in asking if s.test.lineno <= line <= (s.test.end_lineno or line)), None)


def _part_at(test: ast.expr, line: int, column: int) -> ast.expr:
    """The operand of ``and`` and ``or`` that stands at a place, the condition itself where several may."""
    while isinstance(test, ast.BoolOp):
        here = [part for part in test.values if part.lineno <= line <= (part.end_lineno or line)]
        if column >= 0:
            here = [p for p in here if (p.lineno, p.col_offset) <= (line, column) < (p.end_lineno, p.end_col_offset)]
        if len(here) != 1:
            return test
        test = here[0]
    return test


def _is_negated(test: ast.expr) -> bool:
    return any(
        (isinstance(part, ast.UnaryOp) and isinstance(part.op, ast.Not))
        or (isinstance(part, ast.Compare) and isinstance(part.ops[0], ast.NotIn))
        for part in ast.walk(test)
    )


def _statements(node: ast.AST) -> Iterator[ast.stmt]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt):
            yield child
        elif isinstance(child, (ast.ExceptHandler, ast.match_case)):
            yield from _statements(child)


def _catches_import_error(handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    names = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(getattr(name, "id", getattr(name, "attr", "")) in _IMPORT_ERRORS for name in names)


def _gives_up(handler: ast.ExceptHandler) -> bool:
    return any(ends_the_run(statement) for statement in handler.body)


def ends_the_run(statement: ast.stmt) -> bool:
    """Whether a statement raises, or exits; a condition does where both of its branches do."""
    if isinstance(statement, ast.Raise):
        return True
    if isinstance(statement, ast.If):
        return all(any(map(ends_the_run, branch)) for branch in (statement.body, statement.orelse))
    call = statement.value if isinstance(statement, ast.Expr) else None
    if not isinstance(call, ast.Call):
        return False
    return getattr(call.func, "attr", getattr(call.func, "id", "")) in _ENDS
