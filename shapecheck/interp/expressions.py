"""Expressions: from a node of the tree to a value. One function per kind of node, found by its type."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from shapecheck.dims import WRITTEN, number
from shapecheck.interp import comprehensions, operators
from shapecheck.interp.arguments import arguments, as_mapping
from shapecheck.interp.arithmetic import NAMES
from shapecheck.interp.comparisons import compare
from shapecheck.interp.conditions import decide, supposing
from shapecheck.interp.library.modules import is_module
from shapecheck.interp.python.containers import unique
from shapecheck.interp.python.names import BUILTINS
from shapecheck.interp.python.objects import Deferred
from shapecheck.interp.targets import assign
from shapecheck.interp.values import (
    CallArgs,
    Const,
    Function,
    Int,
    Items,
    Mapping,
    Slice,
    Text,
    Unknown,
    Value,
    all_complete,
    join,
)
from shapecheck.interp.windows import window
from shapecheck.places import Origin

if TYPE_CHECKING:
    from shapecheck.interp.machine import Interpreter


NONE = Const(None)
NOTHING = Unknown()


def constant(m: Interpreter, node: ast.Constant) -> Value:
    """A literal; the value stays with the node, which may be evaluated often."""
    known: Value | None = getattr(node, "known_value", None)
    if known is None:
        known = _literal(m, node)
        node.known_value = known  # type: ignore[attr-defined]
    return known


def _literal(m: Interpreter, node: ast.Constant) -> Value:
    return Int(number(node.value, Origin(WRITTEN, m.span(node)))) if type(node.value) is int else Const(node.value)


def name(m: Interpreter, node: ast.Name) -> Value:
    """A name: here, further out, among the builtins, or star-imported."""
    value = m.scope.find(node.id)
    if value is None:
        return BUILTINS.get(node.id) or m.modules.starred(m.scope.module(), node.id, m) or NOTHING
    return value.resolve(m) if type(value) is Deferred else value


def attribute(m: Interpreter, node: ast.Attribute) -> Value:
    """``value.name``."""
    return m.attribute(m.eval(node.value), node.attr, node)


def subscript(m: Interpreter, node: ast.Subscript) -> Value:
    """``value[key]``."""
    value = m.eval(node.value)
    return m.item(value, m.eval(node.slice), node)


def slice_(m: Interpreter, node: ast.Slice) -> Value:
    """``start:stop:step``."""
    return window(
        m, node, Slice(*[NONE if part is None else m.eval(part) for part in (node.lower, node.upper, node.step)])
    )


def call(m: Interpreter, node: ast.Call) -> Value:
    """``callee(arguments)``."""
    callee = m.eval(node.func)
    args = arguments(m, node) if node.args or node.keywords else CallArgs()
    if type(node.func) is ast.Attribute and node.func.attr in ("train", "eval") and len(args.positional) < 2:
        _switch(m, node.func, args)
    return m.call(callee, args, node)


def _switch(m: Interpreter, place: ast.Attribute, args: CallArgs) -> None:
    """``model.train()``, ``model.eval()``: what runs from here on stands under that mode."""
    if isinstance(place.value, (ast.Name, ast.Attribute)) and is_module(m.eval(place.value)):
        on = m.truth(args.positional[0]) if args.positional else True
        m.mode = "" if on is None else "train" if (place.attr == "train") is on else "eval"


def binary(m: Interpreter, node: ast.BinOp) -> Value:
    """``left op right``."""
    left = m.eval(node.left)
    return operators.binary(m, NAMES[type(node.op)], left, m.eval(node.right), node)


def unary(m: Interpreter, node: ast.UnaryOp) -> Value:
    """``-value`` and its like; the sign of a literal keeps its origin."""
    return operators.unary(m, node.op, m.eval(node.operand), node)


def boolean(m: Interpreter, node: ast.BoolOp) -> Value:
    """``a and b``, ``a or b``: stops where Python does; what follows an undecided part is looked at under it."""
    return _boolean(m, node.values, 0, isinstance(node.op, ast.And))


def _boolean(m: Interpreter, parts: list[ast.expr], at: int, wanted: bool) -> Value:
    value = m.eval(parts[at])
    truth = decide(m, parts[at], value)
    if at + 1 == len(parts) or (truth is not None and truth is not wanted):
        return value
    if truth is wanted:
        return _boolean(m, parts, at + 1, wanted)
    with supposing(m, parts[at], wanted):
        return join(value, _boolean(m, parts, at + 1, wanted))


def conditional(m: Interpreter, node: ast.IfExp) -> Value:
    """``a if test else b``: both, where the test is not decided."""
    truth = decide(m, node.test, m.eval(node.test))
    if truth is not None:
        return m.eval(node.body if truth else node.orelse)
    with supposing(m, node.test, True):
        first = m.eval(node.body)
    with supposing(m, node.test, False):
        second = m.eval(node.orelse)
    return join(first, second)


def sequence(kind: str) -> Callable[[Interpreter, Any], Value]:
    """The function for tuple, list or set displays."""

    def display(m: Interpreter, node: Any) -> Value:
        items: list[Value] = []
        for place in node.elts:
            if type(place) is ast.Starred:
                found = m.iterate(m.eval(place.value), place)
                if found.items is None:
                    return Items(kind, None, NOTHING, m.heap.clock)
                items.extend(found.items)
            else:
                items.append(m.eval(place))
        if kind == "set":
            return unique(kind, items, m.heap.clock)
        return Items(kind, items, born=m.heap.clock)

    return display


def dictionary(m: Interpreter, node: ast.Dict) -> Value:
    """``{key: value, **other}``."""
    out = Mapping(born=m.heap.clock)
    for key_node, place in zip(node.keys, node.values, strict=True):
        value = m.eval(place)
        if key_node is None:
            other = value if type(value) is Mapping else as_mapping(m, value, place)
            out.items.update(other.items if other is not None else {})
            out.complete = all_complete(out.complete, other.complete if other is not None else False)
            continue
        key = operators.constant_key(m.eval(key_node))
        if key is None:
            out.complete = False
            out.element = value if not out.items else join(out.element, value)
        else:
            out.items[key[0]] = named(value, repr(key[0]))
    return out


def named(value: Value, words: str) -> Value:
    """A number that was written down under a name: its origin says the name."""
    if type(value) is Int and value.dim.origin is not None and value.dim.origin.text == WRITTEN:
        return Int(value.dim.at(Origin(f"the value of {words}", value.dim.origin.span)))
    return value


def text(m: Interpreter, node: ast.JoinedStr) -> Value:
    """An f-string: known where all its parts are."""
    parts = [m.eval(part) for part in node.values]
    if all(type(part) is Const and isinstance(part.value, str) for part in parts):
        return Const("".join(part.value for part in parts))  # type: ignore[attr-defined]
    return Text()


def formatted(m: Interpreter, node: ast.FormattedValue) -> Value:
    """``{value:spec}`` in an f-string."""
    value = m.eval(node.value)
    spec = Const("") if node.format_spec is None else m.eval(node.format_spec)
    raw = operators.constant_key(value)
    if raw is None or type(spec) is not Const or len(str(spec.value)) > 8:
        return Text()
    try:
        return Const(format(repr(raw[0]) if node.conversion == ord("r") else raw[0], spec.value))
    except (ValueError, TypeError):
        return Text()


def walrus(m: Interpreter, node: ast.NamedExpr) -> Value:
    """``(name := value)``."""
    value = m.eval(node.value)
    assign(m, node.target, value, node)
    return value


def lambda_(m: Interpreter, node: ast.Lambda) -> Value:
    """A lambda, with its defaults."""
    from shapecheck.interp.functions import defaults_of

    return Function(node, m.scope.closure(), "<lambda>", defaults_of(m, node.args), home=m.home)


def yield_(m: Interpreter, node: ast.Yield) -> Value:
    """``yield value``."""
    m.activation.yields.append(NONE if node.value is None else m.eval(node.value))
    return NOTHING


def yield_from(m: Interpreter, node: ast.YieldFrom) -> Value:
    """``yield from values``."""
    found = m.iterate(m.eval(node.value), node)
    m.activation.yields.extend(found.items if found.items is not None else [found.element])
    return NOTHING


def transparent(m: Interpreter, node: Any) -> Value:
    """``await value``: the value; a starred expression where none is wanted."""
    return m.eval(node.value)


def unheard_of(m: Interpreter, node: ast.AST) -> Value:
    """A kind of expression that is newer than this table."""
    return NOTHING


class _Table(dict[type[ast.AST], Callable[[Any, Any], Value]]):
    def __missing__(self, kind: type[ast.AST]) -> Callable[[Any, Any], Value]:
        return unheard_of


EVAL: _Table = _Table(
    {
        ast.Constant: constant,
        ast.Name: name,
        ast.Attribute: attribute,
        ast.Subscript: subscript,
        ast.Slice: slice_,
        ast.Call: call,
        ast.BinOp: binary,
        ast.UnaryOp: unary,
        ast.Compare: compare,
        ast.BoolOp: boolean,
        ast.IfExp: conditional,
        ast.Tuple: sequence("tuple"),
        ast.List: sequence("list"),
        ast.Set: sequence("set"),
        ast.Dict: dictionary,
        ast.JoinedStr: text,
        ast.FormattedValue: formatted,
        ast.NamedExpr: walrus,
        ast.Lambda: lambda_,
        ast.Yield: yield_,
        ast.YieldFrom: yield_from,
        ast.Await: transparent,
        ast.Starred: transparent,
        ast.ListComp: comprehensions.listed("list"),
        ast.SetComp: comprehensions.listed("set"),
        ast.GeneratorExp: comprehensions.listed("iterator"),
        ast.DictComp: comprehensions.mapped,
    }
)
"""What evaluates each kind of expression."""
