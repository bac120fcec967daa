"""Convolutions and their transposes, in 1 to 3 dimensions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from shapecheck.dims import UNKNOWN as UNKNOWN_DIM
from shapecheck.dims import Dim, Truth, number
from shapecheck.ops import dtypes
from shapecheck.ops.call import Call
from shapecheck.ops.values import UNKNOWN, Operand, Spec, Unclear, as_dim, listed
from shapecheck.ops.windows import per_axis, sizes_text, slid, spatial_rank
from shapecheck.shapes import ANY, Shape


@dataclass(slots=True)
class Kernel:
    """The weight of a convolution: (out_channels, in_channels / groups, *sizes), or transposed."""

    inputs: Dim
    outputs: Dim
    sizes: list[Dim]
    groups: Dim
    source: str
    dtype: str | None

    def weight(self, transposed: bool) -> Shape:
        """The weight's shape."""
        if transposed:
            return Shape((self.inputs, self.outputs // self.groups, *self.sizes))
        return Shape((self.outputs, self.inputs // self.groups, *self.sizes))


def conv(call: Call) -> Spec:
    """``Conv1d`` to ``Conv3d`` and their functions."""
    spatial = spatial_rank(call.name)
    kernel = _kernel(call, spatial, transposed=False)
    operand = call.tensor()
    lead, sizes = _checked(call, operand, kernel, spatial, transposed=False)
    stride, dilation = per_axis(call["stride"], spatial), per_axis(call["dilation"], spatial)
    if call["padding"] == "same":
        out = sizes
    else:
        padding = [number(0)] * spatial if call["padding"] == "valid" else per_axis(call["padding"], spatial)
        out = [slid(*window) for window in zip(sizes, kernel.sizes, stride, padding, dilation, strict=True)]
        _kernel_fits(call, sizes, kernel.sizes, padding, dilation)
    dtype = operand.dtype if dtypes.is_floating(operand.dtype) else kernel.dtype
    return Spec(Shape((*lead.dims[:-1], kernel.outputs, *out), lead.open_at), dtype)


def _kernel(call: Call, spatial: int, transposed: bool) -> Kernel:
    groups = as_dim(call["groups"])
    if "out_channels" in call.args:
        sizes = per_axis(call["kernel_size"], spatial)
        return Kernel(
            as_dim(call.args.get("in_channels")), as_dim(call["out_channels"]), sizes, groups, "in_channels", None
        )
    weight = call.tensor("weight")
    if weight.shape.rank is None:
        unknown = [UNKNOWN_DIM] * spatial
        return Kernel(UNKNOWN_DIM, UNKNOWN_DIM, unknown, groups, "weight", weight.dtype)
    if weight.shape.rank != spatial + 2:
        raise Unclear("a weight of another rank")
    first, second, *rest = weight.shape.dims
    if transposed:
        return Kernel(first, second * groups, rest, groups, "weight", weight.dtype)
    return Kernel(second * groups, first, rest, groups, "weight", weight.dtype)


def _checked(call: Call, operand: Operand, kernel: Kernel, spatial: int, transposed: bool) -> tuple[Shape, list[Dim]]:
    """Leading axes and spatial sizes of the input, whose rank and channels fit the kernel."""
    shape = operand.shape
    if shape.rank is None:
        if len(shape.dims) - (shape.open_at or 0) <= spatial:
            return Shape((UNKNOWN_DIM,), 0), [UNKNOWN_DIM] * spatial
    elif shape.rank not in (spatial + 1, spatial + 2):
        name = f"conv_transpose{spatial}d" if transposed else f"conv{spatial}d"
        words = (
            f"Expected {spatial + 1}D (unbatched) or {spatial + 2}D (batched) input to {name}, "
            f"but got input of size: {sizes_text(shape)}"
        )
        raise call.clash("rank", words, left=number(shape.rank), right=number(spatial + 2))
    have = shape.dim(-spatial - 1)
    if have.compare(kernel.inputs) is Truth.DIFFERENT:
        raise _wrong_channels(call, shape, have, kernel, spatial, transposed)
    if dtypes.is_integral(operand.dtype) and "in_channels" in call.args and call["dtype"] is None:
        words = (
            f"Input type (torch.{dtypes.title(operand.dtype)}Tensor) and bias type (torch.FloatTensor) should "
            "be the same"
        )
        words = words.replace("torch.", "").replace("Tensor)", ")").replace("FloatTensor", "Float")
        words = (
            f"expected scalar type {dtypes.title(operand.dtype)} but found Float" if call["bias"] is False else words
        )
        raise call.clash("dtype", words, right_name="weight")
    return Shape(shape.dims[:-spatial], shape.open_at), list(shape.dims[-spatial:])


def _wrong_channels(call: Call, shape: Shape, have: Dim, kernel: Kernel, spatial: int, transposed: bool) -> Exception:
    # An input without a batch axis gets one before torch compares, and the message shows it.
    seen = Shape((number(1), *shape.dims)) if shape.rank == spatial + 1 else shape
    words = (
        f"Given {'transposed=1' if transposed else f'groups={kernel.groups}'}, weight of size "
        f"{sizes_text(kernel.weight(transposed))}, "
        f"expected input{sizes_text(seen)} to have {kernel.inputs} channels, but got {have} channels instead"
    )
    axis = None if shape.rank is None else shape.rank - spatial - 1
    return call.clash("channels", words, left=have, right=kernel.inputs, right_name=kernel.source, axis=axis)


def _kernel_fits(call: Call, sizes: list[Dim], kernel: list[Dim], padding: list[Dim], dilation: list[Dim]) -> None:
    padded = [size + number(2) * pad for size, pad in zip(sizes, padding, strict=True)]
    spans = [step * (width - number(1)) + number(1) for step, width in zip(dilation, kernel, strict=True)]
    for at, (size, span) in enumerate(zip(padded, spans, strict=True)):
        if size.value is not None and span.value is not None and size.value < span.value:
            words = (
                f"Calculated padded input size per channel: ({' x '.join(map(str, padded))}). "
                f"Kernel size: ({' x '.join(map(str, spans))}). Kernel size can't be greater than actual input size"
            )
            raise call.clash("parameter", words, left=size, right=span, right_name="kernel_size", axis=at - len(sizes))


def conv_transpose(call: Call) -> Spec:
    """``ConvTranspose1d`` to ``ConvTranspose3d`` and their functions."""
    spatial = spatial_rank(call.name)
    kernel = _kernel(call, spatial, transposed=True)
    operand = call.tensor()
    lead, sizes = _checked(call, operand, kernel, spatial, transposed=True)
    windows = [per_axis(call[key], spatial) for key in ("stride", "padding", "output_padding", "dilation")]
    _output_padding_fits(call, *windows)
    if call.args.get("output_size") is not None:
        out = _asked_sizes(call["output_size"], spatial)
    else:
        out = [_grown(size, width, *rest) for size, width, *rest in zip(sizes, kernel.sizes, *windows, strict=True)]
    if any(size.expr is not None and isinstance(size.expr, int) and size.expr <= 0 for size in out):
        words = (
            f"Given input size per channel: ({' x '.join(map(str, sizes))}). "
            f"Calculated output size per channel: ({' x '.join(map(str, out))}). Output size is too small"
        )
        raise call.clash("parameter", words)
    dtype = operand.dtype if dtypes.is_floating(operand.dtype) else kernel.dtype
    return Spec(Shape((*lead.dims[:-1], kernel.outputs, *out), lead.open_at), dtype)


def _output_padding_fits(call: Call, stride: list[Dim], _: list[Dim], extra: list[Dim], dilation: list[Dim]) -> None:
    for step, more, spread in zip(stride, extra, dilation, strict=True):
        if None not in (step.value, more.value, spread.value) and (more.value or 0) >= max(
            step.value or 0, spread.value or 0
        ):
            words = "output padding must be smaller than either stride or dilation, but got output_padding_"
            raise call.clash("parameter", words, left=more, right=step, left_name="output_padding", right_name="stride")


def _grown(size: Dim, width: Dim, stride: Dim, padding: Dim, extra: Dim, dilation: Dim) -> Dim:
    one, two = number(1), number(2)
    out = (size - one) * stride - two * padding + dilation * (width - one) + extra + one
    return out.at(size.origin) if out.known else out


def _asked_sizes(value: Any, spatial: int) -> list[Dim]:
    if value is UNKNOWN or not isinstance(value, (tuple, list)):
        return [UNKNOWN_DIM] * spatial
    return [as_dim(one) for one in value][-spatial:]


def bilinear(call: Call) -> Spec:
    """``Bilinear(in1, in2, out)`` and ``bilinear(input1, input2, weight)``: (..., in1), (..., in2) to (..., out)."""
    first, second = call.tensor("input1"), call.tensor("input2")
    if "in1_features" in call.args:
        wanted = [as_dim(call["in1_features"]), as_dim(call["in2_features"])]
        out = as_dim(call["out_features"])
    else:
        weight = call.shape("weight")
        wanted, out = [weight.dim(1), weight.dim(2)], weight.dim(0)
    for name, operand, size in (("input1", first, wanted[0]), ("input2", second, wanted[1])):
        have = operand.shape.dim(-1)
        if have.compare(size) is Truth.DIFFERENT:
            words = f"bilinear(): {name} size does not match weight size: got {have} but expected {size}"
            raise call.clash("inner", words, left=have, right=size, left_name=name, right_name="weight")
    shape = first.shape if first.shape.rank is not None else second.shape
    if shape.rank is None:
        return Spec(ANY, first.dtype)
    if 0 in (first.shape.rank, second.shape.rank):
        raise call.clash("rank", "Dimension specified as -1 but tensor has no dimensions", left_name="input1")
    if first.shape.rank is not None and second.shape.rank is not None:
        _same_rows(call, first.shape, second.shape)
    return Spec(Shape((*shape.dims[:-1], out)), first.dtype)


def _same_rows(call: Call, first: Shape, second: Shape) -> None:
    if first.rank != second.rank:
        words = f"bilinear(): input dimensions do not match: got {first.rank} and {second.rank}"
        raise call.clash("rank", words, left_name="input1", right_name="input2")
    for at, (left, right) in enumerate(zip(first.dims[:-1], second.dims[:-1], strict=True)):
        if left.compare(right) is Truth.DIFFERENT:
            words = f"bilinear(): input batch dimensions do not match at dim {at}: got {left} and {right}"
            raise call.clash("batch", words, left=left, right=right, left_name="input1", right_name="input2", axis=at)


def unfold(call: Call) -> Spec:
    """``Unfold`` (im2col): (batch, channels, height, width) to (batch, channels * kernel, places)."""
    shape = call.shape()
    if shape.rank is None:
        raise Unclear("the number of axes is not known")
    if shape.rank not in (3, 4):
        words = (
            "Expected 3D or 4D (batch mode) tensor with possibly 0 batch size and other non-zero dimensions for input, "
            f"but got: {sizes_text(shape)}"
        )
        raise call.clash("rank", words, left=number(shape.rank), right=number(4))
    windows = [per_axis(call[key], 2) for key in ("kernel_size", "stride", "padding", "dilation")]
    kernel, stride, padding, dilation = windows
    places = [slid(*one) for one in zip(shape.dims[-2:], kernel, stride, padding, dilation, strict=True)]
    if any(place.expr is not None and isinstance(place.expr, int) and place.expr <= 0 for place in places):
        raise call.clash(
            "parameter", "calculated shape of the array of sliding blocks is not positive", right_name="kernel_size"
        )
    columns = shape.dims[-3] * kernel[0] * kernel[1]
    return call.out(Shape((*shape.dims[:-3], columns, places[0] * places[1])))


def fold(call: Call) -> Spec:
    """``Fold`` (col2im): (batch, channels * kernel, places) to (batch, channels, height, width)."""
    shape = call.shape()
    if shape.rank is None:
        raise Unclear("the number of axes is not known")
    if shape.rank not in (2, 3):
        words = (
            "Expected 2D or 3D (batch mode) tensor for input with possibly 0 batch size and non-zero "
            "dimensions for input, "
            f"but got: {sizes_text(shape)}"
        )
        raise call.clash("rank", words, left=number(shape.rank), right=number(3))
    size = per_axis(call["output_size"], 2)
    windows = [per_axis(call[key], 2) for key in ("kernel_size", "stride", "padding", "dilation")]
    kernel, stride, padding, dilation = windows
    columns, blocks = shape.dims[-2], shape.dims[-1]
    area = kernel[0] * kernel[1]
    if (columns % area).compare(number(0)) is Truth.DIFFERENT:
        words = (
            "Expected size of input's dimension 1 to be divisible by the product of kernel_size, but got "
            f"input.size(1)={columns} and kernel_size=({listed(tuple(kernel))})."
        )
        raise call.clash("channels", words, left=columns, right=area, right_name="kernel_size", axis=shape.rank - 2)
    places = [slid(*one) for one in zip(size, kernel, stride, padding, dilation, strict=True)]
    if (places[0] * places[1]).compare(blocks) is Truth.DIFFERENT:
        words = (
            f"Given output_size=({listed(tuple(size))}), kernel_size=({listed(tuple(kernel))}), "
            f"dilation=({listed(tuple(dilation))}), "
            f"padding=({listed(tuple(padding))}), stride=({listed(tuple(stride))}), expected size of input's "
            "dimension 2 to match "
            f"the calculated number of sliding blocks {places[0]} * {places[1]} = {places[0] * places[1]}, but "
            f"got input.size(2)={blocks}."
        )
        raise call.clash(
            "numel", words, left=blocks, right=places[0] * places[1], right_name="output_size", axis=shape.rank - 1
        )
    channels = columns // area if columns.known and area.known else UNKNOWN_DIM
    return call.out(Shape((*shape.dims[:-2], channels, *size)))
