"""Tensors cut into pieces along an axis."""

from __future__ import annotations

from shapecheck.dims import UNKNOWN as UNKNOWN_DIM
from shapecheck.dims import Dim, Truth, number
from shapecheck.ops.axes import axis, removed
from shapecheck.ops.call import Call
from shapecheck.ops.values import Spec, Unclear, as_dim, as_int


def _pieces(call: Call, at: int, sizes: list[Dim]) -> tuple[Spec, ...]:
    return tuple(call.out(call.shape().replaced(at, size)) for size in sizes)


def split(call: Call) -> tuple[Spec, ...]:
    """``split(split_size_or_sections, dim)``: pieces of a size (the last one shorter), or of the given sizes."""
    shape = call.shape()
    at = axis(shape, call["dim"])
    size, sections = shape.dim(at), call["split_size_or_sections"]
    if isinstance(sections, (tuple, list)):
        return _pieces(call, at, _sections(call, size, sections, at))
    step = as_dim(sections)
    if step.value is not None and step.value <= 0 and not (step.value == 0 and size.value == 0):
        if step.value < 0:
            raise call.clash("parameter", f"split expects split_size be non-negative, but got split_size={step}")
        words = f"split_size can only be 0 if dimension size is 0, but got dimension size of {size}"
        raise call.clash("parameter", words)
    return _pieces(call, at, _steps(size, step))


def _sections(call: Call, size: Dim, sections: tuple[object, ...] | list[object], at: int) -> list[Dim]:
    sizes = [as_dim(one) for one in sections]
    total = number(0)
    for one in sizes:
        total = total + one
    if total.compare(size) is Truth.DIFFERENT:
        words = (
            f"split_with_sizes expects split_sizes to sum exactly to {size} (input tensor's size at dimension {at}), "
            f"but got split_sizes=[{', '.join(map(str, sizes))}]"
        )
        raise call.clash("concat", words, left=size, right=total, right_name="split_size_or_sections", axis=at)
    return sizes


def _steps(size: Dim, step: Dim) -> list[Dim]:
    if size.value is not None and step.value:
        count = max(-(-size.value // step.value), 1)
        return [step] * (count - 1) + [number(size.value - step.value * (count - 1))]
    if size.expr is None or step.expr is None:
        raise Unclear("the number of pieces is not known")
    parts = (size // step).expr
    if isinstance(parts, int) and (size % step).expr == 0:
        return [step] * parts
    raise Unclear("the number of pieces is not known")


def chunk(call: Call) -> tuple[Spec, ...]:
    """``chunk(chunks, dim)``: up to so many pieces of equal size, the last one shorter."""
    shape, chunks = call.shape(), call.integer("chunks")
    at = axis(shape, call["dim"])
    if chunks <= 0:
        raise call.clash("parameter", "chunk expects `chunks` to be greater than 0, got: " + str(chunks))
    size = shape.dim(at)
    if size.value is not None:
        step = max(-(-size.value // chunks), 1) if size.value else 0
        if not size.value:
            return _pieces(call, at, [number(0)] * chunks)
        exact = size // number(chunks)
        return _pieces(call, at, _steps(size, exact if size.value % chunks == 0 else number(step)))
    if size.expr is not None and (size % number(chunks)).expr == 0:
        return _pieces(call, at, [size // number(chunks)] * chunks)
    if chunks == 1:
        return _pieces(call, at, [size])
    # Fewer than `chunks` pieces come of an axis that is shorter: taken to be long enough, of a size not known.
    return _pieces(call, at, [UNKNOWN_DIM] * chunks)


def tensor_split(call: Call) -> tuple[Spec, ...]:
    """``tensor_split(indices_or_sections, dim)``: exactly so many pieces, the first ones longer; or cut at indices."""
    shape, at = call.shape(), axis(call.shape(), call["dim"])
    size, sections = shape.dim(at), call["indices_or_sections"]
    if isinstance(sections, (tuple, list)):
        cuts = [as_int(one) for one in sections]
        if size.value is None or None in cuts:
            return _pieces(call, at, [UNKNOWN_DIM] * (len(cuts) + 1))
        return _pieces(call, at, [number(n) for n in _cut(size.value, [one for one in cuts if one is not None])])
    count = as_int(sections)
    if count is None:
        raise Unclear("the number of pieces is not known")
    if count <= 0:
        raise call.clash("parameter", f"number of sections must be larger than 0, got {count}")
    if size.value is None:
        even = size // number(count) if size.known and (size % number(count)).expr == 0 else UNKNOWN_DIM
        return _pieces(call, at, [even] * count)
    whole, more = divmod(size.value, count)
    return _pieces(call, at, [number(whole + (one < more)) for one in range(count)])


def _cut(size: int, cuts: list[int]) -> list[int]:
    out, start = [], 0
    for stop in [*cuts, size]:
        out.append(len(range(size)[start:stop]))
        start = stop
    return out


def unbind(call: Call) -> tuple[Spec, ...]:
    """``unbind(dim)`` and iteration: one piece for every element of an axis, without it."""
    shape = call.shape()
    if shape.rank == 0:
        raise call.clash("rank", "Dimension specified as 0 but tensor has no dimensions")
    at = axis(shape, call.args.get("dim", 0))
    count = shape.dim(at).value
    if count is None:
        raise Unclear("the number of pieces is not known")
    return (call.out(removed(shape, [at])),) * count


def split_along_named(call: Call) -> tuple[Spec, ...]:
    """``hsplit``, ``vsplit``, ``dsplit``: ``tensor_split`` along axis 1, 0 or 2, into pieces of equal size."""
    shape = call.shape()
    least = {"hsplit": 1, "vsplit": 2, "dsplit": 3}[call.name]
    if shape.rank is not None and shape.rank < least:
        words = (
            f"torch.{call.name} requires a tensor with at least {least} dimension, but got a tensor with "
            f"{shape.rank} dimensions!"
        )
        raise call.clash("rank", words, left=number(shape.rank), right=number(least))
    at = {"hsplit": 0 if shape.rank == 1 else 1, "vsplit": 0, "dsplit": 2}[call.name]
    sections, size = as_dim(call["indices_or_sections"]), shape.dim(at)
    if sections.value and (size % sections).compare(number(0)) is Truth.DIFFERENT:
        words = (
            f"torch.{call.name} attempted to split along dimension {at}, but the size of the dimension {size} "
            "is not divisible "
            f"by the split_size {sections}!"
        )
        raise call.clash("concat", words, left=size, right=sections, right_name="indices_or_sections", axis=at)
    call.args["dim"] = at
    return tensor_split(call)
