"""The names of a file's functions: at each place where one is read, the expression that it was bound to last."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from shapecheck.graph import Bound
from shapecheck.places import Span
from shapecheck.syntax import Parsed

_NESTED = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.Try, ast.Match)
_LOOPS = (ast.For, ast.AsyncFor, ast.While)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


@dataclass(slots=True, eq=False)
class _Binding:
    value: ast.expr
    reads: int = 0


_Names = dict[str, _Binding | None]
"""What each name stands for; None where that is not one expression."""


def bindings(parsed: Parsed) -> dict[Span, Bound]:
    """By the span of each name that is read: what it was bound to, where that is certain."""
    found: dict[ast.Name, _Binding] = {}
    _block(parsed.tree.body, {}, found)
    return {
        parsed.span(name): Bound(
            parsed.span(binding.value),
            bare=isinstance(binding.value, ast.Name),
            computed=isinstance(binding.value, ast.BinOp),
            reads=binding.reads,
        )
        for name, binding in found.items()
    }


def _block(statements: Iterable[ast.stmt], names: _Names, found: dict[ast.Name, _Binding]) -> None:
    for statement in statements:
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names[statement.name] = None
            _block(statement.body, {}, found)
            continue
        stored = dict.fromkeys(_stored(statement))
        if isinstance(statement, _LOOPS):
            names.update(stored)  # an earlier round may have bound them anew
        for name in _read(statement):
            binding = names.get(name.id)
            if binding is not None:
                binding.reads += 1
                found[name] = binding
        for body in _bodies(statement):
            _block(body, dict(names) if isinstance(statement, _NESTED) else names, found)
        names.update(stored if not isinstance(statement, (ast.With, ast.AsyncWith)) else _with(statement))
        names.update(_assigned(statement))


def _bodies(statement: ast.stmt) -> Iterator[list[ast.stmt]]:
    for part in ("body", "orelse", "finalbody"):
        yield getattr(statement, part, None) or []
    for arm in (*getattr(statement, "handlers", ()), *getattr(statement, "cases", ())):
        yield arm.body


def _assigned(statement: ast.stmt) -> Iterator[tuple[str, _Binding]]:
    """The names that a statement gives one expression each."""
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    target = statement.target if isinstance(statement, ast.AnnAssign) else targets[0] if len(targets) == 1 else None
    value = statement.value if isinstance(statement, (ast.Assign, ast.AnnAssign)) else None
    if isinstance(target, ast.Name) and value is not None:
        yield target.id, _Binding(value)
    elif isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts):
        for name, part in zip(target.elts, value.elts, strict=True):
            if isinstance(name, ast.Name) and not isinstance(part, ast.Starred):
                yield name.id, _Binding(part)


def _with(statement: ast.With | ast.AsyncWith) -> dict[str, None]:
    """The names that a ``with`` binds itself: its body has run like any other statements."""
    return {
        node.id: None
        for item in statement.items
        for node in ast.walk(item.optional_vars or ast.Pass())
        if isinstance(node, ast.Name)
    }


def _stored(statement: ast.stmt) -> Iterator[str]:
    for node in ast.walk(statement):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            yield node.id


def _read(statement: ast.stmt) -> Iterator[ast.Name]:
    """The names that a statement itself reads, those of its inner statements left out."""
    waiting: list[tuple[ast.AST, frozenset[str]]] = [(statement, frozenset())]
    while waiting:
        node, own = waiting.pop()
        if isinstance(node, ast.Name):
            if isinstance(node.ctx, ast.Load) and node.id not in own:
                yield node
            continue
        if isinstance(node, _COMPREHENSIONS):
            own |= {name.id for part in node.generators for name in ast.walk(part.target) if isinstance(name, ast.Name)}
        for child in ast.iter_child_nodes(node):
            if not isinstance(child, (ast.stmt, ast.ExceptHandler, ast.match_case, *_FUNCTIONS)):
                waiting.append((child, own))
