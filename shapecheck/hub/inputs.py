"""The sizes that a call's inputs state: batch, sequence length, image height, number of samples ..."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shapecheck.dims import Dim
from shapecheck.hub.models import ModelFacts
from shapecheck.ops.values import UNKNOWN, is_tensor
from shapecheck.shapes import Shape

AXES: dict[str, tuple[str, ...]] = {
    "input_ids": ("batch", "seq"),
    "inputs_embeds": ("batch", "seq", ""),
    "decoder_input_ids": ("batch", "decoder_seq"),
    "decoder_inputs_embeds": ("batch", "decoder_seq", ""),
    "pixel_values": ("batch", "channels", "height", "width"),
    "input_values": ("batch", "samples"),
    "input_features": ("batch", "", "frames"),
}
"""What the axes of the usual inputs are; "" for one that names nothing."""

_DECODER = ("decoder_input_ids", "decoder_inputs_embeds")


def given(inputs: Mapping[str, Any], name: str) -> bool | None:
    """Whether an argument is there and not None; None where that is not known."""
    value = inputs.get(name)
    return None if value is UNKNOWN else value is not None


def axes(model: ModelFacts, name: str) -> tuple[str, ...]:
    """The axes of an input of a class: multiple choice puts the choices behind the batch."""
    usual = AXES.get(name, ())
    if model.head == "multiple-choice" and usual[:1] == ("batch",):
        return ("batch", "choices", *usual[1:])
    return usual


def sizes(model: ModelFacts, inputs: Mapping[str, Any]) -> dict[str, Dim]:
    """The sizes that are known from the inputs, by name. Inputs whose rank does not fit say nothing."""
    found: dict[str, Dim] = {}
    for name in AXES:
        shape = shape_of(inputs.get(name))
        names = axes(model, name)
        if shape is None or (shape.rank is not None and shape.rank != len(names)):
            continue
        for axis, word in enumerate(names):
            if word and word not in found and shape.dim(axis).known:
                found[word] = shape.dim(axis)
    if (
        model.is_encoder_decoder
        and "decoder_seq" not in found
        and not any(given(inputs, n) is not False for n in _DECODER)
    ):
        found |= _shifted(model, inputs, found)
    return found


def _shifted(model: ModelFacts, inputs: Mapping[str, Any], found: dict[str, Dim]) -> dict[str, Dim]:
    """The decoder's length where no decoder ids are given: heads shift the labels, BART-like models the input ids."""
    labels = shape_of(inputs.get("labels"))
    if model.head == "conditional-generation" and labels is not None and labels.rank == 2:
        return {"decoder_seq": labels.dim(1)}
    if given(inputs, "labels") is False and "seq" in found and model.model_type in SHIFTS_INPUTS:
        return {"decoder_seq": found["seq"]}
    return {}


SHIFTS_INPUTS = {"bart", "mbart", "plbart", "mvp", "bigbird_pegasus"}
"""Encoder-decoders that take the shifted input ids for the decoder where they get none."""


def shape_of(value: object) -> Shape | None:
    """The shape of a tensor, None for anything else."""
    return getattr(value, "shape") if is_tensor(value) else None
