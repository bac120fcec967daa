"""The stages of a graph once more with something changed: would the shapes fit then? Pure.

Every name gets a prime that nothing else in the graph has, so that sizes which only may agree do not.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from shapecheck import ops
from shapecheck.algebra import Call, Expr, Name
from shapecheck.dims import Dim, number
from shapecheck.graph import ShapeGraph, Stage, Tensor
from shapecheck.ops import NotKnown, Result, Spec
from shapecheck.ops.values import Batches, is_tensor
from shapecheck.shapes import Conflict, Shape


@dataclass(frozen=True, slots=True)
class Instead:
    """What a stage is given instead, by parameter: operands, and what its layer was built with."""

    inputs: Mapping[str, Any] = field(default_factory=dict)
    params: Mapping[str, Any] = field(default_factory=dict)


Change = Callable[[Stage], Instead | None]
"""What a stage is given instead; None for a stage that stays as it is."""

_FAR = 400
"""Stages behind the failing one that are looked at."""
_PRIMES = tuple(n for n in range(11, 1000) if all(n % d for d in range(2, n)))
"""The numbers that names get: as small as batches and texts are, so that a slice of the positions holds them."""


class Unclear(Exception):
    """A shape on the way is not known."""


class Rerun:
    """A failing stage and all that leads to it."""

    def __init__(self, graph: ShapeGraph, failing: Stage) -> None:
        self.failing = failing
        self.way = list(upstream(failing.tensors()))
        stages = [stage for stage in graph.stages if not stage.within]
        self._stages = [stage for stage in stages if stage.index <= failing.index]
        self._after = [stage for stage in stages if stage.index > failing.index][:_FAR]
        self._sizes: dict[Name, int] = {}
        self._named: dict[int, Dim] = {}
        self._new: dict[int, Spec] = {}
        taken = {dim.value for stage in self._stages for tensor in stage.outputs.values() for dim in tensor.shape.dims}
        self._numbers = (prime for prime in _PRIMES if prime not in taken)

    def fails(self) -> bool:
        """Whether the stage raises here too as it stands, so that a run in which it does not says something."""
        try:
            return isinstance(self._outcome(self.failing, {}, Instead()), Conflict)
        except Unclear:
            return False

    def moved(self, tensor: Tensor) -> bool:
        """Whether a tensor had another shape in the last run that fitted than it has."""
        spec = self._new.get(id(tensor))
        return spec is not None and spec.shape != self.shape(tensor)

    def fitting(self, change: Change) -> Shape | None:
        """What the failing stage gives after a change, where nothing raises any more; None where something does, or
        is not known."""
        new: dict[int, Spec] = {}
        self._new = new
        try:
            for stage, changed in _touched(self._stages, change, new):
                try:
                    outcome = self._outcome(stage, new, changed)
                except Unclear:
                    if stage is self.failing or stage in self.way:
                        raise
                    outcome = NotKnown("a size is not known")
                if stage is self.failing:
                    shape = _one_shape(outcome)
                    if shape is not None:
                        self._take(stage, outcome, new)
                    return shape if shape is not None and not self._breaks(change, new) else None
                if isinstance(outcome, Conflict):
                    return None
                self._take(stage, outcome, new)
        except Unclear:
            return None
        return None

    def _breaks(self, change: Change, new: dict[int, Spec]) -> bool:
        """Whether something behind the failing stage raises for certain after a change, that does not raise now."""
        for stage, changed in _touched(self._after, change, new):
            try:
                outcome = self._outcome(stage, new, changed)
            except Unclear:
                outcome = NotKnown("a size is not known")
            again = (
                stage.conflict is not None or stage.span == self.failing.span
            )  # for the same reason, in another call
            if isinstance(outcome, Conflict) and not again and self._certain(outcome):
                return True
            _put(stage, outcome, new)
        return False

    def _certain(self, conflict: Conflict) -> bool:
        """Whether two sizes disagree whatever the names among them stand for."""
        primes = set(self._sizes.values())
        sides = [side.value for side in (conflict.left, conflict.right) if side is not None]
        return not any(side is None or any(side % prime == 0 for prime in primes) for side in sides)

    def changed(self, stage: Stage, instead: Mapping[str, Any]) -> Shape | None:
        """What one stage gives after a change of its own arguments, under the names of the sizes."""
        try:
            after = _one_shape(self._outcome(stage, {}, Instead(instead)))
        except Unclear:
            return None
        return after and Shape(tuple(self._named.get(dim.value or 0, dim) for dim in after.dims))

    def shape(self, tensor: Tensor) -> Shape | None:
        """A tensor's shape in numbers; None where it is not known."""
        try:
            return self._spec(tensor, {}).shape
        except Unclear:
            return None

    def _outcome(self, stage: Stage, new: Mapping[int, Spec], instead: Instead) -> ops.Outcome:
        given = {name: self._value(value, new) for name, value in {**stage.inputs, **instead.inputs}.items()}
        if stage.module is None:
            return ops.apply(stage.op, (), given)
        params = {name: self._value(value, new) for name, value in {**stage.module.params, **instead.params}.items()}
        return ops.forward(stage.op, params, (), given)

    def _take(self, stage: Stage, outcome: ops.Outcome, new: dict[int, Spec]) -> None:
        if not _put(stage, outcome, new) and stage in self.way:
            raise Unclear

    def _value(self, value: Any, new: Mapping[int, Spec]) -> Any:
        if isinstance(value, Tensor):
            return new.get(id(value)) or self._spec(value, new)
        if isinstance(value, Dim):
            return self._dim(value)
        if isinstance(value, Batches):
            sizes = (self._open(dim) for dim in (value.many, value.each, value.together))
            return Batches([self._value(item, new) for item in value], *sizes)
        if isinstance(value, (list, tuple)):
            return type(value)([self._value(item, new) for item in value])
        if isinstance(value, slice):
            return slice(*(self._value(part, new) for part in (value.start, value.stop, value.step)))
        return value

    def _spec(self, tensor: Tensor, new: Mapping[int, Spec]) -> Spec:
        if tensor.shape.rank is None:
            raise Unclear
        return Spec(Shape(tuple(map(self._dim, tensor.shape.dims))), tensor.dtype)

    def _dim(self, dim: Dim) -> Dim:
        if dim.expr is None and dim.size is None:
            raise Unclear
        size = dim.size if dim.expr is None and dim.size is not None else self._evaluated(dim.expr or 0)
        if not isinstance(dim.expr, int):
            self._named[size] = dim
        return number(size)

    def _open(self, dim: Dim) -> Dim:
        return dim if dim.expr is None and dim.size is None else self._dim(dim)

    def _evaluated(self, expr: Expr) -> int:
        if isinstance(expr, int):
            return expr
        total = 0
        for atoms, times in expr.terms:
            for atom in atoms:
                times *= self._call(atom) if isinstance(atom, Call) else self._number(atom)
            total += times
        return total

    def _call(self, call: Call) -> int:
        left, right = self._evaluated(call.left), self._evaluated(call.right)
        if call.op == "max":
            return max(left, right)
        if not right:
            raise Unclear
        return left // right if call.op == "//" else left % right

    def _number(self, name: Name) -> int:
        if name not in self._sizes:
            self._sizes[name] = next(self._numbers, 0)
            if not self._sizes[name]:
                raise Unclear
        return self._sizes[name]


def _touched(stages: Iterable[Stage], change: Change, new: Mapping[int, Spec]) -> Iterator[tuple[Stage, Instead]]:
    """The stages that a change is about, or that take what is ``new`` by the time they are reached."""
    for stage in stages:
        changed = change(stage)
        if changed is not None or any(id(tensor) in new for tensor in stage.tensors()):
            yield stage, changed or Instead()


def _put(stage: Stage, outcome: ops.Outcome, new: dict[int, Spec]) -> bool:
    """Note what a stage gives; whether all of it is known."""
    specs = list(_specs(outcome.value)) if isinstance(outcome, Result) else []
    outputs = list(stage.outputs.values())
    known = len(specs) == len(outputs)
    new.update((id(output), specs[index] if known else Spec()) for index, output in enumerate(outputs))
    return known


def upstream(tensors: Iterable[Tensor]) -> Iterator[Stage]:
    """The stages that some tensors came through, nearest first, along every operand, each once."""
    seen: set[int] = set()
    waiting = deque(tensors)
    while waiting:
        stage = waiting.popleft().producer
        if stage is not None and id(stage) not in seen:
            seen.add(id(stage))
            waiting.extend(stage.tensors())
            yield stage


def _one_shape(outcome: ops.Outcome) -> Shape | None:
    first = next(_specs(outcome.value), None) if isinstance(outcome, Result) else None
    return first.shape if first is not None and first.shape.rank is not None else None


def _specs(value: Any) -> Iterator[Spec]:
    if is_tensor(value):
        yield Spec(value.shape, value.dtype)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _specs(item)
    elif isinstance(value, dict):
        yield from _specs(list(value.values()))
