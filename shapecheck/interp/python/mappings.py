"""Dicts: items, lookups, methods."""

from __future__ import annotations

import ast
from collections.abc import Callable
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
    Unknown,
    Value,
    all_complete,
    join,
    join_all,
)

if TYPE_CHECKING:
    from shapecheck.interp.machine import Interpreter
from shapecheck.interp.python.containers import NONE
from shapecheck.interp.python.objects import first


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


def method(mapping: Mapping, name: str, args: CallArgs, machine: Machine, node: ast.AST) -> Value:
    """``mapping.name(...)``."""
    handler = _METHODS.get(name)
    return Unknown() if handler is None else handler(mapping, args, machine, node)


def _changes(mapping: Mapping, m: Any) -> None:
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
    key = constant_key(first(args))
    default = args.positional[1] if len(args.positional) > 1 else NONE
    if key is not None:
        m.modules.register(m, mapping, key[0])
    if key is not None and key[0] in mapping.items:
        lacking = isinstance(mapping.complete, Lacking) and key[0] in mapping.complete.keys
        return join(mapping.items[key[0]], default) if lacking else mapping.items[key[0]]
    if key is not None and mapping.complete is not False:
        return default
    return join(lookup(mapping, first(args), m), default)


def _pop_key(mapping: Mapping, args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
    value = _get(mapping, args, m, node)
    key = constant_key(first(args))
    _changes(mapping, m)
    if key is None:
        mapping.complete = False
    else:
        mapping.items.pop(key[0], None)
    return value


def _update(mapping: Mapping, args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
    from shapecheck.interp.arguments import as_mapping

    _changes(mapping, m)
    for value in args.positional:
        other = value if type(value) is Mapping else as_mapping(m, value, node)
        if other is None:  # any key may be among those of a dict that is not known
            mapping.items.update({name: Unknown() for name in mapping.items})
        else:
            mapping.items.update(other.items)
        mapping.complete = all_complete(mapping.complete, other.complete if other is not None else False)
    mapping.items.update(args.keywords)
    mapping.complete = mapping.complete if args.exact else False
    return NONE


def _set_default(mapping: Mapping, args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
    key = constant_key(first(args))
    default = args.positional[1] if len(args.positional) > 1 else NONE
    if key is None:
        return Unknown()
    if key[0] not in mapping.items:
        _changes(mapping, m)
        mapping.items[key[0]] = default
    return mapping.items[key[0]]


def _copy(mapping: Mapping, args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
    return Mapping(dict(mapping.items), mapping.complete, mapping.element, m.heap.clock)


def _clear(mapping: Mapping, args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
    _changes(mapping, m)
    mapping.items, mapping.complete = {}, True
    return NONE


def _pop_item(mapping: Mapping, args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
    _changes(mapping, m)
    mapping.complete = False
    return Unknown()


def _most_common(mapping: Mapping, args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
    """Of a Counter: pairs of a thing and its number."""
    pair = Items("tuple", [Unknown(), join_all([*mapping.items.values(), mapping.element])])
    count = first(args) if args.positional else None
    return Items("list", None, pair, m.heap.clock, count.dim if type(count) is Int else UNKNOWN)


_METHODS: dict[str, Callable[[Mapping, CallArgs, Any, ast.AST], Value]] = {
    "values": _values,
    "items": _items,
    "keys": _keys,
    "get": _get,
    "pop": _pop_key,
    "popitem": _pop_item,
    "most_common": _most_common,
    "update": _update,
    "setdefault": _set_default,
    "copy": _copy,
    "clear": _clear,
}
