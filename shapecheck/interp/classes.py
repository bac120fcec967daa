"""Classes of the program: definition, lineage, instances, attributes, ``super()``."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from shapecheck.graph import Module
from shapecheck.interp import library
from shapecheck.interp.lineage import find, foreign_bases, is_module
from shapecheck.interp.python import records
from shapecheck.interp.python.names import constant_of
from shapecheck.interp.python.objects import Descriptor, LocalModule, Super
from shapecheck.interp.scopes import NEXT, Scope
from shapecheck.interp.targets import store
from shapecheck.interp.values import (
    Builtin,
    CallArgs,
    Class,
    Const,
    Function,
    Instance,
    Items,
    Iteration,
    Mapping,
    Unknown,
    Value,
)

if TYPE_CHECKING:
    from shapecheck.interp.machine import Interpreter


def define(m: Interpreter, node: ast.ClassDef) -> int:
    """``class``: its body is run in a scope of its own, whose names become its attributes."""
    bases = [m.eval(place) for place in node.bases]
    outer = m.scope
    scope = m.scope = Scope("class", outer)
    try:
        m.run(node.body)
    finally:
        m.scope = outer
    cls = Class(node.name, node, bases, scope.names, outer.closure(), home=m.home)
    for value in scope.names.values():
        _own(value, cls)
    records.finish(m, cls, node)
    value = cls
    for place in reversed(node.decorator_list):
        value = _decorated(m, value, place)
    store(m, node.name, value)
    return NEXT


def _own(value: Value, cls: Class) -> None:
    if type(value) is Descriptor:
        value = value.function
    if type(value) is Function and value.owner is None:
        value.owner = cls


def _decorated(m: Interpreter, value: Class, node: ast.expr) -> Class:
    """``dataclass`` makes the class one; a decorator of the program is called, for it may register the class."""
    decorator = m.eval(node.func if isinstance(node, ast.Call) else node)
    if type(decorator) is Builtin:
        if decorator.name in records.DATACLASSES:
            value.flavour = "dataclass"
        return value
    if isinstance(node, ast.Call):
        decorator = m.eval(node)
    made = m.call(decorator, CallArgs([value], nodes=[None]), node) if not isinstance(decorator, Unknown) else value
    return made if type(made) is Class else value


# -- instances -------------------------------------------------------------------------------------------------------


def instantiate(m: Interpreter, cls: Class, args: CallArgs, node: ast.AST) -> Value:
    """``Class(...)``."""
    if cls.flavour == "enum":
        return records.member(m, cls, args)
    if cls.flavour == "dict":
        return Mapping(dict(args.keywords), args.exact and not args.positional, born=m.heap.clock)
    instance = Instance(cls, born=m.heap.clock)
    m.heap.clock += 1
    if is_module(cls):
        instance.module = Module(cls.name, created=m.span(node), context=m.context)
    m.instances[id(cls.node)] = instance
    made = find(cls, "__init__")
    if type(made) is Function:
        m.call(_bound(made, instance), args, node)
    elif cls.flavour in ("dataclass", "tuple"):
        records.fill(m, instance, args, node)
    elif (inherited := _inherited(m, instance, "__init__", node)) is not None:
        m.call(inherited, args, node)
    return instance


def call_instance(m: Interpreter, instance: Instance, args: CallArgs, node: ast.AST) -> Value:
    """``instance(...)``: its ``__call__``, or a module's ``forward``."""
    for name in ("__call__", "forward") if instance.module is not None else ("__call__",):
        method = find(instance.cls, name)
        if method is not None:
            return m.call(_attribute_of(m, method, instance, node), args, node)
    inherited = _inherited(m, instance, "__call__", node) or (
        _inherited(m, instance, "forward", node) if instance.module is not None else None
    )
    return Unknown() if inherited is None else m.call(inherited, args, node)


def _inherited(m: Interpreter, instance: Instance, name: str, node: ast.AST) -> Value | None:
    return library.inherited(instance, name, m, node) if foreign_bases(instance.cls) else None


def _bound(function: Function, receiver: Value) -> Function:
    return Function(
        function.node, function.scope, function.name, function.defaults, receiver, function.owner, function.home
    )


def _attribute_of(m: Interpreter, found: Value, receiver: Value, node: ast.AST) -> Value:
    """What looking up a class attribute on an instance gives."""
    if type(found) is Function:
        return _bound(found, receiver)
    if type(found) is Descriptor:
        if found.kind == "staticmethod":
            return found.function
        if found.kind == "classmethod":
            cls = receiver.cls if type(receiver) is Instance else receiver
            return _bound(found.function, cls) if type(found.function) is Function else found.function
        if type(found.function) is Function and type(receiver) is Instance:
            return m.call(_bound(found.function, receiver), CallArgs(), node)
        return Unknown()
    return found


def instance_attribute(m: Interpreter, instance: Instance, name: str, node: ast.AST) -> Value:
    """``instance.name``."""
    value = instance.attributes.get(name)
    if value is not None:
        return value
    found = find(instance.cls, name)
    if found is not None:
        return _attribute_of(m, found, instance, node)
    if name == "__class__":
        return instance.cls
    if name == "__dict__":
        return Mapping(instance.attributes)
    if instance.cls.flavour:
        special = records.attribute(m, instance, name, node)
        if special is not None:
            return special
    return _inherited(m, instance, name, node) or Unknown()


def class_attribute(m: Interpreter, cls: Class, name: str, node: ast.AST) -> Value:
    """``Class.name``."""
    found = find(cls, name)
    if found is not None:
        if type(found) is Descriptor:
            return _attribute_of(m, found, cls, node) if found.kind != "property" else found
        return found
    if name in ("__name__", "__qualname__"):
        return Const(cls.name)
    if cls.flavour:
        special = records.class_attribute(m, cls, name)
        if special is not None:
            return special
    return library.inherited(cls, name, m, node) or Unknown() if foreign_bases(cls) else Unknown()


def super_attribute(m: Interpreter, value: Super, name: str, node: ast.AST) -> Value:
    """``super().name``."""
    receiver = value.receiver
    cls = receiver.cls if type(receiver) is Instance else receiver
    if type(cls) is not Class:
        return Unknown()
    found = find(cls, name, after=value.owner)
    if found is not None:
        return _attribute_of(m, found, receiver, node)
    if type(receiver) is Instance and foreign_bases(cls):
        answer = library.inherited(receiver, name, m, node)
        if answer is not None:
            return answer
    return Unknown()


def builtin_attribute(m: Interpreter, value: Builtin, name: str, node: ast.AST) -> Value:
    """``library.name``."""
    full = f"{value.name}.{name}"
    return constant_of(full)


def function_attribute(m: Interpreter, value: Function, name: str, node: ast.AST) -> Value:
    """``function.name``."""
    if name in ("__name__", "__qualname__"):
        return Const(value.name)
    return Unknown()


def module_attribute(m: Interpreter, value: LocalModule, name: str, node: ast.AST) -> Value:
    """``module.name``: what the file binds, or what it imported with ``*``."""
    return value.scope.names.get(name) or m.modules.starred(value.scope, name, m) or Unknown()


def _by_method(name: str) -> Callable[[Interpreter, Instance], Value | None]:
    def method(m: Interpreter, instance: Instance) -> Value | None:
        found = find(instance.cls, name)
        return _bound(found, instance) if type(found) is Function else None

    return method


_GETITEM, _ITER = _by_method("__getitem__"), _by_method("__iter__")


def instance_item(m: Interpreter, instance: Instance, key: Value, node: ast.AST) -> Value:
    """``instance[key]``."""
    method = _GETITEM(m, instance) or _inherited(m, instance, "__getitem__", node)
    if method is not None:
        return m.call(method, CallArgs([key], nodes=[None]), node)
    if instance.cls.flavour == "tuple":
        return m.item(Items("tuple", list(instance.attributes.values())), key, node)
    return Unknown()


def class_item(m: Interpreter, cls: Class, key: Value, node: ast.AST) -> Value:
    """``Enum["NAME"]``, ``Generic[T]``."""
    if cls.flavour == "enum" and type(key) is Const and isinstance(key.value, str):
        return cls.attributes.get(key.value) or Unknown()
    return cls


def instance_iterate(m: Interpreter, instance: Instance, node: ast.AST) -> Iteration:
    """A loop over an instance: its ``__iter__``, else what ``__getitem__`` gives."""
    method = _ITER(m, instance)
    if method is not None:
        return m.iterate(m.call(method, CallArgs(), node), node)
    if instance.cls.flavour == "tuple":
        return Iteration(list(instance.attributes.values()), Unknown())
    inherited = _inherited(m, instance, "__iter__", node)
    if inherited is not None:
        return m.iterate(m.call(inherited, CallArgs(), node), node)
    if find(instance.cls, "__getitem__") is not None:
        return Iteration(None, instance_item(m, instance, Unknown(), node))
    return Iteration(None, Unknown())


def class_iterate(m: Interpreter, cls: Class, node: ast.AST) -> Iteration:
    """A loop over an enum."""
    if cls.flavour == "enum":
        return Iteration(records.members(cls), Unknown())
    return Iteration(None, Unknown())


ATTRIBUTE: dict[type[Value], Callable[[Any, Any, str, ast.AST], Value]] = {
    Instance: instance_attribute,
    Class: class_attribute,
    Super: super_attribute,
    Builtin: builtin_attribute,
    Function: function_attribute,
    LocalModule: module_attribute,
}
ITEM: dict[type[Value], Callable[[Any, Any, Value, ast.AST], Value]] = {Instance: instance_item, Class: class_item}
ITERATE: dict[type[Value], Callable[[Any, Any, ast.AST], Iteration]] = {
    Instance: instance_iterate,
    Class: class_iterate,
}
