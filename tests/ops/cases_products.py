"""Cases for products, linear algebra, einsum, einops and Fourier transforms."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.ops.harness import Case, T
from tests.ops.strategies import Draw, axis, bent, broadcastable, chance, op, pick, rule, shape, size


@op("torch.nn.Linear", "torch.nn.functional.linear")
def _linear(draw: Draw, name: str) -> Case:
    wide, out = size(draw), size(draw)
    operand = T(
        bent(draw, (*shape(draw, 0, 3), wide)), pick(draw, *["float32"] * 5, "int64") if "Linear" in name else "float32"
    )
    if "Linear" in name:
        return Case(name, (operand,), init=(wide, out), init_kwargs={"bias": pick(draw, True, False)})
    return Case(name, (operand, T((out, wide))), {"bias": T((out,))} if chance(draw, 2) else {})


@op("torch.matmul", examples=100)
def _matmul(draw: Draw, name: str) -> Case:
    n, m, p = size(draw), size(draw), size(draw)
    batch = shape(draw, 0, 2)
    left = pick(draw, (m,), (n, m), (*batch, n, m))
    right = pick(draw, (m,), (m, p), (*broadcastable(draw, batch), m, p))
    return Case(name, (T(bent(draw, left)), T(bent(draw, right))))


@op("torch.bmm")
def _bmm(draw: Draw, name: str) -> Case:
    b, n, m, p = (size(draw) for _ in range(4))
    return Case(name, (T(bent(draw, (b, n, m))), T(bent(draw, (b, m, p)))))


@op("torch.mm")
def _mm(draw: Draw, name: str) -> Case:
    n, m, p = (size(draw) for _ in range(3))
    return Case(name, (T(bent(draw, (n, m))), T(bent(draw, (m, p)))))


@op("torch.mv")
def _mv(draw: Draw, name: str) -> Case:
    n, m = size(draw), size(draw)
    return Case(name, (T(bent(draw, (n, m))), T(bent(draw, (m,)))))


@op("torch.dot")
def _dot(draw: Draw, name: str) -> Case:
    n = size(draw)
    return Case(name, (T(bent(draw, (n,))), T(bent(draw, (n,)))))


@op("torch.outer")
def _outer(draw: Draw, name: str) -> Case:
    return Case(name, (T(bent(draw, (size(draw),))), T(bent(draw, (size(draw),)))))


@rule("addmm")
def _addmm(draw: Draw, name: str) -> Case:
    b, n, m, p = (size(draw) for _ in range(4))
    left, right, out = {
        "addmm": ((n, m), (m, p), (n, p)),
        "addmv": ((n, m), (m,), (n,)),
        "baddbmm": ((b, n, m), (b, m, p), (b, n, p)),
    }[name[6:]]
    return Case(name, (T(broadcastable(draw, out)), T(bent(draw, left, 6)), T(bent(draw, right, 6))))


@rule("cdist")
def _cdist(draw: Draw, name: str) -> Case:
    width, batch = size(draw), shape(draw, 0, 2)
    return Case(
        name,
        (T(bent(draw, (*batch, size(draw), width))), T(bent(draw, (*broadcastable(draw, batch), size(draw), width)))),
    )


@rule("cosine_similarity")
def _cosine(draw: Draw, name: str) -> Case:
    first = shape(draw, 1)
    dim = axis(draw, len(first))
    operands = (T(first), T(broadcastable(draw, first)))
    return Case(name, operands, init_kwargs={"dim": dim}) if "Cosine" in name else Case(name, operands, {"dim": dim})


@rule("pairwise_distance")
def _pairwise(draw: Draw, name: str) -> Case:
    first = shape(draw, 1)
    keep = {"keepdim": pick(draw, True, False)}
    operands = (T(first), T(broadcastable(draw, first)))
    return Case(name, operands, init_kwargs=keep) if "Pairwise" in name else Case(name, operands, keep)


@rule("pdist", "trace", "diag", "triangular", "covariance", "pinv", "singular_values")
def _matrixlike(draw: Draw, name: str) -> Case:
    return Case(name, (T(shape(draw, 0 if chance(draw, 6) else 2, 3 if chance(draw, 2) else 2)),))


@op("torch.diag")
def _diag(draw: Draw, name: str) -> Case:
    return Case(name, (T(shape(draw, 1, 3)), draw(st.integers(-2, 2))))


@op("torch.diagonal")
def _diagonal(draw: Draw, name: str) -> Case:
    first = shape(draw, 2)
    return Case(name, (T(first), draw(st.integers(-2, 2)), axis(draw, len(first)), axis(draw, len(first))))


@op("torch.diag_embed")
def _diag_embed(draw: Draw, name: str) -> Case:
    first = shape(draw, 1)
    return Case(name, (T(first), draw(st.integers(-2, 2)), axis(draw, len(first) + 1), axis(draw, len(first) + 1)))


@rule("square", "determinant", "slogdet", "eigh", "eigenvalues", "eigenvalues_complex", lenient=True)
def _square(draw: Draw, name: str) -> Case:
    side = size(draw)
    first = bent(draw, (*shape(draw, 0, 2), side, side), 3)
    return Case(name, (T(first), 2) if name.endswith("matrix_power") else (T(first),))


@rule("svd", "qr")
def _svd(draw: Draw, name: str) -> Case:
    kwargs: dict[str, Any] = {}
    if name == "torch.linalg.svd":
        kwargs = {"full_matrices": pick(draw, True, False)}
    elif name == "torch.linalg.qr":
        kwargs = {"mode": pick(draw, "reduced", "complete", "r")}
    elif name == "torch.svd":
        kwargs = {"some": pick(draw, True, False)}
    return Case(name, (T(shape(draw, 1 if chance(draw, 6) else 2, 4)),), kwargs)


@rule("solve", lenient=True)
def _solve(draw: Draw, name: str) -> Case:
    side, batch = size(draw), shape(draw, 0, 1)
    right = pick(draw, (side,), (side, size(draw)), (*batch, side, size(draw)))
    return Case(name, (T((*batch, side, side)), T(bent(draw, right))))


@rule("matrix_norm")
def _matrix_norm(draw: Draw, name: str) -> Case:
    return Case(name, (T(shape(draw, 2)),), {"keepdim": pick(draw, True, False)})


@rule("vector_norm")
def _vector_norm(draw: Draw, name: str) -> Case:
    first = shape(draw)
    return Case(
        name,
        (T(first),),
        {"dim": axis(draw, len(first)), "keepdim": pick(draw, True, False)} if chance(draw, 2) else {},
    )


@op("torch.cross", "torch.linalg.cross")
def _cross(draw: Draw, name: str) -> Case:
    first = (*shape(draw, 0, 2), 3)
    return Case(name, (T(first), T(broadcastable(draw, first) if chance(draw, 2) else first)), {"dim": -1})


@rule("kron")
def _kron(draw: Draw, name: str) -> Case:
    return Case(name, (T(shape(draw, 0, 3)), T(shape(draw, 0, 3))))


@rule("vecdot")
def _vecdot(draw: Draw, name: str) -> Case:
    first = shape(draw, 1)
    return Case(name, (T(first), T(broadcastable(draw, first))), {"dim": axis(draw, len(first))})


@rule("multi_dot")
def _multi_dot(draw: Draw, name: str) -> Case:
    a, b, c = size(draw), size(draw), size(draw)
    return Case(name, ([T((a, b)), T(bent(draw, (b, c), 8)), T(pick(draw, (c,), (c, 2)))],))


@rule("searched")
def _searched(draw: Draw, name: str) -> Case:
    values, boundaries = T(shape(draw)), T((size(draw),))
    return Case(name, (values, boundaries) if name == "torch.bucketize" else (boundaries, values))


@rule("counted")
def _counted(draw: Draw, name: str) -> Case:
    return Case(name, (T(shape(draw, 1, 2), "int64"),) if name == "torch.bincount" else (T(shape(draw)), size(draw)))


@rule("unique", lenient=True)
def _unique(draw: Draw, name: str) -> Case:
    first = shape(draw, 1)
    kwargs: dict[str, Any] = {"return_inverse": pick(draw, True, False), "return_counts": pick(draw, True, False)}
    return Case(name, (T(first),), {**kwargs, "dim": axis(draw, len(first))} if chance(draw, 2) else kwargs)


@rule("quantile")
def _quantile(draw: Draw, name: str) -> Case:
    first = shape(draw)
    q: Any = 0.5 if chance(draw, 2) else T(shape(draw, 0, 1))
    return Case(
        name,
        (T(first), q),
        {"dim": axis(draw, len(first)), "keepdim": pick(draw, True, False)} if chance(draw, 2) else {},
    )


@rule("differences")
def _diff(draw: Draw, name: str) -> Case:
    first = shape(draw)
    return Case(name, (T(first),), {"n": size(draw, 1, 2), "dim": axis(draw, len(first))})


@rule("window_view")
def _unfold(draw: Draw, name: str) -> Case:
    first = shape(draw)
    return Case(name, (T(first), axis(draw, len(first)), size(draw, 1, 4), size(draw, 1, 3)))


# Axes by letter


@op("torch.einsum", examples=100)
def _einsum(draw: Draw, name: str) -> Case:
    sizes = {letter: size(draw) for letter in "bijkd"}
    equation = pick(
        draw,
        "bid,bjd->bij",
        "ij,jk->ik",
        "ij,jk",
        "bij->bji",
        "ii->i",
        "...ij,...jk->...ik",
        "bhid,bhjd->bhij",
        "i,j->ij",
        "bid,d->bi",
        "ij->",
    )
    sizes["h"] = size(draw)
    operands = []
    for term in equation.split("->")[0].split(","):
        first = tuple(sizes[letter] for letter in term.replace("...", ""))
        operands.append(T(bent(draw, (2, *first) if "..." in term and chance(draw, 2) else first, 6)))
    if chance(draw, 12):
        operands.append(operands[0])
    return Case(name, (equation, *operands) if chance(draw, 2) else (equation, operands))


@op("torch.tensordot")
def _tensordot(draw: Draw, name: str) -> Case:
    n, m, p, q = (size(draw) for _ in range(4))
    if chance(draw, 2):
        return Case(name, (T(bent(draw, (n, m, p))), T(bent(draw, (m, p, q)))), {"dims": pick(draw, 0, 1, 2, 3)})
    return Case(name, (T(bent(draw, (n, m, p))), T(bent(draw, (p, q, m)))), {"dims": ([1, 2], [2, 0])})


_PATTERNS = (
    ("b s h -> b h s", {}, 3),
    ("b s h -> (b s) h", {}, 3),
    ("b s (n d) -> b n s d", {"n": 2}, 3),
    ("b ... -> ... b", {}, 3),
    ("b c (h p) (w q) -> b (h w) (p q c)", {"p": 2, "q": 1}, 4),
    ("a b -> a 1 b", {}, 2),
)


@op("einops.rearrange", "einops.layers.torch.Rearrange")
def _rearrange(draw: Draw, name: str) -> Case:
    pattern, lengths, rank = pick(draw, *_PATTERNS)
    first = T(bent(draw, tuple(2 * size(draw, 1, 2) for _ in range(rank))))
    return (
        Case(name, (first,), init=(pattern,), init_kwargs=lengths)
        if "layers" in name
        else Case(name, (first, pattern), lengths)
    )


@op("einops.reduce", "einops.layers.torch.Reduce")
def _reduce(draw: Draw, name: str) -> Case:
    pattern, lengths, rank = pick(
        draw,
        ("b s h -> b h", {}, 3),
        ("b c (h p) -> b c h", {"p": 2}, 3),
        ("b ... -> b", {}, 3),
        ("b s h -> b 1 h", {}, 3),
    )
    first = T(bent(draw, tuple(2 * size(draw, 1, 2) for _ in range(rank))))
    if "layers" in name:
        return Case(name, (first,), init=(pattern, "mean"), init_kwargs=lengths)
    return Case(name, (first, pattern, "mean"), lengths)


@op("einops.repeat")
def _repeat(draw: Draw, name: str) -> Case:
    pattern, lengths, rank = pick(
        draw,
        ("h w -> h w c", {"c": 3}, 2),
        ("d -> b d", {"b": 2}, 1),
        ("h w -> (h n) w", {"n": 2}, 2),
        ("() n d -> b n d", {"b": 3}, 3),
    )
    sizes = tuple(size(draw) for _ in range(rank))
    return Case(name, (T(bent(draw, (1, *sizes[1:]) if "()" in pattern else sizes)), pattern), lengths)


@op("einops.einsum")
def _named_einsum(draw: Draw, name: str) -> Case:
    n, m, p = size(draw), size(draw), size(draw)
    return Case(name, (T((2, n, m)), T(bent(draw, (2, p, m))), "batch n dim, batch m dim -> batch n m"))


@op("einops.parse_shape")
def _parse_shape(draw: Draw, name: str) -> Case:
    return Case(name, (T(bent(draw, shape(draw, 3, 3))), "b _ h"))


@op("einops.pack", open_ended=True)
def _pack(draw: Draw, name: str) -> Case:
    b, d = size(draw), size(draw)
    return Case(name, ([T((b, *shape(draw, 0, 2), d)) for _ in range(2)], "b * d"))


@op("einops.unpack", open_ended=True)
def _unpack(draw: Draw, name: str) -> Case:
    b, d = size(draw), size(draw)
    return Case(name, (T((b, 7, d)), [(3,), (2, 2)], "b * d"))


# Fourier transforms


@rule("transform")
def _transform(draw: Draw, name: str) -> Case:
    first = shape(draw, 1)
    first = tuple(n + 1 for n in first)
    return Case(
        name, (T(first),), {"dim": axis(draw, len(first)), **({"n": size(draw, 2, 4)} if chance(draw, 2) else {})}
    )


@rule("transform_many")
def _many(draw: Draw, name: str) -> Case:
    return Case(name, (T(tuple(n + 1 for n in shape(draw, 2))),))


@rule("shifted", "part")
def _shifted(draw: Draw, name: str) -> Case:
    return Case(name, (T(shape(draw, 1), "complex64"),))


@rule("frequencies")
def _frequencies(draw: Draw, name: str) -> Case:
    return Case(name, (size(draw),))


@rule("stft")
def _stft(draw: Draw, name: str) -> Case:
    kwargs = {
        "return_complex": True,
        "center": pick(draw, True, False),
        **({"hop_length": 3} if chance(draw, 2) else {}),
    }
    return Case(
        name,
        (T((*shape(draw, 0, 1), size(draw, 20, 30))), pick(draw, 8, 9)),
        {**kwargs, "window": T((9,))} if False else kwargs,
    )


@rule("view_as_real")
def _as_real(draw: Draw, name: str) -> Case:
    return Case(name, (T(shape(draw), "complex64"),))


@rule("view_as_complex")
def _as_complex(draw: Draw, name: str) -> Case:
    return Case(name, (T(bent(draw, (*shape(draw, 0, 2), 2))),))


@op("torch.nn.LazyLinear")
def _lazy_linear(draw: Draw, name: str) -> Case:
    return Case(name, (T(shape(draw, 1)),), init=(size(draw),))


@rule("inner")
def _inner(draw: Draw, name: str) -> Case:
    width = size(draw)
    lead = shape(draw, 0, 0 if "vdot" in name else 2)
    return Case(name, (T(bent(draw, (*lead, width), 6)), T(bent(draw, (*shape(draw, 0, len(lead)), width), 6))))


@op("torch.addr", "torch.addbmm")
def _added(draw: Draw, name: str) -> Case:
    b, n, m, p = (size(draw) for _ in range(4))
    left, right = ((n,), (p,)) if name == "torch.addr" else ((b, n, m), (b, m, p))
    return Case(name, (T(broadcastable(draw, (n, p))), T(bent(draw, left, 6)), T(bent(draw, right, 6))))


@op("torch.chain_matmul")
def _chain(draw: Draw, name: str) -> Case:
    a, b, c = size(draw), size(draw), size(draw)
    return Case(name, (T((a, b)), T(bent(draw, (b, c), 4)), T((c, 2))))


@rule("trapezoid")
def _trapezoid(draw: Draw, name: str) -> Case:
    first = shape(draw, 1)
    return Case(name, (T(first),), {"dim": axis(draw, len(first))})


@rule("combinations", "vander")
def _combinations(draw: Draw, name: str) -> Case:
    return Case(name, (T(bent(draw, (size(draw),))), size(draw, 1, 3)))


@rule("histogram", examples=5)
def _histogram(draw: Draw, name: str) -> Case:
    return Case(name, (T(shape(draw, 1)), size(draw)))


@rule("gradient")
def _gradient(draw: Draw, name: str) -> Case:
    return Case(name, (T(tuple(n + 1 for n in shape(draw, 1))),))


@rule("diagflat")
def _diagflat(draw: Draw, name: str) -> Case:
    return Case(name, (T(shape(draw)), draw(st.integers(-2, 2))))


@rule("solve_triangular", "cholesky_solve", lenient=True)
def _solved(draw: Draw, name: str) -> Case:
    side = size(draw)
    square, right = T((*shape(draw, 0, 1), side, side)), T(bent(draw, (side, size(draw)), 4))
    return (
        Case(name, (right, square)) if name == "torch.cholesky_solve" else Case(name, (square, right), {"upper": True})
    )


@rule("matrix_number", "lu", lenient=True)
def _matrix_number(draw: Draw, name: str) -> Case:
    return Case(name, (T(shape(draw, 2)),))


@op("torch.linalg.lstsq", open_ended=True, lenient=True, examples=1)
def _lstsq(draw: Draw, name: str) -> Case:
    return Case(name, (T((3, 2)), T((3, 2))))
