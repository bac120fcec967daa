"""Where traced sizes come from: a config, a constructor argument, or the operand that brought them along."""

from __future__ import annotations

from typing import Any

from shapecheck.dims import Dim, number
from shapecheck.graph import Module, Stage, Tensor
from shapecheck.places import Origin
from shapecheck.shapes import Shape

_CONFIG = {
    "hidden_size": "the hidden size of {}",
    "num_labels": "the number of labels of {}",
    "vocab_size": "the vocabulary size of {}",
    "max_position_embeddings": "the number of positions of {}",
}
_GIVEN = ("out_features", "embedding_dim", "out_channels", "hidden_size", "embed_dim", "num_embeddings")
"""Constructor parameters of torch's modules that become a size of what they return."""


def of_config(module: Module) -> None:
    """Say in the parameters of a transformers model which of its sizes are the config's."""
    who = str(module.params.get("checkpoint") or module.kind.rpartition(".")[2])
    for name, words in _CONFIG.items():
        dim = module.params.get(name)
        if isinstance(dim, Dim):
            module.params[name] = dim.at(Origin(words.format(who), module.created))


def of_outputs(stage: Stage) -> None:
    """Give each size of a stage's outputs its origin: what the module was built with, else an operand's."""
    known: dict[object, Origin] = {}
    for tensor in stage.tensors():
        for dim in tensor.shape.dims:
            if dim.origin is not None:
                known.setdefault(dim.expr, dim.origin)
    known |= _built_with(stage.module) if stage.module is not None else {}
    for tensor in stage.outputs.values():
        _explain(tensor, known)


def _built_with(module: Module) -> dict[object, Origin]:
    found: dict[object, Origin] = {}
    for name in _CONFIG:
        dim = module.params.get(name)
        if isinstance(dim, Dim) and dim.origin is not None:
            found.setdefault(dim.expr, dim.origin)
    if found:
        return found
    for name in _GIVEN:
        dim = module.params.get(name)
        if isinstance(dim, Dim):
            words = f"{name} of {module.kind.removeprefix('torch.')}"
            found.setdefault(dim.expr, Origin(words, module.param_spans.get(name, module.created)))
    return found


def _explain(tensor: Tensor, known: dict[object, Origin]) -> None:
    dims = [d if d.origin is not None or d.expr == 1 else d.at(known.get(d.expr)) for d in tensor.shape.dims]
    tensor.shape = Shape(tuple(dims))


def as_dims(params: dict[str, Any]) -> dict[str, Any]:
    """Plain integers as dims, so that sizes can carry an origin everywhere."""
    return {name: number(value) if type(value) is int else value for name, value in params.items()}
