"""SHP204: a convolution is fed another number of channels than it was built for."""

from __future__ import annotations

from shapecheck import trail
from shapecheck.checks import blame, words
from shapecheck.checks.report import found
from shapecheck.findings import Finding, Related
from shapecheck.graph import ShapeGraph, Stage
from shapecheck.trail import axis, given, made, main, short


def conv_channels(graph: ShapeGraph, stage: Stage) -> Finding | None:
    """The missing permute, where the wanted channels stand on another axis; else the constructor's number."""
    operand, conflict = main(stage), stage.conflict
    if short(stage) not in trail.CONVOLUTIONS or operand is None or conflict is None or conflict.kind != "channels":
        return None
    rank, spatial = operand.shape.rank, int(short(stage)[-2])
    wanted = given(stage, "in_channels") or conflict.right
    if rank is None or wanted is None:
        return None
    at = rank - spatial - 1
    others = [k for k in range(rank) if k not in (0, at) and blame.equal(operand.shape.dim(k), wanted)]
    source = made(axis(operand, at))
    if others:
        span = blame.passed_in(graph, stage, blame.operand_span(stage, operand))
        variant, advice = "permute", f"transpose({at}, {others[0]}) before the convolution"
    else:
        span = blame.constructor_span(graph, stage.module, "in_channels", source) or stage.span
        variant, advice = "", f"build it with in_channels={words.size(operand.shape.dim(at))}"
    created = stage.module.created if stage.module is not None else None
    return found(
        "SHP204",
        variant,
        span,
        stage=stage,
        tensor=operand,
        symptom=stage.span,
        label=f"{operand.shape}",
        help=advice,
        related=[words.comes_from(operand), Related(created, "the convolution is built here") if created else None],
        shapes=[words.named(operand)],
        conv=words.shown(stage.op),
        operand=words.called(operand),
        shape=operand.shape,
        at=at,
        have=words.sized(axis(operand, at)),
        want=words.parameter(stage, "in_channels", wanted),
        other=others[0] if others else "",
    )
