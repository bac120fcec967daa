"""SHP302 for the weights of a loss: one number for each class, or for each label, and another number was given."""

from __future__ import annotations

from shapecheck.checks import blame, words
from shapecheck.checks.report import found
from shapecheck.findings import Finding
from shapecheck.flow import LOSSES, PAIR_LOSSES
from shapecheck.graph import ShapeGraph, Stage, Tensor
from shapecheck.trail import made
from shapecheck.vocabulary import axis, given, short

_WEIGHTS = ("weight", "pos_weight")


def loss_weights(graph: ShapeGraph, stage: Stage) -> Finding | None:
    """SHP302: ``pos_weight`` of four numbers for five labels. It points at the numbers."""
    conflict = stage.conflict
    if short(stage) not in LOSSES or conflict is None or conflict.right_name not in _WEIGHTS:
        return None
    weight, scores = given(stage, conflict.right_name), stage.tensor("input")
    if not isinstance(weight, Tensor) or weight.shape.rank != 1 or scores is None or not scores.shape.rank:
        return None
    classes = axis(scores, -1 if short(stage) in PAIR_LOSSES else conflict.axis or 0)
    root = made(axis(weight, 0)).tensor.span or weight.span or blame.operand_span(stage, weight)
    return found(
        "SHP302",
        "weights",
        root,
        stage=stage,
        tensor=weight,
        symptom=stage.span,
        label=f"{words.size(weight.shape.dim(0))} numbers for {words.size(classes.dim)} classes",
        help=f"give it {words.size(classes.dim)} numbers",
        related=[words.axis_from(scores, classes.index), words.comes_from(scores)],
        shapes=[words.named(scores), words.named(weight, name=conflict.right_name)],
        name=conflict.right_name,
        loss=words.shown(stage.op),
        weights=words.size(weight.shape.dim(0)),
        scores=words.called(scores),
        shape=scores.shape,
        classes=words.sized(classes),
    )
