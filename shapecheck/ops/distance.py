"""Distances between vectors."""

from __future__ import annotations

from shapecheck.dims import UNKNOWN as UNKNOWN_DIM
from shapecheck.dims import Truth, number
from shapecheck.ops.axes import axis, removed
from shapecheck.ops.call import Call
from shapecheck.ops.elementwise import joined
from shapecheck.ops.values import Spec
from shapecheck.shapes import Conflict, Shape, broadcast


def cdist(call: Call) -> Spec:
    """``cdist(x1, x2)``: (..., P, M), (..., R, M) to (..., P, R)."""
    first, second = call.shape("x1"), call.shape("x2")
    for name, shape in (("X1", first), ("X2", second)):
        if shape.rank is not None and shape.rank < 2:
            words = f"cdist only supports at least 2D tensors, {name} got: {shape.rank}D"
            raise call.clash("rank", words, left=number(shape.rank), right=number(2), left_name=name.lower())
    have, want = first.dim(-1), second.dim(-1)
    if have.compare(want) is Truth.DIFFERENT:
        words = f"X1 and X2 must have the same number of columns. X1: {have} X2: {want}"
        raise call.clash("inner", words, left=have, right=want, left_name="x1", right_name="x2")
    if first.rank is None or second.rank is None:
        return Spec(Shape((first.dim(-2), second.dim(-2)), 0), call.tensor("x1").dtype)
    batch = broadcast(Shape(first.dims[:-2]), Shape(second.dims[:-2]))
    if isinstance(batch, Conflict):
        raise call.clash(
            "broadcast",
            batch.message,
            left=batch.left,
            right=batch.right,
            left_name="x1",
            right_name="x2",
            axis=batch.axis,
        )
    return Spec(Shape((*batch.dims, first.dims[-2], second.dims[-2])), call.tensor("x1").dtype)


def cosine_similarity(call: Call) -> Spec:
    """``cosine_similarity(x1, x2, dim)``: broadcast, one axis measured."""
    shape = joined(call, ["x1", "x2"])
    return Spec(removed(shape, [axis(shape, call["dim"])]) if shape.rank != 0 else shape, call.tensor("x1").dtype)


def pairwise_distance(call: Call) -> Spec:
    """``pairwise_distance(x1, x2)``: broadcast, the last axis measured."""
    shape = joined(call, ["x1", "x2"])
    if call.flag("keepdim"):
        return Spec(shape.replaced(-1, number(1)), call.tensor("x1").dtype)
    return Spec(removed(shape, [-1]) if shape.dims else shape, call.tensor("x1").dtype)


def pdist(call: Call) -> Spec:
    """``pdist(input)``: (N, M) to (N * (N - 1) / 2,)."""
    shape = call.shape()
    if shape.rank is not None and shape.rank != 2:
        words = f"pdist only supports 2D tensors, got: {shape.rank}D"
        raise call.clash("rank", words, left=number(shape.rank), right=number(2))
    rows = shape.dim(0)
    pairs = rows * (rows - number(1)) // number(2) if rows.known else UNKNOWN_DIM
    return call.out(Shape((pairs,)))
