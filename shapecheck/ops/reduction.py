"""Operators that fold one or several axes into a number."""

from __future__ import annotations

from typing import Any

from shapecheck.dims import Dim, number
from shapecheck.ops import dtypes
from shapecheck.ops.axes import axes, axis, located, removed
from shapecheck.ops.call import Call
from shapecheck.ops.elementwise import joined
from shapecheck.ops.values import UNKNOWN, Spec, Unclear, as_dim, is_tensor
from shapecheck.shapes import ANY, Shape


def folded(shape: Shape, call: Call, dims: Any, keepdim: bool) -> Shape:
    """The shape after folding ``dims`` (all of them for None or an empty list)."""
    if dims is UNKNOWN:
        raise Unclear("dim is not known")
    if dims is None or (isinstance(dims, (tuple, list)) and not dims):
        if keepdim:
            return Shape(tuple(number(1) for _ in shape.dims), shape.open_at)
        return Shape(())
    found = axes(shape, dims)
    if shape.rank == 0:
        return shape
    if not keepdim:
        return removed(shape, found)
    for one in found:
        shape = shape.replaced(one, number(1))
    return shape


def reduce(call: Call) -> Spec:
    """``op(input, dim=None, keepdim=False)``: one tensor."""
    return call.out(folded(call.shape(), call, call["dim"], call.flag("keepdim")))


def reduce_pair(call: Call) -> tuple[Spec, Spec]:
    """``op(input, dim, keepdim)``: values and indices."""
    shape = folded(call.shape(), call, call["dim"], call.flag("keepdim"))
    return Spec(shape, call.tensor().dtype), Spec(shape, "int64")


def reduce_or_pair(call: Call) -> Spec | tuple[Spec, Spec]:
    """``max``, ``min``, ``median``: all elements, an axis (values and indices), or two tensors compared."""
    other = call.args.get("other")
    if other is not None or is_tensor(call["dim"]):
        if other is None:
            call.args["other"] = call["dim"]
        return Spec(joined(call, ["input", "other"]), dtypes.promote([call["input"], call["other"]]))
    if call["dim"] is None:
        return call.out(Shape(()))
    return reduce_pair(call)


def total(call: Call) -> Spec:
    """Sums and products: like ``reduce``, but integers and bools add up to int64."""
    out = reduce(call)
    if call["dtype"] is None and dtypes.is_integral(call.tensor().dtype):
        return Spec(out.shape, "int64")
    return out


def spread(call: Call) -> Spec:
    """``std`` and ``var``: the second argument may be ``unbiased``."""
    if isinstance(call["dim"], bool):
        call.args["dim"] = None
    return reduce(call)


def spread_pair(call: Call) -> tuple[Spec, Spec]:
    """``std_mean`` and ``var_mean``."""
    out = spread(call)
    return out, out


def along(call: Call) -> Spec:
    """The input's shape; ``dim`` must be one of its axes (``softmax``, ``cumsum``)."""
    if call["dim"] is not None and call["dim"] is not UNKNOWN:
        for one in call["dim"] if isinstance(call["dim"], (tuple, list)) else (call["dim"],):
            axis(call.shape(), one)
    return call.out(call.shape())


def cumulative(call: Call) -> Spec:
    """``cumsum`` and ``cumprod``: integers add up to int64."""
    out = along(call)
    if call["dtype"] is None and dtypes.is_integral(out.dtype):
        return Spec(out.shape, "int64")
    return out


def along_pair(call: Call) -> tuple[Spec, Spec]:
    """``cummax``, ``sort``: values and indices of the input's shape."""
    out = along(call)
    return out, Spec(out.shape, "int64")


def topk(call: Call) -> tuple[Spec, Spec]:
    """``topk``: ``k`` rows of an axis, values and indices."""
    shape, at = call.shape(), axis(call.shape(), call["dim"])
    size, k = number(1) if shape.rank == 0 else shape.dim(at), call["k"]
    wanted: Dim = as_dim(k)
    if size.value is not None and wanted.value is not None and wanted.value > size.value:
        raise call.clash("index", "selected index k out of range", left=size, right=wanted, right_name="k", axis=at)
    out = shape if shape.rank == 0 else shape.replaced(at, wanted)
    return Spec(out, call.tensor().dtype), Spec(out, "int64")


def kthvalue(call: Call) -> tuple[Spec, Spec]:
    """``kthvalue``: an axis folded to its k-th smallest element."""
    shape = call.shape()
    at = axis(shape, call["dim"])
    size, k = 1 if shape.rank == 0 else shape.dim(at).value, call["k"]
    if isinstance(k, int) and size is not None and not 1 <= k <= size:
        raise call.clash("index", f"kthvalue(): selected number k out of range for dimension {at}", axis=at)
    return reduce_pair(call)


def glu(call: Call) -> Spec:
    """``glu``: halves an axis."""
    shape = call.shape()
    if shape.rank == 0:
        raise call.clash("rank", "glu does not support 0-dimensional tensors")
    at = axis(shape, call["dim"])
    size = shape.dim(at)
    if size.value is not None and size.value % 2:
        raise call.clash(
            "parameter",
            f"Halving dimension must be even, but dimension {located(shape, at)} is size {size}",
            left=size,
            axis=at,
        )
    half = size // number(2) if size.known else size
    return call.out(shape.replaced(at, half))


def gumbel(call: Call) -> Spec:
    """``gumbel_softmax(logits)``: the shape of the logits."""
    axis(call.shape("logits"), call["dim"])
    return Spec(call.shape("logits"), call.tensor("logits").dtype)


def softmax2d(call: Call) -> Spec:
    """``Softmax2d``: (channels, height, width), with or without a batch axis."""
    shape = call.shape()
    if shape.rank is not None and shape.rank not in (3, 4):
        raise call.clash("rank", f"Softmax2d: expected input to be 3D or 4D, got {shape.rank}D instead")
    return call.out(shape)


def flip(call: Call) -> Spec:
    """``flip(dims)``: the same shape."""
    axes(call.shape(), call["dims"], "dims")
    return call.out(call.shape())


def roll(call: Call) -> Spec:
    """``roll(shifts, dims)``: the same shape."""
    dims = call["dims"]
    if dims is not None:
        shifts = call["shifts"]
        counts = [len(one) if isinstance(one, (tuple, list)) else 1 for one in (shifts, dims)]
        if counts[0] != counts[1] and UNKNOWN not in (shifts, dims):
            raise call.clash("parameter", f"shifts and dimensions must align. shifts: {counts[0]}, dims:{counts[1]}")
        for one in dims if isinstance(dims, (tuple, list)) else (dims,):
            axis(call.shape(), one, "dims")
    return call.out(call.shape())


def sorted_rows(call: Call) -> Spec:
    """``msort(input)``: the same shape."""
    return call.out(call.shape())


def dist(call: Call) -> Spec:
    """``dist(input, other)``: a number."""
    joined(call, ["input", "other"])
    return call.out(Shape(()))


def scalar(call: Call) -> Spec:
    """A number, whatever the operands."""
    return call.out(Shape(()))


def flipped(call: Call) -> Spec:
    """``fliplr`` and ``flipud``: the same shape, of at least two axes or one."""
    shape, least = call.shape(), 2 if call.name == "fliplr" else 1
    if shape.rank is not None and shape.rank < least:
        raise call.clash("rank", f"Input must be >= {least}-d.", left=number(shape.rank), right=number(least))
    return call.out(shape)


def rotated(call: Call) -> Spec:
    """``rot90(k, dims)``: two axes exchanged if ``k`` is odd."""
    shape, turns, dims = call.shape(), call.integer("k"), call["dims"]
    if shape.rank is not None and shape.rank < 2:
        words = f"expected total dims >= 2, but got total dims = {shape.rank}"
        raise call.clash("rank", words, left=number(shape.rank), right=number(2))
    if not isinstance(dims, (tuple, list)) or len(dims) != 2:
        raise Unclear("dims is not known")
    first, second = axis(shape, dims[0], "dims"), axis(shape, dims[1], "dims")
    if shape.rank is None or turns % 2 == 0:
        return call.out(shape if turns % 2 == 0 else ANY)
    exchanged = list(shape.dims)
    exchanged[first], exchanged[second] = exchanged[second], exchanged[first]
    return call.out(Shape(tuple(exchanged)))
