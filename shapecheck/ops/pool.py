"""Pooling in 1 to 3 dimensions."""

from __future__ import annotations

from shapecheck.dims import UNKNOWN as UNKNOWN_DIM
from shapecheck.dims import Dim, number
from shapecheck.ops.call import Call
from shapecheck.ops.values import Spec, as_dim
from shapecheck.ops.windows import per_axis, sizes_text, slid, spatial_rank
from shapecheck.shapes import Shape

_DESCRIBED = {1: "2D or 3D", 2: "3D or 4D", 3: "4D or 5D"}


def _parted(call: Call, spatial: int, any_rank: bool = False) -> tuple[Shape, list[Dim]]:
    """Leading axes, spatial sizes."""
    shape = call.shape()
    if shape.rank is None:
        if len(shape.dims) - (shape.open_at or 0) < spatial:
            return Shape((), 0), [UNKNOWN_DIM] * spatial
    elif shape.rank not in (spatial + 1, spatial + 2) and not (any_rank and shape.rank >= spatial):
        raise call.clash("rank", _rank_words(call, shape, spatial), left=number(shape.rank), right=number(spatial + 2))
    return Shape(shape.dims[: len(shape.dims) - spatial], shape.open_at), list(shape.dims[len(shape.dims) - spatial :])


def _rank_words(call: Call, shape: Shape, spatial: int) -> str:
    name, rank = call.name.lower(), len(shape.dims)
    if "adaptive" in name or spatial == 1:
        kind = name if "_" in name else name.replace("adaptive", "adaptive_").replace("pool", "_pool")
        return f"{kind}(): Expected {_DESCRIBED[spatial]} tensor, but got {sizes_text(shape)}"
    if "avg" in name and rank <= spatial:
        return f"Dimension out of range (expected to be in range of [{-rank}, {rank - 1}], but got {-spatial - 1})"
    return f"non-empty {spatial + 1}D or {spatial + 2}D (batch mode) tensor expected for input"


def pool(call: Call) -> Spec | tuple[Spec, Spec]:
    """``max_pool``, ``avg_pool``, ``lp_pool``: windows; ``return_indices`` gives a pair."""
    spatial = spatial_rank(call.name)
    lead, sizes = _parted(call, spatial)
    kernel = per_axis(call["kernel_size"], spatial)
    stride = per_axis(call["stride"], spatial, call["kernel_size"])
    padding = per_axis(call.args.get("padding", 0), spatial)
    dilation = per_axis(call.args.get("dilation", 1), spatial)
    _padding_fits(call, kernel, padding)
    ceil_mode = call.flag("ceil_mode")
    out = [slid(*window, ceil_mode) for window in zip(sizes, kernel, stride, padding, dilation, strict=True)]
    if spatial == 3 and "avg" in call.name.lower():
        _image_fits(call, sizes, kernel)
    if any(isinstance(size.expr, int) and size.expr <= 0 for size in out):
        raise _too_small(call, lead, sizes, out)
    return _with_indices(call, Shape((*lead.dims, *out), lead.open_at))


def _padding_fits(call: Call, kernel: list[Dim], padding: list[Dim]) -> None:
    for width, pad in zip(kernel, padding, strict=True):
        if width.value is not None and pad.value is not None and pad.value > width.value // 2:
            words = (
                f"pad should be at most half of effective kernel size, but got pad={pad}, kernel_size={width} "
                "and dilation=1"
            )
            if "avg" in call.name.lower():
                words = "pad should be smaller than or equal to half of kernel size, but got padW = "
            raise call.clash("parameter", words, left=pad, right=width, left_name="padding", right_name="kernel_size")


def _image_fits(call: Call, sizes: list[Dim], kernel: list[Dim]) -> None:
    """``avg_pool3d`` compares without the padding."""
    for at, (size, width) in enumerate(zip(sizes, kernel, strict=True)):
        if size.value is not None and width.value is not None and size.value < width.value:
            have, want = (
                " ".join(f"{k}: {v}" for k, v in zip(keys, values, strict=True))
                for keys, values in ((("T", "H", "W"), sizes), (("kT", "kH", "kW"), kernel))
            )
            words = f"input image ({have}) smaller than kernel size ({want})"
            raise call.clash("parameter", words, left=size, right=width, right_name="kernel_size", axis=at - len(sizes))


def _too_small(call: Call, lead: Shape, sizes: list[Dim], out: list[Dim]) -> Exception:
    channels = lead.dims[-1] if lead.dims else UNKNOWN_DIM
    if len(sizes) == 1:
        words = (
            f"Given input size: ({channels}x1x{sizes[0]}). Calculated output size: ({channels}x1x{out[0]}). "
            "Output size is too small"
        )
        if "max" in call.name.lower():
            words = f"max_pool1d() Invalid computed output size: {out[0]}"
    else:
        before, after = ("x".join(map(str, [channels, *sides])) for sides in (sizes, out))
        words = f"Given input size: ({before}). Calculated output size: ({after}). Output size is too small"
    at = next(at for at, size in enumerate(out) if isinstance(size.expr, int) and size.expr <= 0)
    return call.clash("parameter", words, left=sizes[at], right=out[at], right_name="kernel_size", axis=at - len(sizes))


def _with_indices(call: Call, shape: Shape) -> Spec | tuple[Spec, Spec]:
    if call.args.get("return_indices") is not None and call.flag("return_indices"):
        return call.out(shape), Spec(shape, "int64")
    return call.out(shape)


def adaptive(call: Call) -> Spec | tuple[Spec, Spec]:
    """Adaptive pooling: the sizes asked for; None keeps an axis."""
    spatial = spatial_rank(call.name)
    asked = call["output_size"]
    # A mean over everything is taken whatever the rank.
    mean = spatial > 1 and "avg" in call.name.lower() and asked in (1, (1,) * spatial)
    lead, sizes = _parted(call, spatial, any_rank=mean)
    wanted = list(asked) if isinstance(asked, (tuple, list)) else [asked] * spatial
    if len(wanted) == 1:
        wanted = wanted * spatial
    if len(wanted) != spatial:
        raise call.clash("parameter", f"{call.name}: output_size must be {spatial}", left_name="output_size")
    out = [have if want is None else as_dim(want) for have, want in zip(sizes, wanted, strict=True)]
    return _with_indices(call, Shape((*lead.dims, *out), lead.open_at))


def unpool(call: Call) -> Spec:
    """``MaxUnpool``: the sizes before pooling, or those asked for."""
    spatial = spatial_rank(call.name)
    lead, sizes = _parted(call, spatial)
    asked = call.args.get("output_size")
    if isinstance(asked, (tuple, list)):
        out = [as_dim(one) for one in asked][-spatial:]
    elif asked is not None:
        out = [UNKNOWN_DIM] * spatial
    else:
        kernel = per_axis(call["kernel_size"], spatial)
        stride = per_axis(call["stride"], spatial, call["kernel_size"])
        padding = per_axis(call["padding"], spatial)
        one, two = number(1), number(2)
        out = [(n - one) * s - two * p + k for n, k, s, p in zip(sizes, kernel, stride, padding, strict=True)]
    return call.out(Shape((*lead.dims, *out), lead.open_at))


def fractional(call: Call) -> Spec | tuple[Spec, Spec]:
    """``FractionalMaxPool``: the sizes asked for, or a ratio of those that are there."""
    spatial = spatial_rank(call.name)
    lead, sizes = _parted(call, spatial)
    if call["output_size"] is not None:
        out = per_axis(call["output_size"], spatial)
    else:
        ratio = call["output_ratio"]
        ratios = list(ratio) if isinstance(ratio, (tuple, list)) else [ratio] * spatial
        out = [
            number(int(size.expr * part)) if isinstance(size.expr, int) and isinstance(part, float) else UNKNOWN_DIM
            for size, part in zip(sizes, ratios, strict=True)
        ]
    return _with_indices(call, Shape((*lead.dims, *out), lead.open_at))
