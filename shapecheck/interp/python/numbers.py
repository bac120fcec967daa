"""The builtins that make and reckon with numbers and texts: int, round, max, sum and their like."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from shapecheck.dims import UNKNOWN, Dim, largest, number
from shapecheck.interp.operators import binary, constant_key
from shapecheck.interp.python.objects import Handler, first, registrar
from shapecheck.interp.results import plain
from shapecheck.interp.values import (
    CallArgs,
    Const,
    Instance,
    Int,
    Items,
    Number,
    TensorValue,
    Text,
    Unknown,
    Value,
    join_all,
)

if TYPE_CHECKING:
    from shapecheck.interp.machine import Interpreter

HANDLERS: dict[str, Handler] = {}
_handles = registrar(HANDLERS)


@_handles("int")
def _int(args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
    value = first(args)
    if type(value) is Int:
        return value
    if type(value) is Number:
        return Int(value.floor)
    if type(value) is Const:
        try:
            return Int(number(int(value.value)))
        except (ValueError, TypeError, OverflowError):
            pass
    return Int(UNKNOWN)


@_handles("float")
def _float(args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
    key = constant_key(first(args))
    try:
        return Number() if key is None else Const(float(key[0]))
    except (ValueError, TypeError, OverflowError):
        return Number()


@_handles("str", "repr", "ascii")
def _str(args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
    key = constant_key(first(args))
    return (
        Const(str(key[0]))
        if key is not None and not (isinstance(key[0], int) and key[0].bit_length() > 999)
        else Text()
    )


@_handles("bool")
def _bool(args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
    truth = m.truth(first(args)) if args.positional else False
    return Unknown() if truth is None else Const(truth)


@_handles("abs")
def _abs(args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
    value = first(args)
    if type(value) is TensorValue:
        return m.operator("torch.abs", args, node)
    if type(value) is Instance:
        return m.call(m.attribute(value, "__abs__", node), CallArgs(), node)
    key = constant_key(value)
    return (
        plain(abs(key[0]))
        if key is not None and isinstance(key[0], (int, float))
        else Int(UNKNOWN)
        if type(value) is Int
        else Number()
    )


@_handles("divmod")
def _divmod(args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
    left, right = [*args.positional, Unknown(), Unknown()][:2]
    return Items("tuple", [binary(m, op, left, right, node) for op in ("floordiv", "mod")])


@_handles("round", "pow")
def _number(args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
    value = first(args)
    if getattr(getattr(node, "func", None), "id", "") == "pow" and len(args.positional) == 2:
        return binary(m, "pow", args.positional[0], args.positional[1], node)
    if getattr(getattr(node, "func", None), "id", "") == "round" and len(args.positional) == 1:
        if type(value) is Int:
            return value
        return (
            plain(round(value.value))
            if type(value) is Const and type(value.value) is float and abs(value.value) < 1e15
            else Int(UNKNOWN)
        )
    return Unknown()


def _extreme(args: CallArgs, m: Interpreter, node: ast.AST, larger: bool) -> Value:
    values = list(args.positional)
    if len(values) == 1:
        found = m.iterate(values[0], node)
        if found.items is None:
            element = found.element
            if type(element) is Int:
                return Int(_named(UNKNOWN, m, node))
            return Number() if type(element) is Number else Unknown()
        values = list(found.items)
    if "key" in args.keywords or not values or not args.exact:
        return join_all(values)
    if all(type(value) is Int for value in values):
        dims = [value.dim for value in values if type(value) is Int]
        most = _extreme_dim(dims, larger)
        return Int(_named(most, m, node) if len(args.positional) == 1 else most)
    raw = [constant_key(value) for value in values]
    if None in raw:
        return Number() if all(type(value) in (Int, Number, Const) for value in values) else Unknown()
    try:
        return plain((max if larger else min)(key[0] for key in raw if key))
    except TypeError:
        return Unknown()


def _named(dim: Dim, m: Interpreter, node: ast.AST) -> Dim:
    """A size as it is, by a name of its own where it is not known: all that is made as large is then as large."""
    return dim if dim.known else m.fresh("length", node, _words(node))


def _words(node: ast.AST) -> str:
    """A call as it is written, where it is short enough to be read in a message."""
    text = ast.unparse(node)
    return f"`{text}`" if len(text) <= 40 else "a largest size"


def _extreme_dim(dims: list[Dim], larger: bool) -> Dim:
    if all(isinstance(dim.expr, int) for dim in dims):
        return (max if larger else min)(dims, key=lambda dim: dim.value or 0)
    if not larger:
        return dims[0] if all(dim == dims[0] for dim in dims) and dims[0].known else UNKNOWN
    total = dims[0]
    for dim in dims[1:]:
        total = largest(total, dim)
    return total


@_handles("max")
def _max(args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
    return _extreme(args, m, node, True)


@_handles("min")
def _min(args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
    return _extreme(args, m, node, False)


@_handles("sum")
def _sum(args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
    found = m.iterate(first(args), node)
    start: Value = args.keywords.get("start") or (args.positional[1] if len(args.positional) > 1 else Int(number(0)))
    if found.items is not None and len(found.items) <= 64:
        total = start
        for item in found.items:
            total = item if type(total) is Int and total.dim.expr == 0 else binary(m, "add", total, item, node)
        return total
    element = found.element if found.items is None else join_all(list(found.items))
    if type(element) is TensorValue:
        return binary(m, "add", element, element, node)
    return Int(UNKNOWN) if type(element) is Int else Number() if type(element) in (Number, Const) else Unknown()
