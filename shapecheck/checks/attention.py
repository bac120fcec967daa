"""SHP604 and SHP105 in attention written by hand: weights and masks along another axis than the sum runs over."""

from __future__ import annotations

from collections.abc import Iterator

from shapecheck.checks import blame, counted, words
from shapecheck.checks.report import found
from shapecheck.findings import Finding
from shapecheck.graph import ShapeGraph, Stage, Tensor
from shapecheck.trail import previous
from shapecheck.vocabulary import KEEPS, axis, given, ints, main, operands, short
from shapecheck.vocabulary import words as names

SOFTMAX = names("softmax log_softmax Softmax LogSoftmax softmin Softmin")
_PRODUCTS = names("matmul bmm mm")
_WEIGHTS = names("softmax Softmax")
_HIDES = names("masked_fill masked_fill_ add add_ where")
_TURNS = frozenset(("transpose", "permute", "t"))
_HANDS_ON = (KEEPS | _TURNS | {"unsqueeze"}) - SOFTMAX - {"normalize"}
_STEPS = 6


def contracted_axis(graph: ShapeGraph) -> Iterator[Finding]:
    """SHP604: a softmax over one axis, and a weighted sum over another: the weights of a sum do not add up to one."""
    known = counted.batch_axes(graph)
    for stage in graph.stages:
        scores, dims = main(stage), ints(given(stage, "dim"))
        if short(stage) not in _WEIGHTS or stage.within or stage.conflict or scores is None or dims is None:
            continue
        rank = scores.shape.rank
        if rank is None or rank < 2:
            continue
        at = dims[0] % rank
        summed = _summed(graph, stage, at == rank - 1)
        if rank == 2 and at == 0 and counted.over_batch(scores, known):
            continue  # which is told as such
        if summed is not None and summed != at and scores.shape.dim(summed).value != 1:
            other = -1 if summed == rank - 1 else summed
            yield found(
                "SHP604",
                "contracted",
                stage.span,
                stage=stage,
                tensor=scores,
                label=f"{scores.shape}, over axis {at}",
                help=f"take dim={other}",
                remedy=str(other),
                related=[words.comes_from(scores)],
                shapes=[words.named(scores)],
                operator=words.shown(stage.op),
                operand=words.called(scores),
                shape=scores.shape,
                at=at,
                other=other,
            )


def _summed(graph: ShapeGraph, stage: Stage, over_last: bool) -> int | None:
    """The axis of the weights that a product with the values sums over; None where there is none, or several ways.

    Weights over the last axis that are turned before the product give each row its share of several sums on purpose
    (clusters, slots): that is no attention.
    """
    tensor, weights = stage.out, stage.out
    for _ in range(_STEPS):
        users = graph.consumers(tensor)
        if len(users) != 1:
            return None
        (user,) = users
        if short(user) in _PRODUCTS:
            pair = operands(user)
            if len(pair) != 2 or pair[0] is not tensor or (pair[1].shape.rank or 0) < 2:
                return None
            here = axis(tensor, -1)
            while here.tensor is not weights and (before := previous(here)) is not None:
                here = before
            return here.index if here.tensor is weights else None
        if short(user) not in _HANDS_ON or (over_last and short(user) in _TURNS):
            return None
        tensor = user.out
    return None


def queries_masked(graph: ShapeGraph) -> Iterator[Finding]:
    """SHP105: the padding mask of attention scores stands along the queries, and hides no key."""
    for stage in graph.stages:
        if short(stage) not in _HIDES or stage.within or stage.conflict is not None or len(operands(stage)) != 2:
            continue
        mask = next((t for t in operands(stage) if t.role == "mask"), None)
        scores = next((t for t in operands(stage) if t is not mask), None)
        if mask is None or scores is None or scores.masked or not _along_queries(scores, mask):
            continue
        if _then_softmax(graph, stage.out):
            yield found(
                "SHP105",
                "queries",
                blame.operand_span(stage, mask),
                stage=stage,
                tensor=mask,
                severity="warning",
                symptom=stage.span,
                label=f"the mask is {mask.shape}",
                help=f"write mask[:, {'None, ' * (len(scores.shape.dims) - 2)}:], whose last axis counts the keys",
                related=[words.comes_from(scores), words.comes_from(mask)],
                shapes=[words.named(scores), words.named(mask, name="mask")],
                mask=words.called(mask),
                mask_shape=mask.shape,
                operand=words.called(scores),
                shape=scores.shape,
            )


def _along_queries(scores: Tensor, mask: Tensor) -> bool:
    rank = scores.shape.rank
    if rank is None or rank < 3 or mask.shape.rank != rank:
        return False
    queries, keys = scores.shape.dim(-2), scores.shape.dim(-1)
    square = blame.equal(queries, keys) and queries.value != 1
    return square and mask.shape.dim(-1).value == 1 and blame.equal(mask.shape.dim(-2), queries)


def _then_softmax(graph: ShapeGraph, tensor: Tensor) -> bool:
    """Whether a softmax over the last axis follows, and no other mask before it."""
    for _ in range(_STEPS):
        users = graph.consumers(tensor)
        if len(users) != 1:
            return False
        (user,) = users
        if short(user) in SOFTMAX:
            dims, rank = ints(given(user, "dim")), tensor.shape.rank or 0
            return dims is not None and dims[0] % rank == rank - 1
        if short(user) not in KEEPS or short(user).startswith("masked_fill"):
            return False
        tensor = user.out
    return False
