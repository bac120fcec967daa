"""What the program defines, and what it takes from libraries by name."""

from __future__ import annotations

import ast
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any

from shapecheck.graph import Module
from shapecheck.interp.values.base import CallArgs, Iteration, Machine, Unknown, Value
from shapecheck.ops.values import UNKNOWN


@dataclass(slots=True)
class Context(Value):
    """A context manager of a library: ``with`` gives ``enters``; what runs inside stands under ``guard`` (``no_grad``).

    As a decorator (``@torch.no_grad()``) it gives back the function.
    """

    enters: Value
    guard: str | None = None

    def call(self, args: CallArgs, machine: Machine, node: ast.AST) -> Value:
        return args.positional[0] if args.positional else Unknown()


@dataclass(slots=True)
class Builtin(Value):
    """Something of a library, by its dotted name as imported (``torch.nn.Linear``,
    ``transformers.AutoModel.from_pretrained``,
    ``builtins.len``). Calling it asks ``library.lookup(name)``."""

    name: str

    def attribute(self, name: str, machine: Machine, node: ast.AST) -> Value:
        return machine.attribute(self, name, node)

    def call(self, args: CallArgs, machine: Machine, node: ast.AST) -> Value:
        return machine.call(self, args, node)

    def truth(self) -> bool | None:
        return True

    def key(self) -> Hashable:
        return ("builtin", self.name)


@dataclass(slots=True, eq=False)
class Function(Value):
    """A function or lambda of the program, with the scope that it closes over.

    ``receiver`` where it is bound to an instance, ``owner`` the class that it stands in, ``home`` the file.
    """

    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
    scope: Any
    name: str
    defaults: dict[str, Value] = field(default_factory=dict)
    receiver: Value | None = None
    owner: Class | None = None
    home: Any = None

    def attribute(self, name: str, machine: Machine, node: ast.AST) -> Value:
        return machine.attribute(self, name, node)

    def call(self, args: CallArgs, machine: Machine, node: ast.AST) -> Value:
        return machine.call(self, args, node)

    def truth(self) -> bool | None:
        return True

    def key(self) -> Hashable:
        return ("function", id(self.node), id(self.scope), self.receiver.key() if self.receiver is not None else None)


@dataclass(slots=True, eq=False)
class Class(Value):
    """A class of the program: its own attributes and its bases (of the program, or :class:`Builtin`).

    ``flavour`` is ``dataclass``, ``enum`` or ``tuple`` (a NamedTuple) where the class makes its instances in that way;
    ``home`` the file that it stands in.
    """

    name: str
    node: ast.ClassDef
    bases: list[Value]
    attributes: dict[str, Value]
    scope: Any
    flavour: str = ""
    home: Any = None
    lineage: list[Value] | None = None

    def attribute(self, name: str, machine: Machine, node: ast.AST) -> Value:
        return machine.attribute(self, name, node)

    def call(self, args: CallArgs, machine: Machine, node: ast.AST) -> Value:
        return machine.call(self, args, node)

    def set_attribute(self, name: str, value: Value, machine: Machine, node: ast.AST) -> None:
        self.attributes[name] = value

    def truth(self) -> bool | None:
        return True


@dataclass(slots=True, eq=False)
class Instance(Value):
    """An instance of a class of the program; ``module`` where the class derives from nn.Module."""

    cls: Class
    attributes: dict[str, Value] = field(default_factory=dict)
    module: Module | None = None
    born: int = 0

    def attribute(self, name: str, machine: Machine, node: ast.AST) -> Value:
        return machine.attribute(self, name, node)

    def operand(self) -> Any:
        """A member of an enum of whole numbers is one."""
        if self.cls.flavour != "enum" or not any(isinstance(b, Builtin) and "Int" in b.name for b in self.cls.bases):
            return UNKNOWN
        return self.attributes["value"].operand()

    def call(self, args: CallArgs, machine: Machine, node: ast.AST) -> Value:
        return machine.call(self, args, node)

    def item(self, key: Value, machine: Machine, node: ast.AST) -> Value:
        return machine.item(self, key, node)

    def iterate(self, machine: Machine, node: ast.AST) -> Iteration:
        return machine.iterate(self, node)

    def set_attribute(self, name: str, value: Value, machine: Machine, node: ast.AST) -> None:
        self.attributes[name] = value
