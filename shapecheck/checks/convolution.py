"""SHP204: a convolution or a norm is fed another number of channels than it was built for."""

from __future__ import annotations

from shapecheck.checks import blame, words
from shapecheck.checks.report import found
from shapecheck.findings import Finding, Related
from shapecheck.graph import ShapeGraph, Stage
from shapecheck.trail import made
from shapecheck.vocabulary import axis, given, main

_PARAMETERS = ("in_channels", "num_features", "num_channels")


def channels(graph: ShapeGraph, stage: Stage) -> Finding | None:
    """The missing permute, where the wanted channels stand on another axis; else the constructor's number."""
    operand, conflict = main(stage), stage.conflict
    if operand is None or conflict is None or conflict.kind != "channels" or conflict.axis is None:
        return None
    name = next((p for p in _PARAMETERS if given(stage, p) is not None), "in_channels")
    rank, at, wanted = operand.shape.rank, conflict.axis, given(stage, name) or conflict.right
    if rank is None or wanted is None:
        return None
    others = [k for k in range(rank) if k not in (0, at) and blame.equal(operand.shape.dim(k), wanted)]
    if others:
        span = blame.passed_in(graph, stage, blame.operand_span(stage, operand))
        advice = f"transpose({at}, {others[0]}) before it"
    else:
        built = blame.constructor_span(graph, stage.module, name, made(axis(operand, at)))
        span, advice = built or stage.span, f"build it with {name}={words.size(operand.shape.dim(at))}"
    created = stage.module.created if stage.module is not None else None
    return found(
        "SHP204",
        "permute" if others else "",
        span,
        stage=stage,
        tensor=operand,
        symptom=stage.span,
        label=f"{operand.shape}",
        help=advice,
        related=[words.comes_from(operand), Related(created, "the layer is built here") if created else None],
        shapes=[words.named(operand)],
        conv=words.shown(stage.op),
        operand=words.called(operand),
        shape=operand.shape,
        at=at,
        have=words.sized(axis(operand, at)),
        want=words.parameter(stage, name, wanted),
        other=others[0] if others else "",
    )
