"""The sizes that a call's inputs state: batch, sequence length, image height, number of samples ..."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shapecheck import dims
from shapecheck.dims import Dim, Truth
from shapecheck.hub.configs import Config
from shapecheck.hub.models import ModelFacts
from shapecheck.hub.recipes import recipe_of
from shapecheck.hub.templates import Lookup
from shapecheck.ops.values import UNKNOWN, as_dim, is_tensor
from shapecheck.shapes import Shape

SIZES = (
    "batch",
    "seq",
    "decoder_seq",
    "other_seq",
    "choices",
    "channels",
    "height",
    "width",
    "samples",
    "frames",
    "boxes",
)
"""The names of sizes that come from inputs; any other name in a template is a config attribute."""

_WHERE_EACH_IS_SAID = ("input_ids", "inputs_embeds", "decoder_input_ids", "decoder_inputs_embeds", "attention_mask")


def given(inputs: Mapping[str, Any], name: str) -> bool | None:
    """Whether an argument is there and not None; None where that is not known."""
    value = inputs.get(name)
    return None if value is UNKNOWN else value is not None


def shape_of(value: object) -> Shape | None:
    """The shape of a tensor, None for anything else."""
    return value.shape if is_tensor(value) else None


def axes(model: ModelFacts, name: str) -> tuple[str, ...] | None:
    """What the axes of an input of a class are, as expressions (``batch seq``); None for an input without a recipe."""
    found = recipe_of("decoder_input_ids" if name == "decoder_inputs_embeds" else name, model)
    if found is None:
        return None
    words = tuple({"num_channels": "channels"}.get(word, word) for word in found.axes)
    return (*words, "hidden_size") if name == "decoder_inputs_embeds" else words


def sizes(model: ModelFacts, inputs: Mapping[str, Any]) -> dict[str, Dim]:
    """The sizes that are known from the inputs, by name. Inputs whose rank does not fit say nothing."""
    found: dict[str, Dim] = {}
    for name in (*_WHERE_EACH_IS_SAID, *inputs):
        shape = shape_of(inputs.get(name))
        words = axes(model, name) if shape is not None else None
        if shape is None or words is None or (shape.rank is not None and shape.rank != len(words)):
            continue
        for axis, word in enumerate(words):
            if word in SIZES and word not in found and shape.dim(axis).known:
                found[word] = shape.dim(axis)
    texts, images = shape_of(inputs.get("input_ids")), shape_of(inputs.get("pixel_values"))
    if texts is not None and images is not None and texts.dim(0).compare(images.dim(0)) is not Truth.EQUAL:
        found["batch"] = dims.UNKNOWN  # two towers, each with a batch of its own: which one a field follows is not told
    if model.is_encoder_decoder and "decoder_seq" not in found:
        found |= _shifted(model, inputs, found)
    return found


_SHIFTS_INPUTS = {"bart", "mbart", "plbart", "mvp", "bigbird_pegasus"}
"""Encoder-decoders that take the shifted input ids for the decoder where they get none."""


def _shifted(model: ModelFacts, inputs: Mapping[str, Any], found: dict[str, Dim]) -> dict[str, Dim]:
    """The decoder's length where no decoder ids are given: heads shift the labels, BART-like models the input ids."""
    if any(given(inputs, name) is not False for name in ("decoder_input_ids", "decoder_inputs_embeds")):
        return {}
    labels = shape_of(inputs.get("labels"))
    if model.head == "conditional-generation" and labels is not None and labels.rank == 2:
        return {"decoder_seq": labels.dim(1)}
    if given(inputs, "labels") is False and "seq" in found and model.model_type in _SHIFTS_INPUTS:
        return {"decoder_seq": found["seq"]}
    return {}


def lookup_in(known: Mapping[str, Dim], config: Config) -> Lookup:
    """What a name in a template stands for: a size of the inputs, else a config attribute."""

    def lookup(name: str) -> Dim:
        if name in SIZES:
            return known.get(name, dims.UNKNOWN)
        if name == "frames(samples)":
            return _frames(known.get("samples", dims.UNKNOWN), config)
        return config.dim(name)

    return lookup


def _frames(samples: Dim, config: Config) -> Dim:
    """What a stack of convolutions without padding leaves of a waveform."""
    kernels, strides = config.get("conv_kernel")[0], config.get("conv_stride")[0]
    if not isinstance(kernels, (list, tuple)) or not isinstance(strides, (list, tuple)):
        return dims.UNKNOWN
    left = samples
    for kernel, stride in zip(kernels, strides, strict=False):
        left = (left - as_dim(kernel)) // as_dim(stride) + dims.number(1)
    return left
