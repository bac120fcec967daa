"""SHP603 and SHP611: a view that claims to move an axis."""

from __future__ import annotations

from collections.abc import Iterator

from shapecheck.checks import blame, words
from shapecheck.checks.report import found
from shapecheck.dims import Dim
from shapecheck.findings import Finding
from shapecheck.flow import token_axis
from shapecheck.graph import ShapeGraph, Stage, Tensor
from shapecheck.shapes import regroups
from shapecheck.trail import made
from shapecheck.vocabulary import CONVOLUTIONS, RECURRENT, Axis, axis, is_model, main, short

_VIEWS = frozenset(("view", "reshape", "unflatten"))
_LAYERS = CONVOLUTIONS | RECURRENT | {"Linear", "linear", "Embedding", "embedding"}


def regrouping_view(graph: ShapeGraph) -> Iterator[Finding]:
    """SHP603: a view that seems to move an axis, and cuts the rows up instead."""
    for stage in graph.stages:
        before = main(stage)
        if short(stage) not in _VIEWS or stage.within or stage.conflict is not None or before is None:
            continue
        if _exchanged(before, stage.out):
            yield _view_for_transpose(stage, before)
            continue
        moved = _moved(before, stage.out) or _moved(stage.out, before) or _merged(before, stage.out)
        order = _features_moved(before, stage.out) if moved is None else None
        if moved is not None:
            advice = f"split the last axis first, then move it: .{short(stage)}(...).transpose(1, 2)"
            yield _regrouping(stage, before, moved, advice)
        elif order is not None:
            yield _features(stage, before, order)


def _features(stage: Stage, before: Tensor, order: tuple[int, ...]) -> Finding:
    """The finding for a view that claims to bring about an order of axes."""
    call = ".transpose(1, 2)" if order == (0, 2, 1) else f".permute{order}"
    ahead = order[1] == len(order) - 1
    width = before.shape.dim(-1 if ahead else 1)
    advice = f"move the axis first: {call}.reshape(...) gives {stage.out.shape}"
    return _regrouping(stage, before, width, advice, call, "tokens" if ahead else "")


def _regrouping(stage: Stage, before: Tensor, moved: Dim, advice: str, remedy: str = "", variant: str = "") -> Finding:
    return found(
        "SHP603",
        variant,
        stage.span,
        stage=stage,
        tensor=before,
        label=f"{before.shape} becomes {stage.out.shape}",
        help=advice,
        remedy=remedy,
        related=[words.comes_from(before)],
        shapes=[words.named(before), words.named(stage.out)],
        operator=words.shown(stage.op),
        operand=words.called(before),
        before=before.shape,
        after=stage.out.shape,
        moved=words.size(moved),
        width=words.size(moved),
    )


def _features_moved(before: Tensor, after: Tensor) -> tuple[int, ...] | None:
    """The order of axes that a view claims to bring about, if it claims to move the features across the places.

    That is (batch, tokens, features) viewed as (batch, features, height, width), and a feature map (batch, channels,
    height, width) viewed as (batch, places, channels). The features are what a layer made; of other tensors a view that
    exchanges the last two axes is a known trick (the shift of relative positions).
    """
    old, new = before.shape.dims, after.shape.dims
    rank = before.shape.rank
    if rank is None or after.shape.rank is None or rank < 3 or len(new) < 3 or not regroups(old, new):
        return None
    if not blame.equal(old[0], new[0]):
        return None
    last, first = old[-1], old[1]
    if _alone(last, old) and blame.equal(last, new[1]) and _product(old[1], old[2:-1], new[2:]):
        return (0, rank - 1, *range(1, rank - 1)) if _of_tokens(before) else None
    if _alone(first, old) and blame.equal(first, new[-1]) and _product(old[2], old[3:], new[1:-1]):
        return (0, *range(2, rank), 1) if _of_a_layer(axis(before, 1)) else None
    return None


def _of_tokens(before: Tensor) -> bool:
    """Whether the last axis holds the features of each place."""
    return token_axis(before) == 1 or _of_a_layer(axis(before, -1))


def _alone(dim: Dim, among: tuple[Dim, ...]) -> bool:
    """Whether no other axis has the size by chance."""
    return dim.value != 1 and sum(blame.equal(dim, other) for other in among) == 1


def _of_a_layer(here: Axis) -> bool:
    """Whether an axis is what a layer or an encoder gives for each place: its features or channels."""
    source = made(here)
    if source.stage is None:
        return False
    if short(source.stage) in CONVOLUTIONS:
        return source.index == 1
    return (short(source.stage) in _LAYERS or is_model(source.stage)) and source == axis(source.tensor, -1)


def _exchanged(before: Tensor, after: Tensor) -> bool:
    """Whether a view claims to exchange batch and tokens: (batch, seq, hidden) viewed as (seq, batch, hidden)."""
    old, new = before.shape.dims, after.shape.dims
    if before.shape.rank != 3 or after.shape.rank != 3 or token_axis(before) != 1:
        return False
    crossed = blame.equal(old[0], new[1]) and blame.equal(old[1], new[0]) and blame.equal(old[2], new[2])
    return crossed and blame.differ(old[0], old[1]) and old[0].expr != 1 and old[1].expr != 1


def _view_for_transpose(stage: Stage, before: Tensor) -> Finding:
    return found(
        "SHP611",
        "",
        stage.span,
        stage=stage,
        tensor=before,
        label=f"{before.shape} becomes {stage.out.shape}",
        help="write .transpose(0, 1), which swaps the axes",
        related=[words.comes_from(before)],
        shapes=[words.named(before), words.named(stage.out)],
        operator=words.shown(stage.op),
        operand=words.called(before),
        before=before.shape,
        after=stage.out.shape,
    )


def _moved(before: Tensor, after: Tensor) -> Dim | None:
    """The axis that a view claims to move: it stands at another place afterwards, and its rows are cut across.

    Only a split of another axis counts, as into attention heads: (batch, seq, heads*width) viewed as (batch, heads,
    seq, width), and (with the two exchanged) the merge back. Views that keep the number of axes are a known trick
    (the shift of relative positions). A number that two axes have by chance (2 texts, 2 rows of pixels) tells nothing.
    """
    old, new = before.shape.dims, after.shape.dims
    if before.shape.rank is None or after.shape.rank is None or len(new) != len(old) + 1 or not regroups(old, new):
        return None
    for i, dim in enumerate(old[:-1]):
        if dim.value == 1 or not all(map(blame.equal, old[:i], new[:i])) or blame.equal(dim, new[i]):
            continue
        alone = not isinstance(dim.expr, int) or sum(blame.equal(dim, other) for other in old) == 1
        if alone and i + 1 < len(new) and blame.equal(dim, new[i + 1]) and _product(new[i], new[i + 2 :], old[i + 1 :]):
            return dim
    return None


def _merged(before: Tensor, after: Tensor) -> Dim | None:
    """The last axis, if a view claims to put it before the two that it joins: (batch, channels, bins, frames) viewed as
    (batch, frames, channels*bins)."""
    old, new = before.shape.dims, after.shape.dims
    if len(old) < 4 or len(new) != 3 or before.shape.rank is None or after.shape.rank is None:
        return None
    last = old[-1]
    alone = sum(blame.equal(last, other) for other in old) == 1 and last.value != 1
    if not alone or not blame.equal(old[0], new[0]) or not blame.equal(last, new[1]) or not regroups(old, new):
        return None
    return last if _product(old[1], old[2:-1], new[2:]) else None


def _product(first: Dim, rest: tuple[Dim, ...], wanted: tuple[Dim, ...]) -> bool:
    have, want = first, wanted[0]
    for dim in rest:
        have = have * dim
    for dim in wanted[1:]:
        want = want * dim
    return blame.equal(have, want)
