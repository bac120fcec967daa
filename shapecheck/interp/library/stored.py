"""State dicts: what a module's own holds, files that ``torch.save`` wrote and ``torch.load`` reads, and loading one."""

from __future__ import annotations

import ast
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from typing import Any

from shapecheck.dims import Dim, Truth
from shapecheck.graph import Stage, Tensor
from shapecheck.interp.library.modules import ModuleValue, construct, descendants, graph_module
from shapecheck.interp.library.pretrained import PretrainedModel, own_modules
from shapecheck.interp.library.registry import HANDLERS, Handler, Opaque, handles, take
from shapecheck.interp.values import (
    Bound,
    CallArgs,
    Const,
    Instance,
    Int,
    Machine,
    Mapping,
    TensorValue,
    Unknown,
    Value,
)
from shapecheck.ops.weights import STATE_DICT, weights
from shapecheck.shapes import Shape


@dataclass(slots=True, eq=False)
class FilePath(Value):
    """A path; ``text`` where it is known. Two that are not known are the same if they are one value."""

    text: str | None = None

    def attribute(self, name: str, machine: Machine, node: ast.AST) -> Value:
        return Bound(self, name)

    def method(self, name: str, args: CallArgs, machine: Machine, node: ast.AST) -> Value:
        return Unknown()

    def operate(self, op: str, other: Value, swapped: bool, machine: Machine, node: ast.AST) -> Value:
        name = other.operand()
        known = op == "truediv" and not swapped and self.text is not None and isinstance(name, str)
        return FilePath(f"{self.text}/{name}") if known else FilePath() if op == "truediv" else Unknown()

    def key(self) -> Hashable:
        return id(self) if self.text is None else ("path", self.text)


@handles("os.path.join")
def _joined(args: CallArgs, machine: Machine, node: ast.AST) -> Value:
    parts = [value.text if isinstance(value, FilePath) else value.operand() for value in args.positional]
    if args.exact and all(isinstance(part, str) for part in parts):
        return FilePath("/".join(str(part) for part in parts))
    return FilePath()


@handles("pathlib.Path")
def _path(args: CallArgs, machine: Machine, node: ast.AST) -> Value:
    name = args.positional[0].operand() if len(args.positional) == 1 else None
    return FilePath(name if isinstance(name, str) else None)


@handles("io.BytesIO", "tempfile.NamedTemporaryFile")
def _buffer(args: CallArgs, machine: Machine, node: ast.AST) -> Value:
    return FilePath()


def _place(value: Value | None) -> Hashable | None:
    """What tells a file from others; None where it may be any."""
    if isinstance(value, FilePath):
        return value.key()
    text = value.operand() if isinstance(value, Const) else None
    return ("path", text) if isinstance(text, str) else None


@handles("torch.save")
def _save(args: CallArgs, machine: Machine, node: ast.AST) -> Value:
    taken = take(args, "obj", "f")
    place, content = _place(taken.get("f")), taken.get("obj")
    if place is not None and content is not None:
        machine.saved[place] = content
    return Const(None)


@handles("torch.load")
def _load(args: CallArgs, machine: Machine, node: ast.AST) -> Value:
    place = _place(take(args, "f").get("f"))
    found = machine.saved.get(place) if place is not None else None
    return _copied(found) if found is not None else Unknown()


def _copied(value: Value) -> Value:
    """A dict that is loaded is another than the one that was saved."""
    if isinstance(value, Mapping):
        items = {key: _copied(item) for key, item in value.items.items()}
        return Mapping(items, value.complete, value.element)
    return value


def state_dict(value: Value, machine: Machine, node: ast.AST) -> Value:
    """``module.state_dict()``: the entries whose sizes are known; others may exist where a part of it is not known."""
    found: dict[Any, Value] = {}
    complete = True
    for path, part in _parts(value):
        own, all_known = _entries(part, machine)
        complete = complete and all_known
        module = graph_module(part)
        for name, tensor in own.items():
            if module is not None:
                tensor.producer = Stage(STATE_DICT, machine.span(node), {"name": name}, module=module)
            found[f"{path}.{name}" if path else name] = TensorValue(tensor)
    return Mapping(found, complete, TensorValue(Tensor()))


def _parts(value: Value) -> Iterator[tuple[str, Value]]:
    """A module and everything below it, with the layers that a model of transformers puts behind its encoder."""
    for path, part in descendants(value):
        yield path, part
        if isinstance(part, PretrainedModel):
            for name, layer in _own_layers(part):
                yield f"{path}.{name}" if path else name, layer


def _own_layers(model: PretrainedModel) -> Iterator[tuple[str, Value]]:
    """The layers that a model of transformers has by itself, and that the program put nothing in the place of."""
    built, now = model.module.params.get("num_labels"), model.config.get("num_labels").operand()
    if not isinstance(built, Dim) or not isinstance(now, Dim) or built.compare(now) is not Truth.EQUAL:
        return  # the config was changed behind the model's back
    for name, (kind, _) in own_modules(model).items():
        taken = any(name == path or name.startswith(f"{path}.") for path in model.replaced)
        layer = model.child(name) if kind.startswith("torch.nn.") and "(" not in name and not taken else None
        if layer is not None:
            yield name, layer


def _entries(part: Value, machine: Machine) -> tuple[dict[str, Tensor], bool]:
    """The parameters and buffers of a module's own, without its submodules', and whether these are all."""
    if isinstance(part, ModuleValue):
        sizes = weights(part.module.kind, part.module.params)
        if sizes is None or part.attributes:
            return {}, False
        exact = getattr(part, "exact", True) is True
        return {name: Tensor(Shape(dims), "float32") for name, dims in sizes.items()}, exact
    if not isinstance(part, Instance):
        return {}, False
    tensors = {name: v.tensor for name, v in part.attributes.items() if isinstance(v, TensorValue)}
    own = {name: Tensor(t.shape, t.dtype, span=t.span) for name, t in tensors.items() if id(t) in machine.parameters}
    return own, len(own) == len(tensors)


def load_state_dict(value: Value, args: CallArgs, machine: Machine, node: ast.AST) -> Value:
    """``module.load_state_dict(state)``: an event with the entries that both sides know."""
    given = take(args, "state_dict", "strict").get("state_dict")
    entries = []
    own = state_dict(value, machine, node)
    if isinstance(given, Mapping) and isinstance(own, Mapping):
        for name, wanted in own.items.items():
            stored = given.items.get(name)
            if isinstance(wanted, TensorValue) and isinstance(stored, TensorValue):
                entries.append((str(name), stored.tensor, wanted.tensor))
    machine.event("load_state", node, module=graph_module(value), entries=entries)
    return Opaque("load_state_dict")


def _of_weights(kind: str) -> Handler:
    """``nn.Embedding.from_pretrained(weights)``: a table with the rows and columns of the weights."""

    def handler(args: CallArgs, machine: Machine, node: ast.AST) -> Value:
        taken = take(args, "embeddings", "freeze", "padding_idx")
        weights = taken.get("embeddings")
        shape = weights.tensor.shape if isinstance(weights, TensorValue) else Shape((), 0)
        if not args.exact or shape.rank not in (None, 2):
            return Unknown()
        named: dict[str, Value] = {"num_embeddings": Int(shape.dim(0)), "embedding_dim": Int(shape.dim(-1))}
        for name in ("mode", "include_last_offset"):
            if name in args.keywords:
                named[name] = args.keywords[name]
        return construct(kind, CallArgs([], named), machine, node)

    return handler


for _kind in ("torch.nn.Embedding", "torch.nn.EmbeddingBag"):
    HANDLERS[f"{_kind}.from_pretrained"] = _of_weights(_kind)
