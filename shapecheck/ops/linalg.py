"""Linear algebra and distances beyond plain products."""

from __future__ import annotations

from shapecheck.dims import Truth, number
from shapecheck.ops import dtypes
from shapecheck.ops.axes import axis, rank_of, removed
from shapecheck.ops.call import Call
from shapecheck.ops.diagonal import smaller
from shapecheck.ops.elementwise import joined
from shapecheck.ops.reduction import folded
from shapecheck.ops.values import Spec, Unclear
from shapecheck.shapes import Conflict, Shape, broadcast


def matrix_norm(call: Call) -> Spec:
    """``linalg.matrix_norm(A, ord, dim)``: two axes measured."""
    return Spec(
        folded(call.shape("A"), call, call["dim"], call.flag("keepdim")), dtypes.floating(call.tensor("A").dtype)
    )


def vector_norm(call: Call) -> Spec:
    """``linalg.vector_norm(x, ord, dim)`` and ``linalg.norm``."""
    name = call.entry.operands[0]
    return Spec(
        folded(call.shape(name), call, call["dim"], call.flag("keepdim")), dtypes.floating(call.tensor(name).dtype)
    )


def _matrices(call: Call, name: str, square: bool = False) -> Shape:
    """The shape of a batch of matrices; Clash for fewer axes, or where they must be square and are not."""
    shape = call.shape(name)
    if shape.rank is not None and shape.rank < 2:
        raise call.clash(
            "rank", f"{_said(call)}: The input tensor {name} must have at least 2 dimensions.", left_name=name
        )
    rows, columns = shape.dim(-2), shape.dim(-1)
    if square and rows.compare(columns) is Truth.DIFFERENT:
        words = f"{_said(call)}: {name} must be batches of square matrices, but they are {rows} by {columns} matrices"
        raise call.clash("inner", words, left=rows, right=columns, left_name=name)
    return shape


def _said(call: Call) -> str:
    return call.entry.name.removeprefix("torch.")


def square(call: Call) -> Spec:
    """``inverse``, ``cholesky``, ``matrix_exp``: square matrices to such."""
    name = call.entry.operands[0]
    return Spec(_matrices(call, name, square=True), dtypes.floating(call.tensor(name).dtype))


def determinant(call: Call) -> Spec:
    """``det``, ``logdet``: square matrices to numbers."""
    name = call.entry.operands[0]
    shape = _matrices(call, name, square=True)
    return Spec(removed(shape, [-2, -1]), call.tensor(name).dtype)


def slogdet(call: Call) -> tuple[Spec, Spec]:
    """``slogdet``: sign and logarithm."""
    out = determinant(call)
    return out, out


def svd(call: Call) -> tuple[Spec, Spec, Spec]:
    """``linalg.svd(A, full_matrices)``: U, S, Vh. ``torch.svd`` is reduced and gives V."""
    name = call.entry.operands[0]
    shape, dtype = _matrices(call, name), call.tensor(name).dtype
    rank_of(shape)
    rows, columns = shape.dims[-2:]
    few, lead = smaller(rows, columns), shape.dims[:-2]
    if "some" in call.args:
        wide = not call.flag("some")
        right = Shape((*lead, columns, columns if wide else few))
    else:
        wide = call.flag("full_matrices")
        right = Shape((*lead, columns if wide else few, columns))
    return (
        Spec(Shape((*lead, rows, rows if wide else few)), dtype),
        Spec(Shape((*lead, few)), dtype),
        Spec(right, dtype),
    )


def singular_values(call: Call) -> Spec:
    """``linalg.svdvals(A)``."""
    shape = _matrices(call, "A")
    rank_of(shape)
    return Spec(Shape((*shape.dims[:-2], smaller(shape.dims[-2], shape.dims[-1]))), call.tensor("A").dtype)


def qr(call: Call) -> tuple[Spec, Spec]:
    """``linalg.qr(A, mode)``: Q, R."""
    name = call.entry.operands[0]
    shape, dtype = _matrices(call, name), call.tensor(name).dtype
    rank_of(shape)
    rows, columns = shape.dims[-2:]
    lead = shape.dims[:-2]
    mode = call.args.get("mode", "reduced" if call.args.get("some", True) is True else "complete")
    if mode not in ("reduced", "complete", "r"):
        raise Unclear("mode is not known")
    inner = rows if mode == "complete" else smaller(rows, columns)
    left = Spec(Shape((number(0),)), dtype) if mode == "r" else Spec(Shape((*lead, rows, inner)), dtype)
    return left, Spec(Shape((*lead, inner, columns)), dtype)


def eigh(call: Call) -> tuple[Spec, Spec]:
    """``linalg.eigh`` and ``eig``: values and vectors."""
    shape = _matrices(call, "A", square=True)
    dtype = call.tensor("A").dtype
    if call.name == "eig":
        dtype = {"float32": "complex64", "float64": "complex128"}.get(dtype or "", dtype)
    return Spec(removed(shape, [-1]), dtype), Spec(shape, dtype)


def eigenvalues(call: Call) -> Spec:
    """``linalg.eigvalsh`` and ``eigvals``."""
    return eigh(call)[0]


def solve(call: Call) -> Spec:
    """``linalg.solve(A, B)``: the shape of B, batches broadcast."""
    a, b = _matrices(call, "A", square=True), call.shape("B")
    if a.rank is None or b.rank is None:
        raise Unclear("the number of axes is not known")
    if b.rank == 0:
        raise Unclear("a right side without axes")
    vector = b.rank == 1
    if not vector and len(b.dims) == len(a.dims) - 1:
        verdicts = {x.compare(y) for x, y in zip(b.dims, a.dims, strict=False)}
        vector = verdicts == {Truth.EQUAL}
        if not vector and Truth.DIFFERENT not in verdicts:
            raise Unclear("whether the right side is a batch of vectors or one matrix is not known")
    at = -1 if vector else -2
    have, want = b.dims[at], a.dims[-1]
    if have.compare(want) is Truth.DIFFERENT:
        words = (
            f"linalg.solve: Incompatible shapes of A and B for the equation AX = B (got A: {want}x{want} and "
            f"B: {have}x{b.dims[-1]})"
        )
        raise call.clash("inner", words, left=want, right=have, left_name="A", right_name="B")
    if vector:
        return Spec(Shape((*a.dims[:-2], a.dims[-1])), call.tensor("B").dtype)
    batch = broadcast(Shape(a.dims[:-2]), Shape(b.dims[:-2]))
    if isinstance(batch, Conflict):
        raise call.clash("broadcast", batch.message, left=batch.left, right=batch.right, left_name="A", right_name="B")
    return Spec(Shape((*batch.dims, *b.dims[-2:])), call.tensor("B").dtype)


def cross(call: Call) -> Spec:
    """``cross(input, other, dim)``: vectors of three."""
    shape = joined(call, ["input", "other"])
    rank_of(shape)
    if call.shape().rank != call.shape("other").rank:
        words = "linalg.cross: inputs must have the same number of dimensions."
        raise call.clash("rank", words, right_name="other")
    if call["dim"] is None:
        return call.out(shape)
    at = axis(shape, call["dim"])
    for name in ("input", "other"):
        size = call.shape(name).dim(at)
        if size.value is not None and size.value != 3:
            words = (
                f"linalg.cross: inputs dimension {call['dim']} must have length 3. Got {call.shape().dim(at)} "
                f"and {call.shape('other').dim(at)}"
            )
            raise call.clash("inner", words, left=size, right=number(3), left_name=name, axis=at)
    return call.out(shape)


def kron(call: Call) -> Spec:
    """``kron(input, other)``: sizes multiply, the shorter shape gets ones in front."""
    a, b = call.shape(), call.shape("other")
    rank = max(rank_of(a), rank_of(b))
    left, right = ((number(1),) * (rank - len(s.dims)) + s.dims for s in (a, b))
    return Spec(
        Shape(tuple(x * y for x, y in zip(left, right, strict=True))), dtypes.promote([call["input"], call["other"]])
    )


def eigenvalues_complex(call: Call) -> Spec:
    """``linalg.eigvals``: complex."""
    dtype = {"float32": "complex64", "float64": "complex128"}.get(call.tensor("A").dtype or "", call.tensor("A").dtype)
    return Spec(eigh(call)[0].shape, dtype)


def pinv(call: Call) -> Spec:
    """``linalg.pinv(A)``: the last two axes exchanged."""
    shape = _matrices(call, "A")
    return Spec(shape.replaced(-2, shape.dim(-1)).replaced(-1, shape.dim(-2)), call.tensor("A").dtype)


def solve_triangular(call: Call) -> Spec:
    """``solve_triangular(A, B)``: the shape of B, batches broadcast."""
    a, b = _matrices(call, "A", square=True), _matrices(call, "B")
    return Spec(_solved(call, a, b, "A", "B"), call.tensor("B").dtype)


def cholesky_solve(call: Call) -> Spec:
    """``cholesky_solve(B, L)``: the shape of B, batches broadcast."""
    b, a = _matrices(call, "B"), _matrices(call, "L", square=True)
    return Spec(_solved(call, a, b, "L", "B"), call.tensor("B").dtype)


def _solved(call: Call, a: Shape, b: Shape, left: str, right: str) -> Shape:
    rank_of(a), rank_of(b)
    if call.args.get("left", True) is not True:
        raise Unclear("a system from the right")
    if a.dims[-1].compare(b.dims[-2]) is Truth.DIFFERENT:
        words = (
            f"{_said(call)}: Incompatible shapes of A and B for the equation AX = B "
            f"(A: {a.dims[-2]}x{a.dims[-1]} and B: {b.dims[-2]}x{b.dims[-1]})"
        )
        raise call.clash("inner", words, left=a.dims[-1], right=b.dims[-2], left_name=left, right_name=right)
    batch = broadcast(Shape(a.dims[:-2]), Shape(b.dims[:-2]))
    if isinstance(batch, Conflict):
        raise call.clash(
            "broadcast", batch.message, left=batch.left, right=batch.right, left_name=left, right_name=right
        )
    return Shape((*batch.dims, *b.dims[-2:]))


def matrix_number(call: Call) -> Spec:
    """``matrix_rank``, ``cond``: one number a matrix."""
    shape = _matrices(call, "A")
    dtype = "int64" if call.name == "matrix_rank" else call.tensor("A").dtype
    return Spec(removed(shape, [-2, -1]), dtype)


def lu(call: Call) -> tuple[Spec, Spec, Spec]:
    """``linalg.lu(A)``: P, L, U."""
    shape, dtype = _matrices(call, "A"), call.tensor("A").dtype
    rank_of(shape)
    (rows, columns), lead = shape.dims[-2:], shape.dims[:-2]
    few = smaller(rows, columns)
    first = Shape((*lead, rows, rows)) if call["pivot"] is True else Shape((number(0),))
    return Spec(first, dtype), Spec(Shape((*lead, rows, few)), dtype), Spec(Shape((*lead, few, columns)), dtype)


def unknown(call: Call) -> object:
    """A result that is not modelled."""
    raise Unclear("its result is not modelled")
