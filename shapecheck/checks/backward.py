"""SHP228: ``backward()`` of more than one number."""

from __future__ import annotations

from shapecheck.checks import blame, words
from shapecheck.checks.report import found
from shapecheck.findings import Finding
from shapecheck.flow import LOSSES
from shapecheck.graph import ShapeGraph, Stage, Tensor
from shapecheck.trail import steps
from shapecheck.vocabulary import KEEPS, given, main, short


def of_many(graph: ShapeGraph, stage: Stage) -> Finding | None:
    """A loss that was not averaged, or what is no loss: scores, taken for one by their place."""
    many = main(stage)
    if short(stage) != "backward" or stage.conflict is None or many is None:
        return None
    loss = _unreduced(many)
    return found(
        "SHP228",
        "unreduced" if loss is not None else "",
        loss.span if loss is not None else blame.operand_span(stage, many),
        stage=stage,
        tensor=many,
        symptom=stage.span,
        label=f"{many.shape}",
        help="average it: .mean()" if loss is not None else "",
        remedy=".mean()" if loss is not None else "",
        related=[words.comes_from(many)],
        shapes=[words.named(many)],
        loss=words.shown(loss.op) if loss is not None else "",
        operand=words.called(many),
        shape=many.shape,
        maker=f", {words.shown(many.producer.op)} gives it, {many.producer.span.told}" if many.producer else "",
    )


def _unreduced(many: Tensor) -> Stage | None:
    """The loss with ``reduction="none"`` that a tensor is what comes of."""
    for step in steps(many):
        if short(step) in LOSSES:
            return step if given(step, "reduction") == "none" else None
        if short(step) not in KEEPS | {"mul", "div", "view", "reshape"}:
            return None
    return None
