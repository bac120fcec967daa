"""Fewer layers of the same widths: for runs on real numbers, whose shapes are those of the whole model."""

from __future__ import annotations

from typing import Any

LAYERS = 2
"""Layers that are left of each stack; more where layers of several kinds follow each other."""

_DEPTHS = (
    "num_hidden_layers",
    "n_layer",
    "n_layers",
    "num_layers",
    "encoder_layers",
    "num_encoder_layers",
    "decoder_layers",
    "num_decoder_layers",
    "depth",
)


def shallow(config: Any) -> None:
    """Leave a config, and its parts, few layers; in place. Lists with an entry per layer are cut with them."""
    for part in [value for value in vars(config).values() if hasattr(value, "model_type")]:
        shallow(part)
    deepest = max((depth for name in _DEPTHS if type(depth := vars(config).get(name)) is int), default=0)
    kept = LAYERS
    for name, value in list(vars(config).items()):
        if isinstance(value, list) and len(value) == deepest and deepest > LAYERS and name.endswith("_types"):
            kept = max(kept, *(value.index(kind) + 1 for kind in set(value)))
    for name, value in list(vars(config).items()):
        if name in _DEPTHS and type(value) is int:
            setattr(config, name, min(value, kept))
        elif isinstance(value, list) and len(value) == deepest > kept:
            setattr(config, name, value[:kept])
