"""Axes repeated, and windows over an axis."""

from __future__ import annotations

from shapecheck.dims import UNKNOWN as UNKNOWN_DIM
from shapecheck.dims import Dim, Truth, number
from shapecheck.ops import dtypes
from shapecheck.ops.axes import axis, inserted, lowest_rank, rank_of
from shapecheck.ops.call import Call
from shapecheck.ops.values import Spec, as_dim, as_int, as_shape, listed
from shapecheck.shapes import ANY, Conflict, Shape, broadcast, compare


def expand(call: Call) -> Spec:
    """``expand(*size)``: axes of size 1 repeated; -1 keeps an axis; new axes in front."""
    wanted = as_shape(call["size"])
    return call.out(expanded(call, call.shape(), wanted))


def expand_as(call: Call) -> Spec:
    """``expand_as(other)``."""
    return call.out(expanded(call, call.shape(), call.shape("other")))


def expanded(call: Call, shape: Shape, wanted: Shape) -> Shape:
    """The shape that ``expand`` gives. Raises Clash where an axis is neither 1 nor as wanted."""
    if wanted.open_at is not None:
        return wanted
    new = len(wanted.dims) - lowest_rank(shape)
    if new < 0:
        words = (
            f"expand({_type_name(call)}{{[{listed(shape)}]}}, size=[{listed(wanted)}]): the number of sizes provided "
            f"({len(wanted.dims)}) must be greater or equal to the number of dimensions in the tensor "
            f"({lowest_rank(shape)})"
        )
        raise call.clash("rank", words, right_name="size")
    if shape.rank is None:
        return Shape(tuple(UNKNOWN_DIM if dim.value == -1 else dim for dim in wanted.dims))
    dims = list(wanted.dims[:new])
    if any(dim.value == -1 for dim in dims):
        at = next(at for at, dim in enumerate(dims) if dim.value == -1)
        raise call.clash(
            "parameter", f"The expanded size of the tensor (-1) isn't allowed in a leading, non-existing dimension {at}"
        )
    for at, have in enumerate(shape.dims):
        dims.append(_expanded_axis(call, have, wanted, at + new, shape))
    return Shape(tuple(dims))


def _expanded_axis(call: Call, have: Dim, wanted: Shape, at: int, shape: Shape) -> Dim:
    want = wanted.dims[at]
    if want.value == -1 or have.compare(want) is Truth.EQUAL:
        return have
    if have.value is not None and have.value != 1 and have.compare(want) is Truth.DIFFERENT:
        words = (
            f"The expanded size of the tensor ({want}) must match the existing size ({have}) at non-singleton "
            f"dimension {at}.  "
            f"Target sizes: [{listed(wanted)}].  Tensor sizes: [{listed(shape)}]"
        )
        raise call.clash(
            "broadcast", words, left=have, right=want, right_name="size", axis=at - len(wanted.dims) + len(shape.dims)
        )
    return want if want.known else (have if have.value is not None and have.value != 1 else UNKNOWN_DIM)


def _type_name(call: Call) -> str:
    return f"torch.{dtypes.title(call.tensor().dtype)}Tensor"


def repeat(call: Call) -> Spec:
    """``repeat(*repeats)``: at least as many numbers as axes."""
    shape, repeats = call.shape(), as_shape(call["repeats"])
    if repeats.open_at is not None or shape.rank is None:
        return call.out(ANY)
    new = len(repeats.dims) - shape.rank
    if new < 0:
        words = "Number of dimensions of repeat dims can not be smaller than number of dimensions of tensor"
        raise call.clash("rank", words, left=number(shape.rank), right=number(len(repeats.dims)), right_name="repeats")
    before = (number(1),) * new + shape.dims
    return call.out(Shape(tuple(times * have for times, have in zip(repeats.dims, before, strict=True))))


def tile(call: Call) -> Spec:
    """``tile(*dims)``: like ``repeat``, missing numbers are 1."""
    shape, dims = call.shape(), as_shape(call["dims"])
    if dims.open_at is not None or shape.rank is None:
        return call.out(ANY)
    rank = max(len(dims.dims), shape.rank)
    times = (number(1),) * (rank - len(dims.dims)) + dims.dims
    before = (number(1),) * (rank - shape.rank) + shape.dims
    return call.out(Shape(tuple(n * have for n, have in zip(times, before, strict=True))))


def repeat_interleave(call: Call) -> Spec:
    """``repeat_interleave(repeats, dim)``: every row of an axis several times; the input flattened without ``dim``."""
    shape, repeats = call.shape(), call["repeats"]
    if call["dim"] is None:
        shape, at = Shape((shape.numel,)), 0
    else:
        at = axis(shape, call["dim"])
    if shape.rank == 0:
        raise call.clash("axis", "Dimension out of range (expected to be in range of [-1, 0], but got 1)")
    asked = call.args.get("output_size")
    times = (
        as_dim(asked)
        if asked is not None
        else shape.dim(at) * as_dim(repeats)
        if as_dim(repeats).known
        else UNKNOWN_DIM
    )
    return call.out(shape.replaced(at, times))


def atleast(call: Call) -> Spec:
    """``atleast_1d`` to ``atleast_3d``."""
    shape, wanted = call.shape(), int(call.name[8])
    rank = rank_of(shape)
    if rank >= wanted:
        return call.out(shape)
    one = number(1)
    if wanted == 3:
        return call.out(Shape({0: (one, one, one), 1: (one, *shape.dims, one), 2: (*shape.dims, one)}[rank]))
    return call.out(Shape((one,) * (wanted - rank) + shape.dims))


def window_view(call: Call) -> Spec:
    """``Tensor.unfold(dimension, size, step)``: places along an axis, the window at the end."""
    shape = call.shape()
    at = axis(shape, call["dimension"])
    width, step = as_dim(call["size"]), as_dim(call["step"])
    have = number(1) if shape.rank == 0 else shape.dim(at)
    if have.value is not None and width.value is not None and width.value > have.value:
        words = f"maximum size for tensor at dimension {at} is {have} but size is {width}"
        raise call.clash("index", words, left=have, right=width, right_name="size", axis=at)
    if as_int(step) is not None and (as_int(step) or 0) <= 0:
        raise call.clash("parameter", f"step is {step} but must be > 0", left_name="step")
    if shape.rank == 0:
        return call.out(Shape((width,)))
    known = have.known and width.known and step.known
    places = (have - width) // step + number(1) if known else UNKNOWN_DIM
    return call.out(inserted(shape.replaced(at, places), -1, width))


def strided(call: Call) -> Spec:
    """``as_strided(size, stride)``: the size."""
    return call.out(as_shape(call["size"]))


def summed(call: Call) -> Spec:
    """``sum_to_size(*size)``: the reverse of a broadcast."""
    size = as_shape(call["size"])
    out = broadcast(size, call.shape())
    if isinstance(out, Conflict) or compare(out, call.shape()) is Truth.DIFFERENT:
        words = f"size {{[{listed(size)}]}} is not expandable to size {{[{listed(call.shape())}]}}."
        raise call.clash("broadcast", words, right_name="size")
    return call.out(size)
