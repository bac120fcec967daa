"""Linear algebra and distances beyond plain products."""

from __future__ import annotations

from shapecheck.dims import UNKNOWN as UNKNOWN_DIM
from shapecheck.dims import Dim, Truth, largest, lower, number, sub
from shapecheck.ops import dtypes
from shapecheck.ops.axes import axis, inserted, rank_of, removed
from shapecheck.ops.call import Call
from shapecheck.ops.elementwise import joined
from shapecheck.ops.matmul import unequal_vectors
from shapecheck.ops.reduction import folded
from shapecheck.ops.values import Spec, Unclear, as_dim, as_int, is_tensor, listed
from shapecheck.shapes import Conflict, Shape, broadcast, compare


def smaller(a: Dim, b: Dim) -> Dim:
    """The smaller of two sizes."""
    if a.value is not None and b.value is not None:
        return a if a.value <= b.value else b
    if a.expr is None or b.expr is None:
        return UNKNOWN_DIM
    if lower(sub(b.expr, a.expr)) >= 0:
        return a
    return b if lower(sub(a.expr, b.expr)) >= 0 else UNKNOWN_DIM


def cdist(call: Call) -> Spec:
    """``cdist(x1, x2)``: (..., P, M), (..., R, M) to (..., P, R)."""
    first, second = call.shape("x1"), call.shape("x2")
    for name, shape in (("X1", first), ("X2", second)):
        if shape.rank is not None and shape.rank < 2:
            words = f"cdist only supports at least 2D tensors, {name} got: {shape.rank}D"
            raise call.clash("rank", words, left=number(shape.rank), right=number(2), left_name=name.lower())
    have, want = first.dim(-1), second.dim(-1)
    if have.compare(want) is Truth.DIFFERENT:
        words = f"X1 and X2 must have the same number of columns. X1: {have} X2: {want}"
        raise call.clash("inner", words, left=have, right=want, left_name="x1", right_name="x2")
    if first.rank is None or second.rank is None:
        return Spec(Shape((first.dim(-2), second.dim(-2)), 0), call.tensor("x1").dtype)
    batch = broadcast(Shape(first.dims[:-2]), Shape(second.dims[:-2]))
    if isinstance(batch, Conflict):
        raise call.clash(
            "broadcast",
            batch.message,
            left=batch.left,
            right=batch.right,
            left_name="x1",
            right_name="x2",
            axis=batch.axis,
        )
    return Spec(Shape((*batch.dims, first.dims[-2], second.dims[-2])), call.tensor("x1").dtype)


def cosine_similarity(call: Call) -> Spec:
    """``cosine_similarity(x1, x2, dim)``: broadcast, one axis measured."""
    shape = joined(call, ["x1", "x2"])
    return Spec(removed(shape, [axis(shape, call["dim"])]) if shape.rank != 0 else shape, call.tensor("x1").dtype)


def pairwise_distance(call: Call) -> Spec:
    """``pairwise_distance(x1, x2)``: broadcast, the last axis measured."""
    shape = joined(call, ["x1", "x2"])
    if call.flag("keepdim"):
        return Spec(shape.replaced(-1, number(1)), call.tensor("x1").dtype)
    return Spec(removed(shape, [-1]) if shape.dims else shape, call.tensor("x1").dtype)


def pdist(call: Call) -> Spec:
    """``pdist(input)``: (N, M) to (N * (N - 1) / 2,)."""
    shape = call.shape()
    if shape.rank is not None and shape.rank != 2:
        words = f"pdist only supports 2D tensors, got: {shape.rank}D"
        raise call.clash("rank", words, left=number(shape.rank), right=number(2))
    rows = shape.dim(0)
    pairs = rows * (rows - number(1)) // number(2) if rows.known else UNKNOWN_DIM
    return call.out(Shape((pairs,)))


def diag(call: Call) -> Spec:
    """``diag``: a vector to a matrix, a matrix to its diagonal."""
    shape, offset = call.shape(), call.integer("diagonal")
    rank = rank_of(shape)
    if rank == 1:
        side = shape.dims[0] + number(abs(offset))
        return call.out(Shape((side, side)))
    if rank != 2:
        words = f"diag(): Supports 1D or 2D tensors. Got {rank}D"
        raise call.clash("rank", words, left=number(rank), right=number(2))
    return call.out(Shape((_diagonal(shape.dims[0], shape.dims[1], offset),)))


def _diagonal(rows: Dim, columns: Dim, offset: int) -> Dim:
    shift = number(abs(offset))
    short = smaller(rows, columns - shift) if offset >= 0 else smaller(rows - shift, columns)
    return largest(short, number(0)) if short.known else short


def diagonal(call: Call) -> Spec:
    """``diagonal(offset, dim1, dim2)``: two axes taken out, their diagonal at the end."""
    shape, offset = call.shape(), call.integer("offset")
    rank_of(shape)
    first, second = axis(shape, call["dim1"], "dim1"), axis(shape, call["dim2"], "dim2")
    if first == second:
        words = f"diagonal dimensions cannot be identical {call['dim1']}, {call['dim2']}"
        raise call.clash("axis", words, right_name="dim1")
    size = _diagonal(shape.dims[first], shape.dims[second], offset)
    return call.out(Shape((*removed(shape, [first, second]).dims, size)))


def diag_embed(call: Call) -> Spec:
    """``diag_embed(offset, dim1, dim2)``: the last axis along a new diagonal."""
    shape, offset = call.shape(), call.integer("offset")
    rank = rank_of(shape)
    if rank == 0:
        raise Unclear("an input without axes")
    first, second = (axis(shape, call[name], name, extra=1) for name in ("dim1", "dim2"))
    if first == second:
        raise call.clash(
            "axis", f"diagonal dimensions cannot be identical {call['dim1']}, {call['dim2']}", right_name="dim1"
        )
    side = shape.dims[-1] + number(abs(offset))
    rest = Shape(shape.dims[:-1])
    for at in sorted((first, second)):
        rest = inserted(rest, at, side)
    return call.out(rest)


def triangular(call: Call) -> Spec:
    """``tril`` and ``triu``: the same shape, of at least two axes."""
    shape = call.shape()
    if shape.rank is not None and shape.rank < 2:
        words = f"{call.name}: input tensor must have at least 2 dimensions"
        raise call.clash("rank", words, left=number(shape.rank), right=number(2))
    return call.out(shape)


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
    vector = b.rank == 1 or (
        len(b.dims) == len(a.dims) - 1
        and all(x.compare(y) is Truth.EQUAL for x, y in zip(b.dims, a.dims, strict=False))
    )
    at = -1 if vector else -2
    have, want = b.dims[at], a.dims[-1]
    if have.compare(want) is Truth.DIFFERENT:
        words = f"linalg.solve: Incompatible shapes of A and B for the equation AX = B (got A: {want}x{want} and B: {have}x{b.dims[-1]})"
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
        words = f"linalg.cross: inputs must have the same number of dimensions."
        raise call.clash("rank", words, right_name="other")
    if call["dim"] is None:
        return call.out(shape)
    at = axis(shape, call["dim"])
    for name in ("input", "other"):
        size = call.shape(name).dim(at)
        if size.value is not None and size.value != 3:
            words = f"linalg.cross: inputs dimension {call['dim']} must have length 3. Got {call.shape().dim(at)} and {call.shape('other').dim(at)}"
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


def covariance(call: Call) -> Spec:
    """``cov`` and ``corrcoef``: (variables, observations) to (variables, variables)."""
    shape = call.shape()
    if shape.rank is not None and shape.rank > 2:
        words = f"{call.name}(): expected input to have two or fewer dimensions but got an input with {shape.rank} dimensions"
        raise call.clash("rank", words, left=number(shape.rank), right=number(2))
    if rank_of(shape) < 2 or shape.dims[0].value == 1:
        return call.out(Shape(()))
    if shape.dims[0].value is None:
        raise Unclear("a single variable gives a number")
    return call.out(Shape((shape.dims[0], shape.dims[0])))


def trace(call: Call) -> Spec:
    """``trace(input)`` of a matrix."""
    shape = call.shape()
    if shape.rank is not None and shape.rank != 2:
        raise call.clash(
            "rank", "trace: expected a matrix, but got tensor with dim " + str(shape.rank), left=number(shape.rank)
        )
    return call.out(Shape(()))


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


def addmm(call: Call) -> Spec:
    """``addmm(input, mat1, mat2)``, ``addmv``, ``addbmm``: a product, the input broadcast onto it."""
    first, second = {"addmm": ("mat1", "mat2"), "baddbmm": ("batch1", "batch2"), "addmv": ("mat", "vec")}[call.name]
    a, b = call.shape(first), call.shape(second)
    ranks = {"addmm": (2, 2), "baddbmm": (3, 3), "addmv": (2, 1)}[call.name]
    for name, shape, rank in ((first, a, ranks[0]), (second, b, ranks[1])):
        if rank_of(shape) != rank:
            words = (
                f"{name} must be a matrix, got {shape.rank}-D tensor"
                if rank == 2
                else f"{name} must be a {rank}D tensor"
            )
            raise call.clash("rank", words, left=number(len(shape.dims)), right=number(rank), left_name=name)
    inner = b.dims[0] if call.name == "addmv" else b.dims[-2]
    if a.dims[-1].compare(inner) is Truth.DIFFERENT or (
        len(a.dims) == 3 and a.dims[0].compare(b.dims[0]) is Truth.DIFFERENT
    ):
        words = f"mat1 and mat2 shapes cannot be multiplied ({a.dims[-2]}x{a.dims[-1]} and {inner}x{b.dims[-1]})"
        if call.name == "baddbmm":
            words = f"Expected size for first two dimensions of batch2 tensor to be: [{a.dims[0]}, {a.dims[2]}] but got: [{b.dims[0]}, {b.dims[1]}]."
        if call.name == "addmv":
            words = (
                f"size mismatch, got input ({call.shape().numel}), mat ({listed(a).replace(', ', 'x')}), vec ({inner})"
            )
        raise call.clash("inner", words, left=a.dims[-1], right=inner, left_name=first, right_name=second)
    out = Shape(a.dims[:-1] if call.name == "addmv" else (*a.dims[:-1], b.dims[-1]))
    shape = call.shape()
    whole = broadcast(out, shape)
    if isinstance(whole, Conflict) or compare(whole, out) is Truth.DIFFERENT:
        pairs = [
            (want, have, len(out.dims) - back)
            for back, (want, have) in enumerate(zip(out.dims[::-1], shape.dims[::-1], strict=False), 1)
        ]
        left, right, at = next(
            (pair for pair in pairs if pair[0].compare(pair[1]) is Truth.DIFFERENT), (None, None, None)
        )
        words = (
            f"The expanded size of the tensor ({left}) must match the existing size ({right}) at non-singleton dimension {at}.  "
            f"Target sizes: [{listed(out)}].  Tensor sizes: [{listed(shape)}]"
        )
        raise call.clash("broadcast", words, left=right, right=left, right_name=first)
    return call.out(out)


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
    for at, (left, right) in enumerate(zip(shapes, shapes[1:], strict=False)):
        if left.dims[-1].compare(right.dims[0]) is Truth.DIFFERENT:
            words = f"multi_dot(): tensors {at} and {at + 1} with shapes [{listed(left)}] and [{listed(right)}] cannot be multiplied"
            raise call.clash(
                "inner",
                words,
                left=left.dims[-1],
                right=right.dims[0],
                left_name=f"tensors[{at}]",
                right_name=f"tensors[{at + 1}]",
            )
    return Spec(Shape((*head, *tail)), call.tensors("tensors")[0].dtype)


def eigenvalues_complex(call: Call) -> Spec:
    """``linalg.eigvals``: complex."""
    dtype = {"float32": "complex64", "float64": "complex128"}.get(call.tensor("A").dtype or "", call.tensor("A").dtype)
    return Spec(eigh(call)[0].shape, dtype)


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


def pinv(call: Call) -> Spec:
    """``linalg.pinv(A)``: the last two axes exchanged."""
    shape = _matrices(call, "A")
    return Spec(shape.replaced(-2, shape.dim(-1)).replaced(-1, shape.dim(-2)), call.tensor("A").dtype)
