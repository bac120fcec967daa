"""``einsum``: axes by letter, and contractions along chosen axes."""

from __future__ import annotations

from shapecheck.dims import Dim, Truth, number
from shapecheck.ops import dtypes
from shapecheck.ops.axes import axes
from shapecheck.ops.call import Call
from shapecheck.ops.values import UNKNOWN, Operand, Spec, Unclear, as_int, is_tensor
from shapecheck.shapes import ANY, Conflict, Shape, broadcast


def einsum(call: Call) -> Spec:
    """``einsum(equation, *operands)``; ``...`` broadcasts, a repeated letter takes a diagonal."""
    equation = call["equation"]
    if not isinstance(equation, str):
        raise Unclear("the equation is not known")
    operands = call.tensors("operands")
    left, arrow, right = equation.replace(" ", "").partition("->")
    terms = left.split(",")
    if len(terms) != len(operands):
        raise _wrong_count(call, terms, operands)
    sizes: dict[str, tuple[Dim, int]] = {}
    ellipsis = Shape(())
    for at, (term, operand) in enumerate(zip(terms, operands, strict=True)):
        rest = _bound(call, term, operand.shape, at, sizes)
        joined = broadcast(ellipsis, rest)
        if isinstance(joined, Conflict):
            words = f"einsum(): operands do not broadcast with remapped shapes [original->remapped]: {joined.message}"
            raise call.clash(
                "broadcast", words, left=joined.left, right=joined.right, left_name="operands", right_name="operands"
            )
        ellipsis = joined
    if not arrow:
        letters = left.replace(",", "").replace("...", "")
        right = ("..." if "..." in left else "") + "".join(sorted(c for c in set(letters) if letters.count(c) == 1))
    return Spec(_output(call, right, sizes, ellipsis), dtypes.promote(operands))


def _wrong_count(call: Call, terms: list[str], operands: list[Operand]) -> Exception:
    amount = "more" if len(operands) > len(terms) else "fewer"
    words = f"einsum(): {amount} operands were provided than specified in the equation"
    return call.clash(
        "parameter",
        words,
        left=number(len(operands)),
        right=number(len(terms)),
        left_name="operands",
        right_name="equation",
    )


def _bound(call: Call, term: str, shape: Shape, at: int, sizes: dict[str, tuple[Dim, int]]) -> Shape:
    """Bind the letters of one operand; the axes under its ellipsis."""
    before, dots, after = term.partition("...")
    count = len(before) + len(after)
    if shape.rank is not None and (shape.rank < count or (not dots and shape.rank != count)):
        words = f"einsum(): the number of subscripts in the equation ({count}) "
        if dots:
            words += f"is more than the number of dimensions ({shape.rank}) for operand {at}"
        else:
            words += (
                f"does not match the number of dimensions ({shape.rank}) for operand {at} and no ellipsis was given"
            )
        raise call.clash(
            "rank",
            words,
            left=number(shape.rank),
            right=number(count),
            left_name=f"operands[{at}]",
            right_name="equation",
        )
    for place, letter in enumerate(before):
        known = shape.rank is not None or place < (shape.open_at or 0)
        _bind(call, letter, shape.dim(place if known else place - count), at, place, sizes)
    for place, letter in enumerate(after):
        _bind(call, letter, shape.dim(place - len(after)), at, place, sizes)
    if not dots:
        return Shape(())
    if shape.open_at is None:
        return Shape(shape.dims[len(before) : len(shape.dims) - len(after)])
    if len(before) > shape.open_at or len(after) > len(shape.dims) - shape.open_at:
        return ANY
    return Shape(shape.dims[len(before) : len(shape.dims) - len(after)], shape.open_at - len(before))


def _bind(call: Call, letter: str, dim: Dim, at: int, place: int, sizes: dict[str, tuple[Dim, int]]) -> None:
    if letter not in sizes:
        sizes[letter] = (dim, at)
        return
    known, first = sizes[letter]
    if first == at and known.compare(dim) is Truth.DIFFERENT:
        words = f"einsum(): subscript {letter} is repeated for operand {at} but the sizes don't match, {dim} != {known}"
        raise call.clash("inner", words, left=dim, right=known, left_name=f"operands[{at}]", axis=place)
    if known.compare(dim) is Truth.DIFFERENT and 1 not in (known.value, dim.value):
        words = (
            f"einsum(): subscript {letter} has size {dim} for operand {at} which does not broadcast with "
            f"previously seen size {known}"
        )
        raise call.clash(
            "inner",
            words,
            left=dim,
            right=known,
            left_name=f"operands[{at}]",
            right_name=f"operands[{first}]",
            axis=place,
        )
    if not known.known or known.value == 1:
        sizes[letter] = (dim, at)


def _output(call: Call, right: str, sizes: dict[str, tuple[Dim, int]], ellipsis: Shape) -> Shape:
    before, dots, after = right.partition("...")
    for letter in before + after:
        if letter not in sizes:
            words = f"einsum(): output subscript {letter} does not appear in the equation for any input operand"
            raise call.clash("parameter", words, left_name="equation")
    head = [sizes[letter][0] for letter in before]
    tail = [sizes[letter][0] for letter in after]
    if not dots:
        return Shape((*head, *tail))
    open_at = None if ellipsis.open_at is None else len(head) + ellipsis.open_at
    return Shape((*head, *ellipsis.dims, *tail), open_at)


def tensordot(call: Call) -> Spec:
    """``tensordot(a, b, dims)``: the last axes of ``a`` with the first of ``b``, or chosen ones."""
    left, right = call.shape("a"), call.shape("b")
    if left.rank is None or right.rank is None:
        raise Unclear("the number of axes is not known")
    first, second = _contracted(call, left, right)
    for a, b in zip(first, second, strict=True):
        have, want = left.dims[a], right.dims[b]
        if have.compare(want) is Truth.DIFFERENT and 1 not in (have.value, want.value):
            words = (
                f"contracted dimensions need to match, but first has size {have} in dim {a} and second has "
                f"size {want} in dim {b}"
            )
            raise call.clash("inner", words, left=have, right=want, left_name="a", right_name="b", axis=a)
    kept = [dim for at, dim in enumerate(left.dims) if at not in first]
    kept += [dim for at, dim in enumerate(right.dims) if at not in second]
    return Spec(Shape(tuple(kept)), call.tensor("a").dtype)


def _contracted(call: Call, left: Shape, right: Shape) -> tuple[list[int], list[int]]:
    dims = call["dims"]
    if dims is UNKNOWN or is_tensor(dims):
        raise Unclear("dims is not known")
    count = as_int(dims)
    if count is not None:
        if count < 0:
            raise call.clash("parameter", f"tensordot expects dims >= 0, but got dims={count}", left_name="dims")
        if count > min(len(left.dims), len(right.dims)):
            words = f"tensordot expects dims < ndim_a or ndim_b, but got dims={count}"
            raise call.clash("rank", words, left_name="a", right_name="dims")
        return list(range(len(left.dims) - count, len(left.dims))), list(range(count))
    first, second = axes(left, dims[0], "dims"), axes(right, dims[1], "dims")
    if len(first) != len(second):
        words = "both dimension lists should have same length"
        raise call.clash("parameter", words, left_name="dims")
    return first, second
