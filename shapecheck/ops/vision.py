"""Images and other grids: padding, resizing, pixel shuffles, sampling."""

from __future__ import annotations

from typing import Any

from shapecheck.dims import UNKNOWN as UNKNOWN_DIM
from shapecheck.dims import Dim, Truth, number
from shapecheck.ops.axes import rank_of
from shapecheck.ops.call import Call
from shapecheck.ops.values import UNKNOWN, Spec, Unclear, as_dim, as_shape
from shapecheck.ops.windows import sizes_text
from shapecheck.shapes import ANY, Shape


def pad(call: Call) -> Spec:
    """``pad(input, pad, mode)``: pairs of numbers, from the last axis on; negative ones cut."""
    return call.out(_padded(call, call.shape(), call["pad"], str(call["mode"])))


def padding_module(call: Call) -> Spec:
    """``ZeroPad2d`` and its like: one number for all sides, or one a side."""
    axes = next(int(letter) for letter in call.name if letter in "123")
    given = call["padding"]
    if not isinstance(given, (tuple, list)):
        given = (given,) * (2 * axes)
    mode = next(
        (word for word in ("reflect", "replicate", "circular") if call.name.lower().startswith(word[:7])), "constant"
    )
    mode = {"Ref": "reflect", "Rep": "replicate", "Cir": "circular"}.get(call.name[:3], "constant")
    return call.out(_padded(call, call.shape(), given, mode))


def _padded(call: Call, shape: Shape, amounts: Any, mode: str) -> Shape:
    if not isinstance(amounts, (tuple, list)):
        raise Unclear("the padding is not known")
    if len(amounts) % 2:
        raise call.clash("parameter", f"Padding length must be divisible by 2, got {len(amounts)}", left_name="pad")
    pairs = len(amounts) // 2
    if shape.rank is not None:
        _fits(call, shape, pairs, mode)
    for at in range(pairs):
        before, after = as_dim(amounts[2 * at]), as_dim(amounts[2 * at + 1])
        size = shape.dim(-1 - at)
        if mode == "reflect":
            _reflects(call, size, before, after, at, shape)
        if mode == "circular" and any(certainly_less(size, amount) for amount in (before, after)):
            raise call.clash(
                "parameter", "Padding value causes wrapping around more than once.", left=size, right=before
            )
        grown = size + before + after
        if isinstance(grown.expr, int) and grown.expr < 0:
            words = (
                f"The input size {size}, plus negative padding {before} and {after} resulted in a negative "
                "output size, "
                f"which is invalid. Check dimension {len(shape.dims) - 1 - at} of your input."
            )
            raise call.clash("parameter", words, left=size, axis=len(shape.dims) - 1 - at)
        shape = shape.replaced(-1 - at, grown.at(size.origin) if grown.known else UNKNOWN_DIM)
    return shape


def certainly_less(size: Dim, amount: Dim) -> bool:
    """Whether a size is a smaller number than another."""
    return size.value is not None and amount.value is not None and size.value < amount.value


def _fits(call: Call, shape: Shape, pairs: int, mode: str) -> None:
    rank = rank_of(shape)
    if mode == "constant":
        if pairs > rank:
            words = (
                "Padding length should be less than or equal to two times the input dimension "
                f"but got padding length {2 * pairs} and input of dimension {rank}"
            )
            raise call.clash("rank", words, left=number(rank), right=number(pairs), right_name="pad")
    elif rank not in (pairs + 1, pairs + 2):
        words = "Only 2D, 3D, 4D, 5D padding with non-constant padding are supported for now"
        raise call.clash("rank", words, left=number(rank), right=number(pairs + 2), right_name="pad")


def _reflects(call: Call, size: Dim, before: Dim, after: Dim, at: int, shape: Shape) -> None:
    for amount in (before, after):
        if amount.value is not None and size.value is not None and amount.value >= size.value:
            words = (
                "Argument #4: Padding size should be less than the corresponding input dimension, but got: padding "
                f"({before}, {after}) at dimension {len(shape.dims) - 1 - at} of input {sizes_text(shape)}"
            )
            raise call.clash(
                "parameter", words, left=size, right=amount, right_name="pad", axis=len(shape.dims) - 1 - at
            )


def interpolate(call: Call) -> Spec:
    """``interpolate(input, size, scale_factor)``: (N, C, ...) resized."""
    shape = call.shape()
    rank = rank_of(shape)
    size, factor = call["size"], call["scale_factor"]
    mode = call["mode"]
    _mode_fits(call, rank, mode)
    spatial = rank - 2
    if size is not None and factor is not None:
        raise call.clash("parameter", "only one of size or scale_factor should be defined", right_name="size")
    if size is None and factor is None:
        raise call.clash("parameter", "either size or scale_factor should be defined", right_name="size")
    if size is not None:
        return call.out(Shape((*shape.dims[:2], *_asked(call, size, spatial))))
    factors = list(factor) if isinstance(factor, (tuple, list)) else [factor] * spatial
    if len(factors) != spatial:
        words = (
            "Input and scale_factor must have the same number of spatial dimensions, but got input with "
            "spatial dimensions of "
            f"{[int(d.value) if d.value is not None else str(d) for d in shape.dims[2:]]} and scale_factor of "
            f"shape {factors}. "
            "Please provide input tensor in (N, C, d1, d2, ...,dK) format and scale_factor in (s1, s2, ...,sK) format."
        )
        raise call.clash("rank", words, right_name="scale_factor")
    return call.out(
        Shape((*shape.dims[:2], *[_scaled(dim, one) for dim, one in zip(shape.dims[2:], factors, strict=True)]))
    )


_RANKS = {"linear": 3, "bilinear": 4, "bicubic": 4, "trilinear": 5}


def _mode_fits(call: Call, rank: int, mode: Any) -> None:
    wanted = _RANKS.get(mode)
    if rank not in (3, 4, 5) or (wanted and rank != wanted):
        names = {
            "bilinear": "Got {r}D input, but bilinear mode needs 4D input",
            "linear": "Got {r}D input, but linear mode needs 3D input",
        }
        words = names.get(mode, "Got {r}D input, but {m} mode needs {w}D input").format(r=rank, m=mode, w=wanted)
        if rank not in (3, 4, 5) or mode == "bicubic":
            words = (
                "Input Error: Only 3D, 4D and 5D input Tensors supported "
                f"(got {rank}D) for the modes: nearest | linear | bilinear | bicubic | trilinear | area | "
                f"nearest-exact (got {mode})"
            )
        raise call.clash("rank", words, left=number(rank), right=number(wanted or 4), right_name="mode")


def _asked(call: Call, size: Any, spatial: int) -> list[Dim]:
    if size is UNKNOWN or (isinstance(size, Shape) and size.rank is None):
        return [UNKNOWN_DIM] * spatial
    sizes = (
        list(size)
        if isinstance(size, (tuple, list))
        else list(as_shape(size).dims)
        if isinstance(size, Shape)
        else [size] * spatial
    )
    if len(sizes) != spatial:
        words = "Input and output must have the same number of spatial dimensions"
        raise call.clash("rank", words, left=number(spatial), right=number(len(sizes)), right_name="size")
    return [as_dim(one) for one in sizes]


def _scaled(dim: Dim, factor: Any) -> Dim:
    if isinstance(factor, (int, Dim)) and not isinstance(factor, bool):
        return (dim * as_dim(factor)).at(dim.origin)
    if isinstance(factor, float) and isinstance(dim.expr, int):
        return number(int(dim.expr * factor), dim.origin)
    if isinstance(factor, float) and factor.is_integer():
        return dim * number(int(factor))
    return UNKNOWN_DIM


def upsample(call: Call) -> Spec:
    """``Upsample`` and its two-dimensional forms."""
    if call.name != "Upsample" and call.name != "upsample":
        call.args["mode"] = "bilinear" if "ilinear" in call.name else "nearest"
    return interpolate(call)


def pixel_shuffle(call: Call) -> Spec:
    """``pixel_shuffle``: (..., C * r * r, H, W) to (..., C, H * r, W * r)."""
    shape, factor = call.shape(), as_dim(call["upscale_factor"])
    _three_axes(call, shape, "pixel_shuffle")
    if shape.rank is None and len(shape.dims) - (shape.open_at or 0) < 3:
        return call.out(ANY)
    channels, area = shape.dim(-3), factor * factor
    if (channels % area).compare(number(0)) is Truth.DIFFERENT:
        words = (
            "pixel_shuffle expects its input's 'channel' dimension to be divisible by the square of upscale_factor, "
            f"but input.size(-3)={channels} is not divisible by {area}"
        )
        axis = None if shape.rank is None else shape.rank - 3
        raise call.clash("channels", words, left=channels, right=area, right_name="upscale_factor", axis=axis)
    out = shape.replaced(-3, channels // area).replaced(-2, shape.dim(-2) * factor)
    return call.out(out.replaced(-1, shape.dim(-1) * factor))


def pixel_unshuffle(call: Call) -> Spec:
    """``pixel_unshuffle``: (..., C, H * r, W * r) to (..., C * r * r, H, W)."""
    shape, factor = call.shape(), as_dim(call["downscale_factor"])
    _three_axes(call, shape, "pixel_unshuffle")
    if shape.rank is None and len(shape.dims) - (shape.open_at or 0) < 3:
        return call.out(ANY)
    for back, word in ((2, "height"), (1, "width")):
        size = shape.dim(-back)
        if (size % factor).compare(number(0)) is Truth.DIFFERENT:
            words = (
                f"pixel_unshuffle expects {word} to be divisible by downscale_factor, "
                f"but input.size(-{back})={size} is not divisible by {factor}"
            )
            axis = None if shape.rank is None else shape.rank - back
            raise call.clash("parameter", words, left=size, right=factor, right_name="downscale_factor", axis=axis)
    out = shape.replaced(-3, shape.dim(-3) * factor * factor).replaced(-2, shape.dim(-2) // factor)
    return call.out(out.replaced(-1, shape.dim(-1) // factor))


def _three_axes(call: Call, shape: Shape, name: str) -> None:
    if shape.rank is not None and shape.rank < 3:
        words = f"{name} expects input to have at least 3 dimensions, but got input with {shape.rank} dimension(s)"
        raise call.clash("rank", words, left=number(shape.rank), right=number(3))


def channel_shuffle(call: Call) -> Spec:
    """``channel_shuffle(groups)``: the same shape."""
    shape, groups = call.shape(), as_dim(call["groups"])
    if shape.rank is not None and shape.rank < 3:
        words = f"channel_shuffle expects input with > 2 dims, but got input with sizes {sizes_text(shape)}"
        raise call.clash("rank", words, left=number(shape.rank), right=number(3))
    channels = shape.dim(1)
    if (channels % groups).compare(number(0)) is Truth.DIFFERENT:
        words = f"Number of channels must be divisible by groups. Got {channels} channels and {groups} groups."
        raise call.clash("channels", words, left=channels, right=groups, right_name="groups", axis=1)
    return call.out(shape)


def grid_sample(call: Call) -> Spec:
    """``grid_sample(input, grid)``: (N, C, H, W), (N, h, w, 2) to (N, C, h, w); the same with depth."""
    shape, grid = call.shape(), call.shape("grid")
    rank = rank_of(shape)
    grid_rank = rank_of(grid)
    if rank not in (4, 5) or rank != grid_rank:
        if rank == grid_rank:
            words = (
                "grid_sampler(): expected 4D or 5D input and grid with same number of dimensions, but got "
                f"input with sizes {sizes_text(shape)} and grid with sizes {sizes_text(grid)}"
            )
        else:
            words = (
                "grid_sampler(): expected grid to have same number of dimensions as input, but got input with "
                f"sizes {sizes_text(shape)} and grid with sizes {sizes_text(grid)}"
            )
        raise call.clash("rank", words, left=number(rank), right=number(grid_rank), right_name="grid")
    if shape.dims[0].compare(grid.dims[0]) is Truth.DIFFERENT:
        words = (
            "grid_sampler(): expected grid and input to have same batch size, but got input with sizes "
            f"{sizes_text(shape)} and grid with sizes {sizes_text(grid)}"
        )
        raise call.clash("batch", words, left=shape.dims[0], right=grid.dims[0], right_name="grid", axis=0)
    if grid.dims[-1].compare(number(rank - 2)) is Truth.DIFFERENT:
        words = (
            f"grid_sampler(): expected grid to have size {rank - 2} in last dimension, but got grid with sizes "
            f"{sizes_text(grid)}"
        )
        raise call.clash(
            "inner", words, left=grid.dims[-1], right=number(rank - 2), left_name="grid", axis=grid_rank - 1
        )
    return call.out(Shape((*shape.dims[:2], *grid.dims[1:-1])))


def affine_grid(call: Call) -> Spec:
    """``affine_grid(theta, size)``: (N, 2, 3) and (N, C, H, W) to (N, H, W, 2); the same with depth."""
    theta, size = call.shape("theta"), as_shape(call["size"])
    if size.rank is None or theta.rank is None:
        raise Unclear("the number of axes is not known")
    if size.rank not in (4, 5):
        words = (
            "affine_grid only supports 4D and 5D sizes, for 2D and 3D affine transforms, respectively. "
            f"Got size {sizes_text(size)}"
        )
        raise call.clash("rank", words, left_name="size")
    spatial = size.rank - 2
    for have, want in zip(theta.dims, (size.dims[0], number(spatial), number(spatial + 1)), strict=False):
        if theta.rank != 3 or have.compare(want) is Truth.DIFFERENT:
            words = (
                f"Expected a batch of {spatial}D affine matrices of shape Nx{spatial}x{spatial + 1} for size "
                f"{_size(size)}. Got torch.Size({sizes_text(theta)})."
            )
            raise call.clash(
                "rank" if theta.rank != 3 else "inner",
                words,
                left=have,
                right=want,
                left_name="theta",
                right_name="size",
            )
    return Spec(Shape((size.dims[0], *size.dims[2:], number(spatial))), call.tensor("theta").dtype)


def _size(shape: Shape) -> str:
    return f"torch.Size({sizes_text(shape)})"
