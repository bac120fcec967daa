"""SHP316: scores cut into rows of another length than their head has outputs."""

from __future__ import annotations

from shapecheck.checks import blame, counted, words
from shapecheck.checks.loss import width_root
from shapecheck.checks.report import found
from shapecheck.findings import Finding, Related
from shapecheck.graph import ShapeGraph, Stage
from shapecheck.trail import made
from shapecheck.vocabulary import axis, main, short


def classes_regrouped(graph: ShapeGraph, stage: Stage) -> Finding | None:
    """SHP316: a view cuts the scores into rows of another length than the head has outputs."""
    if stage.conflict is None:
        return None
    scores, target = stage.tensor("input"), stage.tensor("target")
    if short(stage) in counted.VIEWS and stage.conflict.kind == "numel":
        view, before, want = stage, main(stage), counted.row_length(stage)
        if before is None or want is None or not counted.of_a_head(before):
            return None
    elif scores is not None and target is not None and scores.producer is not None:
        view, before, want = scores.producer, counted.regrouped_classes(scores, target), scores.shape.dim(1)
    else:
        return None
    if before is None or blame.equal(before.shape.dim(-1), want):
        return None
    have = axis(before, -1)
    root, reason = width_root(graph, have)
    head = made(have).stage
    created = head.module.created if head is not None and head.module is not None else None
    return found(
        "SHP316",
        "",
        root or created or view.span,
        stage=stage,
        tensor=before,
        symptom=view.span,
        label=f"{words.size(have.dim)} scores for each",
        help=f"give the head {words.size(want)} outputs",
        remedy=str(want.value or ""),
        related=[Related(reason, "the head that gives the scores") if reason else None, words.comes_from(target)],
        shapes=[words.named(before)],
        scores=words.called(before),
        shape=before.shape,
        have=words.sized(have),
        want=words.size(want),
        view=words.shown(view.op),
        line=view.span.line,
    )
