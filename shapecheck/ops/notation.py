"""Signatures in one line: ``b n m, b m p -> b n p``.

Operands are separated by commas, axes by blanks. ``...`` stands for any number of axes (the same ones in every
operand up to broadcasting), a number for itself, a word for a size: the integer parameter of that name if the operator
has one, otherwise whatever the first operand that shows it has there. On the right ``a*b`` and ``a+1`` may be written.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from shapecheck.dims import UNKNOWN as UNKNOWN_DIM
from shapecheck.dims import Dim, Truth, number
from shapecheck.ops.call import Call
from shapecheck.ops.values import Spec, as_dim, listed
from shapecheck.shapes import ANY, Conflict, Shape, broadcast

Pattern = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Notation:
    """A parsed signature: the axes of each operand and of each result."""

    operands: tuple[Pattern, ...]
    results: tuple[Pattern, ...]


@cache
def parse(text: str) -> Notation:
    """Parse ``... n m -> ... m n``."""
    left, _, right = text.partition("->")
    return Notation(_patterns(left), _patterns(right))


def _patterns(text: str) -> tuple[Pattern, ...]:
    return tuple(tuple(part.split()) for part in text.split(","))


@dataclass(slots=True)
class _Bound:
    """A size, and where it was met: operand or parameter, axis."""

    dim: Dim
    source: str
    axis: int | None


def evaluate(call: Call, notation: Notation) -> Any:
    """The result of a call by its notation."""
    sizes: dict[str, _Bound] = {}
    batch: Shape | None = None
    for pattern, name in zip(notation.operands, call.entry.operands, strict=False):
        if call.args.get(name) is None:
            continue
        rest = _match(call, pattern, name, sizes)
        if rest is not None:
            joined = rest if batch is None else broadcast(batch, rest)
            if isinstance(joined, Conflict):
                raise call.clash(joined.kind, joined.message, left=joined.left, right=joined.right, left_name=name)
            batch = joined
    outs = [call.out(_built(pattern, sizes, batch, call)) for pattern in notation.results]
    return outs[0] if len(outs) == 1 else tuple(outs)


def _match(call: Call, pattern: Pattern, name: str, sizes: dict[str, _Bound]) -> Shape | None:
    """Bind the words of one operand; what ``...`` stands for, None without it."""
    shape = call.shape(name)
    fixed = len(pattern) - ("..." in pattern)
    if shape.rank is not None and (shape.rank < fixed or (fixed == len(pattern) and shape.rank != fixed)):
        raise call.clash("rank", call.entry.message("rank", call, name, pattern), left_name=name)
    split = pattern.index("...") if "..." in pattern else len(pattern)
    after = len(pattern) - split - 1
    for at, word in enumerate(pattern):
        if at == split:
            continue
        place = at if at < split else at - len(pattern)
        if split == len(pattern) and shape.rank is None and at >= (shape.open_at or 0):
            place = at - len(pattern)
        _bind(call, word, _Bound(shape.dim(place), name, shape.axis(place)), sizes)
    if split == len(pattern):
        return None
    if shape.open_at is None:
        return Shape(shape.dims[split : len(shape.dims) - after])
    if split > shape.open_at or after > len(shape.dims) - shape.open_at:
        return ANY
    return Shape(shape.dims[split : len(shape.dims) - after], shape.open_at - split)


def _bind(call: Call, word: str, met: _Bound, sizes: dict[str, _Bound]) -> None:
    known = sizes.get(word)
    if known is None:
        if word.isdigit():
            known = _Bound(number(int(word)), "", None)
        elif word in call.args and word not in call.entry.operands:
            known = _Bound(as_dim(call.args[word]), word, None)
            sizes[word] = known
        else:
            sizes[word] = met
            return
    verdict = met.dim.compare(known.dim)
    if verdict is Truth.DIFFERENT:
        raise call.clash(
            "inner",
            call.entry.message("inner", call, met.source, (word,)),
            left=met.dim,
            right=known.dim,
            left_name=met.source,
            right_name=known.source,
            axis=met.axis,
        )
    if verdict is Truth.UNKNOWN and known.dim.value is None and met.dim.known:
        sizes[word] = met


def _built(pattern: Pattern, sizes: dict[str, _Bound], batch: Shape | None, call: Call) -> Shape:
    dims: list[Dim] = []
    open_at = None
    for word in pattern:
        if word == "...":
            if batch is None:
                continue
            if batch.open_at is not None:
                open_at = len(dims) + batch.open_at
            dims.extend(batch.dims)
        else:
            dims.append(_size(word, sizes, call))
    return Shape(tuple(dims), open_at)


def _size(word: str, sizes: dict[str, _Bound], call: Call) -> Dim:
    if "+" in word:
        left, right = word.split("+")
        return _size(left, sizes, call) + _size(right, sizes, call)
    if "*" in word:
        left, right = word.split("*")
        return _size(left, sizes, call) * _size(right, sizes, call)
    if word.isdigit():
        return number(int(word))
    if word in sizes:
        return sizes[word].dim
    return as_dim(call.args[word]) if word in call.args else UNKNOWN_DIM


class Printed:
    """A shape inside a message template: ``{input[0]}``, ``{input.rows}`` (all axes but the last), ``{input.last}``."""

    def __init__(self, operand: Spec) -> None:
        self.shape = operand.shape

    def __getitem__(self, index: int) -> Dim:
        return self.shape.dim(int(index))

    def __str__(self) -> str:
        return f"[{listed(self.shape)}]"

    @property
    def rank(self) -> int:
        """The number of axes."""
        return len(self.shape.dims)

    @property
    def last(self) -> Dim:
        """The size of the last axis."""
        return self.shape.dim(-1)

    @property
    def rows(self) -> Dim:
        """The product of all axes but the last."""
        return Shape(self.shape.dims[:-1], self.shape.open_at).numel
