"""Normalisation layers."""

from __future__ import annotations

from shapecheck.dims import Truth, number
from shapecheck.ops import dtypes
from shapecheck.ops.call import Call
from shapecheck.ops.values import UNKNOWN, Spec, Unclear, as_dim, as_shape, listed
from shapecheck.ops.windows import sizes_text, spatial_rank
from shapecheck.shapes import Shape


def layer_norm(call: Call) -> Spec:
    """``LayerNorm`` and ``RMSNorm``: the last axes are as ``normalized_shape`` says."""
    shape, wanted = call.shape(), as_shape(call["normalized_shape"])
    if wanted.open_at is not None:
        return call.out(shape)
    last = len(wanted.dims)
    known = len(shape.dims) if shape.rank is not None else len(shape.dims) - (shape.open_at or 0)
    different = shape.rank is not None and shape.rank < last
    for back in range(1, min(last, known) + 1):
        different = different or shape.dim(-back).compare(wanted.dim(-back)) is Truth.DIFFERENT
    if different:
        raise _wrong_tail(call, shape, wanted)
    if dtypes.is_integral(call.tensor().dtype) and call.entry.is_module:
        words = "expected scalar type Float but found " + dtypes.title(call.tensor().dtype)
        raise call.clash("dtype", f"mixed dtype (CPU): {words}" if False else words)
    return call.out(shape)


def _wrong_tail(call: Call, shape: Shape, wanted: Shape) -> Exception:
    inner = ", ".join(["*", *map(str, wanted.dims)])
    words = (
        f"Given normalized_shape=[{listed(wanted)}], expected input with shape [{inner}], but got input of "
        f"size{sizes_text(shape)}"
    )
    pairs = [(shape.dim(-back), wanted.dim(-back), back) for back in range(1, len(wanted.dims) + 1)]
    left, right, back = next((pair for pair in pairs if pair[0].compare(pair[1]) is Truth.DIFFERENT), pairs[0])
    axis = None if shape.rank is None else shape.rank - back
    return call.clash("channels", words, left=left, right=right, right_name="normalized_shape", axis=axis)


_BATCH_RANKS = {1: (2, 3), 2: (4,), 3: (5,)}
_RANK_WORDS = {1: "2D or 3D", 2: "4D", 3: "5D"}


def batch_norm(call: Call) -> Spec:
    """``BatchNorm1d`` to ``BatchNorm3d``, ``SyncBatchNorm``: axis 1 counts the channels."""
    shape = call.shape()
    if call.name in _WITH_RANK:
        spatial = spatial_rank(call.name)
        if shape.rank is not None and shape.rank not in _BATCH_RANKS[spatial]:
            words = f"expected {_RANK_WORDS[spatial]} input (got {shape.rank}D input)"
            raise call.clash("rank", words, left=number(shape.rank), right=number(_BATCH_RANKS[spatial][0]))
    elif shape.rank is not None and shape.rank < 2:
        raise call.clash(
            "rank", f"expected at least 2D input (got {shape.rank}D input)", left=number(shape.rank), right=number(2)
        )
    _channels(call, shape, 1, _values_per_channel)
    return call.out(shape)


_WITH_RANK = frozenset(f"{lazy}BatchNorm{rank}d" for lazy in ("", "Lazy") for rank in (1, 2, 3))


def _values_per_channel(name: str, wanted: object, have: object) -> str:
    return f"running_mean should contain {have} elements not {wanted}"


def _channels(call: Call, shape: Shape, axis: int, words: object) -> None:
    have, wanted = shape.dim(axis), as_dim(call.args.get("num_features"))
    if have.compare(wanted) is Truth.DIFFERENT:
        message = f"running_mean should contain {have} elements not {wanted}"
        if call["track_running_stats"] is False:
            message = f"weight should contain {have} elements not {wanted}"
        raise call.clash("channels", message, left=have, right=wanted, right_name="num_features", axis=axis)


def functional_batch_norm(call: Call) -> Spec:
    """``batch_norm(input, running_mean, running_var, weight, bias)``: vectors of as many elements as channels."""
    shape = call.shape()
    for name in ("running_mean", "running_var", "weight", "bias"):
        if call.args.get(name) is None:
            continue
        count, have = call.shape(name).numel, shape.dim(1)
        if count.compare(have) is Truth.DIFFERENT:
            words = f"{name} should contain {have} elements not {count}"
            raise call.clash("channels", words, left=have, right=count, right_name=name, axis=1)
    return call.out(shape)


def instance_norm(call: Call) -> Spec:
    """``InstanceNorm1d`` to ``InstanceNorm3d``: channels at axis 1, or 0 without a batch axis."""
    shape, spatial = call.shape(), spatial_rank(call.name)
    if shape.rank is not None and shape.rank not in (spatial + 1, spatial + 2):
        words = {1: "2D or 3D", 2: "3D or 4D", 3: "4D or 5D"}[spatial]
        raise call.clash(
            "rank",
            f"expected {words} input (got {shape.rank}D input)",
            left=number(shape.rank),
            right=number(spatial + 2),
        )
    if shape.rank is not None and (call["affine"] is True or call["track_running_stats"] is True):
        axis = shape.rank - spatial - 1
        have, wanted = shape.dim(axis), as_dim(call.args.get("num_features"))
        if have.compare(wanted) is Truth.DIFFERENT:
            words = f"expected input's size at dim={axis} to match num_features ({wanted}), but got: {have}."
            raise call.clash("channels", words, left=have, right=wanted, right_name="num_features", axis=axis)
    return call.out(shape)


def group_norm(call: Call) -> Spec:
    """``GroupNorm`` and ``group_norm``: axis 1 counts the channels, the groups divide them."""
    shape = call.shape()
    if shape.rank is not None and shape.rank < 2:
        raise call.clash(
            "rank",
            f"Expected at least 2 dimensions for input tensor but received {shape.rank}",
            left=number(shape.rank),
            right=number(2),
        )
    have, groups = shape.dim(1), as_dim(call["num_groups"])
    wanted = as_dim(call.args["num_channels"]) if "num_channels" in call.args else None
    if (have % groups).compare(number(0)) is Truth.DIFFERENT:
        words = (
            "Expected number of channels in input to be divisible by num_groups, but got input of shape "
            f"{sizes_text(shape)} and num_groups={groups}"
        )
        raise call.clash("channels", words, left=have, right=groups, right_name="num_groups", axis=1)
    if wanted is not None and have.compare(wanted) is Truth.DIFFERENT and call["affine"] is not False:
        if call["affine"] is UNKNOWN:
            raise Unclear("affine is not known")
        words = (
            "Expected weight to be a vector of size equal to the number of channels in input, but got weight of shape "
            f"[{wanted}] and input of shape {sizes_text(shape)}"
        )
        raise call.clash("channels", words, left=have, right=wanted, right_name="num_channels", axis=1)
    return call.out(shape)


def local_response(call: Call) -> Spec:
    """``LocalResponseNorm``: the input's shape."""
    shape = call.shape()
    if shape.rank is not None and shape.rank < 3:
        raise call.clash("rank", f"Expected 3D or higher dimensionality input (got {shape.rank} dimensions)")
    return call.out(shape)
