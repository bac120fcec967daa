"""Tuples, lists, sets and dicts."""

from __future__ import annotations

import ast
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any

from shapecheck.dims import UNKNOWN as UNKNOWN_DIM
from shapecheck.dims import Dim
from shapecheck.graph import Tensor
from shapecheck.interp.values.base import Batched, Bound, CallArgs, Iteration, Machine, Unknown, Value
from shapecheck.interp.values.plain import bounded, join, join_all
from shapecheck.ops.values import UNKNOWN, Batches, is_tensor


@dataclass(slots=True)
class Items(Value):
    """A tuple, list or set. ``items`` None: not listed, ``element`` stands for each, ``size`` is their number if known,
    ``batched`` the examples in them where each was made of one batch.

    ``born`` is the machine's clock when it came to be.
    """

    kind: str
    items: list[Value] | None
    element: Value = field(default_factory=Unknown)
    born: int = field(default=0, compare=False)
    size: Dim = field(default=UNKNOWN_DIM, compare=False)
    batched: Batched | None = field(default=None, compare=False)

    def attribute(self, name: str, machine: Machine, node: ast.AST) -> Value:
        if self.has(name) is False:
            held = [part for part in (item.operand() for item in self.each()) if isinstance(part, Tensor)]
            if held:
                data = {"name": name, "stage": None, "missing": True, "none": False, "of": self.kind, "held": held}
                machine.event("attribute", node, **data)
        return Bound(self, name)

    def has(self, name: str) -> bool | None:
        """Whether it has an attribute; None where something of a library may only look like a tuple or list."""
        python: object = {"tuple": (), "list": []}.get(self.kind)
        return hasattr(python, name) if self.born and python is not None else None

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
        return Iteration(self.items, self.element, self.size, batched=self.batched)

    def truth(self) -> bool | None:
        return None if self.items is None else bool(self.items)

    def length(self) -> Dim:
        return self.size if self.items is None else Dim(len(self.items))

    def operand(self) -> Any:
        if self.items is None and self.kind == "list":
            return self._like_tensors()
        if self.items is None or self.kind not in ("tuple", "list"):
            return UNKNOWN
        parts = [item.operand() for item in self.items]
        return parts if self.kind == "list" else tuple(parts)

    def _like_tensors(self) -> Any:
        """One tensor that stands for each, as an operator takes it."""
        one = self.element.operand()
        if not is_tensor(one):
            return UNKNOWN
        each, together = self.batched or (UNKNOWN_DIM, UNKNOWN_DIM)
        return Batches((one,), self.size, each, together)

    def key(self) -> Hashable:
        if self.items is None:
            return (self.kind, None, self.size.expr, self.batched and self.batched.all.expr, self.element.key())
        return (self.kind, *[item.key() for item in self.items]) if len(self.items) <= 32 else id(self)

    def join(self, other: Value) -> Value:
        """Element by element where the lengths agree, else a container of unknown length."""
        assert isinstance(other, Items)
        if self.kind != other.kind:
            return Unknown()
        if self.items is not None and other.items is not None and len(self.items) == len(other.items):
            return Items(self.kind, [join(a, b) for a, b in zip(self.items, other.items, strict=True)])
        return Items(self.kind, None, join_all([*self.each(), *other.each()]))

    def bounded(self, values: Sequence[Value]) -> Value:
        rows = [value.items for value in values if isinstance(value, Items) and value.items is not None]
        if self.items is None or len(rows) != len(values) or any(len(row) != len(self.items) for row in rows):
            return self
        return Items(self.kind, [bounded(item, column) for item, *column in zip(self.items, *rows, strict=True)])

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
        from shapecheck.interp.python import mappings

        return mappings.lookup(self, key, machine)

    def set_item(self, key: Value, value: Value, machine: Machine, node: ast.AST) -> None:
        from shapecheck.interp.python import mappings

        mappings.store(self, key, value)

    def method(self, name: str, args: CallArgs, machine: Machine, node: ast.AST) -> Value:
        from shapecheck.interp.python import mappings

        return mappings.method(self, name, args, machine, node)

    def iterate(self, machine: Machine, node: ast.AST) -> Iteration:
        from shapecheck.interp.python import mappings

        return mappings.keys(self)

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

    def bounded(self, values: Sequence[Value]) -> Value:
        rows = [value.items for value in values if isinstance(value, Mapping)]
        if len(rows) == len(values):
            for key, item in self.items.items():
                if all(key in row for row in rows):
                    self.items[key] = bounded(item, [row[key] for row in rows])
        return self
