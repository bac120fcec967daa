"""What every value answers, and the machine that asks: attributes, items, calls, iteration."""

from __future__ import annotations

import ast
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from shapecheck.dims import UNKNOWN as UNKNOWN_DIM
from shapecheck.dims import Dim
from shapecheck.graph import Frame, Module
from shapecheck.ops.values import UNKNOWN
from shapecheck.places import Span


class Machine(Protocol):
    """What a value may ask of the interpreter that holds it. ``context``: the calls that are under way; ``unused``:
    whether nobody in the program calls what runs, so that its arguments are made up; ``saved``: what was written to
    files, by file; ``parameters``: the tensors that are parameters, by identity."""

    context: tuple[Frame, ...]
    unused: bool
    saved: dict[Hashable, Value]
    parameters: dict[int, Any]

    def span(self, node: ast.AST) -> Span:
        """Where a node stands in the file that is being interpreted."""
        ...

    def call(self, callee: Value, args: CallArgs, node: ast.AST) -> Value:
        """Call any value."""
        ...

    def attribute(self, value: Value, name: str, node: ast.AST) -> Value:
        """``value.name``."""
        ...

    def item(self, value: Value, key: Value, node: ast.AST) -> Value:
        """``value[key]``."""
        ...

    def iterate(self, value: Value, node: ast.AST) -> Iteration:
        """What a loop over a value sees."""
        ...

    def binary(self, op: str, left: Value, right: Value, node: ast.AST) -> Value:
        """``left op right``; ``op`` is the operator's name in the module ``operator`` (``add``, ``matmul``, ``lt``)."""
        ...

    def truth(self, value: Value) -> bool | None:
        """``bool(value)``, None where it cannot be told."""
        ...

    def operator(self, op: str, args: CallArgs, node: ast.AST) -> Value:
        """Apply an operator of ``shapecheck.ops`` (a function, or a Tensor method with the tensor first), and record
        the stage."""
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
        """Record a stage whose outcome (``ops.Result``, ``Conflict`` or ``ops.NotKnown``) is given; the value it
        gives."""
        ...

    def event(self, kind: str, node: ast.AST, **data: Any) -> None:
        """Record an event."""
        ...

    def fresh(self, word: str, node: ast.AST, origin: str, least: int = 1) -> Dim:
        """A size that is named ``word`` and is not known to equal any other (two evaluations of a place may differ);
        it is at least ``least``."""
        ...

    def not_checked(self, node: ast.AST, reason: str) -> Unknown:
        """Say that a place was not followed, and why; the unknown value that stands for it."""
        ...

    def tuples_returned(self) -> bool:
        """Whether the project wants a transformers (before 4) whose models return tuples, unless told otherwise."""
        ...


@dataclass(slots=True)
class CallArgs:
    """The arguments of a call, evaluated, with the node of each (for spans and origins).

    ``exact`` is False where ``*args`` or ``**kwargs`` of unknown content were among them; ``spread`` is what iterating
    such ``*args`` gives; ``perhaps`` holds keywords that may have been among ``**kwargs``, and are if they are needed.
    """

    positional: list[Value] = field(default_factory=list)
    keywords: dict[str, Value] = field(default_factory=dict)
    nodes: list[ast.AST | None] = field(default_factory=list)
    keyword_nodes: dict[str, ast.AST | None] = field(default_factory=dict)
    exact: bool = True
    spread: Iteration | None = None
    perhaps: dict[str, Value] = field(default_factory=dict)


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
        """What unpacking gives ``count`` names (without the starred one), asked before ``iterate``; None where
        that tells.

        A value that is often unpacked wrongly (a model's output, a shape) records its event here.
        """
        return None

    def holds(self, name: str) -> bool | None:
        """``name in value``, None where it cannot be told."""
        return None

    def has(self, name: str) -> bool | None:
        """``hasattr(value, name)``, None where it cannot be told."""
        return None

    def is_a(self, cls: str) -> bool | None:
        """``isinstance(value, cls)`` for a class of Python (``dict``) or of a library (``torch.Tensor``), None where
        it cannot be told."""
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
        """What an operator of ``shapecheck.ops`` is given: a tensor, a Dim, a Python value, or ``ops.UNKNOWN``."""
        return UNKNOWN

    def operate(self, op: str, other: Value, swapped: bool, machine: Machine, node: ast.AST) -> Value:
        """``value op other`` (``other op value`` where ``swapped``); ``op`` as in :meth:`Machine.binary`.

        Asked for values of libraries only: numbers, texts, containers and tensors are the machine's own.
        """
        return Unknown()

    def join(self, other: Value) -> Value:
        """What is known of a value that is this one or ``other`` (of the same type), after the two arms of a branch."""
        return self if self.key() == other.key() else Unknown()

    def bounded(self, values: Sequence[Value]) -> Value:
        """This value, which ``values`` came to, with the bounds of the integers in it."""
        return self

    def key(self) -> Hashable:
        """What tells this value from others: calls with arguments of equal keys give equal results.

        The identity, unless a kind of value says better.
        """
        return id(self)


class Batched(NamedTuple):
    """Of elements that are batches: how many examples each holds (but for the last), and how many all hold."""

    each: Dim
    all: Dim


@dataclass(slots=True)
class Iteration:
    """What iterating gives: all elements in order, or (``items`` None) one element that stands for each, and their
    number. ``last`` makes the last element, where it is known to be of another size than the others; ``batched`` tells
    of the examples in each, where the elements are batches."""

    items: Sequence[Value] | None
    element: Value
    size: Dim = UNKNOWN_DIM
    last: Callable[[], Value] | None = None
    batched: Batched | None = None

    def count(self) -> Dim:
        """The number of elements."""
        return self.size if self.items is None else Dim(len(self.items))


@dataclass(slots=True)
class Unknown(Value):
    """Nothing is known; ``reason`` where it was worth saying."""

    reason: str = ""

    def key(self) -> Hashable:
        return "unknown"


class Never(Unknown):
    """The element of a sequence that has none so far: as good as unknown, and gone once there is one."""

    __slots__ = ()


NEVER = Never()


@dataclass(slots=True)
class Bound(Value):
    """A method looked up on a value: calling it calls ``receiver.method(name, ...)``."""

    receiver: Value
    name: str

    def call(self, args: CallArgs, machine: Machine, node: ast.AST) -> Value:
        return machine.call(self, args, node)

    def truth(self) -> bool | None:
        return True

    def key(self) -> Hashable:
        return ("bound", self.receiver.key(), self.name)
