"""Products of matrices."""

from __future__ import annotations

from itertools import pairwise

from shapecheck.dims import Dim, Truth, number
from shapecheck.ops import dtypes
from shapecheck.ops.axes import axis, rank_of, removed
from shapecheck.ops.call import Call
from shapecheck.ops.elementwise import joined
from shapecheck.ops.values import Operand, Spec, Unclear, as_dim, listed
from shapecheck.shapes import ANY, Conflict, Shape, broadcast, compare


def linear(call: Call) -> Spec:
    """``Linear`` and ``linear(input, weight, bias)``: (..., in) to (..., out)."""
    operand = call.tensor()
    if "out_features" in call.args:
        wanted, name = as_dim(call.args.get("in_features")), "in_features"
        out: tuple[Dim, ...] = (as_dim(call["out_features"]),)
        dtype: str | None = operand.dtype if dtypes.is_floating(operand.dtype) else None
        if operand.dtype and dtypes.is_integral(operand.dtype) and call["dtype"] is None:
            words = f"mat1 and mat2 must have the same dtype, but got {dtypes.title(operand.dtype)} and Float"
            raise call.clash("dtype", words, right_name="weight")
    else:
        weight = call.shape("weight")
        if weight.rank is None:
            return Spec(ANY, operand.dtype)
        wanted, out, name, dtype = weight.dim(-1), weight.dims[:-1], "weight", operand.dtype
    shape = operand.shape
    if shape.rank == 0:
        words = "both arguments to linear need to be at least 1D, but they are 0D and 2D"
        raise call.clash("rank", words, right_name=name)
    have = shape.dim(-1)
    if have.compare(wanted) is Truth.DIFFERENT:
        axis = None if shape.rank is None else shape.rank - 1
        rows = Shape(shape.dims[:-1], shape.open_at).numel
        words = f"mat1 and mat2 shapes cannot be multiplied ({rows}x{have} and {wanted}x{out[0] if out else 1})"
        raise call.clash("inner", words, left=have, right=wanted, right_name=name, axis=axis)
    return Spec(shape.replaced(-1, *out) if shape.dims else Shape(out, 0), dtype)


def matmul(call: Call) -> Spec:
    """``matmul`` and ``@``: vectors, matrices, and batches of them, which broadcast."""
    left, right = call.tensor(), call.tensor("other")
    return Spec(product(call, left, right), dtypes.promote((left, right)))


def product(call: Call, left: Operand, right: Operand) -> Shape:
    """The shape of ``left @ right``."""
    a, b = left.shape, right.shape
    if a.rank == 0 or b.rank == 0:
        raise call.clash(
            "rank",
            f"both arguments to matmul need to be at least 1D, but they are {a.rank}D and {b.rank}D",
            right_name="other",
        )
    if not a.dims or not b.dims or (a.rank is None and len(a.dims) < 2) or (b.rank is None and len(b.dims) < 2):
        return ANY
    inner_b = b.dims[0] if b.rank == 1 else b.dim(-2)
    have = a.dim(-1)
    if have.compare(inner_b) is Truth.DIFFERENT:
        raise call.clash(
            "inner",
            _product_words(a, b),
            left=have,
            right=inner_b,
            right_name="other",
            axis=None if a.rank is None else a.rank - 1,
        )
    rows = () if a.rank == 1 else (a.dim(-2),)
    columns = () if b.rank == 1 else (b.dim(-1),)
    batch_a, batch_b = (Shape(s.dims[:-2], s.open_at) if s.rank != 1 else Shape(()) for s in (a, b))
    if any(s.open_at is not None and s.open_at > len(s.dims) for s in (batch_a, batch_b)):
        return ANY
    batch = broadcast(batch_a, batch_b)
    if isinstance(batch, Conflict):
        words = batch.message
        raise call.clash("broadcast", words, left=batch.left, right=batch.right, right_name="other", axis=batch.axis)
    return Shape((*batch.dims, *rows, *columns), batch.open_at)


def _product_words(a: Shape, b: Shape) -> str:
    if a.rank == 1 and b.rank == 1:
        return unequal_vectors(a, b)
    if b.rank == 1 and a.rank == 2:
        return f"size mismatch, got input ({a.dims[0]}), mat ({a.dims[0]}x{a.dims[1]}), vec ({b.dims[0]})"
    if b.rank == 2 or (a.rank == 2 and b.rank == 2) or b.rank == 1:
        rows = Shape(a.dims[:-1], a.open_at).numel
        return (
            f"mat1 and mat2 shapes cannot be multiplied ({rows}x{a.dim(-1)} and "
            f"{b.dim(-2) if b.rank != 1 else b.dims[0]}x{b.dim(-1) if b.rank != 1 else 1})"
        )
    if a.rank is None or b.rank is None or a.rank < 3:
        return (
            f"mat1 and mat2 shapes cannot be multiplied ({a.dim(-2) if a.rank != 1 else 1}x{a.dim(-1)} and "
            f"{b.dim(-2)}x{b.dim(-1)})"
        )
    batch = broadcast(Shape(a.dims[:-2]), Shape(b.dims[:-2]))
    count = batch.numel if isinstance(batch, Shape) else number(1)
    return (
        f"Expected size for first two dimensions of batch2 tensor to be: [{count}, {a.dim(-1)}] "
        f"but got: [{count}, {b.dim(-2)}]."
    )


def bmm(call: Call) -> Spec:
    """``bmm(input, mat2)``: batches of matrices, nothing broadcast."""
    a, b = call.shape(), call.shape("mat2")
    for place, shape in ((1, a), (2, b)):
        if shape.rank is not None and shape.rank != 3:
            raise call.clash("rank", f"batch{place} must be a 3D tensor", left=number(shape.rank), right=number(3))
    if a.rank is None or b.rank is None:
        return call.out(Shape((a.dim(0), a.dim(1) if a.rank else a.dim(-2), b.dim(-1))))
    for at, want, have in ((0, a.dims[0], b.dims[0]), (2, a.dims[2], b.dims[1])):
        if want.compare(have) is Truth.DIFFERENT:
            words = _unequal_batches(a, b)
            raise call.clash("inner", words, left=want, right=have, right_name="mat2", axis=at)
    return call.out(Shape((a.dims[0], a.dims[1], b.dims[2])))


def dot(call: Call) -> Spec:
    """``dot``, ``vdot``, ``inner`` of two vectors."""
    a, b = call.shape(), call.shape("tensor")
    if any(rank not in (None, 1) for rank in (a.rank, b.rank)):
        raise call.clash("rank", _no_vectors(a, b))
    if a.dim(0).compare(b.dim(0)) is Truth.DIFFERENT:
        words = unequal_vectors(a, b)
        raise call.clash("inner", words, left=a.dim(0), right=b.dim(0), right_name="tensor", axis=0)
    return call.out(Shape(()))


def _no_vectors(a: Shape, b: Shape) -> str:
    """What PyTorch says of axes too many; a number of axes that is not known stands as it does in a shape."""
    first, second = ("?" if shape.rank is None else shape.rank for shape in (a, b))
    return f"1D tensors expected, but got {first}D and {second}D tensors"


def unequal_vectors(a: Shape, b: Shape) -> str:
    """What torch says of a dot product of vectors of two lengths."""
    return (
        f"inconsistent tensor size, expected tensor [{listed(a)}] and src [{listed(b)}] to have the same "
        "number of elements, "
        f"but got {listed(a)} and {listed(b)} elements respectively"
    )


_PRODUCTS = {
    "addmm": ("mat1", "mat2", (2, 2)),
    "addmv": ("mat", "vec", (2, 1)),
    "addr": ("vec1", "vec2", (1, 1)),
    "addbmm": ("batch1", "batch2", (3, 3)),
    "baddbmm": ("batch1", "batch2", (3, 3)),
}


def addmm(call: Call) -> Spec:
    """``addmm(input, mat1, mat2)`` and its like: a product, onto which the input is expanded."""
    first, second, ranks = _PRODUCTS[call.name]
    a, b = call.shape(first), call.shape(second)
    for name, shape, rank in ((first, a, ranks[0]), (second, b, ranks[1])):
        if rank_of(shape) != rank:
            raise call.clash(
                "rank", _rank_words(call, name, shape), left=number(len(shape.dims)), right=number(rank), left_name=name
            )
    out = _added_product(call, a, b, first, second)
    _expands_onto(call, out)
    return call.out(out)


def _rank_words(call: Call, name: str, shape: Shape) -> str:
    if call.name == "addr":
        return f"addr: Expected 1-D argument {name}, but got {shape.rank}-D"
    return (
        f"{name} must be a 3D tensor" if "bmm" in call.name else f"{name} must be a matrix, got {shape.rank}-D tensor"
    )


def _added_product(call: Call, a: Shape, b: Shape, first: str, second: str) -> Shape:
    if call.name == "addr":
        return Shape((*a.dims, *b.dims))
    inner = b.dims[0] if call.name == "addmv" else b.dims[-2]
    if a.dims[-1].compare(inner) is Truth.DIFFERENT or (
        len(a.dims) == 3 and a.dims[0].compare(b.dims[0]) is Truth.DIFFERENT
    ):
        words = f"mat1 and mat2 shapes cannot be multiplied ({a.dims[-2]}x{a.dims[-1]} and {inner}x{b.dims[-1]})"
        if call.name == "addbmm":
            words = f"Incompatible matrix sizes for bmm ({a.dims[1]}x{a.dims[2]} and {b.dims[1]}x{b.dims[2]})"
        if call.name == "baddbmm":
            words = _unequal_batches(a, b)
        if call.name == "addmv":
            words = f"size mismatch, got input ({call.shape().numel}), mat ({a.dims[0]}x{a.dims[1]}), vec ({inner})"
        raise call.clash("inner", words, left=a.dims[-1], right=inner, left_name=first, right_name=second)
    if call.name == "addmv":
        return Shape(a.dims[:-1])
    return Shape((a.dims[-2], b.dims[-1])) if call.name in ("addmm", "addbmm") else Shape((*a.dims[:-1], b.dims[-1]))


def _unequal_batches(a: Shape, b: Shape) -> str:
    return (
        f"Expected size for first two dimensions of batch2 tensor to be: [{a.dims[0]}, {a.dims[2]}] "
        f"but got: [{b.dims[0]}, {b.dims[1]}]."
    )


def _expands_onto(call: Call, out: Shape) -> None:
    """The input must be expandable to the product's shape."""
    shape = call.shape()
    whole = broadcast(out, shape)
    if not isinstance(whole, Conflict) and compare(whole, out) is not Truth.DIFFERENT:
        return
    pairs = [
        (want, have, len(out.dims) - back)
        for back, (want, have) in enumerate(zip(out.dims[::-1], shape.dims[::-1], strict=False), 1)
    ]
    left, right, at = next((pair for pair in pairs if pair[0].compare(pair[1]) is Truth.DIFFERENT), (None, None, None))
    words = (
        f"The expanded size of the tensor ({left}) must match the existing size ({right}) at non-singleton "
        f"dimension {at}.  "
        f"Target sizes: [{listed(out)}].  Tensor sizes: [{listed(shape)}]"
    )
    raise call.clash("broadcast", words, left=right, right=left)


def inner(call: Call) -> Spec:
    """``inner(input, other)``: the last axes contracted, all others kept; a number multiplies. ``vdot``: vectors."""
    a, b = call.shape(), call.shape("other")
    if call.name == "vdot" and (rank_of(a), rank_of(b)) != (1, 1):
        raise call.clash("rank", _no_vectors(a, b), right_name="other")
    if 0 in (a.rank, b.rank):
        return call.out(b if a.rank == 0 else a)
    if a.dim(-1).compare(b.dim(-1)) is Truth.DIFFERENT:
        words = (
            f"inner() the last dimension must match on both input tensors but got shapes [{listed(a)}] and "
            f"[{listed(b)}]"
        )
        if call.name == "vdot" or a.rank == b.rank == 1:
            words = unequal_vectors(a, b)
        raise call.clash("inner", words, left=a.dim(-1), right=b.dim(-1), right_name="other")
    rank_of(a), rank_of(b)
    return call.out(Shape((*a.dims[:-1], *b.dims[:-1])))


def multi_dot(call: Call) -> Spec:
    """``linalg.multi_dot(tensors)``: a chain of products; vectors only at the ends."""
    shapes = [one.shape for one in call.tensors("tensors")]
    if len(shapes) < 2 or any(shape.rank is None for shape in shapes):
        raise Unclear("the chain is not known")
    for at, shape in enumerate(shapes):
        if shape.rank != 2 and not (at in (0, len(shapes) - 1) and shape.rank == 1):
            wanted = "1D or 2D" if at in (0, len(shapes) - 1) else "2D"
            words = f"multi_dot(): tensor {at} must be {wanted} but got {shape.rank}D"
            raise call.clash("rank", words, left=number(len(shape.dims)), right=number(2), left_name=f"tensors[{at}]")
    head = () if shapes[0].rank == 1 else (shapes[0].dims[0],)
    tail = () if shapes[-1].rank == 1 else (shapes[-1].dims[-1],)
    for at, (left, right) in enumerate(pairwise(shapes)):
        if left.dims[-1].compare(right.dims[0]) is Truth.DIFFERENT:
            words = (
                f"multi_dot(): tensors {at} and {at + 1} with shapes [{listed(left)}] and [{listed(right)}] "
                "cannot be multiplied"
            )
            raise call.clash(
                "inner",
                words,
                left=left.dims[-1],
                right=right.dims[0],
                left_name=f"tensors[{at}]",
                right_name=f"tensors[{at + 1}]",
            )
    return Spec(Shape((*head, *tail)), call.tensors("tensors")[0].dtype)


def vecdot(call: Call) -> Spec:
    """``linalg.vecdot(x, y, dim)``: broadcast, one axis contracted."""
    shape = joined(call, ["x", "y"])
    first, second = call.shape("x"), call.shape("y")
    if first.rank == second.rank == 1:
        if first.dims[0].compare(second.dims[0]) is Truth.DIFFERENT:
            raise call.clash(
                "inner",
                unequal_vectors(first, second),
                left_name="x",
                right_name="y",
                left=first.dims[0],
                right=second.dims[0],
            )
        return Spec(Shape(()), call.tensor("x").dtype)
    return Spec(removed(shape, [axis(shape, call["dim"])]) if shape.rank != 0 else shape, call.tensor("x").dtype)
