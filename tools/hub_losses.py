"""Writes rules/hub/losses.csv: which kind of loss (``shapecheck.hub.losses``) each head computes, measured.

A head is given labels of every usual shape and type. It gets the kind whose verdicts (fits, raises) are its own.
"""

from __future__ import annotations

from typing import Any

import torch
from hub_measure import main
from hub_outputs import build
from hub_small import CONFIGS, INPUTS, resolved, small_inputs

from shapecheck.dims import number
from shapecheck.hub import losses
from shapecheck.hub.configs import Config, config
from shapecheck.ops.values import NotKnown, Spec
from shapecheck.shapes import Conflict, of


def labels_for(logits: torch.Tensor) -> list[torch.Tensor]:
    """Labels of the usual shapes and types, right and wrong ones, for logits of some shape."""
    *lead, classes = logits.shape
    shapes = [
        lead,
        lead[:1],
        [*lead, 1],
        [lead[0] + 1],
        [*lead[:1], classes],
        [*lead, classes],
        [torch.Size(lead).numel()],
    ]
    return [torch.ones(shape, dtype=kind) for shape in shapes for kind in (torch.int64, torch.float32)]


def fits(model: Any, given: dict[str, torch.Tensor], labels: torch.Tensor) -> bool:
    """Whether the model takes these labels."""
    model.config.problem_type = None  # a head writes down what the first labels made of it
    try:
        with torch.no_grad():
            model(**given, labels=labels)
    except Exception:
        return False
    return True


def spec(tensor: torch.Tensor) -> Spec:
    """A tensor as shapecheck sees it."""
    return Spec(of(*tensor.shape), str(tensor.dtype).removeprefix("torch."))


def agrees(kind: str, facts: Config, logits: torch.Tensor, labels: torch.Tensor, real: bool) -> bool | None:
    """Whether a kind of loss gives the verdict that the model gave; None where it gives none."""
    outcome = losses.loss(kind, facts, spec(logits), spec(labels))
    return None if isinstance(outcome, NotKnown) else (not isinstance(outcome, Conflict)) == real


def measured(cls: type[Any], way: str) -> list[dict[str, str]]:
    """The row of one class, if one of the kinds is its own."""
    model = build(cls, 0, way, attention=None)
    given = small_inputs(model, resolved(model, INPUTS[0]))
    with torch.no_grad():
        logits = getattr(model(**given), "logits", None)
    if not isinstance(logits, torch.Tensor) or logits.dim() < 2:
        return []
    facts = config(type(model.config).__name__, None, {"num_labels": number(CONFIGS[0]["labels"])})
    if facts is None:
        return []
    verdicts = [(labels, fits(model, given, labels)) for labels in labels_for(logits)]
    if not any(real for _, real in verdicts):
        return []
    for kind in losses.KINDS:
        told = [agrees(kind, facts, logits, labels, real) for labels, real in verdicts]
        if False not in told and True in told:
            return [{"model_class": cls.__name__, "kind": kind}]
    return []


if __name__ == "__main__":
    main("losses", measured)
