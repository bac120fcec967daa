"""Attributes of tensors, moves between types and devices, and numbers taken out of tensors."""

from __future__ import annotations

from shapecheck.dims import Truth, number
from shapecheck.ops import dtypes
from shapecheck.ops.axes import axis
from shapecheck.ops.call import Call
from shapecheck.ops.elementwise import joined, onto
from shapecheck.ops.values import UNKNOWN, Result, Spec, Unclear, is_tensor


def size(call: Call) -> Result:
    """``size()``, ``shape``: the dims; ``size(dim)``: one of them."""
    shape = call.shape()
    dim = call.args.get("dim")
    if dim is not None:
        if shape.rank == 0:
            raise call.clash("axis", f"Dimension specified as {dim} but tensor has no dimensions", right_name="dim")
        return Result(shape.dim(axis(shape, dim)))
    if shape.rank is None:
        raise Unclear("the number of axes is not known")
    return Result(shape.dims)


def rank(call: Call) -> Result:
    """``dim()``, ``ndim``."""
    known = call.shape().rank
    return Result(UNKNOWN if known is None else known)


def numel(call: Call) -> Result:
    """``numel()``: the product of all sizes."""
    return Result(call.shape().numel)


def length(call: Call) -> Result:
    """``len(tensor)``."""
    if call.shape().rank == 0:
        raise call.clash("rank", "len() of a 0-d tensor")
    return Result(call.shape().dim(0))


def item(call: Call) -> Result:
    """``item()``: a Python number out of a tensor of one element."""
    count = call.shape().numel
    if count.compare(number(1)) is Truth.DIFFERENT:
        raise call.clash(
            "numel", f"a Tensor with {count} elements cannot be converted to Scalar", left=count, right=number(1)
        )
    return Result(UNKNOWN)


def truth(call: Call) -> Result:
    """``bool(tensor)``."""
    count = call.shape().numel
    if count.value is not None and count.value > 1:
        raise call.clash(
            "numel", "Boolean value of Tensor with more than one value is ambiguous", left=count, right=number(1)
        )
    return Result(UNKNOWN)


def nothing(call: Call) -> Result:
    """A call that gives None (``backward``)."""
    return Result(None)


def backward(call: Call) -> Result:
    """``backward()``: without a gradient only of a scalar."""
    count = call.shape().numel
    if call.args.get("gradient") is None and count.value is not None and count.value != 1:
        raise call.clash("numel", "grad can be implicitly created only for scalar outputs", left=count, right=number(1))
    return Result(None)


def unknown(call: Call) -> Result:
    """A Python value that depends on the data."""
    return Result(UNKNOWN)


def element_type(call: Call) -> Result:
    """``dtype``."""
    known = call.tensor().dtype
    return Result(f"torch.{known}" if known in dtypes.KIND and known not in ("int", "float") else UNKNOWN)


def is_floating_point(call: Call) -> Result:
    """``is_floating_point()``."""
    known = call.tensor().dtype
    return Result(UNKNOWN if known not in dtypes.KIND else dtypes.is_floating(known))


def cast(call: Call) -> Spec:
    """``to(...)``, ``type(...)``: a type among the arguments is taken, devices change nothing."""
    before = call.tensor()
    given = [*call["args"], *(call.args.get("kwargs") or {}).values(), call.args.get("dtype")]
    for value in given:
        if value is UNKNOWN:
            return Spec(before.shape, None if before.dtype is None else _kind_or_none(before.dtype))
        if is_tensor(value):
            return Spec(before.shape, value.dtype)
        asked = dtypes.as_dtype(value)
        if asked:
            return Spec(before.shape, asked)
    return Spec(before.shape, before.dtype)


def _kind_or_none(dtype: str) -> str | None:
    # Usually an unknown argument is a device; integers never turn into floats by one, but a type may be meant.
    return dtype


def new_type(call: Call) -> Spec:
    """``float()``, ``long()``, ``half()``: the type is the operator's name."""
    return Spec(
        call.shape(),
        dtypes.as_dtype("float32" if call.name == "float" else "int32" if call.name == "int" else _WORDS[call.name]),
    )


_WORDS = {
    "long": "int64",
    "double": "float64",
    "half": "float16",
    "bfloat16": "bfloat16",
    "bool": "bool",
    "byte": "uint8",
    "char": "int8",
    "short": "int16",
    "cfloat": "complex64",
    "cdouble": "complex128",
}


def type_as(call: Call) -> Spec:
    """``type_as(other)``."""
    return Spec(call.shape(), call.tensor("other").dtype)


def copy_into(call: Call) -> Spec:
    """``copy_(src)``: the source is broadcast to the input's shape."""
    onto(call, joined(call, ["input", "src"]))
    return call.out(call.shape())
