"""Assignment to names, attributes, items and nested tuples of these."""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import TYPE_CHECKING

from shapecheck.dims import symbol
from shapecheck.graph import Tensor
from shapecheck.interp.library.containers import Container
from shapecheck.interp.library.inherited import BASE
from shapecheck.interp.library.modules import descendants, hang, is_module
from shapecheck.interp.values import (
    CallArgs,
    Const,
    Function,
    Instance,
    Int,
    Items,
    Nameable,
    Number,
    TensorValue,
    Text,
    Unknown,
    Value,
    join,
)
from shapecheck.places import Origin
from shapecheck.shapes import Shape

if TYPE_CHECKING:
    from shapecheck.interp.machine import Interpreter
    from shapecheck.interp.scopes import Scope

_PLAIN = (Const, Int, Number, Text)


def assign(m: Interpreter, target: ast.expr, value: Value, node: ast.AST) -> None:
    """``target = value``."""
    kind = type(target)
    if kind is ast.Name:
        store(m, target.id, value)  # type: ignore[attr-defined]
    elif kind is ast.Attribute:
        set_attribute(m, m.eval(target.value), target.attr, value, target)  # type: ignore[attr-defined]
    elif kind is ast.Subscript:
        _assign_item(m, target, value)  # type: ignore[arg-type]
    elif kind is ast.Tuple or kind is ast.List:
        unpack(m, target.elts, value, node)  # type: ignore[attr-defined]
    elif kind is ast.Starred:
        assign(m, target.value, value, node)  # type: ignore[attr-defined]


def store(m: Interpreter, name: str, value: Value) -> None:
    """Bind a name in the current scope (or where it was declared to live)."""
    scope = m.scope
    if scope.redirects is not None:
        scope = scope.redirects.get(name, scope)
    if isinstance(value, Nameable) and not value.tensor.text:
        value.tensor.text = name
    m.heap.touch(scope)
    if scope.parent is None or scope is not m.scope:
        old = scope.names.get(name)
        if old is not None and old is not value and old.key() != value.key():
            m.heap.changed(0)
            m.activation.impure = True
    scope.names[name] = value


def write_over(m: Interpreter, place: ast.AST | None, value: Value) -> None:
    """The tensors at a place became others where they stand: ``x.unsqueeze_(0)``, ``torch.cat(parts, out=x)``."""
    match place:
        case ast.Name(id=name):
            scope: Scope | None = m.scope
            while scope is not None and name not in scope.names:
                scope = scope.parent
            if scope is m.scope:
                store(m, name, value)
            elif scope is not None:
                m.heap.touch(scope)
                note_change(m, 0)
                scope.names[name] = value
        case ast.Attribute() | ast.Subscript():
            assign(m, place, value, place)
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            found = m.iterate(value, place).items
            for part, content in zip(parts, found or [Unknown()] * len(parts), strict=False):
                write_over(m, part, content)


def share(m: Interpreter, value: Value) -> None:
    """Take note that an object, with all in it, stands for several like ones: what changes one may leave the others."""
    if is_module(value):
        m.shared.update({id(part): part for _, part in descendants(value)})
    elif type(value) is Instance and id(value) not in m.shared:
        m.shared[id(value)] = value
        for part in value.attributes.values():
            share(m, part)


def _maybe(m: Interpreter, owner: Value, old: Value | None, value: Value) -> Value:
    """What a place of an owner holds once a value was put there; outside of its own methods, a shared one may not have
    been the one that was meant."""
    function = m.activation.function
    if id(owner) not in m.shared or (function is not None and function.receiver is owner):
        return value
    return Unknown() if old is None else join(old, value)


def set_attribute(m: Interpreter, owner: Value, name: str, value: Value, node: ast.AST) -> None:
    """``owner.name = value``."""
    m.heap.touch(owner)
    if type(owner) is Instance:
        old = owner.attributes.get(name)
        value = Unknown() if _sets_for_itself(owner) else _maybe(m, owner, old, value)
        if old is None or (old is not value and old.key() != value.key()):
            note_change(m, owner.born)
        if owner.module is not None:
            _hang(m, owner, name, value)
        if type(value) is TensorValue and not value.tensor.text:
            value.tensor.text = f"self.{name}"
        owner.attributes[name] = value
        return
    if not isinstance(owner, Unknown):
        note_change(m, getattr(owner, "born", 0))
        owner.set_attribute(name, _maybe(m, owner, None, value), m, node)


def _sets_for_itself(owner: Instance) -> bool:
    """Whether the program's own ``__setattr__`` decides where an attribute goes."""
    from shapecheck.interp.lineage import find

    return isinstance(find(owner.cls, "__setattr__"), Function)


def set_some_attribute(m: Interpreter, owner: Value, value: Value) -> None:
    """``setattr(owner, name, value)`` with a name that is not known: any value of that kind may be another one now.

    An owner that is not known either is one of those at hand, or a part of one: ``parent = model.get_submodule(path)``.
    """
    kinds = (TensorValue,) if isinstance(value, TensorValue) else _PLAIN
    if not isinstance(value, (Unknown, *kinds)):
        return
    owners = [part for at_hand in m.scope.names.values() for part in _parts(at_hand)]
    for one in owners if type(owner) is Unknown else [owner]:
        if type(one) is Instance:
            m.heap.touch(one)
            note_change(m, one.born)
            for name, old in one.attributes.items():
                if isinstance(old, kinds):
                    one.attributes[name] = join(old, value)


def _parts(value: Value) -> list[Value]:
    return [part for _, part in descendants(value)] if is_module(value) else [value]


def _assign_item(m: Interpreter, target: ast.Subscript, value: Value) -> None:
    """``owner[key] = value``, of which ``self.__dict__[name] = value`` sets an attribute."""
    place = target.value
    if isinstance(place, ast.Attribute) and place.attr == "__dict__":
        owner, key = m.eval(place.value), m.eval(target.slice)
        if type(key) is Const and isinstance(key.value, str):
            set_attribute(m, owner, key.value, value, target)
        else:
            set_some_attribute(m, owner, value)
        return
    set_item(m, m.eval(place), m.eval(target.slice), value, target)


def _hang(m: Interpreter, owner: Instance, name: str, value: Value) -> None:
    assert owner.module is not None
    if isinstance(value, Items):
        for number, item in enumerate(value.items or ()):
            hang(item, owner.module.path, f"{name}.{number}")
        return
    hang(value, owner.module.path, name)
    part = owner.attributes.get(BASE)
    if isinstance(part, Container) and is_module(value):
        m.heap.touch(part)
        part.put(name, value)


def set_item(m: Interpreter, owner: Value, key: Value, value: Value, node: ast.AST) -> None:
    """``owner[key] = value``."""
    if isinstance(owner, Unknown):
        return
    if type(owner) is Instance:
        method = m.attribute(owner, "__setitem__", node)
        if not isinstance(method, Unknown):
            m.call(method, CallArgs([key, value], nodes=[None, None]), node)
        return
    m.heap.touch(owner)
    note_change(m, getattr(owner, "born", 0))
    owner.set_item(key, _maybe(m, owner, None, value), m, node)


def note_change(m: Interpreter, born: int) -> None:
    """A value that came to be at ``born`` changed: what is remembered of calls that may have seen it is stale."""
    m.heap.changed(born)
    if born <= m.activation.started:
        m.activation.impure = True


def unpack(m: Interpreter, targets: list[ast.expr], value: Value, node: ast.AST) -> None:
    """``a, *b, c = value``."""
    star = next((i for i, target in enumerate(targets) if type(target) is ast.Starred), None)
    count = len(targets) - (star is not None)
    found = value.unpack(count, star is not None, m, node)
    if found is None:
        iteration = m.iterate(value, node)
        found = iteration.items
        if found is None:
            _spread_one(m, targets, iteration.element, node)
            return
    if len(found) < count or (star is None and len(found) != count):
        if star is not None or not _said_elsewhere(value):
            m.event("unpack", node, of="tuple", count=count, given=len(found))
        for target in targets:
            assign(m, target, Unknown(), node)
        return
    if star is None:
        for target, item in zip(targets, found, strict=True):
            assign(m, target, item, node)
        return
    after = count - star
    middle = list(found[star : len(found) - after])
    parts: list[Value] = [*found[:star], Items("list", middle, born=m.heap.clock), *found[len(found) - after :]]
    for target, item in zip(targets, parts, strict=True):
        assign(m, target, item, node)


def _said_elsewhere(value: Value) -> bool:
    return type(value) is not Items


def _spread_one(m: Interpreter, targets: list[ast.expr], element: Value, node: ast.AST) -> None:
    for target in targets:
        one = Items("list", None, element, m.heap.clock) if type(target) is ast.Starred else element
        assign(m, target, one, node)


def learn_shape(m: Interpreter, targets: list[ast.expr], source: ast.expr) -> bool:
    """``b, s, h = x.shape`` of a tensor of unknown rank: from here on it has three axes, named as the author names
    them.

    Returns whether the assignment is done with that.
    """
    place = _shaped(source)
    if place is None or not all(isinstance(target, ast.Name) for target in targets):
        return False
    value = m.eval(place)
    if type(value) is Unknown and in_module(m):
        value = TensorValue(Tensor(text=place.id))
    if type(value) is not TensorValue or value.tensor.shape.rank is not None:
        return False
    old = value.tensor
    if len(old.shape.dims) > len(targets):
        return False
    names = [target.id for target in targets if isinstance(target, ast.Name)]
    dims = []
    for index, word in enumerate(names):
        head, tail = old.shape.dim(index), old.shape.dim(index - len(names))
        known = head if head.known else tail
        key = (word, id(targets[index]), m.way, m.turns)
        uid = m.uids.setdefault(key, len(m.uids) + 1)
        dims.append(
            known
            if known.known
            else symbol(word.strip("_") or "size", uid, Origin("a size of this tensor", m.span(source)))
        )
    tensor = replace(old, shape=Shape(tuple(dims)))
    assign(m, place, TensorValue(tensor), source)
    for word, dim in zip(names, dims, strict=True):
        store(m, word, Int(dim))
    return True


def in_module(m: Interpreter) -> bool:
    """Whether a method of a module runs: what has a shape there is a tensor."""
    function = m.activation.function
    receiver = function.receiver if type(function) is Function else None
    return type(receiver) is Instance and receiver.module is not None


def _shaped(source: ast.expr) -> ast.Name | None:
    match source:
        case ast.Attribute(value=ast.Name() as place, attr="shape"):
            return place
        case ast.Call(func=ast.Attribute(value=ast.Name() as place, attr="size"), args=[], keywords=[]):
            return place
    return None
