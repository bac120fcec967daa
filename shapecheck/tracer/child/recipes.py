"""Real inputs for a transformers model, made as ``rules/hub/recipes.csv`` says for its type."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import torch

from shapecheck import hub
from shapecheck.dims import Dim, number
from shapecheck.hub.recipes import Recipe
from shapecheck.hub.templates import evaluate

if TYPE_CHECKING:
    from shapecheck.graph import Role

Sizes = Mapping[str, int]

DEFAULTS = {"num_channels": 3}
"""What a config that does not say it has."""

ROLES: dict[str, Role] = {
    "input_ids": "ids",
    "decoder_input_ids": "ids",
    "attention_mask": "mask",
    "token_type_ids": "segments",
    "position_ids": "positions",
    "pixel_values": "pixels",
    "input_values": "audio",
    "input_features": "audio",
}
"""What the usual inputs of transformers' models mean."""


def of_transformers(module: Any) -> bool:
    """Whether a module is one of transformers' own models, so that its class has recipes."""
    return type(module).__module__.startswith("transformers.") and hub.model(type(module).__name__) is not None


def made(config: Any, recipes: Iterable[Recipe], sizes: Sizes) -> dict[str, torch.Tensor]:
    """The inputs for a model of this config, with the given input sizes (``batch``, ``seq``, ``height`` ...)."""
    vocabulary = attribute(config.get_text_config(), "vocab_size") or 100
    found = {
        recipe.name: filled(recipe, [length(config, axis, sizes) for axis in recipe.axes], vocabulary)
        for recipe in recipes
    }
    last = getattr(config, "eos_token_id", None)
    if "input_ids" in found and isinstance(last, int) and last < vocabulary:
        found["input_ids"][..., -1] = last  # BART's heads pool there
    return found


def attribute(config: Any, name: str) -> Any:
    """A config attribute, of a part where the config itself has none."""
    found = getattr(config, name, None)
    if found is not None:
        return found
    parts = [value for value in vars(config).values() if hasattr(value, "model_type")]
    return next((found for part in parts if (found := attribute(part, name)) is not None), None)


def image_size(config: Any, larger: bool = False) -> dict[str, int]:
    """Height and width as the config says, or somewhat larger and no square; nothing where it does not say."""
    side = attribute(config, "image_size")
    if isinstance(side, (list, tuple)):
        return dict(zip(("height", "width"), side, strict=False))
    if not isinstance(side, int):
        return {}
    patch = attribute(config, "patch_size")
    more = larger * (32 if not isinstance(patch, int) else 4 * patch if patch > 8 else 8 * patch)
    return {"height": side + more, "width": side + 2 * more}


def length(config: Any, axis: str, sizes: Sizes) -> int:
    """The number that an axis of a recipe stands for: an expression of input sizes, config attributes and numbers."""

    def size(word: str) -> Dim:
        return number(sizes.get(word) or attribute(config, word) or DEFAULTS[word])

    found = evaluate(axis, size).value
    assert found is not None, axis
    return found


def filled(recipe: Recipe, shape: list[int], vocabulary: int) -> torch.Tensor:
    """A tensor of token ids (that avoid the first ones, which are often special), ones, zeros, random numbers, or the
    numbers of the recipe, again and again."""
    dtype = getattr(torch, recipe.dtype)
    if recipe.fill[0].isdigit():
        return torch.tensor([int(word) for word in recipe.fill.split()], dtype=dtype).expand(shape)
    if recipe.fill == "ids":
        return torch.randint(min(5, vocabulary - 1), max(vocabulary - 2, 1), shape, dtype=dtype)
    if recipe.fill == "ones":
        return torch.ones(shape, dtype=dtype)
    return torch.zeros(shape, dtype=dtype) if recipe.fill == "zeros" else torch.randn(shape, dtype=dtype)
