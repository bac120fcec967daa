"""The table from dotted names to what they mean, and small values that several families share."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from shapecheck.interp.values import CallArgs, Const, Machine, Unknown, Value

Handler = Callable[[CallArgs, Machine, ast.AST], Value]
"""What calling a named thing of a library gives."""

HANDLERS: dict[str, Handler] = {}
CONSTANTS: dict[str, Value] = {}


def handles(*names: str) -> Callable[[Handler], Handler]:
    """Register a function as what calling these dotted names means."""

    def register(function: Handler) -> Handler:
        for name in names:
            HANDLERS[name] = function
        return function

    return register


def words(text: str) -> list[str]:
    """The names that a text lists."""
    return text.split()


@dataclass(slots=True)
class Taken:
    """The arguments of a call, by parameter name."""

    values: dict[str, Value]
    nodes: dict[str, ast.AST | None]

    def get(self, name: str) -> Value | None:
        """The argument, None where it was not given."""
        return self.values.get(name)

    def plain(self, name: str, default: Any = None) -> Any:
        """The argument as a plain Python value: ``default`` where it was not given, ``ops.UNKNOWN`` where not known."""
        value = self.values.get(name)
        return default if value is None else value.operand()


def take(args: CallArgs, *names: str) -> Taken:
    """Give the positional arguments their names; keywords keep their own."""
    values = dict(zip(names, args.positional, strict=False))
    nodes = dict(zip(names, args.nodes, strict=False))
    return Taken({**values, **args.keywords}, {**nodes, **args.keyword_nodes})


def spans(taken: Taken, machine: Machine) -> dict[str, Any]:
    """The span of each argument that stands in the text."""
    return {
        name: machine.span(node) for name, node in taken.nodes.items() if node is not None and hasattr(node, "lineno")
    }


def none(args: CallArgs, machine: Machine, node: ast.AST) -> Value:
    """A call that gives None and changes no shape."""
    return Const(None)


def unknown(args: CallArgs, machine: Machine, node: ast.AST) -> Value:
    """A call whose result matters to no shape."""
    return Unknown()


def first(args: CallArgs, machine: Machine, node: ast.AST) -> Value:
    """A call that gives its first argument back."""
    if args.positional:
        return args.positional[0]
    return next(iter(args.keywords.values()), Unknown())


@dataclass(slots=True)
class Native(Value):
    """A callable that the library makes at run time."""

    function: Handler

    def call(self, args: CallArgs, machine: Machine, node: ast.AST) -> Value:
        return self.function(args, machine, node)


@dataclass(slots=True, eq=False)
class Opaque(Value):
    """An object without influence on shapes (an optimizer, a logger, a device).

    Whatever it is asked, the answer is unknown and not worth a word.
    """

    kind: str

    def attribute(self, name: str, machine: Machine, node: ast.AST) -> Value:
        return Opaque(f"{self.kind}.{name}")

    def call(self, args: CallArgs, machine: Machine, node: ast.AST) -> Value:
        return Opaque(f"{self.kind}()")

    def item(self, key: Value, machine: Machine, node: ast.AST) -> Value:
        return Unknown()
