"""Small real models beside what the hub says of them."""

from __future__ import annotations

from typing import Any

import transformers
from hub_classes import config_class
from hub_small import resolved, shrink, small_inputs

from shapecheck import hub
from shapecheck.hub.configs import Config
from shapecheck.ops.values import Spec
from shapecheck.shapes import of

VALUES = {
    "hidden": 80,
    "layers": 1,
    "decoder_layers": 2,
    "heads": 8,
    "kv": 4,
    "inner": 44,
    "vocab": 180,
    "positions": 60,
    "types": 2,
    "embedding": 16,
    "labels": 3,
    "projection": 12,
    "experts": 4,
    "patches": 7,
    "channels": 16,
    "sources": 24,
}
SIZES = {
    "batch": 2,
    "seq": 9,
    "decoder_seq": 6,
    "other_seq": 5,
    "choices": 3,
    "samples": 3500,
    "frames": 90,
    "height": 64,
    "width": 96,
    "boxes": 4,
}
"""Other numbers than those with which the tables were made."""


def built(name: str, attention: str | None = None, labels: int | None = None, **kwargs: Any) -> Any:
    """A small model in eval mode."""
    cls = getattr(transformers, name)
    config = config_class(cls)()
    shrink(config, VALUES, "small")
    if "QuestionAnswering" in name:
        config.num_labels = 2
    if labels is not None:
        config.num_labels = labels
    config._attn_implementation = attention
    return cls(config, **kwargs).eval()


def inputs_of(model: Any, **sizes: int) -> dict[str, Any]:
    """The usual inputs of a model."""
    return small_inputs(model, resolved(model, SIZES | sizes))


def facts_of(config: Any) -> Config:
    """The same config as the hub sees it."""
    overrides = {key: value for key, value in config.to_dict().items() if key not in ("id2label", "label2id")}
    found = hub.config(type(config).__name__, None, overrides | {"num_labels": config.num_labels})
    assert found is not None
    return found


def spec(tensor: Any) -> Spec:
    """A real tensor as the hub sees it."""
    return Spec(of(*tensor.shape), str(tensor.dtype).removeprefix("torch."))


def told(name: str, config: Any, inputs: dict[str, Any], **options: Any) -> Any:
    """What the hub says of a call with real inputs."""
    facts = hub.model(name)
    assert facts is not None
    given = {key: spec(value) if hasattr(value, "shape") else value for key, value in inputs.items()}
    return hub.call(facts, facts_of(config), given, options)
