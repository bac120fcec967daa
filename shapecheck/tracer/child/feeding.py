"""Inputs for a module of the user's: told from what its ``forward`` does first with each parameter."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import torch

from shapecheck.hub.recipes import Recipe, general, recipe
from shapecheck.tracer.child import recipes

if TYPE_CHECKING:
    from shapecheck.tracer.child.session import Session

Sizes = dict[str, int]
_DEPTH = 8
"""Modules within modules that are followed to the layer that takes an input."""
_CONVOLUTIONS = {
    torch.nn.Conv1d: ("seq",),
    torch.nn.Conv2d: ("height", "width"),
    torch.nn.Conv3d: ("frames", "height", "width"),
}
_NORMS = {torch.nn.BatchNorm1d: (), torch.nn.BatchNorm2d: ("height", "width")}
_IDS = 2
"""Ids below this are in every vocabulary."""


def inputs(session: Session, module: Any, sizes: Sizes, asked: frozenset[str]) -> dict[str, Any]:
    """What ``forward`` cannot do without, ``asked`` left out. Each shape that was chosen is said."""
    wanted = [
        parameter
        for parameter in list(inspect.signature(module.forward).parameters.values())
        if parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
        and parameter.name not in asked
        and (parameter.default is parameter.empty or parameter.name in _EVEN_IF_OPTIONAL)
    ]
    made = {parameter.name: _input(module, parameter.name, sizes, _DEPTH) for parameter in wanted}
    for name, value in made.items():
        for key, tensor in value.items() if isinstance(value, dict) else [(name, value)]:
            shape = tuple(tensor.shape)
            session.assume(f"input {key}: {shape} of {str(tensor.dtype).removeprefix('torch.')}")
            session.mark(tensor, role=recipes.ROLES.get(key))
    return made


_EVEN_IF_OPTIONAL = ("input_ids", "attention_mask", "pixel_values", "input_values", "input_features")
"""Inputs that are given although ``forward`` has a default for them: without them it does little."""


def _input(module: Any, name: str, sizes: Sizes, depth: int) -> Any:
    keys = list(_keys(module, name))
    if keys:
        return {key: _input(module, key, sizes, depth) for key in keys}
    known = general(name)
    if known is not None:
        return _by_recipe(module, known, sizes)
    layer = _taker(module, name)
    found = _for_layer(layer, sizes, depth - 1) if layer is not None and depth else None
    if found is None:
        found = next((made for part in module.children() if (made := _for_layer(part, sizes, 1)) is not None), None)
    return torch.ones(sizes["batch"], 1) if found is None else found


def _by_recipe(module: Any, known: Recipe, sizes: Sizes) -> torch.Tensor:
    config = next((part.config for part in module.modules() if hasattr(part, "config")), None)
    tables = [part.num_embeddings for part in module.modules() if isinstance(part, torch.nn.Embedding)]
    shape = [recipes.length(config, axis, sizes) for axis in known.axes]
    return recipes.filled(known, shape, max(tables, default=_IDS))


def _for_layer(layer: Any, sizes: Sizes, depth: int) -> Any:
    """What a layer takes; None where that is not known."""
    batch, seq = sizes["batch"], sizes["seq"]
    if isinstance(layer, torch.nn.Linear):
        return torch.ones(batch, layer.in_features)
    if isinstance(layer, torch.nn.Embedding):
        return torch.randint(0, layer.num_embeddings, (batch, seq))
    for kind, axes in _CONVOLUTIONS.items():
        if isinstance(layer, kind):
            return torch.ones(batch, layer.in_channels, *(sizes[axis] for axis in axes))
    for kind, axes in _NORMS.items():
        if isinstance(layer, kind):
            return torch.ones(batch, layer.num_features, *(sizes[axis] for axis in axes))
    if isinstance(layer, torch.nn.LayerNorm):
        return torch.ones(batch, seq, *layer.normalized_shape)
    if isinstance(layer, torch.nn.RNNBase):
        return torch.ones(*((batch, seq) if layer.batch_first else (seq, batch)), layer.input_size)
    if isinstance(layer, (torch.nn.MultiheadAttention, torch.nn.TransformerEncoderLayer)):
        attention = getattr(layer, "self_attn", layer)
        return torch.ones(*((batch, seq) if attention.batch_first else (seq, batch)), attention.embed_dim)
    return _for_module(layer, sizes, depth)


def _for_module(layer: Any, sizes: Sizes, depth: int) -> Any:
    if recipes.of_transformers(layer):
        first = recipe(type(layer).__name__)[:1]
        made = recipes.made(layer.config, first, sizes | recipes.image_size(layer.config))
        return next(iter(made.values()), None)
    if not depth:
        return None
    if isinstance(layer, (torch.nn.Sequential, torch.nn.ModuleList, torch.nn.TransformerEncoder)):
        parts = (made for part in layer.children() if (made := _for_layer(part, sizes, depth - 1)) is not None)
        return next(parts, None)
    if type(layer).__module__.startswith("torch."):
        return None
    first_parameter = next(iter(inspect.signature(layer.forward).parameters), None)
    return _input(layer, first_parameter, sizes, depth - 1) if first_parameter is not None else None


def _taker(module: Any, name: str) -> Any:
    """The first submodule that ``forward`` calls with a parameter, alone or reshaped: ``self.fc(x.view(...))``."""
    for node in _calls(module):
        owner = node.func
        if (
            isinstance(owner, ast.Attribute)
            and isinstance(owner.value, ast.Name)
            and owner.value.id == "self"
            and node.args
            and isinstance(node.args[0], ast.Name)
            and node.args[0].id == name
        ):
            taker = getattr(module, owner.attr, None)
            if isinstance(taker, torch.nn.Module):
                return taker
    return None


def _calls(module: Any) -> Iterator[ast.Call]:
    """The calls in ``forward`` in the order of the text; none where there is no text to read."""
    calls = [node for node in ast.walk(_forward(module)) if isinstance(node, ast.Call)]
    yield from sorted(calls, key=lambda node: (node.lineno, node.col_offset))


def _keys(module: Any, name: str) -> Iterator[str]:
    """The keys under which ``forward`` looks into a parameter that is a batch of several tensors."""
    for node in ast.walk(_forward(module)):
        match node:
            case ast.Subscript(value=ast.Name(id=found), slice=ast.Constant(value=str(key))) if found == name:
                yield key


def _forward(module: Any) -> ast.AST:
    try:
        return ast.parse(textwrap.dedent(inspect.getsource(type(module).forward)))
    except (OSError, TypeError, SyntaxError):
        return ast.Module([], [])
