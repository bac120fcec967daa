"""Shapes: dims in order, with room for an unknown number of axes in between. Pure arithmetic."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from shapecheck.algebra import lower
from shapecheck.dims import UNKNOWN, Dim, Truth, number, symbol


@dataclass(frozen=True, slots=True)
class Conflict:
    """A certain disagreement of two sizes (or ranks): PyTorch raises here.

    Attributes:
        kind: what disagrees, one word of :data:`KINDS`.
        message: PyTorch's own eager wording, with names where there are no numbers.
        left: the size that arrives (of the data).
        right: the size that is wanted (of the operator, or of the other operand).
        left_name: the operand that brings ``left`` (a parameter name of the operator, ``input`` say).
        right_name: the operand or operator parameter that ``right`` comes from (``in_features``, ``other``).
        axis: the axis of the left operand that disagrees, counted from 0, where there is one.
    """

    kind: str
    message: str
    left: Dim | None = None
    right: Dim | None = None
    left_name: str = "input"
    right_name: str = ""
    axis: int | None = None


KINDS = (
    "inner",  # the contracted sizes of a product (Linear, matmul, bmm)
    "broadcast",  # two axes that neither agree nor are 1
    "concat",  # operands of cat or stack
    "rank",  # an operand has too many or too few axes
    "axis",  # an axis number beyond the rank
    "numel",  # a view whose element counts differ
    "channels",  # a convolution's or norm's channels
    "state",  # a recurrent layer's initial state
    "batch",  # the loss's input and target differ in their number of rows
    "target",  # the loss's target has another shape than the input wants
    "classes",  # a target's class ids, or its class axis, do not fit the input's
    "index",  # an index beyond the size of its axis (Embedding, gather)
    "dtype",  # an operand of the wrong type (float targets for class ids)
    "unpack",  # a tuple or an axis unpacked into another number of names
    "parameter",  # parameters that contradict each other (embed_dim not divisible by num_heads)
    "raised",  # PyTorch raised in a trace, and nothing above explains it
)


@dataclass(frozen=True, slots=True)
class Shape:
    """The dims of a tensor; ``open_at`` is the place where an unknown number of further axes may stand.

    ``Shape((seq, hidden), open_at=0)`` is ``(..., seq, hidden)``; ``Shape((), open_at=0)`` is a shape of which
    nothing is known; ``open_at=None`` a shape of known rank.
    """

    dims: tuple[Dim, ...]
    open_at: int | None = None

    def __str__(self) -> str:
        parts = [str(d) for d in self.dims]
        if self.open_at is not None:
            parts.insert(self.open_at, "...")
        return f"({parts[0]},)" if len(parts) == 1 and self.open_at is None else f"({', '.join(parts)})"

    @property
    def rank(self) -> int | None:
        """The number of axes, or None where it is unknown."""
        return len(self.dims) if self.open_at is None else None

    @property
    def numel(self) -> Dim:
        """The number of elements; its ordered factors are the axes."""
        if self.open_at is not None:
            return UNKNOWN
        total = number(1)
        for dim in self.dims:
            total = total * dim
        return total

    def axis(self, index: int) -> int | None:
        """An axis number counted from 0; None where it does not exist or cannot be known."""
        if self.open_at is None:
            return index % len(self.dims) if -len(self.dims) <= index < len(self.dims) else None
        return index if 0 <= index < self.open_at else None

    def dim(self, index: int) -> Dim:
        """The size of an axis, negative numbers from the end; unknown where it cannot be told."""
        if self.open_at is None:
            return self.dims[index] if -len(self.dims) <= index < len(self.dims) else UNKNOWN
        if 0 <= index < self.open_at:
            return self.dims[index]
        return self.dims[index] if index < 0 and -index <= len(self.dims) - self.open_at else UNKNOWN

    def replaced(self, index: int, *dims: Dim) -> Shape:
        """The shape with one axis replaced by any number of others; an unknown shape where the axis is unknown."""
        at = self.axis(index)
        if at is None:
            if self.open_at is None or index >= 0 or -index > len(self.dims) - self.open_at:
                return ANY
            at = len(self.dims) + index
        kept = self.dims[:at] + dims + self.dims[at + 1 :]
        grow = len(dims) - 1 if self.open_at is not None and at < self.open_at else 0
        return Shape(kept, None if self.open_at is None else self.open_at + grow)

    def with_origins(self, dims: Iterable[Dim]) -> Shape:
        """The same axes under other dims (same count)."""
        return replace(self, dims=tuple(dims))


ANY = Shape((), 0)
"""The shape of a tensor of which nothing is known."""


def of(*sizes: int | str | Dim) -> Shape:
    """A shape from numbers, names and dims, for tests and tables: ``of("batch", "seq", 768)``."""
    return Shape(tuple(s if isinstance(s, Dim) else number(s) if isinstance(s, int) else symbol(s) for s in sizes))


def compare(a: Shape, b: Shape) -> Truth:
    """Whether two shapes are the same: EQUAL, DIFFERENT or UNKNOWN."""
    if a.rank is None or b.rank is None:
        known = [a.dim(i).compare(b.dim(i)) for i in range(min(_head(a), _head(b)))]
        known += [a.dim(-i).compare(b.dim(-i)) for i in range(1, min(_tail(a), _tail(b)) + 1)]
        return Truth.DIFFERENT if Truth.DIFFERENT in known else Truth.UNKNOWN
    if a.rank != b.rank:
        return Truth.DIFFERENT
    verdicts = [x.compare(y) for x, y in zip(a.dims, b.dims, strict=True)]
    if Truth.DIFFERENT in verdicts:
        return Truth.DIFFERENT
    return Truth.UNKNOWN if Truth.UNKNOWN in verdicts else Truth.EQUAL


def _head(s: Shape) -> int:
    return len(s.dims) if s.open_at is None else s.open_at


def _tail(s: Shape) -> int:
    return len(s.dims) if s.open_at is None else len(s.dims) - s.open_at


def _joined(a: Dim, b: Dim) -> Dim | None:
    """One axis of a broadcast; None for a certain disagreement."""
    if a.expr == 1:
        return b
    if b.expr == 1:
        return a
    verdict = a.compare(b)
    if verdict is Truth.EQUAL:
        return a if a.factors or not b.factors else b
    if verdict is Truth.DIFFERENT:
        # 2*hidden against hidden disagrees; seq against seq + 1 too; but either may be 1 by chance: seq, say.
        if any(x.value == 1 for x in (a, b)):
            return b if a.value == 1 else a
        return None if not (_maybe_one(a) or _maybe_one(b)) else UNKNOWN
    # A size that is not 1 wins over one that may be: what runs has that size.
    if isinstance(a.expr, int):
        return a
    return b if isinstance(b.expr, int) else UNKNOWN


def _maybe_one(d: Dim) -> bool:
    return d.value is None and d.expr is not None and lower(d.expr) <= 1


def broadcast(*shapes: Shape) -> Shape | Conflict:
    """The shape that elementwise operators give, or the conflict that PyTorch raises."""
    out = shapes[0]
    for other in shapes[1:]:
        joined = _broadcast(out, other)
        if isinstance(joined, Conflict):
            return joined
        out = joined
    return out


def _broadcast(a: Shape, b: Shape) -> Shape | Conflict:
    if a.rank is None or b.rank is None:
        return _broadcast_open(a, b)
    rank = max(len(a.dims), len(b.dims))
    dims: list[Dim] = []
    for back in range(1, rank + 1):  # from the last axis, as PyTorch reports the first that disagrees
        left, right = (s.dims[-back] if back <= len(s.dims) else number(1) for s in (a, b))
        joined = _joined(left, right)
        if joined is None:
            return Conflict(
                "broadcast",
                f"The size of tensor a ({left}) must match the size of tensor b ({right}) "
                f"at non-singleton dimension {rank - back}",
                left,
                right,
                "input",
                "other",
                len(a.dims) - back,
            )
        dims.insert(0, joined)
    return Shape(tuple(dims))


def _broadcast_open(a: Shape, b: Shape) -> Shape | Conflict:
    tail: list[Dim] = []
    for back in range(1, min(_tail(a), _tail(b)) + 1):
        left, right = a.dim(-back), b.dim(-back)
        joined = _joined(left, right)
        if joined is None:
            return Conflict(
                "broadcast",
                f"The size of tensor a ({left}) must match the size of tensor b ({right}) at a non-singleton dimension",
                left,
                right,
                "input",
                "other",
            )
        tail.insert(0, joined)
    return Shape(tuple(tail), 0)


def join(a: Shape, b: Shape) -> Shape:
    """What is known of a value that has one shape or the other (the two arms of a branch)."""
    if a.rank is not None and a.rank == b.rank:
        return Shape(tuple(x if x.equals(y) else UNKNOWN for x, y in zip(a.dims, b.dims, strict=True)))
    head: list[Dim] = []
    for i in range(min(_head(a), _head(b))):
        if a.dim(i).compare(b.dim(i)) is not Truth.EQUAL:
            break
        head.append(a.dim(i))
    tail: list[Dim] = []
    for i in range(1, min(_tail(a), _tail(b)) + 1):
        if a.dim(-i).compare(b.dim(-i)) is not Truth.EQUAL:
            break
        tail.insert(0, a.dim(-i))
    return Shape((*head, *tail), len(head))


def regroups(before: Sequence[Dim], after: Sequence[Dim]) -> bool:
    """Whether a view of ``before`` as ``after`` cuts across axes, so that elements land in other rows.

    Merging neighbours and splitting an axis are clean; ``(2, 6, 64)`` viewed as ``(2, 4, 6, 16)`` is not.
    Names count as sizes in general: ``(seq, 64)`` viewed as ``(4, seq, 16)`` regroups though ``seq`` may be 4.
    False where the numbers of elements differ or anything is unknown.
    """
    left, right = _real_axes(before), _real_axes(after)
    if left is None or right is None or not (left and right) or left[-1].compare(right[-1]) is not Truth.EQUAL:
        return False
    at_left = at_right = -1
    for j, bound in enumerate(right):
        i = next((i for i in range(at_left + 1, len(left)) if left[i].equals(bound)), None)
        if i is not None:
            if i - at_left > 1 and j - at_right > 1:
                return True
            at_left, at_right = i, j
    return False


def _real_axes(dims: Sequence[Dim]) -> list[Dim] | None:
    """How many elements stand before each boundary between axes (those of size 1 left out); None if any is unknown."""
    bounds: list[Dim] = []
    for dim in dims:
        if dim.expr is None:
            return None
        if dim.expr != 1:
            bounds.append(bounds[-1] * dim if bounds else dim)
    return bounds
