"""Joining tensors along an axis, and cutting them up."""

from __future__ import annotations

from shapecheck.dims import UNKNOWN as UNKNOWN_DIM
from shapecheck.dims import Dim, Truth, largest, number
from shapecheck.ops import dtypes
from shapecheck.ops.axes import axis, inserted, located
from shapecheck.ops.call import Call
from shapecheck.ops.values import UNKNOWN, Batches, Operand, Spec, Unclear, as_int, listed
from shapecheck.shapes import ANY, Conflict, Shape, broadcast, compare


def _joined_dtype(operands: list[Operand]) -> str | None:
    return dtypes.promote(operands)


def cat(call: Call) -> Spec:
    """``cat(tensors, dim)``: the sizes of one axis add up, all others agree. Empty 1-d tensors are skipped."""
    if isinstance(call["tensors"], Batches):
        return _of_batches(call, call["tensors"])
    operands = call.tensors("tensors")
    if not operands:
        raise call.clash("parameter", "torch.cat(): expected a non-empty list of Tensors")
    shapes = [one.shape for one in operands if not (one.shape.rank == 1 and one.shape.dims[0].value == 0)]
    if not shapes:
        return Spec(operands[0].shape, _joined_dtype(operands))
    first = max(shapes, key=lambda shape: shape.rank is not None)
    if first.rank is None:
        return Spec(_cat_open(call, shapes), _joined_dtype(operands))
    if any(shape.rank == 0 for shape in shapes):
        at = next(i for i, one in enumerate(operands) if one.shape.rank == 0)
        raise call.clash("rank", f"zero-dimensional tensor (at position {at}) cannot be concatenated")
    at = axis(first, call["dim"])
    dims = list(first.dims)
    total: Dim | None = None
    for place, operand in enumerate(operands):
        if operand.shape not in shapes:
            continue
        shape = operand.shape
        _agree(call, first, shape, at, place)
        size = shape.dim(at if shape.rank is not None else at if at < (shape.open_at or 0) else at - len(dims))
        total = size if total is None else total + size
        if shape.rank is not None:
            dims = [have if have.known else other for have, other in zip(dims, shape.dims, strict=True)]
    dims[at] = total if total is not None else UNKNOWN_DIM
    return Spec(Shape(tuple(dims)), _joined_dtype(operands))


def _of_batches(call: Call, batches: Batches) -> Spec:
    """What batches give below each other: a shape that is known but for how often the loop went round."""
    one: Operand = batches[0]
    if one.shape.rank is None:
        return Spec(ANY, one.dtype)
    if one.shape.rank == 0:
        raise call.clash("rank", "zero-dimensional tensor (at position 0) cannot be concatenated")
    at = axis(one.shape, call["dim"])
    return Spec(one.shape.replaced(at, batches.joined(one.shape.dims[at], at)), one.dtype)


def _agree(call: Call, first: Shape, shape: Shape, at: int, place: int) -> None:
    if shape.rank is None:
        return
    if shape.rank != first.rank:
        words = f"Tensors must have same number of dimensions: got {first.rank} and {shape.rank}"
        raise call.clash(
            "rank",
            words,
            left=number(shape.rank),
            right=number(len(first.dims)),
            left_name="tensors",
            right_name="tensors",
        )
    for one, (want, have) in enumerate(zip(first.dims, shape.dims, strict=True)):
        if one != at and have.compare(want) is Truth.DIFFERENT:
            words = (
                f"Sizes of tensors must match except in dimension {at}. Expected size {want} but got size {have} "
                f"for tensor number {place} in the list."
            )
            raise call.clash(
                "concat", words, left=have, right=want, left_name=f"tensors[{place}]", right_name="tensors[0]", axis=one
            )


def _cat_open(call: Call, shapes: list[Shape]) -> Shape:
    at = as_int(call["dim"])
    if at is None:
        raise Unclear("dim is not known")
    out = shapes[0]
    places = [located(shape, at) for shape in shapes]
    if None in places:
        return ANY
    total = shapes[0].dim(at)
    for shape in shapes[1:]:
        total = total + shape.dim(at)
    return out.replaced(at, total)


def stack(call: Call) -> Spec:
    """``stack(tensors, dim)``: equal shapes side by side along a new axis."""
    operands = call.tensors("tensors")
    if not operands:
        raise call.clash("parameter", "stack expects a non-empty TensorList")
    first = operands[0].shape
    for place, operand in enumerate(operands[1:], 1):
        if compare(operand.shape, first) is Truth.DIFFERENT:
            raise _unequal(call, first, operand.shape, place)
        if first.rank is None:
            first = operand.shape
    at = axis(first, call["dim"], extra=1)
    return Spec(inserted(first, at, number(len(operands))), _joined_dtype(operands))


def _unequal(call: Call, first: Shape, shape: Shape, place: int) -> Exception:
    words = (
        f"stack expects each tensor to be equal size, but got [{listed(first)}] at entry 0 and "
        f"[{listed(shape)}] at entry {place}"
    )
    pairs = enumerate(zip(shape.dims, first.dims, strict=False))
    left, right, at = next(((a, b, i) for i, (a, b) in pairs if a.compare(b) is Truth.DIFFERENT), (None, None, None))
    return call.clash(
        "concat", words, left=left, right=right, left_name=f"tensors[{place}]", right_name="tensors[0]", axis=at
    )


def along_named(call: Call) -> Spec:
    """``hstack``, ``vstack``, ``dstack``, ``column_stack``: ``cat`` after making the ranks at least 1, 2 or 3."""
    operands = call.tensors("tensors")
    shapes = [_at_least(call.name, one.shape) for one in operands]
    if any(shape is None for shape in shapes):
        raise Unclear("the number of axes is not known")
    known = [shape for shape in shapes if shape is not None]
    dim = {"hstack": 0 if known and known[0].rank == 1 else 1, "vstack": 0, "dstack": 2, "column_stack": 1}[call.name]
    call.args["tensors"] = [Spec(shape, one.dtype) for shape, one in zip(known, operands, strict=True)]
    call.args["dim"] = dim
    return cat(call)


def _at_least(name: str, shape: Shape) -> Shape | None:
    if shape.rank is None:
        return None
    one = number(1)
    if name == "hstack":
        return shape if shape.rank else Shape((one,))
    if name == "column_stack":
        return shape if len(shape.dims) > 1 else Shape((shape.numel, one))
    if shape.rank == 0:
        shape = Shape((one,))
    if shape.rank == 1:
        shape = Shape((one, *shape.dims))
    return shape if name == "vstack" or len(shape.dims) > 2 else Shape((*shape.dims, one))


def broadcast_tensors(call: Call) -> tuple[Spec, ...]:
    """``broadcast_tensors(*tensors)``: each in the shape that all broadcast to."""
    operands = call.tensors("tensors")
    if not operands:
        raise Unclear("the tensors are not known")
    out = broadcast(*[one.shape for one in operands])
    if isinstance(out, Conflict):
        raise call.clash(
            out.kind,
            out.message,
            left=out.left,
            right=out.right,
            left_name="tensors",
            right_name="tensors",
            axis=out.axis,
        )
    return tuple(Spec(out, one.dtype) for one in operands)


def meshgrid(call: Call) -> tuple[Spec, ...]:
    """``meshgrid(*tensors, indexing)``: one axis for each vector; ``xy`` exchanges the first two."""
    operands = call.tensors("tensors")
    if any(one.shape.rank is None or one.shape.rank > 1 for one in operands):
        raise Unclear("the operands are not known to be vectors")
    dims = [one.shape.numel for one in operands]
    if call["indexing"] is UNKNOWN:
        dims = [UNKNOWN_DIM] * len(dims)
    elif call["indexing"] == "xy" and len(dims) > 1:
        dims[0], dims[1] = dims[1], dims[0]
    return tuple(Spec(Shape(tuple(dims)), one.dtype) for one in operands)


def cartesian_prod(call: Call) -> Spec:
    """``cartesian_prod(*tensors)``: (product of the lengths, number of vectors)."""
    operands = call.tensors("tensors")
    if any(one.shape.rank is None for one in operands):
        raise Unclear("the operands are not known to be vectors")
    if any(one.shape.rank != 1 for one in operands):
        raise call.clash(
            "rank",
            "Expect a 1D vector, but got shape " + next(f"[{listed(o.shape)}]" for o in operands if o.shape.rank != 1),
        )
    total = number(1)
    for one in operands:
        total = total * one.shape.dims[0]
    return Spec(Shape((total,) if len(operands) == 1 else (total, number(len(operands)))), _joined_dtype(operands))


def block_diag(call: Call) -> Spec:
    """``block_diag(*tensors)``: matrices along the diagonal."""
    operands = call.tensors("tensors")
    rows = columns = number(0)
    for one in operands:
        if one.shape.rank is None:
            raise Unclear("the operands are not known to be matrices")
        if one.shape.rank > 2:
            raise call.clash("rank", "torch.block_diag: Input tensors must have 2 or fewer dimensions.")
        padded = (number(1),) * (2 - one.shape.rank) + one.shape.dims
        rows, columns = rows + padded[0], columns + padded[1]
    return Spec(Shape((rows, columns)), _joined_dtype(operands))


def pad_sequence(call: Call) -> Spec:
    """``pad_sequence(sequences, batch_first)``: (longest, batch, *) or (batch, longest, *)."""
    sequences = call["sequences"]
    first = call.flag("batch_first")
    if not isinstance(sequences, (tuple, list)):
        return Spec(ANY, None)
    operands = call.tensors("sequences")
    if not operands:
        raise call.clash("parameter", "received an empty list of sequences")
    length, rest = operands[0].shape.dim(0), operands[0].shape
    for one in operands[1:]:
        length = largest(length, one.shape.dim(0))
        if rest.rank and one.shape.rank:
            place = Shape((one.shape.dims[0], *rest.dims[1:]))
            whole = broadcast(place, one.shape)
            if isinstance(whole, Conflict) or compare(whole, place) is Truth.DIFFERENT:
                words = f"The expanded size of the tensor must match: {one.shape} into {place}"
                raise call.clash("concat", words, left_name="sequences", right_name="sequences")
    if rest.rank is None:
        return Spec(ANY, operands[0].dtype)
    batch = number(len(operands))
    head = (batch, length) if first else (length, batch)
    return Spec(Shape((*head, *rest.dims[1:])), operands[0].dtype)
