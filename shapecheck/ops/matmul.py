"""Products of matrices."""

from __future__ import annotations

from shapecheck.dims import Dim, Truth, number
from shapecheck.ops import dtypes
from shapecheck.ops.call import Call
from shapecheck.ops.values import Operand, Spec, as_dim, listed
from shapecheck.shapes import ANY, Conflict, Shape, broadcast


def linear(call: Call) -> Spec:
    """``Linear`` and ``linear(input, weight, bias)``: (..., in) to (..., out)."""
    operand = call.tensor()
    if "in_features" in call.args:
        wanted, name = as_dim(call["in_features"]), "in_features"
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
    if b.rank == 2 or a.rank == 2 and b.rank == 2 or b.rank == 1:
        rows = Shape(a.dims[:-1], a.open_at).numel
        return f"mat1 and mat2 shapes cannot be multiplied ({rows}x{a.dim(-1)} and {b.dim(-2) if b.rank != 1 else b.dims[0]}x{b.dim(-1) if b.rank != 1 else 1})"
    if a.rank is None or b.rank is None or a.rank < 3:
        return f"mat1 and mat2 shapes cannot be multiplied ({a.dim(-2) if a.rank != 1 else 1}x{a.dim(-1)} and {b.dim(-2)}x{b.dim(-1)})"
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
    for axis, want, have in ((0, a.dims[0], b.dims[0]), (2, a.dims[2], b.dims[1])):
        if want.compare(have) is Truth.DIFFERENT:
            words = (
                f"Expected size for first two dimensions of batch2 tensor to be: [{a.dims[0]}, {a.dims[2]}] "
                f"but got: [{b.dims[0]}, {b.dims[1]}]."
            )
            raise call.clash("inner", words, left=want, right=have, right_name="mat2", axis=axis)
    return call.out(Shape((a.dims[0], a.dims[1], b.dims[2])))


def dot(call: Call) -> Spec:
    """``dot``, ``vdot``, ``inner`` of two vectors."""
    a, b = call.shape(), call.shape("tensor")
    for shape in (a, b):
        if shape.rank is not None and shape.rank != 1:
            raise call.clash("rank", f"1D tensors expected, but got {a.rank}D and {b.rank}D tensors")
    if a.dim(0).compare(b.dim(0)) is Truth.DIFFERENT:
        words = unequal_vectors(a, b)
        raise call.clash("inner", words, left=a.dim(0), right=b.dim(0), right_name="tensor", axis=0)
    return call.out(Shape(()))


def unequal_vectors(a: Shape, b: Shape) -> str:
    """What torch says of a dot product of vectors of two lengths."""
    return (
        f"inconsistent tensor size, expected tensor [{listed(a)}] and src [{listed(b)}] to have the same number of elements, "
        f"but got {listed(a)} and {listed(b)} elements respectively"
    )
