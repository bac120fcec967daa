"""Statistics, sorted places, differences along an axis."""

from __future__ import annotations

import math

from shapecheck.dims import UNKNOWN as UNKNOWN_DIM
from shapecheck.dims import largest, number
from shapecheck.ops.axes import axis, rank_of, removed
from shapecheck.ops.call import Call
from shapecheck.ops.reduction import folded
from shapecheck.ops.values import UNKNOWN, Spec, Unclear, as_dim, is_tensor, listed
from shapecheck.shapes import Shape


def covariance(call: Call) -> Spec:
    """``cov`` and ``corrcoef``: (variables, observations) to (variables, variables)."""
    shape = call.shape()
    if shape.rank is not None and shape.rank > 2:
        words = (
            f"{call.name}(): expected input to have two or fewer dimensions but got an input with {shape.rank} "
            "dimensions"
        )
        raise call.clash("rank", words, left=number(shape.rank), right=number(2))
    if rank_of(shape) < 2 or shape.dims[0].value == 1:
        return call.out(Shape(()))
    if shape.dims[0].value is None:
        raise Unclear("a single variable gives a number")
    return call.out(Shape((shape.dims[0], shape.dims[0])))


def searched(call: Call) -> Spec:
    """``searchsorted`` and ``bucketize``: places, of the shape of the values."""
    values = call["input"]
    if not is_tensor(values):
        return Spec(Shape(()), "int64")
    return Spec(values.shape, "int32" if call["out_int32"] is True else "int64")


def counted(call: Call) -> Spec:
    """``bincount``, ``histc``."""
    if call.name == "histc":
        return call.out(Shape((as_dim(call["bins"]),)))
    shape = call.shape()
    if shape.rank is not None and shape.rank != 1:
        raise call.clash(
            "rank", "bincount only supports 1-d non-negative integral inputs.", left=number(shape.rank), right=number(1)
        )
    dtype = "int64" if call["weights"] is None else "float64"
    return Spec(Shape((UNKNOWN_DIM,)), dtype)


def unique(call: Call) -> Spec | tuple[Spec, ...]:
    """``unique``: values, and on request where they came from and how often."""
    shape, dtype = call.shape(), call.tensor().dtype
    if call["dim"] is None:
        values, inverse = Shape((UNKNOWN_DIM,)), shape
    else:
        at = axis(shape, call["dim"])
        values, inverse = shape.replaced(at, UNKNOWN_DIM), Shape((shape.dim(at),))
    out = [Spec(values, dtype)]
    if call.flag("return_inverse"):
        out.append(Spec(inverse, "int64"))
    if call.flag("return_counts"):
        out.append(Spec(Shape((UNKNOWN_DIM,)), "int64"))
    return out[0] if len(out) == 1 else tuple(out)


def quantile(call: Call) -> Spec:
    """``quantile(input, q, dim)``: with several ``q`` a new axis in front."""
    shape = folded(call.shape(), call, call["dim"], call.flag("keepdim"))
    q = call["q"]
    if is_tensor(q):
        if q.shape.rank is None:
            raise Unclear("the number of quantiles is not known")
        if q.shape.rank > 1:
            raise call.clash("rank", "quantile() q must be a scalar or 1D tensor", left_name="q")
        shape = Shape((*q.shape.dims, *shape.dims), None if shape.open_at is None else shape.open_at + q.shape.rank)
    elif not isinstance(q, (int, float)):
        raise Unclear("q is not known")
    return call.out(shape)


def differences(call: Call) -> Spec:
    """``diff(input, n, dim)``: an axis shorter by ``n``."""
    shape = call.shape()
    if shape.rank == 0:
        raise call.clash("rank", "diff expects input to be at least one-dimensional")
    at, times = axis(shape, call["dim"]), call.integer("n")
    size = shape.dim(at)
    for name in ("prepend", "append"):
        if call[name] is not None:
            size = size + call.shape(name).dim(at) if call.shape(name).rank else size + number(1)
    left = size - number(times)
    if call.tensor().dtype == "bool":
        pass
    return call.out(shape.replaced(at, largest(left, number(0)) if left.known else left))


def trapezoid(call: Call) -> Spec:
    """``trapezoid(y, dim)`` folds an axis; ``cumulative_trapezoid`` makes it one shorter."""
    shape = call.shape("y")
    at = axis(shape, call["dim"])
    if shape.rank == 0:
        raise Unclear("an input without axes")
    if call.name == "trapezoid":
        return Spec(removed(shape, [at]), call.tensor("y").dtype)
    size = shape.dim(at)
    left = largest(size - number(1), number(0)) if size.known else size
    return Spec(shape.replaced(at, left), call.tensor("y").dtype)


def combinations(call: Call) -> Spec:
    """``combinations(input, r)``: (number of them, r)."""
    shape, chosen = call.shape(), call.integer("r")
    if shape.rank is not None and shape.rank != 1:
        words = f"Expect a 1D vector, but got shape [{listed(shape)}]"
        raise call.clash("rank", words, left=number(shape.rank), right=number(1))
    size = shape.dim(0).value
    count = UNKNOWN_DIM
    if size is not None and call["with_replacement"] is not UNKNOWN:
        count = number(math.comb(size + chosen - 1 if call["with_replacement"] else size, chosen))
    return call.out(Shape((count, number(chosen))))


def vander(call: Call) -> Spec:
    """``vander(x, N)``: (rows, powers)."""
    shape = call.shape("x")
    if shape.rank is not None and shape.rank != 1:
        raise call.clash(
            "rank", "x must be a one-dimensional tensor.", left=number(shape.rank), right=number(1), left_name="x"
        )
    return Spec(Shape((shape.dim(0), shape.dim(0) if call["N"] is None else as_dim(call["N"]))), call.tensor("x").dtype)


def histogram(call: Call) -> tuple[Spec, Spec]:
    """``histogram(input, bins)``: counts and edges."""
    bins = call["bins"]
    count = bins.shape.dim(0) - number(1) if is_tensor(bins) else as_dim(bins)
    return call.out(Shape((count,))), call.out(Shape((count + number(1),)))


def gradient(call: Call) -> tuple[Spec, ...]:
    """``gradient(input, dim)``: one tensor of the input's shape for every axis."""
    shape, dims = call.shape(), call["dim"]
    if dims is UNKNOWN:
        raise Unclear("dim is not known")
    count = rank_of(shape) if dims is None else len(dims) if isinstance(dims, (tuple, list)) else 1
    return (call.out(shape),) * count
