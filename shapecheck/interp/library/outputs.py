"""What a transformers model returns: a ModelOutput, or a tuple under ``return_dict=False``."""

from __future__ import annotations

import ast
from collections.abc import Mapping as AnyMapping
from collections.abc import Sequence
from dataclasses import dataclass

from shapecheck.dims import UNKNOWN, Dim, number
from shapecheck.graph import Role, Stage, Tensor
from shapecheck.interp.values import (
    Bound,
    CallArgs,
    Const,
    Items,
    Iteration,
    Machine,
    Mapping,
    TensorValue,
    Unknown,
    Value,
)
from shapecheck.ops.values import as_int

OUTPUT_METHODS = frozenset(
    {"keys", "items", "values", "get", "to_tuple", "pop", "update", "setdefault", "copy", "__getitem__", "__iter__"}
)

_ROLES: dict[str, Role] = {
    "last_hidden_state": "tokens",
    "encoder_last_hidden_state": "tokens",
    "hidden_states": "tokens",
    "encoder_hidden_states": "tokens",
    "decoder_hidden_states": "tokens",
    "attentions": "weights",
    "encoder_attentions": "weights",
    "decoder_attentions": "weights",
    "cross_attentions": "weights",
    "pooler_output": "pooled",
    "text_embeds": "pooled",
    "image_embeds": "pooled",
    "logits": "logits",
    "start_logits": "logits",
    "end_logits": "logits",
    "prediction_logits": "logits",
    "loss": "loss",
}
"""What the fields of model outputs mean."""


_OTHERS = frozenset(("tuple", "list", "str", "int", "float", "bool", "set", "torch.Tensor"))
"""What a ModelOutput is not."""


@dataclass(slots=True, eq=False)
class ModelOutput(Value):
    """A ModelOutput: ``fields`` in order; a field that is absent (None) is left out.

    Attributes:
        fields: values by name; ``maybe`` names those of which it is not known whether they are there.
        declared: every field of the output class, there or not.
        stage: the stage that made it.
    """

    cls: str
    fields: dict[str, Value]
    declared: tuple[str, ...]
    stage: Stage | None = None
    maybe: frozenset[str] = frozenset()

    def attribute(self, name: str, machine: Machine, node: ast.AST) -> Value:
        if name in OUTPUT_METHODS and name not in ("__getitem__", "__iter__"):
            return Bound(self, name)
        if name in self.maybe:
            return Unknown()
        known = {"name": name, "fields": list(self.fields), "stage": self.stage}
        if name in self.fields:
            machine.event("attribute", node, **known, missing=False)
            return self._taken(name, machine, node)
        if name in self.declared:
            return Const(None, {**known, "missing": True, "asked": machine.span(node)})
        if not machine.tuples_returned():
            machine.event("attribute", node, **known, missing=True)
        return Unknown()

    def set_attribute(self, name: str, value: Value, machine: Machine, node: ast.AST) -> None:
        self.fields[name] = value
        self.maybe -= {name}
        if name not in self.declared:
            self.declared += (name,)

    def set_item(self, key: Value, value: Value, machine: Machine, node: ast.AST) -> None:
        if isinstance(key.operand(), str):
            self.set_attribute(key.operand(), value, machine, node)

    def item(self, key: Value, machine: Machine, node: ast.AST) -> Value:
        asked = key.operand()
        if isinstance(asked, str):
            return self._named(asked, machine, node)
        if isinstance(asked, slice):
            return self._part(asked)
        index = as_int(asked)
        name = self._field_at(index) if index is not None else None
        if name is None:
            if index is not None and not self.maybe and self.fields:
                machine.event(
                    "index", node, index=index, field=None, fields=list(self.fields), stage=self.stage, missing=True
                )
            return Unknown()
        machine.event("index", node, index=index, field=name, fields=list(self.fields), stage=self.stage, missing=False)
        return self._taken(name, machine, node)

    def _named(self, name: str, machine: Machine, node: ast.AST) -> Value:
        if name in self.maybe:
            return Unknown()
        missing = name not in self.fields
        field = None if missing else name
        machine.event(
            "index", node, index=name, field=field, fields=list(self.fields), stage=self.stage, missing=missing
        )
        return Unknown() if missing else self._taken(name, machine, node)

    def _taken(self, name: str, machine: Machine, node: ast.AST) -> Value:
        """A field, which from now on stands where it was first asked for, and no more where the model was called."""
        value = self.fields[name]
        if isinstance(value, TensorValue) and self.stage is not None and value.tensor.span == self.stage.span:
            value.tensor.span = machine.span(node)
        return value

    def _field_at(self, index: int) -> str | None:
        """The field that an integer index reaches; None beyond the end, or where a field before it may be missing."""
        names = list(self.fields)
        if not -len(names) <= index < len(names):
            return None
        before = names[: index + 1] if index >= 0 else names[index:]
        return None if self.maybe.intersection(before) else names[index]

    def _part(self, asked: slice) -> Value:
        bounds = [None if part is None else as_int(part) for part in (asked.start, asked.stop, asked.step)]
        stop = bounds[1]
        names = list(self.fields)
        reached = names if stop is None or stop < 0 else names[:stop]
        if self.maybe.intersection(reached):
            return Items("tuple", None)
        return Items("tuple", [self.fields[name] for name in names[slice(*bounds)]])

    def unpack(self, count: int, starred: bool, machine: Machine, node: ast.AST) -> Sequence[Value] | None:
        if machine.tuples_returned():
            fitting = not self.maybe and (starred or count == len(self.fields))
            return list(self.fields.values()) if fitting else [Unknown()] * count
        machine.event(
            "unpack", node, of="model_output", count=count, starred=starred, fields=list(self.fields), stage=self.stage
        )
        return None

    def iterate(self, machine: Machine, node: ast.AST) -> Iteration:
        keys: list[Value] | None = None if self.maybe else [Const(name) for name in self.fields]
        return Iteration(keys, Unknown())

    def method(self, name: str, args: CallArgs, machine: Machine, node: ast.AST) -> Value:
        match name:
            case "to_tuple" | "values":
                return Items("tuple", None if self.maybe else list(self.fields.values()))
            case "keys":
                return Items("tuple", None if self.maybe else [Const(key) for key in self.fields])
            case "items":
                pairs: list[Value] = [Items("tuple", [Const(key), value]) for key, value in self.fields.items()]
                return Items("tuple", None if self.maybe else pairs)
            case "get" | "pop":
                asked = args.positional[0].operand() if args.positional else None
                default = args.positional[1] if len(args.positional) > 1 else Const(None)
                return (
                    self.fields.get(asked, default) if isinstance(asked, str) and asked not in self.maybe else Unknown()
                )
            case "copy":
                return self
            case "__getitem__":
                return self.item(args.positional[0], machine, node) if args.positional else Unknown()
            case "__iter__":
                return self.method("keys", args, machine, node)
        return Unknown()

    def length(self) -> Dim:
        return number(len(self.fields)) if not self.maybe else UNKNOWN

    def truth(self) -> bool | None:
        return True

    def holds(self, name: str) -> bool | None:
        return None if name in self.maybe else name in self.fields

    def has(self, name: str) -> bool | None:
        return name in self.fields or name in self.declared or name in OUTPUT_METHODS

    def is_a(self, cls: str) -> bool | None:
        word = cls.rpartition(".")[2]
        if word in ("ModelOutput", "OrderedDict", "dict", self.cls.rpartition(".")[2]):
            return True
        return False if cls in _OTHERS else None

    def as_mapping(self) -> Mapping:
        """What ``**output`` hands over."""
        known = {name: value for name, value in self.fields.items() if name not in self.maybe}
        return Mapping(dict(known), not self.maybe)


class OutputTuple(Items):
    """What a model returns under ``return_dict=False``: the fields that are there, without their names."""

    __slots__ = ("names", "stage")

    def __init__(self, values: Sequence[Value], names: Sequence[str], stage: Stage | None) -> None:
        super().__init__("tuple", list(values))
        self.names = tuple(names)
        self.stage = stage

    def attribute(self, name: str, machine: Machine, node: ast.AST) -> Value:
        if name in ("count", "index"):
            return Bound(self, name)
        machine.event("attribute", node, name=name, fields=[], stage=self.stage, missing=True, none=False, of="tuple")
        return Unknown()

    def has(self, name: str) -> bool | None:
        return hasattr((), name)

    def item(self, key: Value, machine: Machine, node: ast.AST) -> Value:
        index = as_int(key.operand())
        if index is not None and -len(self.names) <= index < len(self.names):
            machine.event("index", node, index=index, field=self.names[index], stage=self.stage)
        return super().item(key, machine, node)

    def unpack(self, count: int, starred: bool, machine: Machine, node: ast.AST) -> Sequence[Value] | None:
        machine.event(
            "unpack", node, of="tuple", count=count, starred=starred, fields=list(self.names), stage=self.stage
        )
        return None


class PerLayer(Items):
    """A field with a tensor for each layer (``hidden_states``)."""

    __slots__ = ()

    def item(self, key: Value, machine: Machine, node: ast.AST) -> Value:
        index, count = as_int(key.operand()), len(self.items or ())
        if index is None or self.items is None or -count <= index < count:
            return super().item(key, machine, node)
        machine.event("beyond", node, index=index, count=count, stage=stage_of(self.items))
        return Unknown()


def with_roles(fields: AnyMapping[str, Value], source: Tensor | None) -> None:
    """Say what the tensors of an output mean; tokens are padded where those of ``source`` (the model's input) are."""
    for name, value in fields.items():
        role = _ROLES.get(name)
        for tensor in _tensors(value):
            rank = tensor.shape.rank
            if role == "tokens" and rank is not None and rank != 3:
                continue
            tensor.role = tensor.role or role
            if role == "tokens" and source is not None:
                tensor.padding = source.padding


def _tensors(value: Value) -> list[Tensor]:
    if isinstance(value, TensorValue):
        return [value.tensor]
    return [tensor for item in value.items or () for tensor in _tensors(item)] if isinstance(value, Items) else []


def stage_of(values: Sequence[Value]) -> Stage | None:
    """The stage that made the values."""
    return next((tensor.producer for value in values for tensor in _tensors(value) if tensor.producer), None)
