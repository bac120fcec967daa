"""SHP204, SHP218 and SHP410: a layer or a model gets another number of channels than it was built for."""

from __future__ import annotations

from shapecheck.checks import blame, words
from shapecheck.checks.report import found
from shapecheck.dims import Dim
from shapecheck.findings import Finding, Related
from shapecheck.graph import ShapeGraph, Stage, Tensor
from shapecheck.ops.values import as_dim
from shapecheck.trail import made
from shapecheck.vocabulary import CONVOLUTIONS, axis, given, is_model, main, short

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
    if rank == _axes(stage):
        return _unbatched(graph, stage, operand, at, as_dim(wanted))
    others = [k for k in range(rank) if k not in (0, at) and blame.equal(operand.shape.dim(k), wanted)]
    if others:
        own = blame.operand_span(stage, operand)
        span = blame.passed_in(graph, stage, own)
        if span == own and short(stage) in CONVOLUTIONS:
            span = blame.written_for(graph, stage, operand) or blame.made_for(graph, stage, operand, states=False)
        remedy = f".transpose({at}, {others[0]})"
        advice = f"put {remedy} before it"
    elif is_model(stage):
        span = blame.operand_span(stage, operand)
        advice, remedy = _for_pictures(operand.shape.dim(at), wanted)
    else:
        built = blame.constructor_span(graph, stage.module, name, made(axis(operand, at)))
        span, remedy = built or stage.span, ""
        advice = f"build it with {name}={words.size(operand.shape.dim(at))}"
    created = stage.module.created if stage.module is not None else None
    return found(
        "SHP410" if is_model(stage) else "SHP218" if others and "Norm" in short(stage) else "SHP204",
        "permute" if others and (is_model(stage) or "Norm" not in short(stage)) else "",
        span,
        stage=stage,
        tensor=operand,
        symptom=stage.span,
        label=f"{operand.shape}",
        help=advice,
        remedy=remedy,
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


def _axes(stage: Stage) -> int | None:
    """The axes of one example without a batch, for a convolution."""
    return int(short(stage)[-2]) + 1 if short(stage) in CONVOLUTIONS else None


def _unbatched(graph: ShapeGraph, stage: Stage, operand: Tensor, at: int, wanted: Dim) -> Finding:
    """SHP215: what lacks an axis is taken for one example, and its batch for the channels."""
    place = 1 if wanted.expr == 1 else 0
    return found(
        "SHP215",
        "unbatched",
        blame.made_for(graph, stage, operand),
        stage=stage,
        tensor=operand,
        symptom=stage.span,
        label=f"{operand.shape}",
        help=f"add the missing axis: .unsqueeze({place})",
        related=[words.comes_from(operand)],
        shapes=[words.named(operand)],
        operator=words.shown(stage.op),
        operand=words.called(operand),
        shape=operand.shape,
        have=words.sized(axis(operand, at)),
        want=words.size(wanted),
    )


def _for_pictures(have: Dim, wanted: object) -> tuple[str, str]:
    """What to do with pictures of another number of channels than a model has; and what of it a fix can write."""
    if have.expr == 1 and isinstance(wanted, Dim) and wanted.expr == 3:
        copies = ".expand(-1, 3, -1, -1)"
        return f"repeat the gray channel: pixel_values{copies}", copies
    return "convert the pictures: image.convert('RGB')" if have.expr == 4 else "", ""
