"""The builtins that make, count and walk through containers: len, range, enumerate, zip, sorted and their like."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shapecheck.dims import UNKNOWN, number
from shapecheck.interp.operators import constant_key
from shapecheck.interp.python.containers import NONE, plain_int, unique
from shapecheck.interp.python.objects import Handler, first, registrar
from shapecheck.interp.values import (
    CallArgs,
    Class,
    Const,
    Instance,
    Int,
    Items,
    Iteration,
    Machine,
    Mapping,
    Slice,
    Unknown,
    Value,
    all_complete,
    join_all,
)
from shapecheck.places import Origin

if TYPE_CHECKING:
    from shapecheck.interp.machine import Interpreter

HANDLERS: dict[str, Handler] = {}
_handles = registrar(HANDLERS)


@_handles("len")
def _len(args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
    value = first(args)
    if type(value) is Class:
        return Int(m.iterate(value, node).count())
    if type(value) is Instance:
        method = m.attribute(value, "__len__", node)
        made = m.call(method, CallArgs(), node) if not isinstance(method, Unknown) else Unknown()
        return made if type(made) is Int else Int(value.length())
    dim = value.length()
    return Int(dim.at(Origin("a length", m.span(node))) if dim.known and dim.origin is None else dim)


@_handles("range")
def _range(args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
    bounds = [plain_int(value) for value in args.positional]
    if bounds and None not in bounds and len(bounds) <= 3 and 0 not in bounds[2:]:
        numbers = range(*[bound for bound in bounds if bound is not None])
        if not numbers[4096:]:  # the length of a huge range is too large for len()
            return Items("range", [Int(number(n)) for n in numbers])
    size = first(args) if len(args.positional) == 1 else Unknown()
    return Items("range", None, Int(UNKNOWN), size=size.dim if type(size) is Int else UNKNOWN)


@dataclass(slots=True, eq=False)
class Numbered(Items):
    """What ``enumerate`` gives of elements that are not listed; ``rest`` makes the last one, where it differs."""

    rest: Callable[[], Value] | None = None

    def iterate(self, machine: Machine, node: ast.AST) -> Iteration:
        rest = self.rest
        last = None if rest is None else lambda: _numbered(rest())
        return Iteration(self.items, self.element, self.size, last, self.batched)


def _numbered(element: Value) -> Value:
    return Items("tuple", [Int(UNKNOWN), element])


@_handles("enumerate")
def _enumerate(args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
    found = m.iterate(first(args), node)
    start = (
        plain_int(args.positional[1])
        if len(args.positional) > 1
        else plain_int(args.keywords.get("start", Int(number(0))))
    )
    if found.items is None or start is None:
        element = found.element if found.items is None else join_all(list(found.items))
        if found.last is None:
            return Items("iterator", None, _numbered(element), size=found.count(), batched=found.batched)
        rest, batched = found.last, found.batched
        return Numbered("iterator", None, _numbered(element), size=found.count(), batched=batched, rest=rest)
    return Items("iterator", [Items("tuple", [Int(number(start + i)), item]) for i, item in enumerate(found.items)])


@_handles("zip")
def _zip(args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
    if not args.exact:
        return _transposed(args)
    found = [m.iterate(value, node) for value in args.positional]
    known = [part.items for part in found if part.items is not None]
    if len(known) == len(found):
        return Items("iterator", [Items("tuple", list(row)) for row in zip(*known, strict=False)])
    row = Items("tuple", [p.element if p.items is None else join_all(list(p.items)) for p in found])
    sizes = {part.count() for part in found}
    return Items("iterator", None, row, size=sizes.pop() if len(sizes) == 1 else UNKNOWN)


def _transposed(args: CallArgs) -> Value:
    """``zip(*rows)`` of rows that are not listed: a column for each place of a row."""
    row = args.spread.element if args.spread is not None and not args.positional else None
    if args.spread is None or not isinstance(row, Items) or row.items is None:
        return Items("iterator", None)
    return Items("iterator", [Items("tuple", None, cell, size=args.spread.size) for cell in row.items])


@_handles("reversed")
def _reversed(args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
    found = m.iterate(first(args), node)
    return Items(
        "iterator", None if found.items is None else list(reversed(found.items)), found.element, size=found.size
    )


@_handles("sorted")
def _sorted(args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
    found = m.iterate(first(args), node)
    if found.items is None:
        return Items("list", None, found.element, m.heap.clock, found.size)
    key = args.keywords.get("key", NONE)
    by_key = (m.call(key, CallArgs([item], nodes=[None]), node) for item in found.items)
    marks = list(found.items if key.key() == NONE.key() else by_key)
    raw = [constant_key(mark) for mark in marks]
    backwards = m.truth(args.keywords.get("reverse", Const(False)))
    if None not in raw and backwards is not None:
        try:
            order = sorted(range(len(raw)), key=lambda at: raw[at] or (), reverse=backwards)
            return Items("list", [found.items[at] for at in order], born=m.heap.clock)
        except TypeError:
            pass
    return Items("list", [join_all(list(found.items))] * len(found.items), born=m.heap.clock)


def _container(kind: str) -> Handler:
    def make(args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
        if not args.positional:
            return Items(kind, [], born=m.heap.clock)
        found = m.iterate(first(args), node)
        if found.items is None:
            return Items(kind, None, found.element, m.heap.clock, UNKNOWN if "set" in kind else found.size)
        if kind not in ("set", "frozenset"):
            return Items(kind, list(found.items), born=m.heap.clock)
        return unique(kind, found.items, m.heap.clock)

    return make


HANDLERS.update({f"builtins.{kind}": _container(kind) for kind in ("list", "tuple", "set", "frozenset")})


@_handles("iter")
def _iter(args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
    found = m.iterate(first(args), node)
    return Items("iterator", None if found.items is None else list(found.items), found.element, size=found.size)


@_handles("next")
def _next(args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
    value = first(args)
    if type(value) is Instance:
        method = m.attribute(value, "__next__", node)
        if not isinstance(method, Unknown):
            return m.call(method, CallArgs(), node)
    found = m.iterate(value, node)
    if found.items is None:
        return found.element
    if type(value) is Items and value.kind == "iterator" and value.items:
        m.heap.touch(value)
        return value.items.pop(0)
    return join_all(list(found.items)) if found.items else args.positional[1] if len(args.positional) > 1 else Unknown()


@_handles("dict")
def _dict(args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
    from shapecheck.interp.arguments import as_mapping

    out = Mapping(born=m.heap.clock)
    for value in args.positional:
        pairs = m.iterate(value, node).items if isinstance(value, Items) else None
        other = value if type(value) is Mapping else None if isinstance(value, Items) else as_mapping(m, value, node)
        if pairs is not None:
            for pair in pairs:
                key = (
                    constant_key(pair.items[0])
                    if isinstance(pair, Items) and pair.items and len(pair.items) == 2
                    else None
                )
                if key is None or not isinstance(pair, Items) or pair.items is None:
                    out.complete = False
                else:
                    out.items[key[0]] = pair.items[1]
        else:
            out.items.update(other.items if other is not None else {})
            out.complete = all_complete(out.complete, other.complete if other is not None else False)
    out.items.update(args.keywords)
    out.complete = out.complete if args.exact else False
    return out


@_handles("any", "all")
def _any_all(args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
    found = m.iterate(first(args), node)
    wanted = getattr(getattr(node, "func", None), "id", "any") == "any"
    if found.items is None:
        return Unknown()
    truths = [m.truth(item) for item in found.items]
    if wanted in truths:
        return Const(wanted)
    return Unknown() if None in truths else Const(not wanted)


@_handles("map")
def _map(args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
    if len(args.positional) < 2:
        return Unknown()
    function, *sources = args.positional
    found = [m.iterate(source, node) for source in sources]
    known = [part.items for part in found if part.items is not None]
    if len(known) == len(found) and m.budget.unroll(min(map(len, known))):
        rows = zip(*known, strict=False)
        return Items("iterator", [m.call(function, CallArgs(list(row), nodes=[None] * len(row)), node) for row in rows])
    row = [part.element if part.items is None else join_all(list(part.items)) for part in found]
    return Items("iterator", None, m.call(function, CallArgs(row, nodes=[None] * len(row)), node))


@_handles("filter")
def _filter(args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
    found = m.iterate(args.positional[1], node) if len(args.positional) > 1 else None
    if found is None:
        return Unknown()
    return Items("iterator", None, found.element if found.items is None else join_all(list(found.items)))


@_handles("print", "breakpoint", "help")
def _print(args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
    return NONE


@_handles("slice")
def _slice(args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
    parts = [*args.positional, NONE, NONE, NONE]
    return Slice(NONE, parts[0], NONE) if len(args.positional) == 1 else Slice(parts[0], parts[1], parts[2])
