"""Diagonals and triangles of matrices."""

from __future__ import annotations

from shapecheck.algebra import lower, sub
from shapecheck.dims import UNKNOWN as UNKNOWN_DIM
from shapecheck.dims import Dim, largest, number
from shapecheck.ops.axes import axis, inserted, rank_of, removed
from shapecheck.ops.call import Call
from shapecheck.ops.values import Spec, Unclear
from shapecheck.shapes import Shape


def smaller(a: Dim, b: Dim) -> Dim:
    """The smaller of two sizes."""
    if a.value is not None and b.value is not None:
        return a if a.value <= b.value else b
    if a.expr is None or b.expr is None:
        return UNKNOWN_DIM
    if lower(sub(b.expr, a.expr)) >= 0:
        return a
    return b if lower(sub(a.expr, b.expr)) >= 0 else UNKNOWN_DIM


def diag(call: Call) -> Spec:
    """``diag``: a vector to a matrix, a matrix to its diagonal."""
    shape, offset = call.shape(), call.integer("diagonal")
    rank = rank_of(shape)
    if rank == 1:
        side = shape.dims[0] + number(abs(offset))
        return call.out(Shape((side, side)))
    if rank != 2:
        words = f"diag(): Supports 1D or 2D tensors. Got {rank}D"
        raise call.clash("rank", words, left=number(rank), right=number(2))
    return call.out(Shape((_diagonal(shape.dims[0], shape.dims[1], offset),)))


def _diagonal(rows: Dim, columns: Dim, offset: int) -> Dim:
    shift = number(abs(offset))
    short = smaller(rows, columns - shift) if offset >= 0 else smaller(rows - shift, columns)
    return largest(short, number(0)) if short.known else short


def diagonal(call: Call) -> Spec:
    """``diagonal(offset, dim1, dim2)``: two axes taken out, their diagonal at the end."""
    shape, offset = call.shape(), call.integer("offset")
    rank_of(shape)
    first, second = axis(shape, call["dim1"], "dim1"), axis(shape, call["dim2"], "dim2")
    if first == second:
        words = f"diagonal dimensions cannot be identical {call['dim1']}, {call['dim2']}"
        raise call.clash("axis", words, right_name="dim1")
    size = _diagonal(shape.dims[first], shape.dims[second], offset)
    return call.out(Shape((*removed(shape, [first, second]).dims, size)))


def diag_embed(call: Call) -> Spec:
    """``diag_embed(offset, dim1, dim2)``: the last axis along a new diagonal."""
    shape, offset = call.shape(), call.integer("offset")
    rank = rank_of(shape)
    if rank == 0:
        raise Unclear("an input without axes")
    first, second = (axis(shape, call[name], name, extra=1) for name in ("dim1", "dim2"))
    if first == second:
        raise call.clash(
            "axis", f"diagonal dimensions cannot be identical {call['dim1']}, {call['dim2']}", right_name="dim1"
        )
    side = shape.dims[-1] + number(abs(offset))
    rest = Shape(shape.dims[:-1])
    for at in sorted((first, second)):
        rest = inserted(rest, at, side)
    return call.out(rest)


def triangular(call: Call) -> Spec:
    """``tril`` and ``triu``: the same shape, of at least two axes."""
    shape = call.shape()
    if shape.rank is not None and shape.rank < 2:
        words = f"{call.name}: input tensor must have at least 2 dimensions"
        raise call.clash("rank", words, left=number(shape.rank), right=number(2))
    return call.out(shape)


def trace(call: Call) -> Spec:
    """``trace(input)`` of a matrix."""
    shape = call.shape()
    if shape.rank is not None and shape.rank != 2:
        raise call.clash(
            "rank", "trace: expected a matrix, but got tensor with dim " + str(shape.rank), left=number(shape.rank)
        )
    return call.out(Shape(()))


def diagflat(call: Call) -> Spec:
    """``diagflat(input, offset)``: all elements along the diagonal of a square matrix."""
    side = call.shape().numel + number(abs(call.integer("offset")))
    return call.out(Shape((side, side)))
