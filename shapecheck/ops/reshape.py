"""Views: the same elements under other axes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from shapecheck.algebra import divided
from shapecheck.dims import UNKNOWN as UNKNOWN_DIM
from shapecheck.dims import Dim, Truth, number
from shapecheck.ops import dtypes
from shapecheck.ops.axes import axes, axis, inserted, located, lowest_rank, rank_of, removed
from shapecheck.ops.call import Call
from shapecheck.ops.values import UNKNOWN, Clash, Spec, Unclear, as_int, as_shape, listed
from shapecheck.shapes import ANY, Shape


def view(call: Call) -> Spec:
    """``view(*size)`` and ``reshape``; one size may be -1. ``view(dtype)`` keeps the shape where the width agrees."""
    size = call["size"]
    if isinstance(size, tuple) and len(size) == 1 and dtypes.as_dtype(size[0]):
        return Spec(ANY, dtypes.as_dtype(size[0]))
    return call.out(viewed(call, call.shape(), as_shape(size)))


def reshape(call: Call) -> Spec:
    """``reshape(*shape)``."""
    return call.out(viewed(call, call.shape(), as_shape(call["shape"])))


def view_as(call: Call) -> Spec:
    """``view_as(other)`` and ``reshape_as``."""
    return call.out(viewed(call, call.shape(), call.shape("other")))


def viewed(call: Call, before: Shape, wanted: Shape) -> Shape:
    """The shape of a view of ``before`` as ``wanted``, with -1 worked out. Raises Clash where the counts differ."""
    if wanted.open_at is not None:
        return wanted
    gaps = [at for at, dim in enumerate(wanted.dims) if dim.value == -1]
    if len(gaps) > 1:
        raise call.clash("parameter", "only one dimension can be inferred")
    dims = [_kept(dim, before) for dim in wanted.dims]
    if before.open_at is not None:
        if gaps:
            dims[gaps[0]] = UNKNOWN_DIM
        return Shape(tuple(dims))
    if gaps:
        dims[gaps[0]] = _inferred(call, before, wanted, gaps[0])
    else:
        left, right = _uncommon(before.dims, wanted.dims)
        if (left or right) and _product(left).compare(_product(right)) is Truth.DIFFERENT:
            raise _invalid(call, before, wanted)
    return Shape(tuple(dims))


def _product(dims: Iterable[Dim]) -> Dim:
    return Shape(tuple(dims)).numel


def _invalid(call: Call, before: Shape, wanted: Shape) -> Clash:
    total = before.numel
    words = f"shape '[{listed(wanted)}]' is invalid for input of size {total}"
    count = _product(dim for dim in wanted.dims if dim.value != -1)
    return call.clash("numel", words, left=total, right=count, right_name="size")


def _uncommon(before: Iterable[Dim], wanted: Iterable[Dim]) -> tuple[list[Dim], list[Dim]]:
    """The axes of each side that the other does not have as well; axes of size 1 do not count, those of size 0 stay."""
    left, right = [dim for dim in before if dim.value != 1], []
    for dim in wanted:
        if dim.value == 1:
            continue
        if dim.known and dim.value != 0 and dim in left:
            left.remove(dim)
        else:
            right.append(dim)
    return left, right


def _inferred(call: Call, before: Shape, wanted: Shape, gap: int) -> Dim:
    """The size that -1 stands for: the axes between those that the other sizes take up, in order, or a quotient."""
    start = _taken_up(before.dims, wanted.dims[:gap])
    end = _taken_up(before.dims[::-1], wanted.dims[:gap:-1])
    if start is not None and end is not None and start + end <= len(before.dims):
        return _product(before.dims[start : len(before.dims) - end])
    left, right = _uncommon(before.dims, wanted.dims[:gap] + wanted.dims[gap + 1 :])
    total, rest = _product(left), _product(right)
    if total.expr is None or rest.expr is None:
        return UNKNOWN_DIM
    if rest.expr == 0:
        raise Unclear("a size of 0")
    exact = divided(total.expr, rest.expr)
    if exact is not None:
        size = total.value // rest.value if total.value is not None and rest.value else None
        return Dim(exact, size=size, origin=total.origin, status=total.status)
    if (total % rest).compare(number(0)) is Truth.DIFFERENT:
        raise _invalid(call, before, wanted)
    return replace(total // rest, origin=total.origin)


def _taken_up(dims: tuple[Dim, ...], sizes: tuple[Dim, ...]) -> int | None:
    """How many of the first axes hold as many elements as ``sizes`` ask for; None where no number does for certain."""
    if dims[: len(sizes)] == sizes and all(dim.known for dim in sizes):
        return len(sizes)
    wanted = _product(sizes)
    if wanted.expr is None:
        return None
    total = number(1)
    for count, dim in enumerate((*dims, number(0))):
        if total.compare(wanted) is Truth.EQUAL:
            return count
        total = total * dim
        if total.expr is None:
            return None
    return None


def _kept(dim: Dim, before: Shape) -> Dim:
    """The dim as it was before the view, where the same size stood there: with its origin and factors."""
    if dim.value == 1:
        return dim
    for have in before.dims:
        if have.known and have.expr == dim.expr:
            return have if dim.origin is None else replace(have, origin=dim.origin)
    return dim


def flatten(call: Call) -> Spec:
    """``flatten(start_dim, end_dim)``: neighbouring axes merged; a tensor without axes gets one."""
    shape = call.shape()
    start, end = call.integer("start_dim"), call.integer("end_dim")
    if shape.rank is None:
        return call.out(_flatten_open(shape, start, end))
    if shape.rank == 0:
        axis(shape, start), axis(shape, end)
        return call.out(Shape((number(1),)))
    first, last = axis(shape, start, "start_dim"), axis(shape, end, "end_dim")
    if first > last:
        raise call.clash("axis", "flatten() has invalid args: start_dim cannot come after end_dim")
    return call.out(Shape((*shape.dims[:first], Shape(shape.dims[first : last + 1]).numel, *shape.dims[last + 1 :])))


def _flatten_open(shape: Shape, start: int, end: int) -> Shape:
    if shape.open_at is None or not 0 <= start <= shape.open_at or end >= 0:
        return ANY
    kept = -end - 1
    if kept > len(shape.dims) - shape.open_at:
        return ANY
    return Shape((*shape.dims[:start], UNKNOWN_DIM, *shape.dims[len(shape.dims) - kept :]))


def unflatten(call: Call) -> Spec:
    """``unflatten(dim, sizes)``: one axis split; one size may be -1."""
    return _unflattened(call, as_shape(call["sizes"]))


def unflatten_module(call: Call) -> Spec:
    """``Unflatten(dim, unflattened_size)``."""
    return _unflattened(call, as_shape(call["unflattened_size"]))


def _unflattened(call: Call, sizes: Shape) -> Spec:
    shape = call.shape()
    at = axis(shape, call["dim"])
    if sizes.open_at is not None:
        return call.out(ANY)
    size = shape.dim(at)
    try:
        split = viewed(call, Shape((size,)), sizes)
    except Clash as clash:
        if clash.conflict.kind != "numel":
            raise
        words = (
            f"unflatten: Provided sizes [{listed(sizes)}] don't multiply up to the size of dim {at} ({size}) "
            "in the input tensor"
        )
        raise call.clash("numel", words, left=size, right=sizes.numel, right_name="sizes", axis=at) from clash
    return call.out(shape.replaced(at, *split.dims))


def permute(call: Call) -> Spec:
    """``permute(*dims)``: the axes in another order."""
    shape, dims = call.shape(), call["dims"]
    if not isinstance(dims, (tuple, list)) or any(as_int(one) is None for one in dims):
        raise Unclear("dims is not known")
    if shape.rank is None:
        if lowest_rank(shape) > len(dims):
            raise _wrong_count(call, shape, dims)
        return call.out(Shape((UNKNOWN_DIM,) * len(dims)))
    if shape.rank != len(dims):
        raise _wrong_count(call, shape, dims)
    order = [axis(shape, one, "dims") for one in dims]
    if len(set(order)) != len(order):
        raise call.clash("axis", "permute(dims): duplicate dims are not allowed.", right_name="dims")
    return call.out(Shape(tuple(shape.dims[at] for at in order)))


def _wrong_count(call: Call, shape: Shape, dims: tuple[object, ...] | list[object]) -> Exception:
    words = (
        "permute(sparse_coo): number of dimensions in the tensor input does not match the length of the "
        "desired ordering of "
        f"dimensions i.e. input.dim() = {len(shape.dims)} is not equal to len(dims) = {len(dims)}"
    )
    return call.clash("rank", words, left=number(len(shape.dims)), right=number(len(dims)), right_name="dims")


def transpose(call: Call) -> Spec:
    """``transpose(dim0, dim1)``: two axes exchanged."""
    shape = call.shape()
    first, second = axis(shape, call["dim0"], "dim0"), axis(shape, call["dim1"], "dim1")
    return call.out(swapped(shape, first, second))


def swapped(shape: Shape, first: int, second: int) -> Shape:
    """Two axes exchanged; axes of an open shape must both lie in its known parts."""
    if shape.rank == 0:
        return shape
    a, b = located(shape, first), located(shape, second)
    if a is None or b is None:
        return ANY
    dims = list(shape.dims)
    dims[a], dims[b] = dims[b], dims[a]
    return Shape(tuple(dims), shape.open_at)


def matrix_transpose(call: Call) -> Spec:
    """``.mT`` and ``.T``, ``t()`` of up to two axes: the last two axes exchanged."""
    shape = call.shape()
    if call.name == "t" and shape.rank is not None and shape.rank > 2:
        raise call.clash("rank", f"t() expects a tensor with <= 2 dimensions, but self is {shape.rank}D")
    if call.name == "T":
        return call.out(Shape(shape.dims[::-1], None if shape.open_at is None else len(shape.dims) - shape.open_at))
    if call.name in ("mT", "mH", "adjoint") and shape.rank == 1:
        raise call.clash(
            "rank",
            f"tensor.{call.name} is only supported on matrices or batches of matrices. Got {shape.rank}-D tensor.",
        )
    if shape.rank is not None and shape.rank < 2:
        return call.out(shape)
    return call.out(swapped(shape, -2, -1))


def movedim(call: Call) -> Spec:
    """``movedim(source, destination)``: axes moved, the others keep their order."""
    shape = call.shape()
    rank = rank_of(shape)
    source, destination = axes(shape, call["source"]), axes(shape, call["destination"])
    if len(source) != len(destination):
        words = (
            "movedim: Invalid source or destination dims: source "
            f"([{', '.join(map(str, source))}] dims) should contain the same number of dims as destination "
            f"([{', '.join(map(str, destination))}] dims)"
        )
        raise call.clash("parameter", words)
    rest = iter([at for at in range(rank) if at not in source])
    placed = dict(zip(destination, source, strict=True))
    return call.out(Shape(tuple(shape.dims[placed[at] if at in placed else next(rest)] for at in range(rank))))


def squeeze(call: Call) -> Spec:
    """``squeeze(dim)``: axes of size 1 dropped. A named axis may be 1; it is taken to stay where nothing says so."""
    shape, dim = call.shape(), call["dim"]
    if dim is UNKNOWN:
        raise Unclear("dim is not known")
    if shape.rank is None:
        if dim is None:
            return call.out(ANY)
        found = axes(shape, dim)
        sizes = [shape.dim(at) for at in found]
        if all(size.value == 1 for size in sizes):
            return call.out(removed(shape, found))
        return call.out(shape if all(size.value is not None for size in sizes) else ANY)
    at = range(shape.rank) if dim is None else axes(shape, dim)
    if any(not shape.dims[one].known for one in at if shape.rank):
        return call.out(ANY)
    return call.out(Shape(tuple(d for one, d in enumerate(shape.dims) if one not in at or d.value != 1)))


def unsqueeze(call: Call) -> Spec:
    """``unsqueeze(dim)``: a new axis of size 1."""
    return call.out(inserted(call.shape(), axis(call.shape(), call["dim"], extra=1), number(1)))


def ravel(call: Call) -> Spec:
    """``ravel()``: one axis."""
    return call.out(Shape((call.shape().numel,)))
