"""Which inputs a model takes to run, and how to make them (``rules/hub/recipes.csv``)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from shapecheck.hub.models import ModelFacts, model
from shapecheck.hub.tables import Row, rows


@dataclass(frozen=True, slots=True)
class Recipe:
    """One input.

    Attributes:
        name: the parameter of ``forward``.
        dtype: ``int64``, ``float32`` or ``bool``.
        axes: the size of each axis as an expression over input sizes (``batch``, ``seq``, ``height`` ...) and config
            attributes (``num_channels``, ``2*max_source_positions``).
        fill: ``ids`` (below the vocabulary's size), ``ones``, ``zeros``, ``normal``, or the numbers of its last axis.
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
    own = next((row for row in rows("recipes", name) if facts.model_type in row["model_types"].split()), None)
    found = _of(own) if own is not None else general(name)
    if found is not None and facts.head == "multiple-choice" and found.axes[:2] == ("batch", "seq"):
        return replace(found, axes=("batch", "choices", *found.axes[1:]))
    return found


def general(name: str) -> Recipe | None:
    """How to make an input of this name for a model of whatever type, None if that is not known."""
    row = next((row for row in rows("recipes", name) if not row["model_types"]), None)
    return _of(row) if row is not None else None


def _of(row: Row) -> Recipe:
    return Recipe(row["input"], row["dtype"], tuple(row["shape"].split()), row["fill"], row["given"])


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
