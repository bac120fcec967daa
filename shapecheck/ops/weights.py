"""The parameters and buffers of torch's layers: their names in a state dict, and the constructor's sizes in each."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from shapecheck.dims import Dim, number
from shapecheck.ops.values import UNKNOWN, as_dim

Sizes = tuple[Dim, ...]

STATE_DICT = "torch.nn.Module.state_dict"
"""The operator that the tensors of a state dict come from: its stage has the layer, and the entry's name there."""

_ATTENTION = """
    in_proj_weight: 3*embed_dim embed_dim; in_proj_bias: 3*embed_dim; out_proj.weight: embed_dim embed_dim;
    out_proj.bias: embed_dim
"""
_STATISTICS = "running_mean: num_features; running_var: num_features; num_batches_tracked:"
_NORM = f"weight: num_features; bias: num_features; {_STATISTICS}"
_CONVOLUTION = "weight: out_channels in_channels/groups kernel_size; bias: out_channels"
_TRANSPOSED = "weight: in_channels out_channels/groups kernel_size; bias: out_channels"

_LAYOUTS = {
    "Linear": "weight: out_features in_features; bias: out_features",
    "Bilinear": "weight: out_features in1_features in2_features; bias: out_features",
    "Embedding": "weight: num_embeddings embedding_dim",
    "EmbeddingBag": "weight: num_embeddings embedding_dim",
    "LayerNorm": "weight: normalized_shape; bias: normalized_shape",
    "RMSNorm": "weight: normalized_shape",
    "GroupNorm": "weight: num_channels; bias: num_channels",
    "PReLU": "weight: num_parameters",
    "MultiheadAttention": _ATTENTION,
    **{f"BatchNorm{n}d": _NORM for n in (1, 2, 3)},
    **{f"Conv{n}d": _CONVOLUTION for n in (1, 2, 3)},
    **{f"ConvTranspose{n}d": _TRANSPOSED for n in (1, 2, 3)},
}
"""By class, the entries of its state dict: a name, and what each axis is as large as."""

_GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}
_WITHOUT = re.compile(
    "ReLU6?|LeakyReLU|GELU|SiLU|Mish|ELU|CELU|SELU|Tanh|Sigmoid|LogSigmoid|Hard\\w+|Softmax2?d?|LogSoftmax|Softplus|"
    "Dropout[123]?d?|AlphaDropout|Identity|Flatten|Unflatten|(Adaptive)?(Max|Avg)Pool[123]d|Upsample|PixelShuffle|"
    "\\w+Pad[123]d|\\w+Loss|CosineSimilarity|Sequential|ModuleList|ModuleDict|ZeroPad2d|InstanceNorm[123]d|GLU"
)
_SWITCHES = {"bias": "bias", "affine": "weight bias", "elementwise_affine": "weight bias"}
"""Constructor parameters without which a layer lacks these entries."""


def weights(kind: str, params: Mapping[str, Any]) -> dict[str, Sizes] | None:
    """The entries of a layer's state dict by name, with their sizes; None where the class is not known here.

    >>> weights("torch.nn.Linear", {"in_features": 8, "out_features": 3})["weight"]
    (Dim(3), Dim(8))
    """
    name = kind.removeprefix("torch.nn.")
    if name == kind:
        return None
    if name in _GATES:
        return dict(_recurrent(name, params))
    layout = _LAYOUTS.get(name)
    if layout is None:
        return {} if _WITHOUT.fullmatch(name) else None
    if name == "MultiheadAttention" and (params.get("kdim") or params.get("vdim") or params.get("add_bias_kv")):
        return None
    found: dict[str, Sizes] = {}
    for entry, parts in _parsed(layout):
        if not _left_out(entry, params) and not ("normalized_shape" in parts and _is_unknown(params)):
            found[entry] = tuple(size for part in parts for size in _sizes(part, params, name))
    return found


def sized_by(kind: str, name: str, axis: int) -> str:
    """The constructor parameter that an axis of an entry is as large as; empty where none is known.

    >>> sized_by("torch.nn.Conv2d", "weight", 1), sized_by("torch.nn.LSTM", "weight_ih_l0", 1)
    ('in_channels', 'input_size')
    """
    kind = kind.removeprefix("torch.nn.")
    if kind in _GATES:
        return "input_size" if axis == 1 and name.startswith("weight_ih_l0") else "hidden_size"
    parts = dict(_parsed(_LAYOUTS.get(kind, ""))).get(name, [])
    part = parts[min(axis, len(parts) - 1)] if parts else ""
    return re.sub(r"^\d+\*|/\w+$", "", part)


def _parsed(layout: str) -> Iterator[tuple[str, list[str]]]:
    for entry in layout.split(";"):
        if entry.strip():
            name, _, parts = entry.partition(":")
            yield name.strip(), parts.split()


def _left_out(entry: str, params: Mapping[str, Any]) -> bool:
    last = entry.rpartition(".")[2]
    if params.get("track_running_stats") is False and last.startswith(("running_", "num_batches")):
        return True
    return any(
        params.get(switch) is False and (last in names.split() or (switch == "bias" and last.endswith("_bias")))
        for switch, names in _SWITCHES.items()
    )


def _is_unknown(params: Mapping[str, Any]) -> bool:
    """Whether a norm may be over any number of axes."""
    return params.get("normalized_shape", UNKNOWN) is UNKNOWN


def _sizes(part: str, params: Mapping[str, Any], kind: str) -> Iterator[Dim]:
    """The sizes that a part of a layout stands for: one, or as many as a tuple or the layer's axes are."""
    times, _, rest = part.rpartition("*")
    name, _, divisor = rest.partition("/")
    given = params.get(name, UNKNOWN)
    count = int(kind[-2]) if name == "kernel_size" else 1
    several = given if isinstance(given, (tuple, list)) else [given] * count
    for size in several:
        dim = as_dim(size)
        if times:
            dim = number(int(times)) * dim
        groups = as_dim(params.get(divisor, 1)) if divisor else number(1)
        yield dim if groups.value == 1 else dim // groups


def _recurrent(name: str, params: Mapping[str, Any]) -> Iterator[tuple[str, Sizes]]:
    """``weight_ih_l0`` and its like; of a layer whose number, sides or projection are not known, nothing."""
    layers, both = as_dim(params.get("num_layers", 1)).value, params.get("bidirectional")
    if layers is None or not isinstance(both, bool) or as_dim(params.get("proj_size", 0)).value != 0:
        return
    hidden, entering = as_dim(params.get("hidden_size")), as_dim(params.get("input_size"))
    gates = number(_GATES[name]) * hidden
    for layer in range(layers):
        for side in ("", "_reverse") if both else ("",):
            yield f"weight_ih_l{layer}{side}", (gates, entering)
            yield f"weight_hh_l{layer}{side}", (gates, hidden)
            if params.get("bias") is not False:
                yield f"bias_ih_l{layer}{side}", (gates,)
                yield f"bias_hh_l{layer}{side}", (gates,)
        entering = number(2 if both else 1) * hidden
