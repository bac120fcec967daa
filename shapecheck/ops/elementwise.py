"""Operators that work element by element, broadcasting their operands."""

from __future__ import annotations

from shapecheck.dims import Truth, number
from shapecheck.ops import dtypes
from shapecheck.ops.call import Call, holds_tensors
from shapecheck.ops.values import UNKNOWN, Result, Spec, Unclear, as_dim, is_tensor, listed
from shapecheck.shapes import Conflict, Shape, broadcast, compare

_SCALAR_PARAMETERS = frozenset(("dtype", "out", "alpha", "rounding_mode", "generator", "inplace"))


def same(call: Call) -> Spec:
    """The shape of the input."""
    return call.out(call.shape(call.entry.operands[0]))


def unchanged(call: Call) -> Result:
    """The input itself, or nothing known of it."""
    return Result(call.args[call.entry.operands[0]])


def broadcasted(call: Call) -> Spec:
    """All operands broadcast against each other; numbers count as tensors without axes."""
    names = [
        key
        for key, value in call.args.items()
        if key not in _SCALAR_PARAMETERS and (is_tensor(value) or value is UNKNOWN)
    ]
    for key, value in call.args.items():
        if holds_tensors(value):
            words = f"unsupported operand type(s) for {call.name}: 'Tensor' and 'tuple'"
            raise call.clash("tuple", words, left_name=key)
    if not names:
        return call.out(Shape(()))
    return call.out(joined(call, names))


def divided(call: Call) -> Spec:
    """A quotient is a float, unless it is rounded: then it keeps the operands' type."""
    exact = broadcasted(call)
    rounding = call["rounding_mode"]
    if rounding is None:
        return exact
    return Spec(exact.shape, None if rounding is UNKNOWN else dtypes.promote([call["input"], call["other"]]))


def joined(call: Call, names: list[str]) -> Shape:
    """The shape that the named operands broadcast to; Clash with the two names that disagree."""
    out, first = call.shape(names[0]), names[0]
    for name in names[1:]:
        found = broadcast(out, call.shape(name))
        if isinstance(found, Conflict):
            raise call.clash(
                found.kind,
                found.message,
                left=found.left,
                right=found.right,
                left_name=first,
                right_name=name,
                axis=found.axis,
            )
        out = found
    return out


def where(call: Call) -> Spec:
    """``where(condition, input, other)``; with a condition alone it gives as many rows as are true."""
    if call["input"] is None:
        raise Unclear("the number of true elements is not known")
    return call.out(
        joined(call, [key for key in ("condition", "input", "other") if is_tensor(call[key]) or call[key] is UNKNOWN])
    )


def into_input(call: Call) -> Spec:
    """Operands are broadcast to the input's shape (``masked_fill``, in-place forms)."""
    onto(call, joined(call, [key for key, value in call.args.items() if is_tensor(value)]))
    return call.out(call.shape())


def onto(call: Call, out: Shape) -> None:
    """The broadcast shape must be the input's own, where the result is written into the input."""
    shape = call.shape()
    if compare(out, shape) is not Truth.DIFFERENT:
        return
    words = f"output with shape [{listed(shape)}] doesn't match the broadcast shape [{listed(out)}]"
    pairs = [
        (have, want, -back) for back, (have, want) in enumerate(zip(shape.dims[::-1], out.dims[::-1], strict=False), 1)
    ]
    left, right, axis = next(
        (pair for pair in pairs if pair[0].compare(pair[1]) is Truth.DIFFERENT), (None, None, None)
    )
    raise call.clash("broadcast", words, left=left, right=right, axis=axis)


def dropout1d(call: Call) -> Spec:
    """``Dropout1d``: (batch, channels, length) or (channels, length), in training and evaluation."""
    rank = call.shape().rank
    if rank is not None and rank not in (2, 3):
        words = (
            f"dropout1d: Expected 2D or 3D input, but received a {rank}D input. Note that dropout1d exists to "
            "provide channel-wise "
            "dropout on inputs with 1 spatial dimension, a channel dimension, and an optional batch dimension "
            "(i.e. 2D or 3D inputs)."
        )
        raise call.clash("rank", words, left=number(rank), right=number(3))
    return call.out(call.shape())


def like_input(call: Call) -> Spec:
    """The shape of ``input``, which is not the first operand."""
    return call.out(call.shape())


def like_elements(call: Call) -> Spec:
    """``isin(elements, test_elements)``: the shape of the elements."""
    return call.out(call.shape("elements"))


def complex(call: Call) -> Spec:
    """``complex(real, imag)`` and ``polar(abs, angle)``: two real tensors to a complex one."""
    first, second = call.entry.operands[:2]
    known = call.tensor(first).dtype
    dtype = {"float32": "complex64", "float64": "complex128"}.get(known or "", None if known is None else "complex")
    return Spec(joined(call, [first, second]), dtype)


def prelu(call: Call) -> Spec:
    """``PReLU(num_parameters)`` and ``prelu(input, weight)``: one slope, or one for each channel (axis 1)."""
    shape = call.shape()
    slopes = as_dim(call["num_parameters"]) if "num_parameters" in call.args else call.shape("weight").numel
    name = "num_parameters" if "num_parameters" in call.args else "weight"
    if "weight" in call.args and (call.shape("weight").rank or 0) > 1:
        words = f"prelu: Expected `weight` to be a scalar or 1D tensor, but got: ndim = {call.shape('weight').rank}"
        raise call.clash("rank", words, left_name="weight")
    if shape.rank is None or slopes.value in (1, None):
        return call.out(shape)
    if shape.rank == 0:
        raise call.clash("rank", "Not allow zero-dim input tensor.")
    channels = shape.dims[1] if shape.rank > 1 else number(1)
    if channels.compare(slopes) is Truth.DIFFERENT:
        words = (
            "Mismatch of parameter numbers and input channel size. "
            f"Found parameter numbers = {slopes} and channel size = {channels}."
        )
        raise call.clash("channels", words, left=channels, right=slopes, right_name=name, axis=1)
    return call.out(shape)


def fans(call: Call) -> Spec:
    """``xavier_uniform_`` and its like: weights of at least two axes."""
    shape = call.shape("tensor")
    if shape.rank is not None and shape.rank < 2:
        words = "Fan in and fan out can not be computed for tensor with fewer than 2 dimensions"
        if call.name == "orthogonal_":
            words = "Only tensors with 2 or more dimensions are supported"
        raise call.clash("rank", words, left=number(shape.rank), right=number(2), left_name="tensor")
    return call.out(shape)
