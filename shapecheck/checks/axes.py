"""SHP602, SHP603 and SHP604: it runs, and works along the wrong axis."""

from __future__ import annotations

from collections.abc import Iterator

from shapecheck import vocabulary
from shapecheck.checks import blame, words
from shapecheck.checks.report import found
from shapecheck.dims import Dim
from shapecheck.findings import Finding, Related
from shapecheck.flow import token_axis, token_model
from shapecheck.graph import ShapeGraph, Stage, Tensor
from shapecheck.shapes import regroups
from shapecheck.trail import made
from shapecheck.vocabulary import axis, given, main, short

_SEQUENCE_MODULES = vocabulary.RECURRENT | {
    "MultiheadAttention",
    "TransformerEncoder",
    "TransformerEncoderLayer",
    "TransformerDecoder",
    "TransformerDecoderLayer",
}
_VIEWS = frozenset(("view", "reshape", "unflatten"))
_SOFTMAX = frozenset(("softmax", "log_softmax", "Softmax", "LogSoftmax", "softmin", "Softmin"))


def batch_first(graph: ShapeGraph) -> Iterator[Finding]:
    """SHP602: a sequence module without batch_first is fed (batch, seq, features) from an encoder."""
    for stage in graph.stages:
        tokens = main(stage)
        if short(stage) not in _SEQUENCE_MODULES or stage.within or stage.module is None or tokens is None:
            continue
        if _is_batch_first(stage) is not False or tokens.shape.rank != 3 or token_axis(tokens) != 1:
            continue
        if token_model(tokens) is None:
            continue
        yield found(
            "SHP602",
            "",
            stage.module.created or stage.span,
            stage=stage,
            tensor=tokens,
            symptom=stage.span,
            label="built without batch_first=True",
            help="add batch_first=True",
            related=[words.comes_from(tokens)],
            shapes=[words.named(tokens)],
            module=words.shown(stage.op),
            operand=words.called(tokens),
            shape=tokens.shape,
        )


def _is_batch_first(stage: Stage) -> bool | None:
    """What the module (for TransformerEncoder: its layers) was built with; None where it is not known."""
    params = stage.module.params if stage.module is not None else {}
    value = params.get("batch_first", params.get("encoder_layer"))
    if short(stage) in ("TransformerEncoder", "TransformerDecoder"):
        return value if isinstance(value, bool) else None
    return value if isinstance(value, bool) else None if "batch_first" in params else False


def regrouping_view(graph: ShapeGraph) -> Iterator[Finding]:
    """SHP603: a view that seems to move an axis, and cuts the rows up instead."""
    for stage in graph.stages:
        before = main(stage)
        if short(stage) not in _VIEWS or stage.within or stage.conflict is not None or before is None:
            continue
        moved = _moved(before, stage.out) or _moved(stage.out, before)
        if moved is not None:
            yield found(
                "SHP603",
                "",
                stage.span,
                stage=stage,
                tensor=before,
                label=f"{before.shape} becomes {stage.out.shape}",
                help=f"split the last axis first, then move it: .{short(stage)}(...).transpose(1, 2)",
                related=[words.comes_from(before)],
                shapes=[words.named(before), words.named(stage.out)],
                operator=words.shown(stage.op),
                operand=words.called(before),
                before=before.shape,
                after=stage.out.shape,
                moved=words.size(moved),
            )


def _moved(before: Tensor, after: Tensor) -> Dim | None:
    """The axis that a view claims to move: it stands at another place afterwards, and its rows are cut across.

    Only a split of another axis counts, as into attention heads: (batch, seq, heads*width) viewed as (batch, heads,
    seq, width), and (with the two exchanged) the merge back. Views that keep the number of axes are a known trick
    (the shift of relative positions).
    """
    old, new = before.shape.dims, after.shape.dims
    if before.shape.rank is None or after.shape.rank is None or len(new) != len(old) + 1 or not regroups(old, new):
        return None
    for i, dim in enumerate(old[:-1]):
        if dim.value == 1 or not all(map(blame.equal, old[:i], new[:i])) or blame.equal(dim, new[i]):
            continue
        if i + 1 < len(new) and blame.equal(dim, new[i + 1]) and _product(new[i], new[i + 2 :], old[i + 1 :]):
            return dim
    return None


def _product(first: Dim, rest: tuple[Dim, ...], wanted: tuple[Dim, ...]) -> bool:
    have, want = first, wanted[0]
    for dim in rest:
        have = have * dim
    for dim in wanted[1:]:
        want = want * dim
    return blame.equal(have, want)


def softmax_axis(graph: ShapeGraph) -> Iterator[Finding]:
    """SHP604: a softmax over an axis of size one, or over the batch."""
    for stage in graph.stages:
        scores = main(stage)
        if short(stage) not in _SOFTMAX or stage.within or scores is None or scores.shape.rank in (None, 0):
            continue
        dims = vocabulary.ints(given(stage, "dim"))
        if dims is None or scores.shape.rank is None:
            continue
        at = dims[0] % scores.shape.rank
        if scores.shape.dim(at).expr == 1 and scores.shape.rank > 1 and _is_score(axis(scores, at)):
            yield _softmax(stage, scores, at, "single")
        elif at == 0 and scores.shape.rank == 2 and _is_batch(scores) and not blame.equal(*scores.shape.dims):
            yield _softmax(stage, scores, at, "batch")


def _is_score(here: vocabulary.Axis) -> bool:
    """Whether an axis of size one is the output of a layer with one unit: no index or sum that happens to leave one."""
    return short(made(here).stage) in ("Linear", "linear")


def _is_batch(scores: Tensor) -> bool:
    """Whether axis 0 counts the texts of a batch, and axis 1 the outputs of a layer."""
    first = made(axis(scores, 0))
    counted = first.stage is None and first.index == 0 and first.tensor.role in ("ids", "mask", "pixels", "audio")
    return counted and short(made(axis(scores, 1)).stage) in ("Linear", "linear")


def _softmax(stage: Stage, scores: Tensor, at: int, variant: str) -> Finding:
    tokens = token_axis(scores)
    other = tokens if tokens is not None and tokens != at else 1
    return found(
        "SHP604",
        variant,
        stage.span,
        stage=stage,
        tensor=scores,
        label=f"{scores.shape}, over axis {at}",
        help=f"take dim={other}",
        related=[words.comes_from(scores), _built(stage)],
        shapes=[words.named(scores)],
        operator=words.shown(stage.op),
        operand=words.called(scores),
        shape=scores.shape,
        at=at,
        other=other,
    )


def _built(stage: Stage) -> Related | None:
    created = stage.module.created if stage.module is not None else None
    return Related(created, "the axis is set here") if created is not None else None
