"""Values that Python's own machinery makes: modules, descriptors, super objects, names still to be imported."""

from __future__ import annotations

import ast
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shapecheck.interp.scopes import Scope
from shapecheck.interp.values import CallArgs, Class, Machine, Unknown, Value

if TYPE_CHECKING:
    from shapecheck.interp.machine import Interpreter
    from shapecheck.syntax import Parsed

Handler = Callable[[CallArgs, "Interpreter", ast.AST], Value]
"""What calling a named thing of Python gives."""


def registrar(table: dict[str, Handler]) -> Callable[..., Callable[[Handler], Handler]]:
    """A decorator that enters a handler into a table under the names of the builtins that it handles."""

    def handles(*names: str) -> Callable[[Handler], Handler]:
        def register(function: Handler) -> Handler:
            table.update({f"builtins.{name}": function for name in names})
            return function

        return register

    return handles


def first(args: CallArgs) -> Value:
    """The first positional argument."""
    return args.positional[0] if args.positional else Unknown()


@dataclass(slots=True, eq=False)
class Deferred(Value):
    """A name imported from a file of the program, read when it is first used; never seen outside of scopes."""

    load: Callable[[Any], Value]
    value: Value | None = None

    def resolve(self, machine: Any) -> Value:
        """The imported value."""
        if self.value is None:
            self.value = Unknown()
            self.value = self.load(machine)
        return self.value


@dataclass(slots=True, eq=False)
class LocalModule(Value):
    """A file of the program, imported as a module."""

    name: str
    package: str
    home: Parsed
    scope: Scope

    def attribute(self, name: str, machine: Machine, node: ast.AST) -> Value:
        return machine.attribute(self, name, node)

    def set_attribute(self, name: str, value: Value, machine: Machine, node: ast.AST) -> None:
        self.scope.names[name] = value

    def truth(self) -> bool | None:
        return True


@dataclass(slots=True, eq=False)
class Descriptor(Value):
    """What ``@property``, ``@staticmethod`` or ``@classmethod`` (the ``kind``) makes of a function."""

    kind: str
    function: Value

    def attribute(self, name: str, machine: Machine, node: ast.AST) -> Value:
        return Accessor(self) if name in ("setter", "deleter", "getter") else Unknown()

    def call(self, args: CallArgs, machine: Machine, node: ast.AST) -> Value:
        return machine.call(self.function, args, node) if self.kind == "staticmethod" else Unknown()


@dataclass(slots=True, eq=False)
class Accessor(Value):
    """``@size.setter``: the property stays what it was."""

    of: Descriptor

    def call(self, args: CallArgs, machine: Machine, node: ast.AST) -> Value:
        return self.of


@dataclass(slots=True, eq=False)
class Super(Value):
    """``super()``: what comes after ``owner`` in the lineage of ``receiver``."""

    owner: Class
    receiver: Value

    def key(self) -> Hashable:
        return ("super", id(self.owner), self.receiver.key())


@dataclass(slots=True, eq=False)
class Native(Value):
    """A callable that a handler makes (``functools.partial``, a decorator with arguments)."""

    function: Handler

    def call(self, args: CallArgs, machine: Machine, node: ast.AST) -> Value:
        return self.function(args, machine, node)  # type: ignore[arg-type]

    def truth(self) -> bool | None:
        return True


@dataclass(slots=True)
class Namespace(Value):
    """An object with plain attributes (``argparse.Namespace``); others may exist if not complete."""

    names: dict[str, Value]
    complete: bool = True
    born: int = 0

    def attribute(self, name: str, machine: Machine, node: ast.AST) -> Value:
        return self.names.get(name) or Unknown()

    def set_attribute(self, name: str, value: Value, machine: Machine, node: ast.AST) -> None:
        self.names[name] = value

    def truth(self) -> bool | None:
        return True

    def key(self) -> Hashable:
        return id(self)
