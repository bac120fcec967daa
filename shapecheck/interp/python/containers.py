"""Tuples, lists, sets and dicts: items and methods."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from shapecheck.dims import UNKNOWN, number
from shapecheck.interp.operators import constant_key
from shapecheck.interp.values import (
    CallArgs,
    Const,
    Int,
    Items,
    Iteration,
    Lacking,
    Machine,
    Mapping,
    Slice,
    Unknown,
    Value,
    all_complete,
    join,
    join_all,
)

if TYPE_CHECKING:
    from shapecheck.interp.machine import Interpreter

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


def lookup(mapping: Mapping, key: Value, m: Any) -> Value:
    """``mapping[key]``."""
    known = constant_key(key)
    if known is None:
        return join_all([*mapping.items.values(), *([] if mapping.complete else [mapping.element])])
    m.modules.register(m, mapping, known[0])
    try:
        found = mapping.items.get(known[0])
    except TypeError:
        return Unknown()
    if found is not None:
        return found
    return Unknown() if mapping.complete else mapping.element


def store(mapping: Mapping, key: Value, value: Value) -> None:
    """``mapping[key] = value``."""
    known = constant_key(key)
    if known is not None:
        mapping.items[known[0]] = value
        return
    mapping.items = {name: join(old, value) for name, old in mapping.items.items()}
    mapping.element = value if mapping.complete else join(mapping.element, value)
    mapping.complete = False


def keys(mapping: Mapping) -> Iteration:
    """A loop over a dict."""
    if not mapping.complete:
        return Iteration(None, Unknown())
    return Iteration([key_value(key) for key in mapping.items], Unknown())


def key_value(key: Any) -> Value:
    """A dict's key as a value."""
    if type(key) is int:
        return Int(number(key))
    return Items("tuple", [key_value(part) for part in key]) if isinstance(key, tuple) else Const(key)


# -- methods of tuples, lists and sets -------------------------------------------------------------------------------


def method(items: Items, name: str, args: CallArgs, machine: Machine, node: ast.AST) -> Value:
    """``items.name(...)``."""
    handler = _METHODS.get(name)
    return Unknown() if handler is None else handler(items, args, machine, node)


def _changes(items: Items, m: Any) -> None:
    from shapecheck.interp.targets import note_change

    m.heap.touch(items)
    note_change(m, items.born)
    items.size = UNKNOWN


def _first(args: CallArgs) -> Value:
    return args.positional[0] if args.positional else Unknown()


def _append(items: Items, args: CallArgs, m: Any, node: ast.AST) -> Value:
    value = _first(args)
    if items.items is None:
        grown = join(items.element, value) if items.element is not value else value
        if items.size.known or grown is not items.element and grown.key() != items.element.key():
            _changes(items, m)
        items.element = grown
        return NONE
    _changes(items, m)
    items.items.append(value)
    return NONE


def _extend(items: Items, args: CallArgs, m: Any, node: ast.AST) -> Value:
    found = m.iterate(_first(args), node)
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
    at = plain_int(_first(args))
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
    at = _index_of(items, _first(args))
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
    at = _index_of(items, _first(args))
    return Int(UNKNOWN if at is None else number(at))


def _count(items: Items, args: CallArgs, m: Any, node: ast.AST) -> Value:
    keys_ = [constant_key(value) for value in items.items or ()]
    known = constant_key(_first(args))
    if items.items is None or known is None or None in keys_:
        return Int(UNKNOWN)
    return Int(number(keys_.count(known)))


def _add(items: Items, args: CallArgs, m: Any, node: ast.AST) -> Value:
    value = _first(args)
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
    "appendleft": lambda items, args, m, node: _insert(items, CallArgs([Int(number(0)), _first(args)]), m, node),
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


# -- methods of dicts ------------------------------------------------------------------------------------------------


def mapping_method(mapping: Mapping, name: str, args: CallArgs, machine: Machine, node: ast.AST) -> Value:
    """``mapping.name(...)``."""
    handler = _MAPPING.get(name)
    return Unknown() if handler is None else handler(mapping, args, machine, node)


def _mapping_changes(mapping: Mapping, m: Any) -> None:
    from shapecheck.interp.targets import note_change

    m.heap.touch(mapping)
    note_change(m, mapping.born)


def _values(mapping: Mapping, args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
    if mapping.complete:
        return Items("iterator", list(mapping.items.values()))
    return Items("iterator", None, join_all([*mapping.items.values(), mapping.element]))


def _items(mapping: Mapping, args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
    if mapping.complete:
        return Items("iterator", [Items("tuple", [key_value(k), v]) for k, v in mapping.items.items()])
    return Items("iterator", None, Items("tuple", [Unknown(), join_all([*mapping.items.values(), mapping.element])]))


def _keys(mapping: Mapping, args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
    found = keys(mapping)
    return Items("iterator", None if found.items is None else list(found.items), found.element)


def _get(mapping: Mapping, args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
    key = constant_key(_first(args))
    default = args.positional[1] if len(args.positional) > 1 else NONE
    if key is not None:
        m.modules.register(m, mapping, key[0])
    if key is not None and key[0] in mapping.items:
        lacking = isinstance(mapping.complete, Lacking) and key[0] in mapping.complete.keys
        return join(mapping.items[key[0]], default) if lacking else mapping.items[key[0]]
    if key is not None and mapping.complete is not False:
        return default
    return join(lookup(mapping, _first(args), m), default)


def _pop_key(mapping: Mapping, args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
    value = _get(mapping, args, m, node)
    key = constant_key(_first(args))
    _mapping_changes(mapping, m)
    if key is None:
        mapping.complete = False
    else:
        mapping.items.pop(key[0], None)
    return value


def _update(mapping: Mapping, args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
    from shapecheck.interp.expressions import as_mapping

    _mapping_changes(mapping, m)
    for value in args.positional:
        other = value if type(value) is Mapping else as_mapping(m, value, node)
        mapping.items.update(other.items if other is not None else {})
        mapping.complete = all_complete(mapping.complete, other.complete if other is not None else False)
    mapping.items.update(args.keywords)
    mapping.complete = mapping.complete if args.exact else False
    return NONE


def _set_default(mapping: Mapping, args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
    key = constant_key(_first(args))
    default = args.positional[1] if len(args.positional) > 1 else NONE
    if key is None:
        return Unknown()
    if key[0] not in mapping.items:
        _mapping_changes(mapping, m)
        mapping.items[key[0]] = default
    return mapping.items[key[0]]


def _copy_mapping(mapping: Mapping, args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
    return Mapping(dict(mapping.items), mapping.complete, mapping.element, m.heap.clock)


def _clear_mapping(mapping: Mapping, args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
    _mapping_changes(mapping, m)
    mapping.items, mapping.complete = {}, True
    return NONE


def _pop_item(mapping: Mapping, args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
    _mapping_changes(mapping, m)
    mapping.complete = False
    return Unknown()


_MAPPING: dict[str, Callable[[Mapping, CallArgs, Any, ast.AST], Value]] = {
    "values": _values,
    "items": _items,
    "keys": _keys,
    "get": _get,
    "pop": _pop_key,
    "popitem": _pop_item,
    "update": _update,
    "setdefault": _set_default,
    "copy": _copy_mapping,
    "clear": _clear_mapping,
}
