"""SHP201, SHP205 and what they are split into: the width of what arrives is not the one that a layer was built for."""

from __future__ import annotations

from dataclasses import dataclass, replace

from shapecheck import trail
from shapecheck.checks import blame, words
from shapecheck.checks.report import found
from shapecheck.dims import Dim, number
from shapecheck.findings import Finding, Related
from shapecheck.flow import token_axis
from shapecheck.graph import ShapeGraph, Stage, Tensor
from shapecheck.places import Span
from shapecheck.trail import made
from shapecheck.vocabulary import (
    KEEPS,
    POOLS_1D,
    RECURRENT,
    REDUCTIONS,
    Axis,
    axis,
    given,
    is_model,
    main,
    operands,
    reduced_axes,
    short,
)

_FLATTENS = frozenset(("flatten", "Flatten", "view", "reshape"))
_JOINS = ("cat", "concat", "concatenate", "hstack")
_WIDTHS = frozenset(("input_size", "embed_dim", "normalized_shape", "kdim", "vdim", "d_model"))
"""Constructor parameters that fix the size of an operand's last axis."""


def linear_in_features(graph: ShapeGraph, stage: Stage) -> Finding | None:
    """The root of a Linear's mismatch: the axis taken away, the missing flatten or transpose, or in_features."""
    if short(stage) not in ("Linear", "linear") or stage.conflict is None or stage.conflict.kind != "inner":
        return None
    return _width(graph, Fault("SHP201", stage, "in_features"))


def layer_width(graph: ShapeGraph, stage: Stage) -> Finding | None:
    """The same for recurrent layers, attention and LayerNorm, whose constructors fix a width too."""
    conflict = stage.conflict
    if conflict is None or stage.module is None or conflict.right_name not in _WIDTHS or conflict.left_name == "memory":
        return None
    return _width(graph, Fault("SHP205", stage, conflict.right_name))


@dataclass(frozen=True, slots=True)
class Fault:
    """A layer that gets another width than its constructor's ``parameter`` says; ``code`` is the rule that speaks."""

    code: str
    stage: Stage
    parameter: str

    @property
    def layer(self) -> str:
        """The layer as people write it."""
        return words.shown(self.stage.op)


def _width(graph: ShapeGraph, fault: Fault) -> Finding | None:
    stage, conflict = fault.stage, fault.stage.conflict
    operand = (stage.tensor(conflict.left_name) if conflict else None) or main(stage)
    wanted = given(stage, fault.parameter)
    want = wanted if isinstance(wanted, Dim) else conflict.right if conflict is not None else None
    if operand is None or want is None:
        return None
    return (
        _axis_removed(fault, operand, want)
        or _channels_removed(fault, operand, want)
        or _missing_flatten(fault, operand, want)
        or _wrong_axis_last(graph, fault, operand, want)
        or _rows_fixed(fault, operand, want)
        or _added(fault, operand, want)
        or _swapped(fault, operand, want)
        or _constructor(graph, fault, operand, want)
    )


def _axis_removed(fault: Fault, operand: Tensor, want: Dim) -> Finding | None:
    lost = blame.dropper(operand, want)
    if lost is None:
        return None
    culprit, before, at = lost
    tokens = token_axis(before)
    over = "axis" if short(culprit) in ("transpose", "permute") else "features"
    right = tokens if tokens is not None else max(at - 1, 0)
    pools = short(culprit) in POOLS_1D
    return found(
        "SHP103" if tokens is not None else fault.code,
        "removed" if over == "features" else "moved",
        culprit.span,
        stage=fault.stage,
        tensor=before,
        symptom=fault.stage.span,
        label=f"{before.shape} becomes {culprit.out.shape}",
        help="put .transpose(1, 2) before the pool"
        if pools
        else f"take dim={right}, which leaves (..., {words.size(want)})"
        if over == "features"
        else "",
        remedy=".transpose(1, 2)" if pools else "",
        related=[words.comes_from(before)],
        shapes=[words.named(before), words.named(operand)],
        operator=words.shown(culprit.op),
        before=before.shape,
        after=culprit.out.shape,
        operand=words.called(before),
        want=words.size(want),
        at=at,
        right=right,
        line=fault.stage.span.line,
    )


def _channels_removed(fault: Fault, operand: Tensor, want: Dim) -> Finding | None:
    """SHP109: a reduction that took the channels of a feature map (batch, channels, height, width) away."""
    for step in trail.steps(operand):
        maps = main(step)
        if maps is None or short(step) not in REDUCTIONS or maps.shape.rank != 4:
            continue
        gone = reduced_axes(step)
        if gone is None or 1 not in gone or not blame.equal(maps.shape.dim(1), want):
            return None
        return found(
            "SHP109",
            "",
            step.span,
            stage=fault.stage,
            tensor=maps,
            symptom=fault.stage.span,
            label=f"{maps.shape} becomes {step.out.shape}",
            help="take dim=(2, 3), height and width",
            related=[words.comes_from(maps)],
            shapes=[words.named(maps), words.named(operand)],
            operator=words.shown(step.op),
            operand=words.called(maps),
            before=maps.shape,
            after=step.out.shape,
            want=words.size(want),
            line=fault.stage.span.line,
        )
    return None


def _missing_flatten(fault: Fault, operand: Tensor, want: Dim) -> Finding | None:
    rank = operand.shape.rank
    if rank is None or rank < 3:
        return None
    total = number(1)
    for dim in operand.shape.dims[1:]:
        total = total * dim
    if not blame.equal(total, want):
        return None
    if _is_spatial_pooler(operand):
        return _at_operand(replace(fault, code="SHP110"), operand, want, "", "put .flatten(1) before this layer")
    maker = operand.producer
    flattened = maker.span if maker is not None and short(maker) in ("flatten", "Flatten") else None
    return _at_operand(fault, operand, want, "flatten", "put .flatten(1) before this layer", flattened)


def _rows_fixed(fault: Fault, operand: Tensor, want: Dim) -> Finding | None:
    """SHP213: a view into a number of rows that are not the ones that arrive, so that the rest has another width."""
    view = operand.producer
    before = main(view) if view is not None and short(view) in _FLATTENS else None
    if view is None or before is None or operand.shape.rank != 2 or (before.shape.rank or 0) < 2:
        return None
    total = number(1)
    for dim in before.shape.dims[1:]:
        total = total * dim
    if not blame.equal(total, want) or not blame.differ(before.shape.dim(0), operand.shape.dim(0)):
        return None
    return found(
        "SHP213",
        "rows",
        view.span,
        stage=fault.stage,
        tensor=before,
        symptom=fault.stage.span,
        label=f"{before.shape} becomes {operand.shape}",
        help=f"take {words.called(before).strip('`') if before.text else 'x'}.size(0) for the rows, or flatten(1)",
        remedy=".size(0)",
        related=[words.comes_from(before)],
        shapes=[words.named(before), words.named(operand)],
        operator=words.shown(view.op),
        operand=words.called(before),
        before=before.shape,
        after=operand.shape,
        rows=words.sized(axis(operand, 0)),
        have=words.sized(axis(before, 0)),
        want=words.size(want),
    )


def _is_spatial_pooler(operand: Tensor) -> bool:
    """Whether the pooled features of a convolutional model still have their height and width, both 1."""
    way = [operand, *(t for step in trail.steps(operand) if short(step) in KEEPS and (t := main(step)) is not None)]
    return any(tensor.field == "pooler_output" and is_model(tensor.producer) for tensor in way)


def _wrong_axis_last(graph: ShapeGraph, fault: Fault, operand: Tensor, want: Dim) -> Finding | None:
    rank = operand.shape.rank
    matches = [k for k in range(1, (rank or 1) - 1) if blame.equal(operand.shape.dim(k), want)]
    if rank is None or len(matches) != 1:
        return None
    fault, variant = (replace(fault, code="SHP218"), "width") if "Norm" in fault.layer else (fault, "transpose")
    root = None if variant == "width" else blame.made_for(graph, fault.stage, operand)
    return _at_operand(fault, operand, want, variant, f"put .transpose({matches[0]}, -1) before this layer", root)


def _at_operand(
    fault: Fault, operand: Tensor, want: Dim, variant: str, advice: str, root: Span | None = None
) -> Finding:
    return found(
        fault.code,
        variant,
        root or blame.operand_span(fault.stage, operand),
        stage=fault.stage,
        tensor=operand,
        symptom=fault.stage.span,
        label=f"{operand.shape}",
        help=advice,
        related=[words.comes_from(operand)],
        shapes=[words.named(operand)],
        operand=words.called(operand),
        shape=operand.shape,
        layer=fault.layer,
        want=words.parameter(fault.stage, fault.parameter, want),
        last=words.sized(axis(operand, -1)),
    )


def _added(fault: Fault, operand: Tensor, want: Dim) -> Finding | None:
    """SHP208: parts that were added, where the layer is as wide as all of them side by side."""
    _, whole = blame.innermost(fault.stage, operand)
    maker = whole.producer
    parts = operands(maker) if maker is not None and short(maker) == "add" else []
    widths = [part.shape.dim(-1) for part in parts if part.shape.rank == whole.shape.rank]
    if maker is None or len(parts) != 2 or len(widths) != 2 or not blame.equal(widths[0] + widths[1], want):
        return None
    names = [part.text or "..." for part in parts]
    return found(
        "SHP208",
        "added",
        maker.span,
        stage=fault.stage,
        tensor=whole,
        symptom=fault.stage.span,
        label=f"{whole.shape}",
        help=f"join them: torch.cat([{', '.join(names)}], dim=-1)",
        related=[words.comes_from(part) for part in parts],
        shapes=[words.named(part) for part in parts],
        layer=fault.layer,
        width=words.size(want),
        why=words.because(fault.stage, fault.parameter, want),
        parts=" and ".join(f"{words.called(part)} {part.shape}" for part in parts),
        shape=whole.shape,
    )


def _swapped(fault: Fault, operand: Tensor, want: Dim) -> Finding | None:
    """SHP201: ``nn.Linear(wide, narrow)`` that gets the narrow width, and gives it back."""
    module, gives, arrives = fault.stage.module, given(fault.stage, "out_features"), operand.shape.dim(-1)
    if module is None or module.created is None or not isinstance(gives, Dim) or not blame.equal(gives, arrives):
        return None
    maker = made(axis(operand, -1)).stage
    same_source = gives.origin is not None and gives.origin == arrives.origin
    if not same_source or blame.equal(want, arrives) or (maker is not None and maker.module is module):
        return None
    return found(
        "SHP201",
        "swapped",
        module.created,
        stage=fault.stage,
        tensor=operand,
        symptom=fault.stage.span,
        label=f"from {words.size(want)} to {words.size(gives)}",
        help=f"{fault.layer} takes what arrives first: from {words.size(arrives)} to {words.size(want)}",
        related=[words.comes_from(operand)],
        shapes=[words.named(operand)],
        layer=fault.layer,
        want=words.parameter(fault.stage, fault.parameter, want),
        gives=words.size(gives),
        operand=words.called(operand),
        shape=operand.shape,
        arrives=words.sized(axis(operand, -1)),
    )


def _constructor(graph: ShapeGraph, fault: Fault, operand: Tensor, want: Dim) -> Finding:
    arriving = axis(operand, -1)
    source = made(arriving)
    created = blame.constructor_span(graph, fault.stage.module, fault.parameter, source)
    maker = source.stage.span if source.stage is not None else None
    return found(
        _finer(fault, operand, source),
        "",
        created or fault.stage.span,
        stage=fault.stage,
        tensor=operand,
        symptom=fault.stage.span,
        label=f"{fault.parameter} is {words.size(want)}, {words.size(arriving.dim)} arrive",
        help=f"build it with {fault.parameter}={words.size(arriving.dim)}" if created else "",
        related=[Related(maker, f"the {words.size(arriving.dim)} features are made here") if maker else None],
        shapes=[words.named(operand, words.origin(arriving))],
        layer=fault.layer,
        width=words.size(want),
        why=words.because(fault.stage, fault.parameter, want),
        operand=words.called(operand),
        arrives=words.sized(arriving),
        shape=operand.shape,
    )


def _finer(fault: Fault, operand: Tensor, source: Axis) -> str:
    """The rule for what made the arriving width: a join, a picture flattened, a transformers encoder."""
    maker = source.stage
    if short(maker) in _JOINS or (short(maker) in RECURRENT and maker and given(maker, "bidirectional") is True):
        return "SHP208"
    before = main(maker) if maker is not None else None
    if short(maker) in _FLATTENS and before is not None and before.shape.rank == 4:
        return "SHP216"
    if maker is not None and is_model(maker):
        return "SHP512" if _is_embedding_width(maker, fault) else "SHP207"
    return fault.code


def _is_embedding_width(model: Stage, fault: Fault) -> bool:
    """Whether a layer is as wide as the word embeddings of an encoder whose hidden states are wider (ALBERT)."""
    params = model.module.params if model.module is not None else {}
    width, hidden = params.get("embedding_size"), params.get("hidden_size")
    want = given(fault.stage, fault.parameter)
    known = isinstance(width, Dim) and isinstance(hidden, Dim) and isinstance(want, Dim)
    return known and blame.equal(want, width) and blame.differ(width, hidden)
