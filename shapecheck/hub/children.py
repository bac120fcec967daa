"""The modules that stand in transformers' model classes (``rules/hub/children.csv``)."""

from __future__ import annotations

from typing import Any

from shapecheck.dims import Dim
from shapecheck.hub.checkpoints import Checkpoint
from shapecheck.hub.configs import Config
from shapecheck.hub.models import ModelFacts
from shapecheck.hub.tables import pairs, rows
from shapecheck.hub.templates import evaluate
from shapecheck.ops.values import UNKNOWN

Child = tuple[str, dict[str, Any]]


def module_children(model: ModelFacts, config: Config) -> dict[str, Child]:
    """The submodules by path: ``{"classifier": ("torch.nn.Linear", {"in_features": Dim(768), ...}), "bert": ...}``.

    Paths are dotted (``classifier.out_proj``); ``get_input_embeddings()`` and ``get_output_embeddings()`` stand among
    them. Sizes are Dims with their origin, UNKNOWN where they are not known; other parameters are Python values.
    """
    found = {row["path"]: (row["kind"], row["params"]) for row in rows("children", model.cls)}
    return {
        path: (kind, {k: _value(v, config) for k, v in pairs(params, " ").items()})
        for path, (kind, params) in found.items()
    }


def pools_in_its_head(model_class: str, path: str = "classifier") -> bool:
    """Whether a class's head is handed every token (``rules/hub/sequence_heads.csv``), so that a bare layer in its
    place gets (batch, seq, hidden)."""
    return any(row["path"] == path for row in rows("sequence_heads", model_class))


def mismatched(
    checkpoint: Checkpoint, model: ModelFacts, config: Config
) -> dict[str, tuple[tuple[int, ...], tuple[int, ...]]]:
    """The weights of a checkpoint's own head that do not fit a model of the same class: name -> (stored, wanted) shape.

    ``from_pretrained`` raises for these unless ``ignore_mismatched_sizes`` is set. Empty where nothing is certain.
    """
    if checkpoint.head != model.cls:
        return {}
    stored = config.with_overrides({"num_labels": checkpoint.fields["num_labels"]})
    found: dict[str, tuple[tuple[int, ...], tuple[int, ...]]] = {}
    for path, (kind, wanted) in module_children(model, config).items():
        if kind != "torch.nn.Linear" or path.endswith(")"):
            continue
        there = module_children(model, stored)[path][1]
        before, after = (
            [size.value for size in (p["out_features"], p["in_features"]) if isinstance(size, Dim)]
            for p in (there, wanted)
        )
        shapes = [tuple(n for n in sizes if n is not None) for sizes in (before, after)]
        if len(shapes[0]) == len(shapes[1]) == 2 and shapes[0] != shapes[1]:
            found[f"{path}.weight"] = (shapes[0], shapes[1])
            if wanted["bias"]:
                found[f"{path}.bias"] = (shapes[0][:1], shapes[1][:1])
    return found


def _value(text: str, config: Config) -> Any:
    if "," in text:
        return tuple(_value(part, config) for part in text.split(","))
    if text in ("true", "false"):
        return text == "true"
    try:
        return float(text) if "." in text and text[0].isdigit() else _size(text, config)
    except ValueError:
        return _size(text, config)


def _size(text: str, config: Config) -> Dim | Any:
    size = evaluate(text, config.dim)
    return size if size.known else UNKNOWN
