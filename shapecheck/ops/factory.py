"""Tensors made from sizes, from data, or after the pattern of another tensor."""

from __future__ import annotations

import math
from typing import Any

from shapecheck.dims import UNKNOWN as UNKNOWN_DIM
from shapecheck.dims import Dim, number
from shapecheck.ops import dtypes
from shapecheck.ops.call import Call
from shapecheck.ops.elementwise import joined
from shapecheck.ops.values import UNKNOWN, Spec, Unclear, as_dim, as_int, as_shape, is_tensor, listed
from shapecheck.shapes import ANY, Shape, join


def _asked_type(call: Call, default: str | None) -> str | None:
    asked = call.args.get("dtype")
    return default if asked is None else dtypes.as_dtype(asked)


def _non_negative(call: Call, shape: Shape) -> Shape:
    for dim in shape.dims:
        if dim.expr == -1:
            raise Unclear("a size of -1 stands for one that is told later")
        if isinstance(dim.expr, int) and dim.expr < 0:
            raise call.clash(
                "parameter", f"Trying to create tensor with negative dimension {dim}: [{listed(shape)}]", left=dim
            )
    return shape


def sized(call: Call) -> Spec:
    """``zeros(*size)``, ``ones``, ``empty``, ``rand``, ``randn``."""
    return Spec(_non_negative(call, as_shape(call["size"])), _asked_type(call, "float32"))


def full(call: Call) -> Spec:
    """``full(size, fill_value)``: the type of the value."""
    return Spec(_non_negative(call, as_shape(call["size"])), _asked_type(call, _number_type(call["fill_value"])))


def _number_type(value: object) -> str | None:
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, (int, Dim)):
        return "int64"
    return "float32" if isinstance(value, float) else "complex64" if isinstance(value, complex) else None


def randint(call: Call) -> Spec:
    """``randint(low, high, size)``; ``low`` may be left out."""
    size = call["size"] if call["size"] is not None else call["high"]
    return Spec(_non_negative(call, as_shape(size)), _asked_type(call, "int64"))


def like(call: Call) -> Spec:
    """``zeros_like(input)`` and its like."""
    return Spec(call.shape(), _asked_type(call, call.tensor().dtype))


def new_sized(call: Call) -> Spec:
    """``new_zeros(*size)`` and its like: the type of the tensor."""
    return Spec(_non_negative(call, as_shape(call["size"])), _asked_type(call, call.tensor().dtype))


def new_tensor(call: Call) -> Spec:
    """``new_tensor(data)``."""
    made = tensor(call)
    return Spec(made.shape, _asked_type(call, call.tensor().dtype))


def arange(call: Call) -> Spec:
    """``arange(start, end, step)``: ceil((end - start) / step) numbers."""
    start, end, step = call["start"], call["end"], call["step"]
    if end is None:
        start, end = 0, start
    kinds = {_number_type(value) for value in (start, end, step)}
    dtype = None if None in kinds else "float32" if "float32" in kinds else "int64"
    return Spec(Shape((_span(start, end, step, call),)), _asked_type(call, dtype))


def _span(start: Any, end: Any, step: Any, call: Call) -> Dim:
    if all(isinstance(value, (int, float)) for value in (start, end, step)):
        if step == 0:
            raise call.clash("parameter", "step must be nonzero", left_name="step")
        if (end - start) / step < 0:
            raise call.clash("parameter", "upper bound and lower bound inconsistent with step sign", left_name="end")
        return number(math.ceil((end - start) / step))
    if not all(isinstance(value, (int, Dim)) for value in (start, end, step)):
        return UNKNOWN_DIM
    numbers = [as_int(value) for value in (start, end, step)]
    if isinstance(start, int) and start == 0 and isinstance(step, int) and step == 1:
        return as_dim(end)
    if None not in numbers and all(isinstance(as_dim(v).expr, int) for v in (start, end, step)):
        return _span(numbers[0], numbers[1], numbers[2], call)
    gap = as_dim(end) - as_dim(start)
    if as_int(step) == 1:
        return gap
    return (gap + as_dim(step) - number(1)) // as_dim(step)


def linspace(call: Call) -> Spec:
    """``linspace(start, end, steps)``."""
    return Spec(Shape((as_dim(call["steps"]),)), _asked_type(call, "float32"))


def eye(call: Call) -> Spec:
    """``eye(n, m)``."""
    rows = as_dim(call["n"])
    return Spec(Shape((rows, rows if call["m"] is None else as_dim(call["m"]))), _asked_type(call, "float32"))


def tensor(call: Call) -> Spec:
    """``tensor(data)``: nested lists of numbers. Rows of unequal length are refused."""
    data = call["data"]
    if is_tensor(data):
        return Spec(data.shape, _asked_type(call, data.dtype))
    shape, dtype = _measured(call, data)
    return Spec(shape, _asked_type(call, dtype))


_RANK = {"bool": 0, "int64": 1, "float32": 2, "complex64": 3}


def _measured(call: Call, data: Any) -> tuple[Shape, str | None]:
    """Shape and type of nested data; what is unknown in it stays unknown."""
    if is_tensor(data):
        return data.shape, data.dtype
    if not isinstance(data, (list, tuple, range)):
        dtype = _number_type(data)
        return (Shape(()), dtype) if dtype else (ANY, None)
    if isinstance(data, range):
        return Shape((number(len(data)),)), "int64"
    if not data:
        return Shape((number(0),)), "float32"
    parts = [_measured(call, one) for one in data]
    shape = parts[0][0]
    for at, (other, _) in enumerate(parts[1:], 1):
        shape = _row(call, shape, other, at, data)
    types = [dtype for _, dtype in parts]
    dtype = None if None in types else max((one for one in types if one), key=lambda one: _RANK.get(one, 2))
    return Shape((number(len(data)), *shape.dims), None if shape.open_at is None else shape.open_at + 1), dtype


def _row(call: Call, shape: Shape, other: Shape, at: int, data: Any) -> Shape:
    if shape.rank is None or other.rank is None:
        return shape if other.rank is None else other
    if shape == other:
        return shape
    mine, others = shape.dims[0].value if shape.dims else None, other.dims[0].value if other.dims else None
    plain = not any(is_tensor(one) for one in data)
    if plain and mine is not None and others is not None and mine != others:
        words = f"expected sequence of length {mine} at dim 1 (got {others})"
        raise call.clash("concat", words, left=other.dims[0], right=shape.dims[0], left_name="data", right_name="data")
    return join(shape, other)


def typed(call: Call) -> Spec:
    """``FloatTensor(2, 3)`` of sizes, ``FloatTensor([...])`` of data."""
    data, dtype = call["data"], _TYPED.get(call.name, "float32")
    if isinstance(data, (list, tuple)):
        return Spec(_measured(call, data)[0], dtype)
    if is_tensor(data) or data is UNKNOWN:
        return Spec(call.shape("data"), dtype)
    return Spec(as_shape((data, *call["sizes"])), dtype)


_TYPED = {
    "LongTensor": "int64",
    "IntTensor": "int32",
    "BoolTensor": "bool",
    "DoubleTensor": "float64",
    "HalfTensor": "float16",
    "ByteTensor": "uint8",
}


def from_array(call: Call) -> Spec:
    """``from_numpy(ndarray)``, ``as_tensor`` of an array."""
    return call.out(call.shape(call.entry.operands[0]))


def normal(call: Call) -> Spec:
    """``normal(mean, std, size)``: the size, or the shape of mean and std."""
    if call["size"] is not None:
        return Spec(as_shape(call["size"]), "float32")
    names = [name for name in ("mean", "std") if is_tensor(call[name])]
    if not names or UNKNOWN in (call["mean"], call["std"]):
        raise Unclear("mean and std are not known")
    return Spec(joined(call, names), call.tensor(names[0]).dtype)


def triangle(call: Call) -> Spec:
    """``tril_indices(row, col)``: (2, number of places)."""
    row, col, offset = (as_int(call[name]) for name in ("row", "col", "offset"))
    if row is None or col is None or offset is None:
        return Spec(Shape((number(2), UNKNOWN_DIM)), "int64")
    if call.name == "tril_indices":
        count = sum(min(max(at + offset + 1, 0), col) for at in range(row))
    else:
        count = sum(col - min(max(at + offset, 0), col) for at in range(row))
    return Spec(Shape((number(2), number(count))), "int64")


def one_hot(call: Call) -> Spec:
    """``one_hot(input, num_classes)``: a new last axis; its size is in the data if not given."""
    ids = call.tensor()
    if ids.dtype in dtypes.KIND and ids.dtype not in ("int64", "int"):
        raise call.clash("dtype", "one_hot is only applicable to index tensor of type LongTensor.")
    classes = as_dim(call["num_classes"])
    width = UNKNOWN_DIM if classes.value == -1 else classes
    return Spec(Shape((*ids.shape.dims, width), ids.shape.open_at), "int64")


def window(call: Call) -> Spec:
    """``hann_window(window_length)`` and its like."""
    return Spec(Shape((as_dim(call["window_length"]),)), _asked_type(call, "float32"))


def randperm(call: Call) -> Spec:
    """``randperm(n)``."""
    return Spec(Shape((as_dim(call["n"]),)), _asked_type(call, "int64"))


def multinomial(call: Call) -> Spec:
    """``multinomial(input, num_samples)``: class ids drawn from the last axis."""
    shape = call.shape()
    if shape.rank is not None and shape.rank not in (1, 2):
        raise call.clash("rank", "prob_dist must be 1 or 2 dim", left=number(shape.rank), right=number(2))
    samples, classes = as_dim(call["num_samples"]), shape.dim(-1)
    if (
        call["replacement"] is False
        and samples.value is not None
        and classes.value is not None
        and samples.value > classes.value
    ):
        words = "cannot sample n_sample > prob_dist.size(-1) samples without replacement"
        raise call.clash(
            "index", words, left=classes, right=samples, right_name="num_samples", axis=shape.rank and shape.rank - 1
        )
    return Spec(shape.replaced(-1, samples) if shape.dims else ANY, "int64")


def parameter(call: Call) -> Spec:
    """``nn.Parameter(data)``: the data itself."""
    return Spec(call.shape("data"), call.tensor("data").dtype)
