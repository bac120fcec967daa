"""The modules that stand in transformers' model classes (``rules/hub/children.csv``)."""

from __future__ import annotations

from typing import Any

from shapecheck.dims import Dim
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
