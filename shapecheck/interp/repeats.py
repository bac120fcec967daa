"""Turns of a loop that come out like the one before them: what they make is made once, and stands for all."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from shapecheck.interp import heap
from shapecheck.interp.arguments import arguments
from shapecheck.interp.targets import assign, share

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapecheck.interp.machine import Interpreter
    from shapecheck.interp.values import Value

_TAKING = frozenset(("next", "pop", "popleft"))


def collects(loop: ast.For | ast.AsyncFor) -> bool:
    """Whether a loop only makes things and appends them to lists, without its counter, without what an earlier turn
    left behind and without a look at the lists: ``for _ in range(depth): layers.append(Block(size))``."""
    known: bool | None = getattr(loop, "collects", None)
    if known is None:
        known = loop.collects = not loop.orelse and _collects(loop)  # type: ignore[union-attr]
    return known


def _collects(loop: ast.For | ast.AsyncFor) -> bool:
    open_names = _names(loop, ast.Store)
    lists: list[str] = []
    made: list[ast.expr] = []
    for statement in loop.body:
        match statement:
            case ast.Expr(value=ast.Call(func=ast.Attribute(value=place, attr="append"), args=[value], keywords=[])):
                lists.append(ast.unparse(place))
            case ast.Assign(targets=[ast.Name()], value=value):
                pass
            case _:
                return False
        made.append(value)
        if _names(statement, ast.Load) & open_names:
            return False
        open_names -= _names(statement, ast.Store)
    texts = [ast.unparse(value) for value in made]
    return bool(lists) and not any(name in text for name in lists for text in texts) and not _takes(made)


def _names(node: ast.AST, context: type[ast.expr_context]) -> set[str]:
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name) and isinstance(part.ctx, context)}


def _takes(values: list[ast.expr]) -> bool:
    """Whether something is taken from where the next turn takes something else."""
    for value in values:
        for part in ast.walk(value):
            if isinstance(part, ast.Call):
                name = part.func.attr if isinstance(part.func, ast.Attribute) else getattr(part.func, "id", "")
                if name in _TAKING:
                    return True
    return False


def collect(m: Interpreter, loop: ast.For | ast.AsyncFor, items: Sequence[Value]) -> Sequence[Value]:
    """Run one turn of a loop that ``collects``, and append what it made once for each turn.

    Returns the elements of the turns that are left: those behind the first where that changed what was there before.
    """
    before = m.heap.clock
    m.heap.clock += 1
    assign(m, loop.target, items[0], loop.target)
    additions = []
    for statement in loop.body:
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
            call = statement.value
            additions.append((m.eval(call.func), arguments(m, call), call))
        else:
            m.run([statement])
    turns = 1 if m.heap.stale(before) else len(items)
    for _, args, _ in additions if turns > 1 else ():
        share(m, args.positional[0])
    for _ in range(turns):
        for callee, args, call in additions:
            m.call(callee, args, call)
    return items[turns:]


class Settling:
    """Tells when the turns of a loop over like elements leave the same behind: all further ones do as well."""

    def __init__(self, m: Interpreter) -> None:
        self.started = m.heap.clock
        self.before: dict[int, object] = {}

    def settled(self, m: Interpreter) -> bool:
        """Whether the turn that has just ended left all as the one before it did."""
        touched = [thing for thing, _ in m.heap.layers[-1].values() if getattr(thing, "born", 0) <= self.started]
        before, self.before = self.before, {id(thing): heap.snapshot(thing) for thing in touched}
        return before.keys() == self.before.keys() and all(
            heap.same(thing, before[id(thing)], self.before[id(thing)]) for thing in touched
        )
