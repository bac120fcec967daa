"""einops: ``rearrange``, ``reduce``, ``repeat``, ``einsum`` and the layers of these."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from shapecheck.algebra import divided
from shapecheck.dims import UNKNOWN as UNKNOWN_DIM
from shapecheck.dims import Dim, Truth, number
from shapecheck.ops import dtypes
from shapecheck.ops.call import Call
from shapecheck.ops.values import Operand, Result, Spec, Unclear, as_dim, is_tensor
from shapecheck.shapes import ANY, Shape

Group = tuple[str, ...]
_TOKEN = re.compile(r"\(([^)]*)\)|(\.\.\.)|([\w]+)")


@cache
def parse(side: str) -> tuple[Group, ...]:
    """One side of a pattern as groups of names; ``...`` stands alone.

    >>> parse("b (h w) c")
    (('b',), ('h', 'w'), ('c',))


    ``(...)`` is ``("...", "1")``: one axis, and not as many as the dots stand for.
    """
    return tuple(
        (*inner.replace("...", " ... ").split(), *(("1",) if inner.strip() == "..." else ()))
        if whole.startswith("(")
        else (dots or word,)
        for whole, inner, dots, word in (
            (m.group(0), m.group(1) or "", m.group(2), m.group(3)) for m in _TOKEN.finditer(side)
        )
    )


def rearrange(call: Call) -> Spec:
    """``rearrange(tensor, pattern, **sizes)``, ``reduce`` and ``repeat``, and their layers."""
    pattern = call["pattern"]
    if not isinstance(pattern, str):
        raise Unclear("the pattern is not known")
    operand = _operand(call)
    left, _, right = pattern.partition("->")
    sizes, ellipsis = _bound(call, parse(left), operand.shape, call["axes_lengths"])
    return Spec(_built(parse(right), sizes, ellipsis), _type(call, operand))


def _operand(call: Call) -> Operand:
    value = call[call.entry.operands[0]]
    if isinstance(value, (list, tuple)):
        shapes = [one.shape for one in value if is_tensor(one)]
        if not shapes or len(shapes) != len(value):
            raise Unclear("the tensors are not known")
        first = shapes[0]
        open_at = None if first.open_at is None else first.open_at + 1
        return Spec(Shape((number(len(shapes)), *first.dims), open_at), value[0].dtype)
    return call.tensor(call.entry.operands[0])


def _type(call: Call, operand: Operand) -> str | None:
    return operand.dtype


def _bound(
    call: Call, groups: tuple[Group, ...], shape: Shape, given: Mapping[str, Any]
) -> tuple[dict[str, Dim], Shape]:
    sizes = {name: as_dim(value) for name, value in given.items()}
    dots = next((at for at, group in enumerate(groups) if "..." in group), None)
    fixed = len(groups) - (dots is not None)
    if shape.rank is not None and (shape.rank < fixed or (dots is None and shape.rank != fixed)):
        raise _wrong_rank(call, shape, fixed, dots is not None)
    ellipsis = Shape(())
    for at, group in enumerate(groups):
        if at == dots:
            after = len(groups) - at - 1
            if shape.open_at is None:
                ellipsis = Shape(shape.dims[at : len(shape.dims) - after])
            elif at <= shape.open_at and after <= len(shape.dims) - shape.open_at:
                ellipsis = Shape(shape.dims[at : len(shape.dims) - after], shape.open_at - at)
            else:
                ellipsis = ANY
            continue
        place = at if dots is None or at < dots else at - len(groups)
        if shape.rank is None and dots is None and at >= (shape.open_at or 0):
            place = at - len(groups)
        _split(call, group, shape.dim(place), sizes, place)
    return sizes, ellipsis


def _wrong_rank(call: Call, shape: Shape, fixed: int, dots: bool) -> Exception:
    words = f"Wrong shape: expected {'>=' if dots else ''}{fixed} dims. Received {shape.rank}-dim tensor."
    return call.clash(
        "rank", words, left=number(len(shape.dims)), right=number(fixed), left_name="tensor", right_name="pattern"
    )


def _split(call: Call, group: Group, dim: Dim, sizes: dict[str, Dim], place: int) -> None:
    """Names of one axis: those with a size divide it, one without gets the rest."""
    open_names = [name for name in group if name not in sizes and not name.isdigit()]
    known = number(1)
    for name in group:
        if name.isdigit():
            known = known * number(int(name))
        elif name in sizes:
            known = known * sizes[name]
    if not open_names:
        if dim.compare(known) is Truth.DIFFERENT:
            words = f"Shape mismatch, {dim} != {known}"
            raise call.clash(
                "numel", words, left=dim, right=known, left_name="tensor", right_name="pattern", axis=place
            )
        return
    if len(open_names) > 1:
        for name in open_names:
            sizes[name] = UNKNOWN_DIM
        return
    if len(group) == 1:
        sizes[open_names[0]] = dim
        return
    if dim.expr is None or known.expr is None:
        sizes[open_names[0]] = UNKNOWN_DIM
        return
    exact = divided(dim.expr, known.expr)
    if exact is None and (dim % known).compare(number(0)) is Truth.DIFFERENT:
        words = f"Shape mismatch, can't divide axis of length {dim} in chunks of {known}"
        raise call.clash("numel", words, left=dim, right=known, left_name="tensor", right_name="pattern", axis=place)
    size = dim.value // known.value if dim.value is not None and known.value else None
    sizes[open_names[0]] = dim // known if exact is None else Dim(exact, size=size, origin=dim.origin)


def _built(groups: tuple[Group, ...], sizes: dict[str, Dim], ellipsis: Shape) -> Shape:
    dims: list[Dim] = []
    open_at = None
    for group in groups:
        if group == ("...",):
            if ellipsis.open_at is not None:
                open_at = len(dims) + ellipsis.open_at
            dims.extend(ellipsis.dims)
            continue
        total = number(1)
        for name in group:
            total = total * (
                ellipsis.numel
                if name == "..."
                else number(int(name))
                if name.isdigit()
                else sizes.get(name, UNKNOWN_DIM)
            )
        dims.append(total)
    return Shape(tuple(dims), open_at)


def einsum(call: Call) -> Spec:
    """``einops.einsum(*tensors, pattern)``: axes by whole words."""
    *operands, pattern = call["tensors_and_pattern"]
    if not isinstance(pattern, str):
        raise Unclear("the pattern is not known")
    left, _, right = pattern.partition("->")
    sizes: dict[str, Dim] = {}
    ellipsis = Shape(())
    for side, operand in zip(left.split(","), operands, strict=False):
        bound, rest = _bound(call, parse(side), operand.shape if is_tensor(operand) else ANY, {})
        for name, dim in bound.items():
            if (
                name in sizes
                and sizes[name].compare(dim) is Truth.DIFFERENT
                and 1 not in (sizes[name].value, dim.value)
            ):
                words = f"axis {name} has size {dim} where it had size {sizes[name]} before"
                raise call.clash("inner", words, left=dim, right=sizes[name], left_name="tensors", right_name="tensors")
            if name not in sizes or not sizes[name].known or sizes[name].value == 1:
                sizes[name] = dim
        ellipsis = rest if len(rest.dims) >= len(ellipsis.dims) else ellipsis
    return Spec(_built(parse(right), sizes, ellipsis), dtypes.promote([one for one in operands if is_tensor(one)]))


def parse_shape(call: Call) -> Result:
    """``parse_shape(x, pattern)``: sizes by name."""
    sizes, _ = _bound(call, parse(call["pattern"]), call.shape("x"), {})
    return Result({name: dim for name, dim in sizes.items() if name != "_"})


def pack(call: Call) -> tuple[Spec, object]:
    """``pack(tensors, pattern)``: joined along ``*``; the second result says how to unpack."""
    from shapecheck.ops.values import UNKNOWN

    operands = call.tensors("tensors")
    words = call["pattern"].split() if isinstance(call["pattern"], str) else []
    if "*" not in words or any(one.shape.rank is None for one in operands):
        return Spec(ANY, operands[0].dtype if operands else None), UNKNOWN
    before, after = words.index("*"), len(words) - words.index("*") - 1
    total: Dim | None = None
    packed: list[Any] = []
    for one in operands:
        middle = one.shape.dims[before : len(one.shape.dims) - after]
        packed.append(middle)
        count = Shape(middle).numel
        total = count if total is None else total + count
    first = operands[0].shape.dims
    shape = Shape((*first[:before], total or UNKNOWN_DIM, *first[len(first) - after :]))
    return Spec(shape, operands[0].dtype), packed


def unpack(call: Call) -> object:
    """``unpack(tensor, packed_shapes, pattern)``."""
    shapes, pattern = call["packed_shapes"], call["pattern"]
    shape = call.shape("tensor")
    if not isinstance(shapes, list) or not isinstance(pattern, str) or "*" not in pattern.split():
        raise Unclear("the packed shapes are not known")
    at = pattern.split().index("*")
    return [Spec(shape.replaced(at, *[as_dim(size) for size in one]), call.tensor("tensor").dtype) for one in shapes]
