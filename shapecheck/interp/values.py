"""What the interpreter knows of Python values.

Every value answers four questions (attribute, item, call, iterate) and answers :class:`Unknown` by default, so a
new kind of value only says what it knows. Values of Python itself stand here; those of torch, transformers and
other libraries in ``shapecheck.interp.library`` as further subclasses.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from shapecheck.dims import UNKNOWN as UNKNOWN_DIM
from shapecheck.dims import Dim
from shapecheck.graph import Module, Tensor
from shapecheck.ops.values import UNKNOWN
from shapecheck.places import Span


class Machine(Protocol):
    """What a value may ask of the interpreter that holds it."""

    def span(self, node: ast.AST) -> Span:
        """Where a node stands in the file that is being interpreted."""
        ...

    def call(self, callee: Value, args: CallArgs, node: ast.AST) -> Value:
        """Call any value."""
        ...

    def attribute(self, value: Value, name: str, node: ast.AST) -> Value:
        """``value.name``."""
        ...

    def operator(self, op: str, args: CallArgs, node: ast.AST) -> Value:
        """Apply an operator of ``shapecheck.ops`` (a function, or a Tensor method with the tensor first), and record the stage."""
        ...

    def record(
        self,
        op: str,
        inputs: dict[str, Value],
        spans: dict[str, Span],
        outcome: Any,
        node: ast.AST,
        module: Module | None = None,
    ) -> Value:
        """Record a stage whose outcome (``ops.Result``, ``Conflict`` or ``ops.NotKnown``) is given; the value it gives."""
        ...

    def event(self, kind: str, node: ast.AST, **data: Any) -> None:
        """Record an event."""
        ...

    def fresh(self, word: str, node: ast.AST, origin: str) -> Dim:
        """A size that is named ``word`` and is not known to equal any other (two evaluations of a place may differ)."""
        ...

    def not_checked(self, node: ast.AST, reason: str) -> Unknown:
        """Say that a place was not followed, and why; the unknown value that stands for it."""
        ...


@dataclass(slots=True)
class CallArgs:
    """The arguments of a call, evaluated, with the node of each (for spans and origins).

    ``exact`` is False where ``*args`` or ``**kwargs`` of unknown content were among them.
    """

    positional: list[Value] = field(default_factory=list)
    keywords: dict[str, Value] = field(default_factory=dict)
    nodes: list[ast.AST | None] = field(default_factory=list)
    keyword_nodes: dict[str, ast.AST | None] = field(default_factory=dict)
    exact: bool = True


class Value:
    """Base of all values."""

    __slots__ = ()

    def attribute(self, name: str, machine: Machine, node: ast.AST) -> Value:
        """``value.name``; a :class:`Bound` method where ``method`` handles the name."""
        return Unknown()

    def item(self, key: Value, machine: Machine, node: ast.AST) -> Value:
        """``value[key]``."""
        return Unknown()

    def call(self, args: CallArgs, machine: Machine, node: ast.AST) -> Value:
        """``value(...)``."""
        return Unknown()

    def method(self, name: str, args: CallArgs, machine: Machine, node: ast.AST) -> Value:
        """``value.name(...)`` where ``attribute`` gave ``Bound(value, name)``."""
        return Unknown()

    def iterate(self, machine: Machine, node: ast.AST) -> Iteration:
        """What a loop over the value sees."""
        return Iteration(None, Unknown())

    def unpack(self, count: int, starred: bool, machine: Machine, node: ast.AST) -> Sequence[Value] | None:
        """What unpacking gives ``count`` names (without the starred one), asked before ``iterate``; None where that tells.

        A value that is often unpacked wrongly (a model's output, a shape) records its event here.
        """
        return None

    def set_attribute(self, name: str, value: Value, machine: Machine, node: ast.AST) -> None:
        """``value.name = ...``; ignored by default."""

    def set_item(self, key: Value, value: Value, machine: Machine, node: ast.AST) -> None:
        """``value[key] = ...``; ignored by default."""

    def truth(self) -> bool | None:
        """``bool(value)``, None where it cannot be told."""
        return None

    def length(self) -> Dim:
        """``len(value)``."""
        return UNKNOWN_DIM

    def operand(self) -> Any:
        """What an operator of ``shapecheck.ops`` is given: a tensor, a Dim, a plain Python value, or ``ops.UNKNOWN``."""
        return UNKNOWN


@dataclass(slots=True)
class Iteration:
    """What iterating gives: all elements in order, or (``items`` None) one element that stands for each."""

    items: Sequence[Value] | None
    element: Value


@dataclass(slots=True)
class Unknown(Value):
    """Nothing is known; ``reason`` where it was worth saying."""

    reason: str = ""


@dataclass(slots=True)
class Const(Value):
    """A Python constant other than an int: None, a bool, float, str, bytes or Ellipsis."""

    value: Any

    def truth(self) -> bool | None:
        return bool(self.value)

    def operand(self) -> Any:
        return self.value


@dataclass(slots=True)
class Int(Value):
    """An integer: a number, a symbolic size, or unknown."""

    dim: Dim

    def truth(self) -> bool | None:
        n = self.dim.expr
        return bool(n) if isinstance(n, int) else None

    def operand(self) -> Any:
        return self.dim


@dataclass(slots=True)
class Slice(Value):
    """``start:stop:step`` between brackets; ``Const(None)`` for a part that is left out."""

    start: Value
    stop: Value
    step: Value

    def operand(self) -> Any:
        return slice(self.start.operand(), self.stop.operand(), self.step.operand())


@dataclass(slots=True)
class TensorValue(Value):
    """A tensor of the graph. Its attributes, methods and indexing stand in ``library/tensors.py``."""

    tensor: Tensor

    def attribute(self, name: str, machine: Machine, node: ast.AST) -> Value:
        from shapecheck.interp.library import tensors

        return tensors.attribute(self, name, machine, node)

    def item(self, key: Value, machine: Machine, node: ast.AST) -> Value:
        from shapecheck.interp.library import tensors

        return tensors.item(self, key, machine, node)

    def method(self, name: str, args: CallArgs, machine: Machine, node: ast.AST) -> Value:
        from shapecheck.interp.library import tensors

        return tensors.method(self, name, args, machine, node)

    def iterate(self, machine: Machine, node: ast.AST) -> Iteration:
        from shapecheck.interp.library import tensors

        return tensors.iterate(self, machine, node)

    def set_item(self, key: Value, value: Value, machine: Machine, node: ast.AST) -> None:
        from shapecheck.interp.library import tensors

        tensors.set_item(self, key, value, machine, node)

    def set_attribute(self, name: str, value: Value, machine: Machine, node: ast.AST) -> None:
        from shapecheck.interp.library import tensors

        tensors.set_attribute(self, name, value, machine, node)

    def length(self) -> Dim:
        return self.tensor.shape.dim(0)

    def operand(self) -> Any:
        return self.tensor


@dataclass(slots=True)
class Items(Value):
    """A tuple, list or set. ``items`` None: unknown length, ``element`` stands for each."""

    kind: str
    items: list[Value] | None
    element: Value = field(default_factory=Unknown)

    def operand(self) -> Any:
        if self.items is None or self.kind not in ("tuple", "list"):
            return UNKNOWN
        parts = [item.operand() for item in self.items]
        return parts if self.kind == "list" else tuple(parts)


@dataclass(slots=True)
class Mapping(Value):
    """A dict. ``items`` by constant key; ``complete`` False where other keys may exist, ``element`` their value."""

    items: dict[Any, Value] = field(default_factory=dict)
    complete: bool = True
    element: Value = field(default_factory=Unknown)

    def operand(self) -> Any:
        return {key: item.operand() for key, item in self.items.items()} if self.complete else UNKNOWN


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
    """Something of a library, by its dotted name as imported (``torch.nn.Linear``, ``transformers.AutoModel.from_pretrained``,
    ``builtins.len``). Calling it asks ``library.lookup(name)``."""

    name: str


@dataclass(slots=True)
class Bound(Value):
    """A method looked up on a value: calling it calls ``receiver.method(name, ...)``."""

    receiver: Value
    name: str


@dataclass(slots=True, eq=False)
class Function(Value):
    """A function or lambda of the program, with the scope that it closes over; ``receiver`` where bound to an instance."""

    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
    scope: Any
    name: str
    defaults: dict[str, Value] = field(default_factory=dict)
    receiver: Value | None = None
    owner: Class | None = None


@dataclass(slots=True, eq=False)
class Class(Value):
    """A class of the program: its own attributes and its bases (of the program, or :class:`Builtin`)."""

    name: str
    node: ast.ClassDef
    bases: list[Value]
    attributes: dict[str, Value]
    scope: Any


@dataclass(slots=True, eq=False)
class Instance(Value):
    """An instance of a class of the program; ``module`` where the class derives from nn.Module."""

    cls: Class
    attributes: dict[str, Value] = field(default_factory=dict)
    module: Module | None = None
