"""Statements that do not branch. One function per kind of node; each says how the statement ends."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from shapecheck.interp import branches, classes, loops, operators, stated
from shapecheck.interp.arguments import NOWHERE
from shapecheck.interp.arithmetic import NAMES
from shapecheck.interp.expressions import NONE, named
from shapecheck.interp.functions import define, raises
from shapecheck.interp.python import containers
from shapecheck.interp.scopes import BREAK, CONTINUE, NEXT, RAISE, RETURN
from shapecheck.interp.stated import check_assertion, noted
from shapecheck.interp.targets import assign, learn_shape, note_change, set_attribute, set_item, store
from shapecheck.interp.values import Int, Items, Mapping, Unknown, join

if TYPE_CHECKING:
    from shapecheck.interp.machine import Interpreter


def expression(m: Interpreter, node: ast.Expr) -> int:
    """A call, or anything else, for its effect."""
    if type(node.value) is ast.Constant:
        return NEXT
    m.eval(node.value)
    return RAISE if raises(m, node.value) else NEXT


def assignment(m: Interpreter, node: ast.Assign) -> int:
    """``target = other = value``."""
    first = node.targets[0]
    if type(first) is ast.Tuple and len(node.targets) == 1 and learn_shape(m, first.elts, node.value):
        return NEXT
    value = m.eval(node.value)
    if type(value) is Int and type(first) in (ast.Name, ast.Attribute):
        value = named(value, first.id if type(first) is ast.Name else first.attr)  # type: ignore[attr-defined]
    if m.home.notes:
        value = noted(m, node, value)
    for target in node.targets:
        assign(m, target, value, node)
    return NEXT


def annotated(m: Interpreter, node: ast.AnnAssign) -> int:
    """``name: type = value``."""
    if node.value is not None:
        value = m.eval(node.value)
        if type(value) is Int and type(node.target) is ast.Name:
            value = named(value, node.target.id)
        if m.home.notes:
            value = noted(m, node, value)
        value = stated.annotated(m, node.annotation, value)
        assign(m, node.target, value, node)
    return NEXT


def augmented(m: Interpreter, node: ast.AugAssign) -> int:
    """``target op= value``; lists grow in place."""
    target = node.target
    value = m.eval(node.value)
    op = NAMES[type(node.op)]
    if type(target) is ast.Name:
        old = m.scope.find(target.id) or Unknown()
        if not _grown(m, old, op, value):
            store(m, target.id, operators.binary(m, op, old, value, node))
    elif type(target) is ast.Attribute:
        owner = m.eval(target.value)
        old = m.attribute(owner, target.attr, target)
        if not _grown(m, old, op, value):
            set_attribute(m, owner, target.attr, operators.binary(m, op, old, value, node), target)
    elif type(target) is ast.Subscript:
        owner, key = m.eval(target.value), m.eval(target.slice)
        old = m.item(owner, key, target)
        set_item(m, owner, key, operators.binary(m, op, old, value, node), target)
    return NEXT


def _grown(m: Interpreter, old: Any, op: str, value: Any) -> bool:
    if type(old) is not Items or old.kind != "list" or op != "add":
        return False
    found = m.iterate(value, NOWHERE)
    m.heap.touch(old)
    note_change(m, old.born)
    if old.items is not None and found.items is not None:
        old.items = [*old.items, *found.items]
    else:
        element = old.element if old.items is None else None
        for item in [*(old.items or ()), *(found.items if found.items is not None else [found.element])]:
            element = item if element is None else join(element, item)
        old.items, old.element = None, element or Unknown()
    return True


def delete(m: Interpreter, node: ast.Delete) -> int:
    """``del name``, ``del mapping[key]``, ``del items[key]``."""
    for target in node.targets:
        if type(target) is ast.Name:
            m.heap.touch(m.scope)
            m.scope.names.pop(target.id, None)
        elif type(target) is ast.Subscript:
            owner, at = m.eval(target.value), m.eval(target.slice)
            key = operators.constant_key(at)
            if isinstance(owner, Items):
                containers.delete(owner, at, m)
            elif type(owner) is Mapping:
                m.heap.touch(owner)
                note_change(m, owner.born)
                if key is not None:
                    owner.items.pop(key[0], None)
                else:
                    owner.complete = False
    return NEXT


def returning(m: Interpreter, node: ast.Return) -> int:
    """``return value``."""
    value = NONE if node.value is None else m.eval(node.value)
    m.activation.returns.append(noted(m, node, value) if m.home.notes else value)
    return RETURN


def raising(m: Interpreter, node: ast.Raise) -> int:
    """``raise``: nothing flows on. (The exception itself has no shape.)"""
    return RAISE


def asserting(m: Interpreter, node: ast.Assert) -> int:
    """``assert test``: a stated shape is recorded; what is certainly wrong ends the path."""
    value = m.eval(node.test)
    check_assertion(m, node)
    return RAISE if m.truth(value) is False and isinstance(node.test, ast.Constant) else NEXT


def globals_(m: Interpreter, node: ast.Global) -> int:
    """``global name``."""
    redirects = m.scope.redirects = m.scope.redirects or {}
    redirects.update(dict.fromkeys(node.names, m.scope.module()))
    return NEXT


def nonlocals(m: Interpreter, node: ast.Nonlocal) -> int:
    """``nonlocal name``: the nearest scope further out that has it."""
    redirects = m.scope.redirects = m.scope.redirects or {}
    for name in node.names:
        scope = m.scope.parent
        while scope is not None and name not in scope.names:
            scope = scope.parent
        if scope is not None:
            redirects[name] = scope
    return NEXT


def import_(m: Interpreter, node: ast.Import) -> int:
    """``import package.module as name``."""
    for alias in node.names:
        store(
            m, alias.asname or alias.name.partition(".")[0], m.modules.imported(m, alias.name, alias.asname is not None)
        )
    return NEXT


def import_from(m: Interpreter, node: ast.ImportFrom) -> int:
    """``from module import name``."""
    m.modules.import_from(m, node)
    return NEXT


def nothing(m: Interpreter, node: ast.stmt) -> int:
    """``pass``, type aliases, statements that are newer than this table."""
    return NEXT


def stop_loop(m: Interpreter, node: ast.Break) -> int:
    """``break``."""
    return BREAK


def next_turn(m: Interpreter, node: ast.Continue) -> int:
    """``continue``."""
    return CONTINUE


class _Table(dict[type[ast.AST], Callable[[Any, Any], int]]):
    def __missing__(self, kind: type[ast.AST]) -> Callable[[Any, Any], int]:
        return nothing


EXEC: _Table = _Table(
    {
        ast.Expr: expression,
        ast.Assign: assignment,
        ast.AnnAssign: annotated,
        ast.AugAssign: augmented,
        ast.Delete: delete,
        ast.Return: returning,
        ast.Raise: raising,
        ast.Assert: asserting,
        ast.Global: globals_,
        ast.Nonlocal: nonlocals,
        ast.Import: import_,
        ast.ImportFrom: import_from,
        ast.Break: stop_loop,
        ast.Continue: next_turn,
        ast.If: branches.if_,
        ast.With: branches.with_,
        ast.AsyncWith: branches.with_,
        ast.Try: branches.try_,
        ast.Match: branches.match,
        ast.For: loops.for_,
        ast.AsyncFor: loops.for_,
        ast.While: loops.while_,
        ast.FunctionDef: define,
        ast.AsyncFunctionDef: define,
        ast.ClassDef: classes.define,
    }
)
"""What runs each kind of statement."""
if hasattr(ast, "TryStar"):
    EXEC[ast.TryStar] = branches.try_
