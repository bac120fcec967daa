"""What the interpreter knows of Python values.

Every value answers four questions (attribute, item, call, iterate) and answers :class:`Unknown` by default, so a
new kind of value only says what it knows. Values of Python itself stand here; those of torch, transformers and
other libraries in ``shapecheck.interp.library`` as further subclasses.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from shapecheck import shapes
from shapecheck.dims import UNKNOWN as UNKNOWN_DIM
from shapecheck.dims import Dim, lower
from shapecheck.graph import Frame, Module, Tensor
from shapecheck.ops.values import UNKNOWN
from shapecheck.places import Span


class Machine(Protocol):
    """What a value may ask of the interpreter that holds it. ``context``: the calls that are under way; ``unused``:
    whether nobody in the program calls what runs, so that its arguments are made up."""

    context: tuple[Frame, ...]
    unused: bool

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
    such ``*args`` gives.
    """

    positional: list[Value] = field(default_factory=list)
    keywords: dict[str, Value] = field(default_factory=dict)
    nodes: list[ast.AST | None] = field(default_factory=list)
    keyword_nodes: dict[str, ast.AST | None] = field(default_factory=dict)
    exact: bool = True
    spread: Iteration | None = None


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

    def key(self) -> Hashable:
        """What tells this value from others: calls with arguments of equal keys give equal results.

        The identity, unless a kind of value says better.
        """
        return id(self)


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
    return out


@dataclass(slots=True)
class Iteration:
    """What iterating gives: all elements in order, or (``items`` None) one element that stands for each, and their
    number. ``last`` makes the last element, where it is known to be of another size than the others."""

    items: Sequence[Value] | None
    element: Value
    size: Dim = UNKNOWN_DIM
    last: Callable[[], Value] | None = None

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
    """An integer: a number, a symbolic size, or unknown."""

    dim: Dim

    def attribute(self, name: str, machine: Machine, node: ast.AST) -> Value:
        return self if name in ("real", "numerator") else Bound(self, name)

    def truth(self) -> bool | None:
        n = self.dim.expr
        return bool(n) if isinstance(n, int) else True if n is not None and lower(n) > 0 else None

    def operand(self) -> Any:
        return self.dim

    def join(self, other: Value) -> Value:
        return self if self.dim.expr == other.dim.expr else Int(UNKNOWN_DIM)  # type: ignore[attr-defined]

    def key(self) -> Hashable:
        return ("int", self.dim.expr)


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


def joined(a: Tensor, b: Tensor) -> Tensor:
    """What is known of a tensor that is one or the other."""
    if a is b:
        return a
    return Tensor(
        shape=shapes.join(a.shape, b.shape),
        dtype=a.dtype if a.dtype == b.dtype else None,
        role=a.role if a.role == b.role else None,
        padding=a.padding if a.padding == b.padding else "unknown",
        masked=a.masked and b.masked,
        low=None if a.low is None or b.low is None else min(a.low, b.low),
        high=None if a.high is None or b.high is None else max(a.high, b.high),
        producer=a.producer if a.producer is b.producer else None,
        field=a.field if a.field == b.field else "",
        span=a.span if a.span == b.span else None,
        text=a.text if a.text == b.text else "",
    )


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

    def join(self, other: Value) -> Value:
        return TensorValue(joined(self.tensor, other.tensor))  # type: ignore[attr-defined]

    def key(self) -> Hashable:
        t = self.tensor
        made = t.producer.span if t.producer is not None else t.span
        place = (made.line, made.column) if made is not None else None
        shape = tuple([dim.expr for dim in t.shape.dims])
        return (shape, t.shape.open_at, t.dtype, t.role, t.padding, t.masked, t.low, t.high, t.field, place)


@dataclass(slots=True)
class Items(Value):
    """A tuple, list or set. ``items`` None: not listed, ``element`` stands for each, ``size`` is their number if known.

    ``born`` is the machine's clock when it came to be.
    """

    kind: str
    items: list[Value] | None
    element: Value = field(default_factory=Unknown)
    born: int = field(default=0, compare=False)
    size: Dim = field(default=UNKNOWN_DIM, compare=False)

    def attribute(self, name: str, machine: Machine, node: ast.AST) -> Value:
        return Bound(self, name)

    def item(self, key: Value, machine: Machine, node: ast.AST) -> Value:
        from shapecheck.interp.python import containers

        return containers.item(self, key)

    def set_item(self, key: Value, value: Value, machine: Machine, node: ast.AST) -> None:
        from shapecheck.interp.python import containers

        containers.set_item(self, key, value)

    def method(self, name: str, args: CallArgs, machine: Machine, node: ast.AST) -> Value:
        from shapecheck.interp.python import containers

        return containers.method(self, name, args, machine, node)

    def iterate(self, machine: Machine, node: ast.AST) -> Iteration:
        return Iteration(self.items, self.element, self.size)

    def truth(self) -> bool | None:
        return None if self.items is None else bool(self.items)

    def length(self) -> Dim:
        return self.size if self.items is None else Dim(len(self.items))

    def operand(self) -> Any:
        if self.items is None or self.kind not in ("tuple", "list"):
            return UNKNOWN
        parts = [item.operand() for item in self.items]
        return parts if self.kind == "list" else tuple(parts)

    def key(self) -> Hashable:
        if self.items is None:
            return (self.kind, None, self.size.expr, self.element.key())
        return (self.kind, *[item.key() for item in self.items]) if len(self.items) <= 32 else id(self)

    def join(self, other: Value) -> Value:
        """Element by element where the lengths agree, else a container of unknown length."""
        assert isinstance(other, Items)
        if self.kind != other.kind:
            return Unknown()
        if self.items is not None and other.items is not None and len(self.items) == len(other.items):
            return Items(self.kind, [join(a, b) for a, b in zip(self.items, other.items, strict=True)])
        return Items(self.kind, None, join_all([*self.each(), *other.each()]))

    def each(self) -> list[Value]:
        """The elements, or the one that stands for each."""
        return self.items if self.items is not None else [self.element]


@dataclass(frozen=True, slots=True)
class Lacking:
    """Of a dict's keys: there are no others, but these may be missing. (Not as good as knowing all: false.)"""

    keys: frozenset[Any]

    def __bool__(self) -> bool:
        return False


Complete = bool | Lacking
"""Whether a dict's keys are known: True, False (there may be others), or that some may be missing."""


def all_complete(*parts: Complete) -> Complete:
    """What is known of the keys of several dicts together."""
    if all(part is True for part in parts):
        return True
    if any(part is False for part in parts):
        return False
    return Lacking(frozenset().union(*(part.keys for part in parts if isinstance(part, Lacking))))


@dataclass(slots=True)
class Mapping(Value):
    """A dict. ``items`` by constant key; ``complete`` False where other keys may exist, ``element`` their value.

    ``born`` is the machine's clock when it came to be.
    """

    items: dict[Any, Value] = field(default_factory=dict)
    complete: Complete = True
    element: Value = field(default_factory=Unknown)
    born: int = field(default=0, compare=False)

    def attribute(self, name: str, machine: Machine, node: ast.AST) -> Value:
        return Bound(self, name)

    def item(self, key: Value, machine: Machine, node: ast.AST) -> Value:
        from shapecheck.interp.python import containers

        return containers.lookup(self, key, machine)

    def set_item(self, key: Value, value: Value, machine: Machine, node: ast.AST) -> None:
        from shapecheck.interp.python import containers

        containers.store(self, key, value)

    def method(self, name: str, args: CallArgs, machine: Machine, node: ast.AST) -> Value:
        from shapecheck.interp.python import containers

        return containers.mapping_method(self, name, args, machine, node)

    def iterate(self, machine: Machine, node: ast.AST) -> Iteration:
        from shapecheck.interp.python import containers

        return containers.keys(self)

    def truth(self) -> bool | None:
        return True if self.items else False if self.complete else None

    def length(self) -> Dim:
        return Dim(len(self.items)) if self.complete else UNKNOWN_DIM

    def operand(self) -> Any:
        return {key: item.operand() for key, item in self.items.items()} if self.complete else UNKNOWN

    def key(self) -> Hashable:
        if len(self.items) > 32:
            return id(self)
        return ("dict", self.complete, self.element.key(), *[(key, item.key()) for key, item in self.items.items()])

    def join(self, other: Value) -> Value:
        """The keys of both; one that only one of them has may be missing."""
        assert isinstance(other, Mapping)
        lacking = Lacking(frozenset(self.items.keys() ^ other.items.keys()))
        items = {
            key: join(self.items[key], other.items[key]) if key in self.items and key in other.items else value
            for key, value in {**self.items, **other.items}.items()
        }
        element = join(self.element, other.element)
        return Mapping(items, all_complete(self.complete, other.complete, lacking if lacking.keys else True), element)


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
