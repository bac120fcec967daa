"""Functions that select by index or mask."""

from __future__ import annotations

from shapecheck.dims import UNKNOWN as UNKNOWN_DIM
from shapecheck.dims import Truth, number
from shapecheck.ops import dtypes
from shapecheck.ops.axes import axis, removed
from shapecheck.ops.call import Call
from shapecheck.ops.values import UNKNOWN, Operand, Spec, Unclear, as_dim, is_tensor, listed
from shapecheck.shapes import Conflict, Shape, broadcast


def gather(call: Call) -> Spec:
    """``gather(input, dim, index)``: the shape of the index; its other axes may not be longer than the input's."""
    shape, chosen = call.shape(), call.tensor("index")
    at = axis(shape, call["dim"])
    _index_type(call, chosen, f"{call.name}(): Expected dtype int32/int64 for index")
    if shape.rank is not None and chosen.shape.rank is not None:
        if max(shape.rank, 1) != max(chosen.shape.rank, 1):
            words = "Index tensor must have the same number of dimensions as input tensor"
            raise call.clash(
                "rank", words, left=number(shape.rank), right=number(chosen.shape.rank), right_name="index"
            )
        _not_longer(call, chosen.shape, shape, at)
    return call.out(chosen.shape)


def _index_type(call: Call, chosen: Operand, words: str) -> None:
    if chosen.dtype is not None and chosen.dtype not in ("int64", "int32", "int") and chosen.dtype in dtypes.KIND:
        raise call.clash("dtype", words, left_name="index")


def _not_longer(call: Call, chosen: Shape, shape: Shape, at: int) -> None:
    for place, (size, have) in enumerate(zip(chosen.dims, shape.dims, strict=False)):
        if place != at and size.value is not None and have.value is not None and size.value > have.value:
            words = (
                f"Size does not match at dimension {place} expected index [{', '.join(map(str, chosen.dims))}] "
                "to be no larger than "
                f"self [{', '.join(map(str, shape.dims))}] apart from dimension {at}"
            )
            raise call.clash("index", words, left=size, right=have, left_name="index", axis=place)


def scatter(call: Call) -> Spec:
    """``scatter(input, dim, index, src)``: the input's shape; the index fits into input and source."""
    shape, chosen = call.shape(), call.tensor("index")
    at = axis(shape, call["dim"])
    _index_type(call, chosen, f"{call.name}(): Expected dtype int64 for index")
    source = call.args.get("src")
    if shape.rank is not None and chosen.shape.rank is not None and chosen.shape.numel.value != 0:
        if max(shape.rank, 1) != max(chosen.shape.rank, 1):
            raise call.clash(
                "rank", "Index tensor must have the same number of dimensions as self tensor", right_name="index"
            )
        _scatter_sizes(call, chosen.shape, shape, at)
        if is_tensor(source) and source.shape.rank is not None:
            if max(source.shape.rank, 1) != max(chosen.shape.rank, 1):
                raise call.clash(
                    "rank", "Index tensor must have the same number of dimensions as src tensor", right_name="index"
                )
            _scatter_sizes(call, chosen.shape, source.shape, -1)
    return call.out(shape)


def _scatter_sizes(call: Call, chosen: Shape, shape: Shape, at: int) -> None:
    for place, (size, have) in enumerate(zip(chosen.dims, shape.dims or (number(1),), strict=False)):
        if place != at and size.value is not None and have.value is not None and size.value > have.value:
            words = (
                f"Expected index [{', '.join(map(str, chosen.dims))}] to be no larger than self "
                f"[{', '.join(map(str, call.shape().dims))}] "
                f"apart from dimension {axis(call.shape(), call['dim'])}"
            )
            source = call.args.get("src")
            if is_tensor(source):
                words += f" and to be no larger size than src [{', '.join(map(str, source.shape.dims))}]"
            raise call.clash("index", words, left=size, right=have, left_name="index", axis=place)


def index_select(call: Call) -> Spec:
    """``index_select(input, dim, index)``: as many rows of an axis as the index has entries."""
    shape, chosen = call.shape(), call.tensor("index")
    at = axis(shape, call["dim"])
    _index_type(call, chosen, "index_select(): Expected dtype int32 or int64 for index")
    if chosen.shape.rank is not None and chosen.shape.rank > 1:
        raise call.clash(
            "rank", "index_select(): Index is supposed to be a vector", left=number(chosen.shape.rank), right=number(1)
        )
    if shape.rank == 0:
        return call.out(shape)
    count = chosen.shape.numel if chosen.shape.rank is not None else UNKNOWN_DIM
    return call.out(shape.replaced(at, count))


def select(call: Call) -> Spec:
    """``select(dim, index)``: one row of an axis."""
    shape = call.shape()
    if shape.rank == 0:
        raise call.clash("rank", "select() cannot be applied to a 0-dim tensor.")
    at = axis(shape, call["dim"])
    chosen, size = as_dim(call["index"]), shape.dim(at)
    if chosen.value is not None and size.value is not None and not -size.value <= chosen.value < size.value:
        words = (
            f"select(): index {chosen} out of range for tensor of size [{', '.join(map(str, shape.dims))}] at "
            f"dimension {at}"
        )
        raise call.clash("index", words, left=size, right=chosen, right_name="index", axis=at)
    return call.out(removed(shape, [at]))


def narrow(call: Call) -> Spec:
    """``narrow(dim, start, length)``: a stretch of an axis."""
    shape = call.shape()
    if shape.rank == 0:
        raise call.clash("rank", "narrow() cannot be applied to a 0-dim tensor.")
    at = axis(shape, call["dim"])
    start, length, size = as_dim(call["start"]), as_dim(call["length"]), shape.dim(at)
    if length.value is not None and length.value < 0:
        raise call.clash("parameter", "narrow(): length must be non-negative.")
    if None not in (start.value, length.value, size.value):
        _narrow_fits(call, start.value or 0, length.value or 0, size.value or 0, at)
    return call.out(shape.replaced(at, length))


def _narrow_fits(call: Call, start: int, length: int, size: int, at: int) -> None:
    if not -size <= start <= size:
        words = f"Dimension out of range (expected to be in range of [{-size}, {size}], but got {start})"
        raise call.clash("index", words, right_name="start", axis=at)
    start = start + size if start < 0 else start
    if start + length > size:
        words = f"start ({start}) + length ({length}) exceeds dimension size ({size})."
        raise call.clash("index", words, left=number(size), right=number(start + length), right_name="length", axis=at)


def masked_select(call: Call) -> Spec:
    """``masked_select(input, mask)``: one axis, of as many elements as the mask has true ones."""
    joined = broadcast(call.shape(), call.shape("mask"))
    if isinstance(joined, Conflict):
        raise call.clash(
            "broadcast", joined.message, left=joined.left, right=joined.right, right_name="mask", axis=joined.axis
        )
    return call.out(Shape((UNKNOWN_DIM,)))


def nonzero(call: Call) -> Spec | tuple[Spec, ...]:
    """``nonzero``: (true elements, rank), or with ``as_tuple`` one index vector an axis."""
    shape = call.shape()
    if call.args.get("as_tuple"):
        if call["as_tuple"] is UNKNOWN or shape.rank is None:
            raise Unclear("the number of axes is not known")
        return (Spec(Shape((UNKNOWN_DIM,)), "int64"),) * max(shape.rank, 1)
    return Spec(Shape((UNKNOWN_DIM, UNKNOWN_DIM if shape.rank is None else number(shape.rank))), "int64")


def take(call: Call) -> Spec:
    """``take(input, index)``: the shape of the index."""
    return call.out(call.shape("index"))


def take_along_dim(call: Call) -> Spec:
    """``take_along_dim(input, indices, dim)``: like ``gather``, other axes broadcast; without ``dim`` all elements."""
    shape, chosen = call.shape(), call.tensor("indices")
    _index_type(
        call, chosen, "torch.take_along_dim(): dtype of indices should be Long but got " + dtypes.title(chosen.dtype)
    )
    if call["dim"] is None:
        return call.out(Shape((chosen.shape.numel,)))
    if shape.rank is None or chosen.shape.rank is None:
        raise Unclear("the number of axes is not known")
    if shape.rank != chosen.shape.rank:
        words = (
            "torch.take_along_dim(): input and indices should have the same number of dimensions, "
            f"but got {shape.rank} dimensions for input, and {chosen.shape.rank} dimensions for indices"
        )
        raise call.clash("rank", words, left=number(shape.rank), right=number(chosen.shape.rank), right_name="indices")
    at = axis(shape, call["dim"])
    if shape.rank == 0:
        return call.out(shape)
    out = broadcast(shape.replaced(at, number(1)), chosen.shape.replaced(at, number(1)))
    if isinstance(out, Conflict):
        raise call.clash("broadcast", out.message, left=out.left, right=out.right, right_name="indices", axis=out.axis)
    return call.out(out.replaced(at, chosen.shape.dims[at]))


def masked_scatter(call: Call) -> Spec:
    """``masked_scatter(input, mask, source)``: input and mask broadcast."""
    out = broadcast(call.shape("mask"), call.shape())
    if isinstance(out, Conflict):
        raise call.clash("broadcast", out.message, left=out.right, right=out.left, right_name="mask")
    return call.out(out)


def index_into(call: Call) -> Spec:
    """``index_add(input, dim, index, source)`` and its like: one slice of the source for every index."""
    shape, index, source = call.shape(), call.tensor("index"), call.shape("source")
    at = axis(shape, call["dim"])
    _index_type(
        call, index, f"{call.name}_(): Expected dtype int32/int64 for index but got: {dtypes.title(index.dtype)}"
    )
    if index.shape.rank is not None and index.shape.rank > 1:
        words = f"{call.name}_(): Index is supposed to be a vector, but got dim: {index.shape.rank}"
        raise call.clash("rank", words, left=number(index.shape.rank), right=number(1), left_name="index")
    if None in (shape.rank, source.rank) or not shape.dims:
        return call.out(shape)
    if len(source.dims) == len(shape.dims):
        _slices_agree(call, shape, source, at)
        count = index.shape.numel
        if count.compare(source.dims[at]) is Truth.DIFFERENT:
            words = (
                f"{call.name}_(): Number of indices ({count}) should be equal to source.size(dim): "
                f"({source.dims[at]}), for dim: {at}"
            )
            if call.name == "index_copy":
                words = (
                    f"index_copy_(): Number of indices ({count}) should be equal to source.size(dim) "
                    f"({source.dims[at]})"
                )
            raise call.clash(
                "index", words, left=source.dims[at], right=count, left_name="source", right_name="index", axis=at
            )
    return call.out(shape)


def _slices_agree(call: Call, shape: Shape, source: Shape, at: int) -> None:
    for place, (have, want) in enumerate(zip(source.dims, shape.dims, strict=True)):
        if place == at or have.compare(want) is not Truth.DIFFERENT:
            continue
        rest, other = (Shape((*one.dims[:at], *one.dims[at + 1 :])) for one in (shape, source))
        words = (
            "source tensor shape must match self tensor shape, excluding the specified dimension. "
            f"Got self.shape = [{listed(shape)}] source.shape = [{listed(source)}]"
        )
        if call.name == "index_copy":
            words = (
                "index_copy_(): Source/destination tensor must have same slice shapes. Destination slice shape: "
                f"{listed(rest)} at dimension {at} and source slice shape: {listed(other)} at dimension 0."
            )
        raise call.clash("broadcast", words, left=have, right=want, left_name="source", right_name="input", axis=place)


def index_fill(call: Call) -> Spec:
    """``index_fill(input, dim, index, value)``: the input's shape."""
    shape, index = call.shape(), call.tensor("index")
    axis(shape, call["dim"])
    if index.shape.rank is not None and index.shape.rank > 1:
        raise call.clash(
            "rank", "Index has to be a vector/scalar", left=number(index.shape.rank), right=number(1), left_name="index"
        )
    return call.out(shape)


def index_put(call: Call) -> Spec:
    """Operators that write into a copy of the input: its shape."""
    return call.out(call.shape())
