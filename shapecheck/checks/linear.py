"""SHP201: the input's width and a Linear's in_features disagree."""

from __future__ import annotations

from shapecheck.checks import blame, words
from shapecheck.checks.report import found
from shapecheck.dims import Dim, number
from shapecheck.findings import Finding, Related
from shapecheck.flow import token_axis
from shapecheck.graph import ShapeGraph, Stage, Tensor
from shapecheck.trail import axis, given, made, main, short


def linear_in_features(graph: ShapeGraph, stage: Stage) -> Finding | None:
    """The root of a Linear's mismatch: the axis taken away, the missing flatten or transpose, or in_features."""
    if short(stage) not in ("Linear", "linear") or stage.conflict is None or stage.conflict.kind != "inner":
        return None
    operand = main(stage)
    wanted = given(stage, "in_features") or stage.conflict.right
    if operand is None or not isinstance(wanted, (Dim, int)):
        return None
    want = wanted if isinstance(wanted, Dim) else number(wanted)
    return (
        _axis_removed(stage, operand, want)
        or _missing_flatten(stage, operand, want)
        or _wrong_axis_last(stage, operand, want)
        or _constructor(graph, stage, operand, want)
    )


def _axis_removed(stage: Stage, operand: Tensor, want: Dim) -> Finding | None:
    lost = blame.dropper(operand, want)
    if lost is None:
        return None
    culprit, before, at = lost
    tokens = token_axis(before)
    over = "axis" if short(culprit) in ("transpose", "permute") else "features"
    right = tokens if tokens is not None else max(at - 1, 0)
    return found(
        "SHP103" if tokens is not None else "SHP201",
        "removed" if over == "features" else "moved",
        culprit.span,
        stage=stage,
        tensor=before,
        symptom=stage.span,
        label=f"{before.shape} becomes {culprit.out.shape}",
        help=f"take dim={right}, which leaves (..., {words.size(want)})" if over == "features" else "",
        related=[words.comes_from(before)],
        shapes=[words.named(before), words.named(operand)],
        operator=words.shown(culprit.op),
        before=before.shape,
        after=culprit.out.shape,
        operand=words.called(before),
        want=words.size(want),
        at=at,
        right=right,
        line=stage.span.line,
    )


def _missing_flatten(stage: Stage, operand: Tensor, want: Dim) -> Finding | None:
    rank = operand.shape.rank
    if rank is None or rank < 3:
        return None
    total = number(1)
    for dim in operand.shape.dims[1:]:
        total = total * dim
    if not blame.equal(total, want):
        return None
    return _at_operand(stage, operand, want, "flatten", "flatten(1) before this layer")


def _wrong_axis_last(stage: Stage, operand: Tensor, want: Dim) -> Finding | None:
    rank = operand.shape.rank
    matches = [k for k in range(1, (rank or 1) - 1) if blame.equal(operand.shape.dim(k), want)]
    if rank is None or len(matches) != 1:
        return None
    return _at_operand(stage, operand, want, "transpose", f"transpose({matches[0]}, -1) before this layer")


def _at_operand(stage: Stage, operand: Tensor, want: Dim, variant: str, advice: str) -> Finding:
    return found(
        "SHP201",
        variant,
        blame.operand_span(stage, operand),
        stage=stage,
        tensor=operand,
        symptom=stage.span,
        label=f"{operand.shape}",
        help=advice,
        related=[words.comes_from(operand)],
        shapes=[words.named(operand)],
        operand=words.called(operand),
        shape=operand.shape,
        want=words.parameter(stage, "in_features", want),
        last=words.sized(axis(operand, -1)),
    )


def _constructor(graph: ShapeGraph, stage: Stage, operand: Tensor, want: Dim) -> Finding:
    arriving = axis(operand, -1)
    source = made(arriving)
    created = blame.constructor_span(graph, stage.module, "in_features", source)
    maker = source.stage.span if source.stage is not None else None
    return found(
        "SHP201",
        "",
        created or stage.span,
        stage=stage,
        tensor=operand,
        symptom=stage.span,
        label=f"in_features is {words.size(want)}, {words.size(arriving.dim)} arrive",
        help=f"build it with in_features={words.size(arriving.dim)}" if created else "",
        related=[Related(maker, f"the {words.size(arriving.dim)} features are made here") if maker else None],
        shapes=[words.named(operand, words.origin(arriving))],
        want=words.parameter(stage, "in_features", want),
        operand=words.called(operand),
        arrives=words.sized(arriving),
        shape=operand.shape,
    )
