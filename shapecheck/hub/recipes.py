"""Which inputs a model takes to run, and how to make them (``rules/hub/recipes.csv``)."""

from __future__ import annotations

from dataclasses import dataclass

from shapecheck.hub.models import ModelFacts, model
from shapecheck.hub.tables import rows


@dataclass(frozen=True, slots=True)
class Recipe:
    """One input.

    Attributes:
        name: the parameter of ``forward``.
        dtype: ``int64`` or ``float32``.
        axes: the size of each axis as an expression over input sizes (``batch``, ``seq``, ``height`` ...) and config
            attributes (``num_channels``, ``2*max_source_positions``).
        fill: ``ids`` (below the vocabulary's size), ``ones``, ``zeros`` or ``normal``.
        given: ``main`` (where it is the main input), ``ids`` (beside token ids), ``always``, ``required``.
    """

    name: str
    dtype: str
    axes: tuple[str, ...]
    fill: str
    given: str


def recipe_of(name: str, facts: ModelFacts) -> Recipe | None:
    """How to make one input for a class, None if that is not known.

    Multiple choice puts the choices behind the batch.
    """
    found = rows("recipes", name)
    own = next((row for row in found if facts.model_type in row["model_types"].split()), None)
    row = own or next((row for row in found if not row["model_types"]), None)
    if row is None:
        return None
    axes = row["shape"].split()
    if facts.head == "multiple-choice" and axes[:2] == ["batch", "seq"]:
        axes.insert(1, "choices")
    return Recipe(name, row["dtype"], tuple(axes), row["fill"], row["given"])


def recipe(of: ModelFacts | str) -> tuple[Recipe, ...]:
    """The inputs with which a model class runs, in the order of its ``forward``; none for a class that is not known."""
    facts = model(of) if isinstance(of, str) else of
    if facts is None:
        return ()
    made = (recipe_of(name, facts) for name in facts.forward_params)
    return tuple(found for found in made if found is not None and _wanted(found, facts))


_SHIFTS_INPUTS = ("sequence-classification", "question-answering")
"""Heads of encoder-decoders that make the decoder's ids from the input ids."""


def _wanted(found: Recipe, facts: ModelFacts) -> bool:
    if found.name == "decoder_input_ids" and facts.head in _SHIFTS_INPUTS:
        return False
    if found.given == "ids":
        return "input_ids" in facts.forward_params
    return (
        found.given == "always"
        or found.name in facts.required
        or (found.given == "main" and found.name == facts.main_input)
    )
