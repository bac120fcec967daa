"""Comprehensions: over known elements one by one, else once with an element that stands for each."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from shapecheck.dims import UNKNOWN
from shapecheck.interp.conditions import decide, supposing
from shapecheck.interp.operators import constant_key
from shapecheck.interp.scopes import Scope
from shapecheck.interp.targets import assign, share
from shapecheck.interp.values import Batched, Items, Mapping, Value, join_all

if TYPE_CHECKING:
    from shapecheck.interp.machine import Interpreter

LISTED = 256
"""Elements up to which a comprehension with a plain element keeps them all."""


class _Collected:
    """What the innermost part of a comprehension gave; ``exact`` while all elements are listed, ``size`` their number
    else, and ``batched`` what is known of the batches that they were made of."""

    __slots__ = ("batched", "exact", "found", "size")

    def __init__(self) -> None:
        self.found: list[Any] = []
        self.exact = True
        self.size = UNKNOWN
        self.batched: Batched | None = None


def listed(kind: str) -> Callable[[Interpreter, Any], Value]:
    """The function for list, set or generator comprehensions."""

    def comprehension(m: Interpreter, node: Any) -> Value:
        got = _collect(m, node, lambda: m.eval(node.elt), [node.elt])
        if got.exact and kind != "set":
            return Items(kind, got.found, born=m.heap.clock)
        size, batched = (UNKNOWN, None) if kind == "set" else (got.size, got.batched)
        return Items(kind, None, join_all(got.found), m.heap.clock, size, batched)

    return comprehension


def mapped(m: Interpreter, node: ast.DictComp) -> Value:
    """A dict comprehension."""
    got = _collect(m, node, lambda: (m.eval(node.key), m.eval(node.value)), [node.key, node.value])
    out = Mapping({}, got.exact, born=m.heap.clock)
    others: list[Value] = []
    for key_value, value in got.found:
        key = constant_key(key_value)
        if key is None:
            out.complete = False
            others.append(value)
        else:
            out.items[key[0]] = value
    if others:
        out.element = join_all(others)
    return out


def _collect(m: Interpreter, node: Any, element: Callable[[], Any], parts: list[ast.expr]) -> _Collected:
    got = _Collected()
    outer = m.scope
    m.scope = Scope("function", outer)
    try:
        _generate(m, node.generators, 0, element, parts, got)
    finally:
        m.scope = outer
    return got


def _generate(
    m: Interpreter,
    generators: list[ast.comprehension],
    depth: int,
    element: Callable[[], Any],
    parts: list[ast.expr],
    got: _Collected,
) -> None:
    if depth == len(generators):
        got.found.append(element())
        return
    here = generators[depth]
    found = m.iterate(m.eval(here.iter), here.iter)
    inner = [*here.ifs, *parts, *(part for later in generators[depth + 1 :] for part in (later.iter, *later.ifs))]
    items = _worth_unrolling(m, here, found.items, inner)
    if items is None:
        got.exact = False
        if len(generators) == 1 and not here.ifs:
            got.size, got.batched = found.count(), found.batched
        items = [found.element if found.items is None else join_all(list(found.items))]
    elif (
        len(items) > 1 and all(item is items[0] for item in items) or (len(items) > 1 and not _uses(here.target, inner))
    ):
        _repeat(m, here, items, lambda: _generate(m, generators, depth + 1, element, parts, got), got)
        return
    turns = m.turns
    for turn, item in enumerate(items):
        if len(items) > 1:
            m.turns = (*turns, turn)
        m.budget.step()
        assign(m, here.target, item, here.target)
        _filtered(m, here.ifs, 0, lambda: _generate(m, generators, depth + 1, element, parts, got), got)
    m.turns = turns


def _worth_unrolling(
    m: Interpreter, here: ast.comprehension, items: Sequence[Value] | None, inner: list[ast.expr]
) -> Sequence[Value] | None:
    if items is None or len(items) <= 1:
        return items
    if all(item is items[0] for item in items) or not _uses(here.target, inner):
        return items if len(items) <= 4096 else None
    plain = not any(isinstance(part, ast.Call) for root in inner for part in ast.walk(root))
    if plain and len(items) <= LISTED:
        return items
    return items if m.budget.unroll(len(items)) else None


def _repeat(
    m: Interpreter, here: ast.comprehension, items: Sequence[Value], once: Callable[[], None], got: _Collected
) -> None:
    """Elements that all come out alike: one is made, and stands in every place."""
    before = len(got.found)
    assign(m, here.target, items[0], here.target)
    _filtered(m, here.ifs, 0, once, got)
    for value in got.found[before:]:
        if isinstance(value, Value):
            share(m, value)
    got.found.extend(got.found[before:] * (len(items) - 1))


def _filtered(m: Interpreter, tests: list[ast.expr], number: int, then: Callable[[], None], got: _Collected) -> None:
    if number == len(tests):
        then()
        return
    truth = decide(m, tests[number], m.eval(tests[number]))
    if truth is False:
        return
    if truth is None:
        got.exact = False
        with supposing(m, tests[number], True):
            _filtered(m, tests, number + 1, then, got)
        return
    _filtered(m, tests, number + 1, then, got)


def _uses(target: ast.expr, parts: list[ast.expr]) -> bool:
    names = {part.id for part in ast.walk(target) if isinstance(part, ast.Name)}
    return any(isinstance(part, ast.Name) and part.id in names for root in parts for part in ast.walk(root))
