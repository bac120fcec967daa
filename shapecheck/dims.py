"""The size of one axis: an expression or nothing known, with where it comes from and how it came to be known."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Literal

from shapecheck.algebra import Expr, Poly, Truth, add, floordiv, maximum, mod, mul, name, render, same, sub, wrapped
from shapecheck.places import Origin

__all__ = ["UNKNOWN", "WRITTEN", "Dim", "Status", "Truth", "largest", "number", "symbol", "worst"]

Status = Literal["known", "observed", "assumed", "invented"]
"""How a size came to be known: ``known`` from the text (static), ``observed`` in a trace, ``assumed`` (an input
size that the tracer chose), ``invented`` (downstream of a number that the tracer made up)."""

_FROM = "from "
WRITTEN = "written here"
"""The origin of a number that stands in the text."""

_LONGEST_ORIGIN = 100
"""Characters beyond which the origin of a sum or product names its first part only."""

_WORST: dict[Status, int] = {"known": 0, "observed": 1, "assumed": 2, "invented": 3}


@dataclass(frozen=True, slots=True)
class Dim:
    """The size of one axis.

    Two dims are equal (``==``) if their expressions are; use :meth:`compare` to reason about sizes.

    Attributes:
        expr: the size, or None where nothing is known.
        factors: the ordered factors of a flattened axis: ``view(-1)`` of (batch, seq) has factors batch, seq,
            of (seq, batch) the same size but factors seq, batch. Empty for an axis that is not a product.
        size: the number seen in a trace, where ``expr`` is a name for it.
        origin: where the size comes from.
        status: how it is known.
    """

    expr: Expr | None
    factors: tuple[Expr, ...] = field(default=(), compare=False)
    size: int | None = field(default=None, compare=False)
    origin: Origin | None = field(default=None, compare=False)
    status: Status = field(default="known", compare=False)

    def __str__(self) -> str:
        if self.expr is None:
            return "?" if self.size is None else str(self.size)
        named = [f for f in self.factors if not isinstance(f, int)]
        if len(named) > 1:
            count = math.prod(f for f in self.factors if isinstance(f, int))
            return "*".join([str(count)] * (count != 1) + [wrapped(f) for f in named])
        return render(self.expr)

    @property
    def known(self) -> bool:
        """Whether anything at all is known of the size."""
        return self.expr is not None

    @property
    def value(self) -> int | None:
        """The number, where there is one: written in the text or seen in a trace."""
        return self.expr if isinstance(self.expr, int) else self.size

    def equals(self, other: Dim) -> bool:
        """Whether both are the same size for certain."""
        return self.compare(other) is Truth.EQUAL

    def compare(self, other: Dim) -> Truth:
        """Three-valued equality: by expression, and by the traced numbers where both have one."""
        if self.expr is None or other.expr is None:
            verdict = Truth.UNKNOWN
        else:
            verdict = same(self.expr, other.expr)
        if verdict is Truth.UNKNOWN and self.value is not None and other.value is not None:
            return Truth.EQUAL if self.value == other.value else Truth.DIFFERENT
        return verdict

    def at(self, origin: Origin | None) -> Dim:
        """The same size with another origin."""
        return replace(self, origin=origin)

    def __add__(self, other: Dim) -> Dim:
        return _combine(self, other, "+", add, lambda a, b: a + b)

    def __sub__(self, other: Dim) -> Dim:
        return _combine(self, other, "-", sub, lambda a, b: a - b)

    def __mul__(self, other: Dim) -> Dim:
        out = _combine(self, other, "*", mul, lambda a, b: a * b)
        if out.expr is None or out.expr == 0 or 1 in (self.expr, other.expr):
            return replace(out, factors=self.factors or other.factors) if out.expr is not None else out
        return replace(out, factors=self.ordered_factors + other.ordered_factors)

    def __floordiv__(self, other: Dim) -> Dim:
        return _combine(self, other, "//", floordiv, lambda a, b: a // b if b else None)

    def __mod__(self, other: Dim) -> Dim:
        return _combine(self, other, "%", mod, lambda a, b: a % b if b else None)

    @property
    def ordered_factors(self) -> tuple[Expr, ...]:
        """The factors that make up the axis, outermost first; the axis itself where it is no product."""
        if self.factors:
            return self.factors
        return () if self.expr is None else (self.expr,)


def _combine(
    a: Dim, b: Dim, op: str, on_expr: Callable[[Expr, Expr], Expr | None], on_size: Callable[[int, int], int | None]
) -> Dim:
    expr = None if a.expr is None or b.expr is None else on_expr(a.expr, b.expr)
    size = None
    if isinstance(expr, Poly) and a.value is not None and b.value is not None:
        size = on_size(a.value, b.value)
    return Dim(expr, size=size, origin=_told(a, b, op, expr), status=worst((a.status, b.status)))


def _told(a: Dim, b: Dim, op: str, expr: Expr | None) -> Origin | None:
    """The origin of a result: that of the side which it equals, else of both sides in words."""
    if a.origin is None and b.origin is None:
        return None
    for side in (a, b):
        if side.expr == expr and side.origin is not None:
            return side.origin
    first = a.origin or b.origin
    if first is not None and first.text.startswith(_FROM) and (a.origin is None or b.origin is None):
        return first
    text = f" {op} ".join(_part(side) if op in "+-" else _bracketed(_part(side)) for side in (a, b))
    numbers = all(side.origin is None or side.origin.text == WRITTEN for side in (a, b))
    if len(text) > _LONGEST_ORIGIN or (numbers and (a.origin is None or b.origin is None)):
        text = f"{_FROM}{next(_part(side) for side in (a, b) if side.origin is not None)}"
    last = b.origin if b.origin is not None and b.origin.text != WRITTEN else first
    return Origin(text, last.span if last is not None else None)


def _part(side: Dim) -> str:
    return str(side) if side.origin is None or side.origin.text == WRITTEN else side.origin.text


def _bracketed(part: str) -> str:
    return f"({part})" if " + " in part or " - " in part else part


def worst(statuses: Iterable[Status]) -> Status:
    """The least trustworthy of several statuses (``known`` of none)."""
    return max(statuses, key=_WORST.__getitem__, default="known")


UNKNOWN = Dim(None)
"""A size of which nothing is known."""


def number(n: int, origin: Origin | None = None) -> Dim:
    """A dim of a plain integer."""
    return Dim(n, origin=origin)


def symbol(word: str, uid: int = 0, origin: Origin | None = None, least: int = 1) -> Dim:
    """A dim that is one name, of a size of at least ``least``."""
    return Dim(name(word, uid, least), origin=origin)


def largest(a: Dim, b: Dim) -> Dim:
    """The larger of two dims."""
    if a.expr is None or b.expr is None:
        return UNKNOWN
    return Dim(maximum(a.expr, b.expr), origin=a.origin, status=worst((a.status, b.status)))
