"""What sliding windows share: kernel, stride, padding and dilation for 1 to 3 axes (convolutions, pooling, unfold)."""

from __future__ import annotations

from shapecheck.dims import UNKNOWN as UNKNOWN_DIM
from shapecheck.dims import Dim, number
from shapecheck.ops.call import Call
from shapecheck.ops.values import UNKNOWN, Unclear, as_dim, listed
from shapecheck.shapes import Shape


def spatial_rank(name: str) -> int:
    """The number of spatial axes that an operator's name tells: 2 of ``Conv2d``, ``avg_pool2d``."""
    return next(int(letter) for letter in name if letter in "123")


def per_axis(value: object, axes: int, default: object = None) -> list[Dim]:
    """A parameter that is one number for all axes, or one for each."""
    if value is None or (isinstance(value, (tuple, list)) and not value):
        value = default
    if isinstance(value, (tuple, list)):
        if len(value) == 1:
            return [as_dim(value[0])] * axes
        return [as_dim(one) for one in value] if len(value) == axes else [UNKNOWN_DIM] * axes
    return [as_dim(value)] * axes


def slid(size: Dim, kernel: Dim, stride: Dim, padding: Dim, dilation: Dim, ceil_mode: bool = False) -> Dim:
    """How many places a window finds on an axis."""
    two, one = number(2), number(1)
    span = dilation * (kernel - one)
    room = size + two * padding - span - one
    if room.expr is None or stride.expr is None:
        return UNKNOWN_DIM
    if stride.expr == 1:
        return _plain(room + one, size)
    if not ceil_mode:
        return _plain(room // stride + one, size)
    if not all(isinstance(one_dim.expr, int) for one_dim in (room, stride, size, padding)):
        return UNKNOWN_DIM
    count = -(-int(room.expr) // int(stride.expr)) + 1  # type: ignore[arg-type]
    if (count - 1) * int(stride.expr) >= int(size.expr) + int(padding.expr):  # type: ignore[arg-type]
        count -= 1  # a window that would start in the padding on the right is left out
    return number(count, size.origin)


def _plain(dim: Dim, size: Dim) -> Dim:
    return dim.at(size.origin) if dim.origin is not size.origin else dim


def split_batch(call: Call, shape: Shape, spatial: int, words: str) -> tuple[Shape, list[Dim]]:
    """The leading axes (batch and channels, or channels alone) and the spatial ones. Clash with any other rank."""
    if shape.rank is None:
        if len(shape.dims) - (shape.open_at or 0) < spatial:
            raise Unclear("the number of axes is not known")
        return Shape(shape.dims[: len(shape.dims) - spatial], shape.open_at), list(shape.dims[-spatial:])
    if shape.rank not in (spatial + 1, spatial + 2):
        raise call.clash("rank", words, left=number(shape.rank), right=number(spatial + 2))
    return Shape(shape.dims[: shape.rank - spatial]), list(shape.dims[shape.rank - spatial :])


def all_known(*values: object) -> bool:
    """Whether no parameter is unknown."""
    return UNKNOWN not in values


def sizes_text(shape: Shape) -> str:
    """A shape as torch prints it: ``[4, 16, 768]``."""
    return f"[{listed(shape)}]"
