"""SHP601 and SHP607: a loss or a metric over two tensors that broadcast to every pair of rows."""

from __future__ import annotations

from collections.abc import Iterator

from shapecheck.checks import blame, words
from shapecheck.checks.report import found
from shapecheck.findings import Finding, NamedShape, Related
from shapecheck.flow import PAIR_LOSSES
from shapecheck.graph import ShapeGraph, Stage, Tensor
from shapecheck.places import Span
from shapecheck.shapes import Conflict, Shape, broadcast
from shapecheck.trail import made
from shapecheck.vocabulary import REDUCTIONS, axis, given, operands, short
from shapecheck.vocabulary import words as names

_ELEMENTWISE = names("pow square abs pow_ abs_ square_ mul clamp relu sqrt float to double")
_DIFFERENCES = frozenset(("sub", "rsub"))
_COMPARISONS = frozenset(("eq", "ne"))
_RAISE = names("BCELoss BCEWithLogitsLoss binary_cross_entropy binary_cross_entropy_with_logits")


def loss_broadcast(graph: ShapeGraph) -> Iterator[Finding]:
    """Losses, hand-written squared errors and comparisons of predictions with labels, (batch, 1) against (batch,)."""
    for stage in graph.stages:
        if stage.conflict is not None or stage.within:
            continue
        name = short(stage)
        if name in PAIR_LOSSES - _RAISE:
            pair = stage.tensor("input"), stage.tensor("target")
            yield from _outer(stage, pair[0], pair[1], "")
        elif name in _DIFFERENCES | _COMPARISONS and len(operands(stage)) == 2:
            one, two = operands(stage)
            if _is_prediction(one) != _is_prediction(two) and _reduced_to_a_number(graph, stage):
                guess, truth = (one, two) if _is_prediction(one) else (two, one)
                yield from _outer(stage, guess, truth, "difference" if name in _DIFFERENCES else "metric")


def _outer(stage: Stage, scores: Tensor | None, target: Tensor | None, variant: str) -> Iterator[Finding]:
    if scores is None or target is None:
        return
    pairs = crossed(scores.shape, target.shape)
    if pairs is None or _on_purpose(scores) or _on_purpose(target):
        return
    column = scores.shape.rank == 2 and target.shape.rank == 1
    root, other = _root(stage, scores, target, variant)
    yield found(
        "SHP607" if variant == "metric" else "SHP601",
        "" if variant == "metric" else variant,
        root,
        stage=stage,
        tensor=scores,
        symptom=stage.span,
        label=f"{scores.shape} against {target.shape} gives {pairs}",
        help=f"write {scores.text or 'the predictions'}.squeeze(-1), or {target.text or 'the target'}.unsqueeze(-1)"
        if column
        else "",
        related=[
            Related(other, "this side brings the other shape") if other else None,
            words.comes_from(scores),
            words.comes_from(target),
        ],
        shapes=[words.named(scores), words.named(target, name="target"), _result(pairs)],
        operator=words.shown(stage.op),
        scores=words.called(scores),
        shape=scores.shape,
        target=words.called(target),
        target_shape=target.shape,
        pairs=pairs,
    )


def _result(shape: Shape) -> NamedShape:
    return NamedShape("broadcast", tuple(d.expr if isinstance(d.expr, int) else str(d) for d in shape.dims))


def crossed(a: Shape, b: Shape) -> Shape | None:
    """The broadcast of two shapes if each is stretched along an axis of the other; None if not, or not certain."""
    if a.rank is None or b.rank is None or not a.rank or not b.rank:
        return None
    joined = broadcast(a, b)
    if isinstance(joined, Conflict):
        return None
    stretched = [False, False]
    for back in range(1, max(a.rank, b.rank) + 1):
        for side, (one, other) in enumerate(((a, b), (b, a))):
            alone = back > (one.rank or 0) or one.dim(-back).value == 1
            if alone and back <= (other.rank or 0) and other.dim(-back).known and other.dim(-back).value != 1:
                stretched[side] = True
    return joined if all(stretched) else None


def _on_purpose(tensor: Tensor) -> bool:
    """Whether an axis of size one was added by hand, as for all pairs of rows (``a[:, None] - b[None]``)."""
    for index in range(tensor.shape.rank or 0):
        if tensor.shape.dim(index).value == 1:
            maker = made(axis(tensor, index)).stage
            if short(maker) in ("unsqueeze", "__getitem__"):
                return True
    return False


def _is_prediction(tensor: Tensor) -> bool:
    """Whether a tensor is a column of scores from a layer with one output."""
    rank = tensor.shape.rank
    if rank is None or rank < 2 or tensor.shape.dim(-1).value != 1:
        return False
    maker = made(axis(tensor, -1)).stage
    chosen = short(maker) in ("argmax", "argmin") and given(maker, "keepdim") is True if maker is not None else False
    return maker is not None and (chosen or short(maker) in ("Linear", "linear", "Bilinear") or tensor.role == "logits")


def _reduced_to_a_number(graph: ShapeGraph, stage: Stage) -> bool:
    """Whether the result is squared, or the like, and then summed up: an error measure and no table of differences."""
    tensors, steps = [stage.out], 0
    while tensors and steps < 12:
        steps += 1
        tensor = tensors.pop()
        for user in graph.consumers(tensor):
            if short(user) in REDUCTIONS and user.out.shape.rank == 0:
                return True
            if short(user) in _ELEMENTWISE:
                tensors.append(user.out)
    return False


def _root(stage: Stage, scores: Tensor, target: Tensor, variant: str) -> tuple[Span, Span | None]:
    """The side to change: a target written down in the wrong shape, else the scores where they are used."""
    used = blame.operand_span(stage, scores)
    maker = target.producer
    written = (
        target.span if maker is None else maker.span if short(maker) in ("tensor", "as_tensor", "FloatTensor") else None
    )
    if written is not None and variant != "metric" and not stage.context and target.span is not None:
        return target.span, stage.span
    return used, written
