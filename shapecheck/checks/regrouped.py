"""SHP316 and SHP220: scores cut into rows of another length than their head has, rows that were not grouped again."""

from __future__ import annotations

from shapecheck.checks import blame, counted, words
from shapecheck.checks.loss import width_root
from shapecheck.checks.report import found
from shapecheck.findings import Finding, Related
from shapecheck.graph import ShapeGraph, Stage
from shapecheck.trail import made
from shapecheck.vocabulary import axis, main, short


def rows_not_regrouped(graph: ShapeGraph, stage: Stage) -> Finding | None:
    """SHP220: vectors of pieces, (texts*pieces, width), where attention has a mask (texts, pieces)."""
    for rows_named, mask_named in counted.PADDING_MASKS:
        rows, mask = stage.tensor(rows_named), stage.tensor(mask_named)
        if stage.conflict is None or rows is None or mask is None or rows.shape.rank != 2 or mask.shape.rank != 2:
            continue
        texts, pieces = mask.shape.dims
        if not blame.equal(rows.shape.dim(0), texts * pieces) or rows.producer is None:
            continue
        return found(
            "SHP220",
            "flat",
            rows.producer.span,
            stage=stage,
            tensor=rows,
            symptom=stage.span,
            label=f"{rows.shape}",
            help=f".view({texts}, {pieces}, -1) groups the rows again",
            related=[words.comes_from(mask)],
            shapes=[words.named(rows, name=rows_named), words.named(mask, name=mask_named)],
            operator=words.shown(stage.op),
            operand=words.called(rows),
            shape=rows.shape,
            mask=words.called(mask),
            mask_shape=mask.shape,
            texts=words.size(texts),
            pieces=words.size(pieces),
        )
    return None


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
