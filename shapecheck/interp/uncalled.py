"""What nobody in the file uses: classes built with symbolic arguments, functions called with unknown ones."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from shapecheck.interp.budget import Exhausted
from shapecheck.interp.lineage import find, lineage
from shapecheck.interp.python.objects import Descriptor, LocalModule
from shapecheck.interp.scopes import Activation, stored
from shapecheck.interp.symbolic import arguments
from shapecheck.interp.values import (
    NEVER,
    CallArgs,
    Class,
    Const,
    Function,
    Instance,
    Int,
    Items,
    Mapping,
    Number,
    TensorValue,
    Unknown,
    Value,
    join_all,
)

if TYPE_CHECKING:
    from shapecheck.interp.machine import Interpreter

_FIRST = ("forward", "training_step", "compute_loss")
"""Methods that come first: what they build, the others use."""


def analyse(m: Interpreter, module: LocalModule) -> None:
    """Analyse each class and function of a file that was not reached, in the order of the text."""
    places = Counter(stored(module.home.tree.body))
    for name, value in module.scope.names.items():
        if value.truth() is False and isinstance(value, (Items, Mapping)):
            module.scope.names[name] = _of_any_length(value)
        elif isinstance(value, TensorValue) and places[name] > 1:
            # Which of its values a function sees depends on when it is called: in a notebook, between any two cells.
            module.scope.names[name] = Unknown()
    for value in list(module.scope.names.values()):
        if type(value) is Class and value.home is module.home:
            _class(m, module, value)
        elif type(value) is Function and value.home is module.home:
            _alone(m, module, value)


def _class(m: Interpreter, module: LocalModule, cls: Class) -> None:
    methods = [
        f for value in cls.attributes.values() if (f := _method(value)) is not None and id(f.node) not in m.entered
    ]
    if not methods or cls.flavour == "enum":
        return
    receiver = m.instances.get(id(cls.node))
    if receiver is None:
        receiver = _part(m, module, lambda: _build(m, cls)) or Instance(cls)
    if type(receiver) is Instance:
        receiver = at_any_time(receiver)
    helpers = _uses_of_self(cls.node).called
    methods.sort(key=lambda f: (f.name not in _FIRST, f.name in helpers, f.node.lineno))
    for function in methods:
        if id(function.node) not in m.entered and function.name != "__init__":
            if function.name in helpers:
                # The methods that call it do so for other arguments of the constructor than the ones made up.
                m.home = module.home
                m.not_checked(function.node, f"{function.name} is not reached from the methods that call it")
                continue
            bound = Function(
                function.node, function.scope, function.name, function.defaults, receiver, cls, function.home
            )
            if any(
                value for value in cls.attributes.values() if type(value) is Descriptor and value.function is function
            ):
                bound.receiver = receiver if not _static(cls, function) else None
            _alone(m, module, bound)


def at_any_time(receiver: Instance) -> Instance:
    """An instance between two calls of its methods: what they count, switch or collect on it is not known."""
    uses = [_uses_of_self(cls.node) for cls in lineage(receiver.cls) if type(cls) is Class]
    stored = set[str]().union(*(use.stored for use in uses))
    grown = set[str]().union(*(use.grown for use in uses))
    out = Instance(receiver.cls, dict(receiver.attributes), receiver.module, receiver.born)
    for name, value in receiver.attributes.items():
        if name in stored and isinstance(value, (Const, Int, Number, Items, Mapping)):
            out.attributes[name] = Unknown()
        elif name in grown:
            out.attributes[name] = _of_any_length(value)
    return out


def _of_any_length(value: Value) -> Value:
    if type(value) is Items and value.kind != "tuple":
        return Items(
            value.kind, None, join_all(value.items) if value.items else NEVER if value.items == [] else value.element
        )
    return Mapping(dict(value.items), False, value.element) if type(value) is Mapping else value


_GROWING = frozenset("append extend insert add update setdefault pop popleft appendleft clear remove".split())


class _Uses(NamedTuple):
    """What the methods of a class other than ``__init__`` do to ``self``: the attributes that they store, those whose
    content they change, and those that they call."""

    stored: set[str]
    grown: set[str]
    called: set[str]


def _uses_of_self(node: ast.ClassDef) -> _Uses:
    known: _Uses | None = getattr(node, "uses_of_self", None)
    if known is not None:
        return known
    stored, grown, called = uses = _Uses(set(), set(), set())
    for method in node.body:
        if isinstance(method, (ast.FunctionDef, ast.AsyncFunctionDef)) and method.name != "__init__":
            for part in ast.walk(method):
                match part:
                    case ast.Attribute(value=ast.Name(id="self"), attr=name, ctx=ast.Store()):
                        stored.add(name)
                    case ast.Call(
                        func=ast.Attribute(value=ast.Attribute(value=ast.Name(id="self"), attr=name), attr=word)
                    ):
                        if word in _GROWING:
                            grown.add(name)
                    case ast.Call(func=ast.Attribute(value=ast.Name(id="self"), attr=name)) if name != method.name:
                        called.add(name)
                    case ast.Subscript(
                        value=ast.Attribute(value=ast.Name(id="self"), attr=name), ctx=ast.Store() | ast.Del()
                    ):
                        grown.add(name)
                    case ast.Attribute(value=ast.Subscript(value=ast.Attribute(value=ast.Name(id="self"), attr=name))):
                        grown.add(name)
    node.uses_of_self = uses  # type: ignore[attr-defined]
    return uses


def _method(value: Value) -> Function | None:
    if type(value) is Descriptor:
        value = value.function
    return value if type(value) is Function else None


def _static(cls: Class, function: Function) -> bool:
    return any(
        type(value) is Descriptor and value.kind == "staticmethod" and value.function is function
        for value in cls.attributes.values()
    )


def _build(m: Interpreter, cls: Class) -> Value:
    made = find(cls, "__init__")
    args = CallArgs() if type(made) is not Function else arguments(m, made, skip=1)
    return m.call(cls, args, cls.node)


def _alone(m: Interpreter, module: LocalModule, function: Function) -> None:
    if id(function.node) in m.entered:
        return
    _part(
        m, module, lambda: m.call(function, arguments(m, function, skip=function.receiver is not None), function.node)
    )


def _part(m: Interpreter, module: LocalModule, run: Callable[[], Value]) -> Value | None:
    """Run a part of the file that has a budget of its own; None where that was used up."""
    layers = len(m.heap.layers)
    m.scope, m.home, m.context, m.way, m.conditions, m.turns = module.scope, module.home, (), 0, (), ()
    m.guard, m.mode = frozenset(), ""
    m.activation = Activation(None, 0, m.heap.clock)
    m.unused = True
    m.budget.begin()
    try:
        return run()
    except Exhausted:
        m.not_checked(module.home.tree, "the file is too long to be followed to its end")
        return None
    finally:
        del m.heap.layers[layers:]
