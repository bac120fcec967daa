"""Tuples, lists and sets: items, slices, methods."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from shapecheck.dims import UNKNOWN, number
from shapecheck.interp.operators import constant_key
from shapecheck.interp.python.objects import first
from shapecheck.interp.values import (
    CallArgs,
    Const,
    Int,
    Items,
    Machine,
    Slice,
    Unknown,
    Value,
    join,
    join_all,
)

if TYPE_CHECKING:
    pass

NONE = Const(None)


def plain_int(value: Value) -> int | None:
    """A known integer."""
    return value.dim.expr if type(value) is Int and isinstance(value.dim.expr, int) else None


def item(items: Items, key: Value) -> Value:
    """``items[key]``."""
    if type(key) is Slice:
        return _part(items, key)
    if items.items is None:
        return items.element
    index = plain_int(key)
    if index is None:
        return join_all(items.items)
    return items.items[index] if -len(items.items) <= index < len(items.items) else Unknown()


def _part(items: Items, key: Slice) -> Value:
    bounds = _bounds(key)
    if bounds is None:
        return Items(items.kind, None, join_all(items.each()))
    if items.items is None or bounds.step == 0:
        return Items(items.kind, None, items.element)
    return Items(items.kind, items.items[bounds])


def _bounds(key: Slice) -> slice | None:
    """A slice of known integers."""
    bounds: list[int | None] = []
    for part in (key.start, key.stop, key.step):
        known = plain_int(part)
        if known is None and not (type(part) is Const and part.value is None):
            return None
        bounds.append(known)
    return slice(*bounds)


def set_item(items: Items, key: Value, value: Value) -> None:
    """``items[key] = value``."""
    index = plain_int(key)
    if items.items is None:
        items.element = join(items.element, value)
    elif index is not None and -len(items.items) <= index < len(items.items):
        items.items[index] = value
    elif index is None:
        items.items = [join(old, value) for old in items.items] if type(key) is not Slice else None
        if items.items is None:
            items.element = Unknown()


def delete(items: Items, key: Value, m: Any) -> None:
    """``del items[key]``; of unknown length where it is not known which go."""
    _changes(items, m)
    gone = _bounds(key) if type(key) is Slice else plain_int(key)
    if items.items is None or gone is None:
        items.items, items.element = None, join_all(items.each())
    elif isinstance(gone, slice) or -len(items.items) <= gone < len(items.items):
        del items.items[gone]


def unique(kind: str, items: Sequence[Value], born: int) -> Items:
    """A set of these elements: each known constant once; of unknown length where some are not known."""
    keys = [constant_key(item) for item in items]
    if None in keys:
        return Items(kind, None, join_all(list(items)), born)
    return Items(kind, list(dict(zip(keys, items, strict=True)).values()), born=born)


# -- methods of tuples, lists and sets -------------------------------------------------------------------------------


def method(items: Items, name: str, args: CallArgs, machine: Machine, node: ast.AST) -> Value:
    """``items.name(...)``."""
    handler = _METHODS.get(name)
    return Unknown() if handler is None else handler(items, args, machine, node)


def _changes(items: Items, m: Any) -> None:
    from shapecheck.interp.targets import note_change

    m.heap.touch(items)
    note_change(m, items.born)
    items.size, items.batched = UNKNOWN, None


def _append(items: Items, args: CallArgs, m: Any, node: ast.AST) -> Value:
    value = first(args)
    if items.items is None:
        grown = join(items.element, value) if items.element is not value else value
        if items.size.known or items.batched or grown is not items.element and grown.key() != items.element.key():
            _changes(items, m)
        items.element = grown
        return NONE
    _changes(items, m)
    items.items.append(value)
    return NONE


def _extend(items: Items, args: CallArgs, m: Any, node: ast.AST) -> Value:
    found = m.iterate(first(args), node)
    _changes(items, m)
    if items.items is not None and found.items is not None and len(items.items) + len(found.items) <= 4096:
        items.items.extend(found.items)
        return NONE
    new = list(found.items) if found.items is not None else [found.element]
    old = items.items if items.items is not None else [items.element]
    items.items, items.element = None, join_all([*old, *new])
    return NONE


def _insert(items: Items, args: CallArgs, m: Any, node: ast.AST) -> Value:
    value = args.positional[1] if len(args.positional) > 1 else Unknown()
    _changes(items, m)
    at = plain_int(first(args))
    if items.items is not None and at is not None:
        items.items.insert(at, value)
    else:
        items.items, items.element = None, join_all([*items.each(), value])
    return NONE


def _pop(items: Items, args: CallArgs, m: Any, node: ast.AST) -> Value:
    _changes(items, m)
    at = plain_int(args.positional[0]) if args.positional else -1
    if items.items is None or at is None:
        items.items, items.element = None, join_all(items.each())
        return items.element
    return items.items.pop(at) if -len(items.items) <= at < len(items.items) else Unknown()


def _clear(items: Items, args: CallArgs, m: Any, node: ast.AST) -> Value:
    _changes(items, m)
    items.items = []
    return NONE


def _copy(items: Items, args: CallArgs, m: Any, node: ast.AST) -> Value:
    return Items(items.kind, None if items.items is None else list(items.items), items.element, m.heap.clock)


def _reorder(items: Items, args: CallArgs, m: Any, node: ast.AST) -> Value:
    if items.items and any(value is not items.items[0] for value in items.items):
        _changes(items, m)
        items.items = [join_all(items.items)] * len(items.items)
    return NONE


def _reverse(items: Items, args: CallArgs, m: Any, node: ast.AST) -> Value:
    if items.items:
        _changes(items, m)
        items.items.reverse()
    return NONE


def _remove(items: Items, args: CallArgs, m: Any, node: ast.AST) -> Value:
    _changes(items, m)
    at = _index_of(items, first(args))
    if items.items is not None and at is not None:
        items.items.pop(at)
    else:
        items.items, items.element = None, join_all(items.each())
    return NONE


def _index_of(items: Items, value: Value) -> int | None:
    known = constant_key(value)
    if items.items is None or known is None:
        return None
    for number_, member in enumerate(items.items):
        key = constant_key(member)
        if key is None:
            return None
        if key == known:
            return number_
    return None


def _index(items: Items, args: CallArgs, m: Any, node: ast.AST) -> Value:
    at = _index_of(items, first(args))
    if at is None and items.items and constant_key(first(args)) is None:  # of whatever it holds, as a dict's values
        return join_all([Int(number(place)) for place in range(len(items.items))])
    return Int(UNKNOWN if at is None else number(at))


def _count(items: Items, args: CallArgs, m: Any, node: ast.AST) -> Value:
    keys_ = [constant_key(value) for value in items.items or ()]
    known = constant_key(first(args))
    if items.items is None or known is None or None in keys_:
        return Int(UNKNOWN)
    return Int(number(keys_.count(known)))


def _add(items: Items, args: CallArgs, m: Any, node: ast.AST) -> Value:
    value = first(args)
    known = constant_key(value)
    if items.items is not None and known is not None:
        members = [constant_key(member) for member in items.items]
        if known in members:
            return NONE
        if None not in members:
            _changes(items, m)
            items.items.append(value)
            return NONE
    _changes(items, m)
    items.items, items.element = None, join_all([*items.each(), value]) if items.items != [] else value
    return NONE


def _merged(items: Items, args: CallArgs, m: Any, node: ast.AST) -> Value:
    every = list(items.each())
    for value in args.positional:
        found = m.iterate(value, node)
        every += found.items if found.items is not None else [found.element]
    return Items(items.kind, None, join_all(every), m.heap.clock)


_METHODS: dict[str, Callable[[Items, CallArgs, Any, ast.AST], Value]] = {
    "append": _append,
    "appendleft": lambda items, args, m, node: _insert(items, CallArgs([Int(number(0)), first(args)]), m, node),
    "extend": _extend,
    "update": lambda items, args, m, node: (
        _extend(items, args, m, node) if items.kind == "list" else _grow_set(items, args, m, node)
    ),
    "insert": _insert,
    "pop": _pop,
    "popleft": lambda items, args, m, node: _pop(items, CallArgs([Int(number(0))]), m, node),
    "clear": _clear,
    "copy": _copy,
    "sort": _reorder,
    "reverse": _reverse,
    "remove": _remove,
    "discard": _remove,
    "index": _index,
    "count": _count,
    "add": _add,
    "union": _merged,
    "intersection": _merged,
    "difference": _merged,
    "symmetric_difference": _merged,
}


def _grow_set(items: Items, args: CallArgs, m: Any, node: ast.AST) -> Value:
    grown = _merged(items, args, m, node)
    assert isinstance(grown, Items)
    _changes(items, m)
    items.items, items.element = None, grown.element
    return NONE
