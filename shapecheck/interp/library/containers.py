"""nn.Sequential, ModuleList, ModuleDict and their like: modules that hold others in order."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from shapecheck.dims import Dim, number
from shapecheck.graph import Module, Tensor
from shapecheck.interp.library.modules import ModuleValue, is_module, place
from shapecheck.interp.library.registry import handles, take
from shapecheck.interp.values import (
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


class Container(ModuleValue):
    """A module that holds others.

    ``exact`` is False once an unknown number of them was put in; ``element`` is then one of them.
    """

    __slots__ = ("element", "exact")

    def __init__(
        self, module: Module, children: dict[str, Value] | None = None, exact: bool = True, element: Value | None = None
    ) -> None:
        super().__init__(module, {})
        self.exact = exact
        self.element = element or Unknown()
        for name, child in (children or {}).items():
            self.put(name, child)

    def put(self, name: str, child: Value) -> None:
        """Set a child by name."""
        self.children[name] = child
        place(child, self, name)

    def item(self, key: Value, machine: Machine, node: ast.AST) -> Value:
        asked = key.operand()
        if isinstance(asked, str):
            return self.children.get(asked) or self._any()
        values = list(self.children.values())
        if isinstance(asked, slice) and self.exact:
            bounds = [None if part is None else as_int(part) for part in (asked.start, asked.stop, asked.step)]
            chosen = values[slice(*bounds)]
            return Container(
                Module(self.module.kind, created=self.module.created), {str(i): child for i, child in enumerate(chosen)}
            )
        index = as_int(asked)
        if index is None or not self.exact or not -len(values) <= index < len(values):
            return self._any()
        return values[index]

    def _any(self) -> Value:
        """A child by an unknown key: they are often alike, the first one stands for each if all are of one kind."""
        values = list(self.children.values())
        if not values:
            return self.element
        described = {_fingerprint(value) for value in values}
        return values[0] if len(described) == 1 and None not in described else Unknown()

    def set_item(self, key: Value, value: Value, machine: Machine, node: ast.AST) -> None:
        asked = key.operand()
        if isinstance(asked, str):
            self.put(asked, value)
            return
        index = as_int(asked)
        names = list(self.children)
        if index is None or not -len(names) <= index < len(names):
            self.exact = False
        else:
            self.put(names[index], value)

    def call(self, args: CallArgs, machine: Machine, node: ast.AST) -> Value:
        if self.module.kind != "torch.nn.Sequential" or not self.exact:
            return machine.not_checked(node, f"call of a {self.module.kind} whose content is not known")
        value = args.positional[0] if args.positional else next(iter(args.keywords.values()), Unknown())
        at = args.nodes[0] if args.nodes else None
        for child in self.children.values():
            value = machine.call(child, CallArgs([value], nodes=[at]), node)
            at = None
        return value

    def method(self, name: str, args: CallArgs, machine: Machine, node: ast.AST) -> Value:
        match name:
            case "append":
                self._append(args.positional[0] if args.positional else Unknown())
                return self
            case "extend":
                self._extend(args.positional[0], machine, node)
                return self
            case "insert":
                self.exact = False
                return self
            case "keys":
                return Items("iterator", [Const(key) for key in self.children] if self.exact else None)
            case "values":
                return Items("iterator", list(self.children.values()) if self.exact else None, self._any())
            case "items":
                pairs: list[Value] = [Items("tuple", [Const(key), child]) for key, child in self.children.items()]
                return Items("iterator", pairs if self.exact else None, Items("tuple", [Unknown(), self._any()]))
            case "update":
                self._update(args.positional[0] if args.positional else Unknown())
                return Const(None)
            case "add_module" | "register_module" if not isinstance(take(args, "name").plain("name"), str):
                self.exact, self.element = False, take(args, "name", "module").get("module") or Unknown()
                return Const(None)
        return super().method(name, args, machine, node)

    def _append(self, child: Value) -> None:
        self.put(str(len(self.children)), child)

    def _extend(self, more: Value, machine: Machine, node: ast.AST) -> None:
        seen = more.iterate(machine, node)
        if seen.items is None:
            self.exact, self.element = False, seen.element
        for child in seen.items or ():
            self._append(child)

    def _update(self, more: Value) -> None:
        if isinstance(more, Mapping) and more.complete:
            for key, child in more.items.items():
                self.put(str(key), child)
        else:
            self.exact = False

    def iterate(self, machine: Machine, node: ast.AST) -> Iteration:
        if not self.exact:
            return Iteration(None, self._any())
        if self.module.kind == "torch.nn.ModuleDict":
            return Iteration([Const(key) for key in self.children], Unknown())
        values = list(self.children.values())
        return Iteration(values, values[0] if values else Unknown())

    def length(self) -> Dim:
        return number(len(self.children)) if self.exact else super().length()


def _fingerprint(value: Value) -> str | None:
    """What tells two modules apart; None where that is not known."""
    if not isinstance(value, ModuleValue) or value.children:
        return None
    return f"{value.module.kind}({', '.join(f'{k}={v}' for k, v in value.module.params.items())})"


def fill(container: Container, given: Sequence[Value], machine: Machine, node: ast.AST) -> None:
    """Put the arguments of a container's constructor into it: modules, one iterable of them, or a dict."""
    if len(given) == 1 and isinstance(given[0], Mapping):
        container._update(given[0])
    elif (
        len(given) == 1
        and not is_module(given[0])
        or len(given) == 1
        and isinstance(given[0], Container)
        and container.module.kind != SEQUENTIAL
    ):
        container._extend(given[0], machine, node)
    else:
        for child in given:
            container._append(child)


SEQUENTIAL = "torch.nn.Sequential"


def _build(kind: str, args: CallArgs, machine: Machine, node: ast.AST) -> Value:
    container = Container(Module(kind, created=machine.span(node)), exact=args.exact)
    fill(container, args.positional or list(args.keywords.values()), machine, node)
    return container


@handles(SEQUENTIAL)
def _sequential(args: CallArgs, machine: Machine, node: ast.AST) -> Value:
    return _build(SEQUENTIAL, args, machine, node)


@handles("torch.nn.ModuleList", "torch.nn.ParameterList")
def _module_list(args: CallArgs, machine: Machine, node: ast.AST) -> Value:
    return _build("torch.nn.ModuleList", args, machine, node)


@handles("torch.nn.ModuleDict", "torch.nn.ParameterDict")
def _module_dict(args: CallArgs, machine: Machine, node: ast.AST) -> Value:
    return _build("torch.nn.ModuleDict", args, machine, node)


@handles("torch.nn.Parameter", "torch.nn.parameter.Parameter", "torch.nn.Buffer", "torch.autograd.Variable")
def _parameter(args: CallArgs, machine: Machine, node: ast.AST) -> Value:
    """A parameter is the tensor that it is made of."""
    data = take(args, "data").get("data")
    found = data if isinstance(data, TensorValue) else TensorValue(Tensor())
    machine.parameters[id(found.tensor)] = found.tensor
    return found


class Wrapper(ModuleValue):
    """``DataParallel(model)`` and its like: calls go to the model, which is reached as ``module``."""

    __slots__ = ("inner",)

    def __init__(self, module: Module, inner: Value) -> None:
        super().__init__(module, {"module": inner})
        self.inner = inner

    def call(self, args: CallArgs, machine: Machine, node: ast.AST) -> Value:
        return machine.call(self.inner, args, node)

    def attribute(self, name: str, machine: Machine, node: ast.AST) -> Value:
        return super().attribute(name, machine, node) if name in _OWN else machine.attribute(self.inner, name, node)


_OWN = frozenset(
    "module parameters named_parameters modules named_modules children named_children state_dict load_state_dict to "
    "cuda cpu half float double bfloat16 train eval requires_grad_ zero_grad apply".split()
)
"""What a wrapper answers itself: it stays in the place of what it wraps."""


@handles("torch.nn.DataParallel", "torch.nn.parallel.DataParallel", "torch.nn.parallel.DistributedDataParallel")
def _data_parallel(args: CallArgs, machine: Machine, node: ast.AST) -> Value:
    inner = take(args, "module").get("module") or Unknown()
    return Wrapper(Module("torch.nn.DataParallel", created=machine.span(node)), inner)
