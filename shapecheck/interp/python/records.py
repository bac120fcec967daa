"""Classes that make their instances in a way of their own: dataclasses, enums, NamedTuples."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from shapecheck.interp.python.objects import Native
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
    Unknown,
    Value,
)
from shapecheck.places import Origin

if TYPE_CHECKING:
    from shapecheck.interp.machine import Interpreter

DATACLASSES = frozenset(
    ("dataclasses.dataclass", "attr.s", "attr.attrs", "attr.dataclass", "attrs.define", "attrs.frozen", "attr.define")
)
_RECORDS = frozenset(("pydantic.BaseModel", "pydantic.dataclasses.dataclass", "pydantic_settings.BaseSettings"))
_ENUMS = frozenset(f"enum.{name}" for name in ("Enum", "IntEnum", "StrEnum", "Flag", "IntFlag"))
_TUPLES = frozenset(("typing.NamedTuple", "typing_extensions.NamedTuple"))
_DICTS = frozenset(("typing.TypedDict", "typing_extensions.TypedDict"))
_FIELDS = frozenset(("dataclasses.field", "attr.ib", "attr.field", "attrs.field", "pydantic.Field"))


def finish(m: Interpreter, cls: Class, node: ast.ClassDef) -> None:
    """Give a new class the flavour that its bases bring."""
    for base in cls.bases:
        if type(base) is Builtin:
            if base.name in _ENUMS or base.name.endswith("ExplicitEnum"):
                cls.flavour = "enum"
            elif base.name in _TUPLES:
                cls.flavour = "tuple"
            elif base.name in _DICTS:
                cls.flavour = "dict"
            elif base.name in _RECORDS or base.name.endswith(("TrainingArguments", "ModelOutput")):
                cls.flavour = "dataclass"
        elif type(base) is Class and base.flavour:
            cls.flavour = base.flavour
    if cls.flavour == "enum":
        _make_members(cls)


def _make_members(cls: Class) -> None:
    for name, value in list(cls.attributes.items()):
        if not name.startswith("_") and isinstance(value, (Const, Int, Items, Unknown, Mapping)):
            cls.attributes[name] = Instance(cls, {"name": Const(name), "value": value})


def members(cls: Class) -> list[Value]:
    """The members of an enum, in order."""
    return [value for value in cls.attributes.values() if type(value) is Instance and value.cls is cls]


def member(m: Interpreter, cls: Class, args: CallArgs) -> Value:
    """``Enum(value)``."""
    for value in members(cls):
        if (
            args.positional
            and isinstance(value, Instance)
            and value.attributes["value"].key() == args.positional[0].key()
        ):
            return value
    return Unknown()


def fields(cls: Class) -> dict[str, tuple[ast.AnnAssign, Value | None, Class]]:
    """The fields of a dataclass or NamedTuple, its bases' first: declaration, default (if any), class."""
    from shapecheck.interp.lineage import lineage

    out: dict[str, tuple[ast.AnnAssign, Value | None, Class]] = {}
    for part in reversed(lineage(cls)):
        if type(part) is not Class:
            continue
        for statement in part.node.body:
            if (
                isinstance(statement, ast.AnnAssign)
                and isinstance(statement.target, ast.Name)
                and not _class_variable(statement)
            ):
                name = statement.target.id
                out[name] = (statement, part.attributes.get(name), part)
    return out


def _class_variable(statement: ast.AnnAssign) -> bool:
    note = statement.annotation
    note = note.value if isinstance(note, ast.Subscript) else note
    return "ClassVar" in (getattr(note, "id", ""), getattr(note, "attr", ""))


def fill(m: Interpreter, instance: Instance, args: CallArgs, node: ast.AST) -> None:
    """Make the attributes of a new dataclass instance or NamedTuple."""
    from shapecheck.interp.lineage import find

    given = dict(zip(fields(instance.cls), args.positional, strict=False)) | args.keywords
    for name, (declared, default, _) in fields(instance.cls).items():
        if name in given:
            instance.attributes[name] = given[name]
        elif not args.exact:
            instance.attributes[name] = Unknown()
        else:
            instance.attributes[name] = default_of(m, name, declared, default, node)
    after = find(instance.cls, "__post_init__")
    if type(after) is Function:
        m.call(m.attribute(instance, "__post_init__", node), CallArgs(), node)


def default_of(m: Interpreter, name: str, declared: ast.AnnAssign, default: Value | None, node: ast.AST) -> Value:
    """The default of a field; unknown where it has none."""
    if type(default) is Field:
        if default.factory is not None:
            return m.call(default.factory, CallArgs(), node)
        default = default.default
    if type(default) is Int and default.dim.origin is not None:
        return Int(default.dim.at(Origin(f"the default of {name}", default.dim.origin.span)))
    return default if default is not None else Unknown()


class Field(Value):
    """``dataclasses.field(...)``."""

    __slots__ = ("default", "factory")

    def __init__(self, default: Value | None, factory: Value | None) -> None:
        self.default = default
        self.factory = factory


def field(args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
    """``dataclasses.field(default=..., default_factory=...)``; pydantic gives the default by position."""
    default = args.keywords.get("default") or (args.positional[0] if args.positional else None)
    return Field(default, args.keywords.get("default_factory") or args.keywords.get("factory"))


HANDLERS = dict.fromkeys(_FIELDS, field)


def attribute(m: Interpreter, instance: Instance, name: str, node: ast.AST) -> Value | None:
    """What flavoured instances answer beyond their attributes."""
    flavour = instance.cls.flavour
    if flavour == "tuple":
        if name == "_asdict":
            return Native(lambda args, machine, place: Mapping(dict(instance.attributes), born=machine.heap.clock))
        if name == "_replace":
            return Native(lambda args, machine, place: Instance(instance.cls, {**instance.attributes, **args.keywords}))
    if flavour == "dataclass" and name in ("dict", "model_dump", "to_dict", "asdict"):
        return Native(lambda args, machine, place: Mapping(dict(instance.attributes), born=machine.heap.clock))
    return None


def class_attribute(m: Interpreter, cls: Class, name: str) -> Value | None:
    """What flavoured classes answer beyond their attributes."""
    if cls.flavour == "enum" and name == "__members__":
        return Mapping({v.attributes["name"].operand(): v for v in members(cls) if isinstance(v, Instance)})
    return None
