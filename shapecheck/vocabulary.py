"""How the graph's stages are read: operators by their last name, operands by their part, one axis of one tensor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from shapecheck.dims import Dim
from shapecheck.graph import Stage, Tensor
from shapecheck.places import Span


def words(text: str) -> frozenset[str]:
    """A set of names, written as one text."""
    return frozenset(text.split())


KEEPS = words(
    "Dropout Dropout1d Dropout2d Dropout3d AlphaDropout dropout alpha_dropout feature_dropout dropout1d "
    "dropout2d dropout3d LayerNorm RMSNorm BatchNorm1d BatchNorm2d BatchNorm3d InstanceNorm1d InstanceNorm2d "
    "GroupNorm layer_norm rms_norm batch_norm instance_norm group_norm normalize ReLU ReLU6 LeakyReLU PReLU "
    "ELU SELU CELU GELU SiLU Mish Tanh Sigmoid LogSigmoid Softplus Softsign Hardtanh Hardswish Hardsigmoid "
    "Identity relu relu_ leaky_relu elu selu gelu silu mish tanh tanh_ sigmoid sigmoid_ logsigmoid softplus "
    "hardtanh Softmax LogSoftmax softmax log_softmax exp log log1p sqrt rsqrt abs neg square pow clamp "
    "clamp_min clamp_max clip round sign to float half double bfloat16 long int bool byte type type_as cuda "
    "cpu contiguous clone detach detach_ requires_grad_ nan_to_num masked_fill masked_fill_ cumsum sort "
    "pin_memory cos sin logical_not bitwise_not reciprocal"
)
"""Operators (by their last name) that keep every axis of their first operand, and what it means."""

BINARY = words(
    "add sub mul div true_divide floor_divide remainder maximum minimum eq ne lt le gt ge logical_and "
    "logical_or logical_xor rsub add_ sub_ mul_ div_ where fmod atan2 lerp addcmul"
)
COMPARISONS = words("eq ne lt le gt ge")
REDUCTIONS = words(
    "sum mean max min amax amin median mode std var prod any all argmax argmin logsumexp norm nansum nanmean "
    "count_nonzero"
)
POOLS_1D = words(
    "AdaptiveAvgPool1d AdaptiveMaxPool1d adaptive_avg_pool1d adaptive_max_pool1d "
    "AvgPool1d MaxPool1d avg_pool1d max_pool1d"
)
"""Pools along the last axis, the places of features (batch, features, places)."""
RECURRENT = frozenset(("LSTM", "GRU", "RNN"))
CONVOLUTIONS = frozenset(
    f"{kind}{n}d" for kind in ("Conv", "ConvTranspose", "conv", "conv_transpose") for n in (1, 2, 3)
)


def short(stage: Stage | None) -> str:
    """The operator's last name: ``mean`` for ``torch.Tensor.mean``, ``Linear``, ``BertModel``."""
    return _last(stage.op) if stage else ""


@lru_cache(maxsize=4096)
def _last(op: str) -> str:
    return op.rsplit(".", 1)[-1]


def is_model(stage: Stage | None) -> bool:
    """Whether a stage is the call of a transformers model."""
    return stage is not None and stage.op.startswith("transformers.")


_DATA = (
    "input",
    "self",
    "tensors",
    "query",
    "hidden_states",
    "input_ids",
    "inputs_embeds",
    "pixel_values",
    "input_values",
)


def main(stage: Stage) -> Tensor | None:
    """The operand whose data an operator carries on: ``input``, the first tensor of ``tensors``, a model's ids."""
    inputs = stage.inputs
    for name in _DATA:
        if name in inputs:
            value = inputs[name]
            if isinstance(value, (list, tuple)):
                value = next((v for v in value if isinstance(v, Tensor)), None)
            if isinstance(value, Tensor):
                return value
    return next(stage.tensors(), None)


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis of one tensor; ``index`` counts from 0 where the rank is known, else from the end (negative)."""

    tensor: Tensor
    index: int

    @property
    def dim(self) -> Dim:
        """Its size."""
        return self.tensor.shape.dim(self.index)

    @property
    def stage(self) -> Stage | None:
        """The stage that made the tensor."""
        return self.tensor.producer


def axis(tensor: Tensor, index: int) -> Axis:
    """An axis of a tensor, its number brought to the form that :class:`Axis` keeps."""
    rank = tensor.shape.rank
    return Axis(tensor, index + rank if rank is not None and index < 0 else index)


def ints(value: Any) -> tuple[int, ...] | None:
    """A ``dim`` argument as a tuple of plain numbers; None where it is not known or not given."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return (value,)
    if isinstance(value, Dim):
        return (value.value,) if value.value is not None else None
    if isinstance(value, (list, tuple)):
        parts = [ints(v) for v in value]
        return None if None in parts or not parts else tuple(p[0] for p in parts if p)
    return None


def given(stage: Stage, *names: str) -> Any:
    """An argument of a call, or a constructor parameter of the module that was called."""
    for name in names:
        if name in stage.inputs:
            return stage.inputs[name]
        if stage.module is not None and name in stage.module.params:
            return stage.module.params[name]
    return None


def axis_word(stage: Stage) -> str:
    """What the argument is called that picks an axis: ``dim``, in numpy ``axis``."""
    return "axis" if stage.op.startswith("numpy.") else "dim"


def reduced_axes(stage: Stage) -> tuple[int, ...] | None:
    """The axes (from 0) that a reduction runs over; None where they are not known."""
    operand = main(stage)
    rank = operand.shape.rank if operand is not None else None
    dims = ints(given(stage, "dim", "axis"))
    if rank is None:
        return tuple(d for d in dims if d >= 0) if dims and min(dims) >= 0 else None
    if dims is None:
        return tuple(range(rank)) if given(stage, "dim", "axis") is None else None
    return tuple(sorted(d % rank for d in dims)) if rank else None


def key_parts(stage: Stage) -> tuple[Any, ...]:
    """The subscript of an indexing stage, as a tuple of its parts."""
    key = given(stage, "key", "index")
    return tuple(key) if isinstance(key, (tuple, list)) else (key,)


def operands(stage: Stage) -> Sequence[Tensor]:
    """The tensors that ``cat``, ``stack`` and the binary operators take, in order."""
    return list(stage.tensors())


def place(tensor: Tensor) -> Span | None:
    """Where a tensor came to be in the text: its own span, or the call that made it."""
    return tensor.span or (tensor.producer.span if tensor.producer else None)
