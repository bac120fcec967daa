"""The builtins that ask what a value is: getattr, isinstance, super, type and their like."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from shapecheck.interp.python.containers import NONE
from shapecheck.interp.python.objects import Descriptor, Handler, Super, first, registrar
from shapecheck.interp.values import (
    Builtin,
    CallArgs,
    Class,
    Const,
    Function,
    Instance,
    Int,
    Items,
    Mapping,
    TensorValue,
    Text,
    Unknown,
    Value,
)

if TYPE_CHECKING:
    from shapecheck.interp.machine import Interpreter

HANDLERS: dict[str, Handler] = {}
_handles = registrar(HANDLERS)


@_handles("getattr")
def _getattr(args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
    if (
        len(args.positional) < 2
        or type(args.positional[1]) is not Const
        or not isinstance(args.positional[1].value, str)
    ):
        return Unknown()
    owner, name = args.positional[0], args.positional[1].value
    if len(args.positional) > 2 and owner.has(name) is False:
        return args.positional[2]
    value = m.attribute(owner, name, node)
    if isinstance(value, Unknown) and len(args.positional) > 2 and _lacks(owner, name):
        return args.positional[2]
    return value


def _lacks(value: Value, name: str) -> bool:
    """Whether a value certainly has no such attribute: an instance of a class of the program alone."""
    from shapecheck.interp.lineage import find, foreign_bases

    if type(value) is not Instance:
        return False
    plain_bases = all(type(b) is Builtin and b.name in ("builtins.object", "abc.ABC") for b in foreign_bases(value.cls))
    return (
        plain_bases
        and name not in value.attributes
        and find(value.cls, name) is None
        and find(value.cls, "__getattr__") is None
    )


@_handles("hasattr")
def _hasattr(args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
    if (
        len(args.positional) != 2
        or type(args.positional[1]) is not Const
        or not isinstance(args.positional[1].value, str)
    ):
        return Unknown()
    owner, name = args.positional[0], args.positional[1].value
    if type(owner) is Instance:
        value = m.attribute(owner, name, node)
        return Const(True) if not isinstance(value, Unknown) else Const(False) if _lacks(owner, name) else Unknown()
    verdict = owner.has(name)
    return Unknown() if verdict is None else Const(verdict)


@_handles("setattr")
def _setattr(args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
    from shapecheck.interp.targets import set_attribute, set_some_attribute

    if len(args.positional) == 3 and type(args.positional[1]) is Const and isinstance(args.positional[1].value, str):
        set_attribute(m, args.positional[0], args.positional[1].value, args.positional[2], node)
    elif len(args.positional) == 3:
        set_some_attribute(m, args.positional[0], args.positional[2])
    return NONE


@_handles("vars")
def _vars(args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
    value = first(args)
    names = getattr(value, "names", None) if type(value) is not Instance else value.attributes
    return Mapping(dict(names)) if isinstance(names, dict) else Unknown()


@_handles("super")
def _super(args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
    function = m.activation.function
    if len(args.positional) == 2 and type(args.positional[0]) is Class:
        return Super(args.positional[0], args.positional[1])
    if type(function) is Function and function.owner is not None:
        spec = function.node.args
        parameters = [*spec.posonlyargs, *spec.args]
        receiver = m.scope.find(parameters[0].arg) if parameters else None
        if receiver is not None:
            return Super(function.owner, receiver)
    return Unknown()


_TYPES: dict[str, Any] = {
    "str": lambda v: type(v) is Text or (type(v) is Const and isinstance(v.value, str)),
    "bytes": lambda v: type(v) is Const and isinstance(v.value, bytes),
    "float": lambda v: type(v) is Const and type(v.value) is float,
    "bool": lambda v: type(v) is Const and isinstance(v.value, bool),
    "int": lambda v: type(v) is Int or (type(v) is Const and isinstance(v.value, bool)),
    "list": lambda v: isinstance(v, Items) and v.kind == "list",
    "tuple": lambda v: isinstance(v, Items) and v.kind == "tuple",
    "set": lambda v: isinstance(v, Items) and v.kind == "set",
    "dict": lambda v: type(v) is Mapping,
}
_CERTAIN = (Const, Int, Text, Items, Mapping, TensorValue, Instance, Function, Class)


def is_instance(m: Interpreter, value: Value, cls: Value) -> bool | None:
    """``isinstance(value, cls)``, None where it cannot be told."""
    from shapecheck.interp.lineage import lineage

    if isinstance(cls, Items) and cls.items is not None:
        verdicts = [is_instance(m, value, part) for part in cls.items]
        return True if True in verdicts else None if None in verdicts else False
    if not isinstance(value, _CERTAIN):
        return value.is_a(cls.name.removeprefix("builtins.")) if type(cls) is Builtin else None
    if type(cls) is Class:
        return type(value) is Instance and (cls in lineage(value.cls) or (None if _open(value.cls) else False))
    if type(cls) is not Builtin:
        return None
    word = cls.name.removeprefix("builtins.")
    if word in _TYPES:
        return bool(_TYPES[word](value))
    if cls.name in ("torch.Tensor", "torch.FloatTensor", "torch.LongTensor"):
        return type(value) is TensorValue if cls.name == "torch.Tensor" or type(value) is not TensorValue else None
    if type(value) is Instance:
        return True if any(type(b) is Builtin and b.name == cls.name for b in lineage(value.cls)) else None
    return (
        False
        if isinstance(value, (Const, Int)) and cls.name.startswith(("torch.", "transformers.", "numpy."))
        else None
    )


def _open(cls: Class) -> bool:
    from shapecheck.interp.lineage import foreign_bases

    return any(isinstance(base, Unknown) for base in foreign_bases(cls))


@_handles("isinstance")
def _isinstance(args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
    verdict = is_instance(m, *args.positional) if len(args.positional) == 2 else None
    return Unknown() if verdict is None else Const(verdict)


@_handles("callable")
def _callable(args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
    value = first(args)
    return (
        Const(True)
        if isinstance(value, (Function, Class, Builtin))
        else Const(False)
        if isinstance(value, (Const, Int))
        else Unknown()
    )


@_handles("type")
def _type(args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
    value = first(args)
    if len(args.positional) != 1:
        return Unknown()
    if type(value) is Items and value.kind in ("tuple", "list", "set"):
        return Builtin(f"builtins.{value.kind}")
    if type(value) is Text or type(value) is Const and isinstance(value.value, str):
        return Builtin("builtins.str")
    return value.cls if type(value) is Instance else Unknown()


@_handles("property", "staticmethod", "classmethod")
def _descriptor(args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
    word = getattr(getattr(node, "func", None), "id", "property")
    return Descriptor(word, first(args))


@_handles("object")
def _object(args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
    return Unknown()
