"""``data[i : i + length]``: how long a window is whose start is not known, from how its two edges are written."""

from __future__ import annotations

import ast
from collections import Counter
from typing import TYPE_CHECKING

from shapecheck.algebra import lower
from shapecheck.dims import Dim, number
from shapecheck.interp.values import Const, Int, Slice, Value

if TYPE_CHECKING:
    from shapecheck.interp.machine import Interpreter

_Product = tuple[str, ...]
"""The factors of a product as they are written, in order; empty for the number one."""

_MOST_TERMS = 12


def window(m: Interpreter, node: ast.Slice, cut: Slice) -> Slice:
    """The slice with edges that are a known number of places apart, where the values alone do not tell it.

    A window is taken to lie in what it is cut out of: the last one may be shorter, and is not what a script is about.
    """
    if node.lower is None or node.upper is None or node.step is not None or (_sized(cut.start) and _sized(cut.stop)):
        return cut
    upper, lower_ = _terms(node.upper), _terms(node.lower)
    if upper is None or lower_ is None:
        return cut
    length = number(0)
    for product in {**upper, **lower_}:
        times = upper[product] - lower_[product]
        size = _value(m, product) if times else number(0)
        if size is None:
            return cut
        length = length + size * number(times)
    if length.expr is None or lower(length.expr) < 1:
        return cut
    start = m.fresh("start", node.lower, "the start of a window")
    return Slice(Int(start), Int(start + length), cut.step)


def _sized(edge: Value) -> bool:
    """Whether an edge is a known size (or None)."""
    return isinstance(edge, Const) or (isinstance(edge, Int) and edge.dim.known)


def _terms(node: ast.expr) -> Counter[_Product] | None:
    """An expression as a sum of products, with how often each is in it (below zero for what is taken off)."""
    match node:
        case ast.BinOp(op=ast.Add() | ast.Sub()):
            left, right = _terms(node.left), _terms(node.right)
            if left is None or right is None:
                return None
            out = Counter(left)
            for product, times in right.items():
                out[product] += times if isinstance(node.op, ast.Add) else -times
            return out if len(out) <= _MOST_TERMS else None
        case ast.BinOp(op=ast.Mult()):
            left, right = _terms(node.left), _terms(node.right)
            if left is None or right is None or len(left) * len(right) > _MOST_TERMS:
                return None
            out = Counter()
            for one, n in left.items():
                for other, k in right.items():
                    out[tuple(sorted((*one, *other)))] += n * k
            return out
        case ast.Constant(value=int()) if not isinstance(node.value, bool):
            return Counter({(): node.value})
        case ast.Name() | ast.Attribute() | ast.Subscript():
            return Counter({(ast.unparse(node),): 1})
    return None


def _value(m: Interpreter, product: _Product) -> Dim | None:
    """The size that a product of names has."""
    out = number(1)
    for factor in product:
        if "[" in factor:
            return None
        value = m.eval(ast.parse(factor, mode="eval").body)
        if not isinstance(value, Int) or not value.dim.known:
            return None
        out = out * value.dim
    return out
