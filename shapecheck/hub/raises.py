"""Inputs with which transformers is certain to raise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shapecheck.hub.configs import Config
from shapecheck.hub.inputs import given, shape_of
from shapecheck.hub.models import ModelFacts
from shapecheck.shapes import Conflict


def conflict(model: ModelFacts, config: Config, inputs: Mapping[str, Any]) -> Conflict | None:
    """What a call is certain to raise, or None."""
    return _decoder_inputs(model, inputs)


NEEDS_DECODER_IDS = {"t5", "mt5", "umt5", "longt5", "switch_transformers"}
"""Encoder-decoders that make no decoder ids of their own where there are no labels."""


def _decoder_inputs(model: ModelFacts, inputs: Mapping[str, Any]) -> Conflict | None:
    if not model.is_encoder_decoder or model.model_type not in NEEDS_DECODER_IDS:
        return None
    names = ("decoder_input_ids", "decoder_inputs_embeds", "labels")
    if any(given(inputs, name) is not False for name in names) or shape_of(inputs.get("input_ids")) is None:
        return None
    return Conflict(
        "parameter",
        "You must specify exactly one of input_ids or inputs_embeds",
        left_name="decoder_input_ids",
    )
