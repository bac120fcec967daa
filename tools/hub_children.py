"""Writes rules/hub/children.csv: the modules that stand in every model class, with their sizes as expressions.

The direct children of each class, those inside its head and its embeddings, and what ``get_input_embeddings()``
and ``get_output_embeddings()`` give. Models are built on the meta device, from two small configs.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
import transformers
from hub_classes import head
from hub_measure import main
from hub_names import Names, integers
from hub_small import CONFIGS, small_config
from torch import nn
from transformers.pytorch_utils import Conv1D

PARAMETERS: dict[type[nn.Module], tuple[str, ...]] = {
    nn.Linear: ("in_features", "out_features", "bias"),
    nn.Embedding: ("num_embeddings", "embedding_dim"),
    nn.LayerNorm: ("normalized_shape",),
    nn.Dropout: ("p",),
    nn.Conv1d: ("in_channels", "out_channels", "kernel_size", "stride", "padding", "groups"),
    nn.Conv2d: ("in_channels", "out_channels", "kernel_size", "stride", "padding", "groups"),
    nn.BatchNorm1d: ("num_features",),
    nn.BatchNorm2d: ("num_features",),
    Conv1D: ("nx", "nf"),
}
"""The constructor parameters that are told of each class."""


def built(cls: type[Any], which: int, way: str) -> Any:
    """A small model without data."""
    config = small_config(cls, which, way)
    with torch.device("meta"):
        return cls(config)


def told(model: Any) -> Iterator[tuple[str, nn.Module]]:
    """The modules worth telling, by path."""
    for name, child in model.named_children():
        yield name, child
        inside_matters = (
            not isinstance(child, (transformers.PreTrainedModel, nn.ModuleList)) and len(list(child.modules())) < 12
        )
        if inside_matters and (head(type(model).__name__) or "mbed" in name or "pool" in name):
            yield from ((f"{name}.{inner}", module) for inner, module in child.named_children() if inner)
    for method in ("get_input_embeddings", "get_output_embeddings"):
        try:
            module = getattr(model, method)()
        except (NotImplementedError, AttributeError, TypeError):
            continue
        if isinstance(module, nn.Module):
            yield f"{method}()", module


def kind(module: nn.Module) -> str:
    """The qualified class: ``torch.nn.Linear``, ``transformers.BertModel``."""
    return f"{'torch.nn' if type(module).__module__.startswith('torch.nn') else 'transformers'}.{type(module).__name__}"


def value(modules: list[nn.Module], parameter: str, names: Names) -> str:
    """One constructor parameter over both builds."""
    values = [getattr(m, parameter) for m in modules]
    if parameter == "bias":
        return str(values[0] is not None).lower()
    flat = [v if isinstance(v, (tuple, list)) else (v,) for v in values]
    if not all(isinstance(n, int) for v in flat for n in v):
        return "?" if any(isinstance(n, str) for v in flat for n in v) else str(values[0])
    return ",".join(names.of(column) for column in zip(*flat, strict=True))


def measured(cls: type[Any], way: str) -> list[dict[str, str]]:
    """The rows of one class, its configs made small in one way."""
    models = [built(cls, which, way) for which in range(len(CONFIGS))]
    names = Names([{} for _ in models], [integers(m.config) for m in models])
    listed = [dict(told(m)) for m in models]
    return [
        row(cls, path, [modules.get(path, modules[path]) for modules in listed], names)
        for path in listed[0]
        if path in listed[1]
    ]


def row(cls: type[Any], path: str, modules: list[nn.Module], names: Names) -> dict[str, str]:
    """One module as a row."""
    parameters = next((names for cls, names in PARAMETERS.items() if isinstance(modules[0], cls)), ())
    return {
        "model_class": cls.__name__,
        "path": path,
        "kind": kind(modules[0]),
        "params": " ".join(f"{p}={value(modules, p, names)}" for p in parameters),
    }


if __name__ == "__main__":
    main("children", measured)
