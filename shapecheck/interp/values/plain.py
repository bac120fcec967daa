"""Python's own constants, numbers and texts; what is known of a value that is one of several."""

from __future__ import annotations

import ast
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any

from shapecheck.algebra import lower
from shapecheck.dims import UNKNOWN as UNKNOWN_DIM
from shapecheck.dims import Dim
from shapecheck.interp.values.base import NEVER, Bound, CallArgs, Iteration, Machine, Unknown, Value


@dataclass(slots=True)
class Const(Value):
    """A Python constant other than an int: None, a bool, float, str, bytes or Ellipsis.

    ``absent``, of a None: what a library's object has not got (the data of an ``attribute`` event); said once it
    is used.
    """

    value: Any
    absent: dict[str, Any] | None = field(default=None, compare=False, repr=False)

    def used(self, machine: Machine, node: ast.AST) -> None:
        """The constant is used as something that a None is not."""
        if self.absent is not None:
            machine.event("attribute", node, **self.absent)

    def attribute(self, name: str, machine: Machine, node: ast.AST) -> Value:
        self.used(machine, node)
        return Bound(self, name)

    def item(self, key: Value, machine: Machine, node: ast.AST) -> Value:
        from shapecheck.interp.python import texts

        self.used(machine, node)
        return texts.item(self, key)

    def method(self, name: str, args: CallArgs, machine: Machine, node: ast.AST) -> Value:
        from shapecheck.interp.python import texts

        return texts.method(self, name, args, machine, node)

    def iterate(self, machine: Machine, node: ast.AST) -> Iteration:
        from shapecheck.interp.python import texts

        self.used(machine, node)
        return texts.iterate(self)

    def truth(self) -> bool | None:
        return bool(self.value)

    def length(self) -> Dim:
        return Dim(len(self.value)) if isinstance(self.value, (str, bytes)) else UNKNOWN_DIM

    def operand(self) -> Any:
        return self.value

    def key(self) -> Hashable:
        return (type(self.value), self.value if self.value == self.value else "nan")

    def join(self, other: Value) -> Value:
        if self.key() == other.key():
            return self
        if isinstance(self.value, str) and isinstance(other.operand(), str):
            return Text()
        return Number() if type(self.value) is float and type(other.operand()) is float else Unknown()


@dataclass(slots=True)
class Int(Value):
    """An integer: a number, a symbolic size, or unknown.

    ``among``: the least and the greatest of the numbers that it may be, where it is an element of a list of numbers.
    """

    dim: Dim
    among: tuple[int, int] | None = None

    @property
    def bounds(self) -> tuple[int, int] | None:
        """The least and the greatest that it may be, where both are known."""
        return (self.dim.expr, self.dim.expr) if isinstance(self.dim.expr, int) else self.among

    def attribute(self, name: str, machine: Machine, node: ast.AST) -> Value:
        return self if name in ("real", "numerator") else Bound(self, name)

    def truth(self) -> bool | None:
        n = self.dim.expr
        return bool(n) if isinstance(n, int) else True if n is not None and lower(n) > 0 else None

    def operand(self) -> Any:
        return self.dim

    def join(self, other: Value) -> Value:
        assert isinstance(other, Int)
        if self.dim.expr == other.dim.expr is not None:
            return self
        return Int(UNKNOWN_DIM, self.among if self.among == other.among else None)

    def key(self) -> Hashable:
        return ("int", self.dim.expr, self.among)


@dataclass(slots=True)
class Number(Value):
    """A number of which only that is known; ``floor`` what ``int()`` makes of it, where that can be told."""

    floor: Dim = UNKNOWN_DIM

    def attribute(self, name: str, machine: Machine, node: ast.AST) -> Value:
        return Bound(self, name)

    def method(self, name: str, args: CallArgs, machine: Machine, node: ast.AST) -> Value:
        return Number()

    def operand(self) -> Any:
        return UNKNOWN_DIM

    def join(self, other: Value) -> Value:
        return self if self.key() == other.key() else Number()

    def key(self) -> Hashable:
        return ("number", self.floor.expr)


@dataclass(slots=True)
class Text(Value):
    """A text of which only that is known."""

    def attribute(self, name: str, machine: Machine, node: ast.AST) -> Value:
        return Bound(self, name)

    def item(self, key: Value, machine: Machine, node: ast.AST) -> Value:
        return self

    def method(self, name: str, args: CallArgs, machine: Machine, node: ast.AST) -> Value:
        from shapecheck.interp.python import texts

        return texts.of_unknown(name)

    def iterate(self, machine: Machine, node: ast.AST) -> Iteration:
        return Iteration(None, self)

    def operate(self, op: str, other: Value, swapped: bool, machine: Machine, node: ast.AST) -> Value:
        return self if op in ("add", "mul", "mod") else Unknown()

    def join(self, other: Value) -> Value:
        return self

    def key(self) -> Hashable:
        return "text"


@dataclass(slots=True)
class Slice(Value):
    """``start:stop:step`` between brackets; ``Const(None)`` for a part that is left out."""

    start: Value
    stop: Value
    step: Value

    def key(self) -> Hashable:
        return ("slice", self.start.key(), self.stop.key(), self.step.key())

    def operand(self) -> Any:
        return slice(self.start.operand(), self.stop.operand(), self.step.operand())


def join(a: Value, b: Value) -> Value:
    """What is known of a value that is one or the other."""
    if a is b or b is NEVER:
        return a
    if a is NEVER:
        return b
    if type(a) is type(b):
        return a.join(b)
    if isinstance(a, Text) and isinstance(b.operand(), str) or isinstance(b, Text) and isinstance(a.operand(), str):
        return Text()
    return Number() if _numeric(a) and _numeric(b) else Unknown()


def _numeric(value: Value) -> bool:
    return isinstance(value, (Int, Number)) or (isinstance(value, Const) and type(value.value) in (float, bool))


def join_all(values: Sequence[Value]) -> Value:
    """What is known of a value that is one of several; unknown for none."""
    out = values[0] if values else Unknown()
    for value in values[1:]:
        out = join(out, value)
    return bounded(out, values)


def bounded(joined: Value, values: Sequence[Value]) -> Value:
    """What several values came to, with the bounds of the integers among them: as ids of classes have in a list."""
    if isinstance(joined, Int) and joined.dim.expr is None and joined.among is None:
        found = [value.bounds if isinstance(value, Int) else None for value in values]
        known = [bounds for bounds in found if bounds is not None]
        if known and len(known) == len(found):
            return Int(UNKNOWN_DIM, (min(low for low, _ in known), max(high for _, high in known)))
    return joined if any(joined is value for value in values) else joined.bounded(values)
