"""torch.nn layers: built with their parameters, called through ``shapecheck.ops``; what every nn.Module answers."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from shapecheck import ops
from shapecheck.dims import Dim, Truth, number
from shapecheck.graph import Module, Tensor
from shapecheck.interp.library.registry import Opaque, Taken, spans, take, words
from shapecheck.interp.values import (
    Bound,
    CallArgs,
    Const,
    Instance,
    Int,
    Items,
    Machine,
    Mapping,
    TensorValue,
    Unknown,
    Value,
)
from shapecheck.ops.values import as_dim
from shapecheck.shapes import Conflict, Shape

SELF_METHODS = frozenset(
    words("""
    to cuda cpu xpu half float double bfloat16 train eval requires_grad_ apply share_memory type to_empty compile
    tie_weights merge_and_unload base_model_ gradient_checkpointing_enable
""")
)
"""Methods of every module that give the module back."""

SILENT_METHODS = frozenset(
    [
        "zero_grad",
        "register_forward_hook",
        "register_forward_pre_hook",
        "register_full_backward_hook",
        "register_load_state_dict_post_hook",
        "extra_repr",
        "gradient_checkpointing_enable",
        "gradient_checkpointing_disable",
        "enable_input_require_grads",
    ]
)


@dataclass(slots=True, eq=False)
class ModuleValue(Value):
    """An nn.Module of a library. ``children`` are its submodules by name, ``attributes`` what the program set on it."""

    module: Module
    children: dict[str, Value] = field(default_factory=dict)
    attributes: dict[str, Value] = field(default_factory=dict)

    def attribute(self, name: str, machine: Machine, node: ast.AST) -> Value:
        if name in self.attributes:
            return self.attributes[name]
        if name in self.children:
            return self.children[name]
        weight = weight_of(self.module, name)
        if weight is not None:
            return weight
        if name in self.module.params:
            return plain_value(self.module.params[name])
        return (
            Unknown() if name in ("training", "dtype") else Opaque("device") if name == "device" else Bound(self, name)
        )

    def set_attribute(self, name: str, value: Value, machine: Machine, node: ast.AST) -> None:
        if name in self.module.params and not is_module(value):
            self.module.params[name] = value.operand()
        elif name == "weight" and isinstance(value, TensorValue):
            self.module.params.update(_sized_by(self.module, value.tensor))
        self.attributes[name] = value
        place(value, self, name)

    def call(self, args: CallArgs, machine: Machine, node: ast.AST) -> Value:
        own = self.attributes.get("forward")
        return forward(self.module, args, machine, node) if own is None else machine.call(own, args, node)

    def method(self, name: str, args: CallArgs, machine: Machine, node: ast.AST) -> Value:
        if name in ("forward", "__call__"):
            return self.call(args, machine, node)
        answer = module_method(self, name, args, machine, node)
        static = ops.canonical(f"{self.module.kind}.{name}") if answer is None else None
        if static is not None:
            return machine.operator(static, args, node)
        return machine.not_checked(node, f"{self.module.kind}.{name} is not known") if answer is None else answer

    def truth(self) -> bool | None:
        return True


def construct(kind: str, args: CallArgs, machine: Machine, node: ast.AST) -> Value:
    """``nn.Linear(...)``: a module with its parameters, or a stage with the conflict that its constructor raises."""
    given = [_parameter(value) for value in args.positional]
    named = {name: _parameter(value) for name, value in args.keywords.items()}
    params = ops.construct(kind, given, named) if args.exact else None
    if isinstance(params, Conflict):
        inputs = {str(i): value for i, value in enumerate(args.positional)} | args.keywords
        machine.record(kind, inputs, {}, params, node)
        return Unknown()
    module = Module(kind, params=dict(params or {}), created=machine.span(node), context=machine.context)
    if params is not None:
        module.param_spans = spans(take(args, *params), machine)
    return ModuleValue(module)


def _parameter(value: Value) -> Any:
    """What a constructor is given; a layer to be stacked is kept, for its own parameters say what the stack takes."""
    if isinstance(value, ModuleValue) and value.module.kind.startswith("torch.nn.Transformer"):
        return value.module
    return value.operand()


def forward(module: Module, args: CallArgs, machine: Machine, node: ast.AST) -> Value:
    """Call a module of torch.nn, and record the stage."""
    given = [value.operand() for value in args.positional]
    named = {name: value.operand() for name, value in args.keywords.items()}
    for value in (*args.positional, *args.keywords.values()):
        if isinstance(value, Const):
            value.used(machine, node)
    outcome: ops.Outcome = ops.forward(module.kind, module.params, given, named)
    if not args.exact:
        outcome = ops.NotKnown("the arguments are not known")
    names = tuple(ops.bind(module.kind, given, named) or ())
    taken = take(args, *(names or ("input", "other", "another")))
    return machine.record(module.kind, taken.values, spans(taken, machine), outcome, node, module)


def plain_value(value: Any) -> Value:
    """The interpreter's value for a plain Python value."""
    match value:
        case Value():
            return value
        case Dim():
            return Int(value)
        case bool() | None | float() | str():
            return Const(value)
        case int():
            return Int(number(value))
        case tuple() | list():
            return Items("tuple" if isinstance(value, tuple) else "list", [plain_value(item) for item in value])
        case dict():
            return Mapping({key: plain_value(item) for key, item in value.items()})
        case Tensor():
            return TensorValue(value)
    return Unknown()


_WEIGHTS: dict[str, tuple[str, ...]] = {
    "torch.nn.Linear": ("out_features", "in_features"),
    "torch.nn.Bilinear": ("out_features", "in1_features", "in2_features"),
    "torch.nn.Embedding": ("num_embeddings", "embedding_dim"),
    "torch.nn.EmbeddingBag": ("num_embeddings", "embedding_dim"),
    "torch.nn.BatchNorm1d": ("num_features",),
    "torch.nn.BatchNorm2d": ("num_features",),
    "torch.nn.BatchNorm3d": ("num_features",),
}
"""The parameters that make up the shape of ``weight``; ``bias`` has the first of them."""


def weight_of(module: Module, name: str) -> Value | None:
    """``module.weight`` or ``module.bias``, where the table knows its shape."""
    if name not in ("weight", "bias"):
        return None
    if name == "bias" and module.params.get("bias") is False:
        return Const(None)
    parts = _WEIGHTS.get(module.kind)
    if parts is None:
        return TensorValue(Tensor()) if module.kind.startswith("torch.nn.") else None
    dims = tuple(as_dim(module.params.get(part)) for part in parts)
    return TensorValue(Tensor(Shape(dims if name == "weight" else dims[:1]), "float32"))


def _sized_by(module: Module, weight: Tensor) -> dict[str, Any]:
    """The parameters that another ``weight`` changes: to its sizes, where the program computed it.

    Another module's weight is tied to this one: as large, or the layer is not called as it was built.
    """
    parts = _WEIGHTS.get(module.kind, ())
    dims = weight.shape.dims if weight.shape.rank == len(parts) else ()
    if parts and dims and all(dim.known for dim in dims):
        if weight.producer is not None or all(
            as_dim(module.params.get(part)).compare(dim) is not Truth.DIFFERENT
            for part, dim in zip(parts, dims, strict=True)
        ):
            return dict(zip(parts, dims, strict=True))
    elif weight.producer is None:
        return {}
    return {part: ops.UNKNOWN for part in parts or ("in_channels", "out_channels") if part in module.params}


def is_module(value: Value) -> bool:
    """Whether a value is an nn.Module, of a library or of the program."""
    return isinstance(value, ModuleValue) or (isinstance(value, Instance) and value.module is not None)


def graph_module(value: Value) -> Module | None:
    """The graph's module of a value that is one."""
    return value.module if isinstance(value, (ModuleValue, Instance)) else None


def children_of(value: Value) -> dict[str, Value]:
    """The submodules of a module by name, in the order in which they were set."""
    if isinstance(value, ModuleValue):
        return {**value.children, **{k: v for k, v in value.attributes.items() if is_module(v)}}
    if isinstance(value, Instance):
        return {name: child for name, child in value.attributes.items() if is_module(child)}
    return {}


def hang(value: Value, parent: str, name: str) -> None:
    """Give a module that became a submodule its path, and its own submodules theirs."""
    module = graph_module(value)
    if module is None or name.startswith("<"):
        return
    path = f"{parent}.{name}" if parent else name
    if module.path and not path.endswith(f".{module.path}"):
        return
    module.path = path
    for inner, child in children_of(value).items():
        hang(child, path, inner)


def place(child: Value, parent: Value, name: str) -> None:
    """Give a submodule its path below its parent's."""
    module = graph_module(parent)
    hang(child, module.path if module is not None else "", name)


def descendants(value: Value, path: str = "") -> Iterator[tuple[str, Value]]:
    """A module and everything below it, by path."""
    yield path, value
    for name, child in children_of(value).items():
        yield from descendants(child, f"{path}.{name}" if path else name)


def module_method(value: Value, name: str, args: CallArgs, machine: Machine, node: ast.AST) -> Value | None:
    """A method that every nn.Module has; None where it is none of these."""
    if name in SELF_METHODS:
        return value
    if name in SILENT_METHODS:
        return Const(None)
    match name:
        case "parameters" | "buffers":
            return Items("iterator", None, TensorValue(Tensor()))
        case "named_parameters" | "named_buffers":
            return Items("iterator", None, Items("tuple", [Unknown(), TensorValue(Tensor())]))
        case "children":
            return Items("iterator", list(children_of(value).values()))
        case "named_children":
            return Items("iterator", [Items("tuple", [Const(key), child]) for key, child in children_of(value).items()])
        case "modules":
            return Items("iterator", [child for _, child in descendants(value)])
        case "named_modules":
            return Items("iterator", [Items("tuple", [Const(path), child]) for path, child in descendants(value)])
        case "state_dict":
            from shapecheck.interp.library import stored  # which needs this module

            return stored.state_dict(value, machine, node)
        case "load_state_dict":
            from shapecheck.interp.library import stored

            return stored.load_state_dict(value, args, machine, node)
        case "add_module" | "register_module":
            return _added(value, args, machine, node)
        case "register_buffer" | "register_parameter":
            return _registered(value, args, machine, node)
        case "get_submodule":
            return _submodule(value, args)
        case "get_parameter" | "get_buffer":
            return TensorValue(Tensor())
    return None


def _submodule(value: Value, args: CallArgs) -> Value:
    path = take(args, "target").plain("target")
    found: Value | None = value
    for part in path.split(".") if isinstance(path, str) else ["?"]:
        found = children_of(found).get(part) if found is not None else None
    return found or Unknown()


def _added(value: Value, args: CallArgs, machine: Machine, node: ast.AST) -> Value:
    taken: Taken = take(args, "name", "module")
    name, child = taken.plain("name"), taken.get("module")
    if isinstance(name, str) and child is not None:
        if isinstance(value, ModuleValue):
            value.children[name] = child
        elif isinstance(value, Instance):
            value.attributes[name] = child
        place(child, value, name)
    return Const(None)


def _registered(value: Value, args: CallArgs, machine: Machine, node: ast.AST) -> Value:
    taken = take(args, "name", "tensor")
    name = taken.plain("name")
    stored = taken.get("tensor") or taken.get("param") or Unknown()
    if isinstance(name, str) and isinstance(value, (ModuleValue, Instance)):
        value.attributes[name] = stored
    return Const(None)
