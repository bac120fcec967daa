"""SHP101: a loss over one row per text is handed scores for every token."""

from __future__ import annotations

from collections.abc import Iterator

from shapecheck.checks import blame, counted, words
from shapecheck.checks.report import found
from shapecheck.findings import Finding
from shapecheck.flow import LOSSES, token_axis, token_source
from shapecheck.graph import ShapeGraph, Stage, Tensor
from shapecheck.places import Span
from shapecheck.shapes import Shape
from shapecheck.trail import previous
from shapecheck.vocabulary import KEEPS, REDUCTIONS, axis, given, is_model, main, reduced_axes, short

_HEAD = KEEPS | {
    "Linear",
    "linear",
    "Bilinear",
    "squeeze",
    "view",
    "reshape",
    "flatten",
    "Flatten",
    "permute",
    "transpose",
}


def unpooled_classifier(graph: ShapeGraph, stage: Stage) -> Finding | None:
    """A loss that raises because its input still has the token axis and its target has one row per text."""
    if short(stage) not in LOSSES or stage.conflict is None:
        return None
    scores, target = stage.tensor("input"), stage.tensor("target")
    if scores is None or target is None:
        return None
    per_token = tokens_under(scores)
    if per_token is None or target.shape.rank is None:
        return None
    index = token_axis(per_token)
    if (
        not index
        or any(  # tokens along axis 0: their texts are gone, and no pooling is missing
            not blame.differ(d, per_token.shape.dim(index)) and d.value != 1 for d in target.shape.dims[1:]
        )
    ):
        return None
    if not _one_row_per_text(per_token, target):
        return None
    head, tokens, span = classifier(graph, scores)
    span = blame.renamed(graph, span)
    wanted = Shape((tokens.shape.dim(0), *tokens.shape.dims[2:])) if tokens.shape.rank == 3 else tokens.shape
    source = token_source(per_token, index)
    return found(
        "SHP101",
        "" if head is not None else "direct",
        span,
        stage=stage,
        tensor=tokens,
        symptom=stage.span,
        label=f"{tokens.shape}: {words.sized(axis(tokens, -1))}",
        help="pool the tokens to one vector per text before the classifier",
        related=[words.comes_from(source.tensor) if source else None, words.comes_from(target)],
        shapes=[words.named(tokens), words.named(scores, name="scores"), words.named(target, name="target")],
        head=words.shown(head.op) if head is not None else "",
        shape=tokens.shape,
        wanted=wanted,
        target=words.called(target),
        target_shape=target.shape,
        loss=words.shown(stage.op),
    )


def _one_row_per_text(scores: Tensor, target: Tensor) -> bool:
    """Whether the target's rows may be the texts: its first axis is not certainly the number of tokens."""
    if target.shape.rank == 0 or scores.shape.rank is None:
        return False
    rows = target.shape.dim(0)
    flat = scores.shape.dim(0) * scores.shape.dim(token_axis(scores) or 0)
    return not blame.equal(rows, flat) and not blame.differ(rows, scores.shape.dim(0))


def tokens_under(tensor: Tensor) -> Tensor | None:
    """The nearest tensor on the way to ``tensor`` that still has a token axis: before a flattening view, say."""
    for _ in range(60):
        if token_axis(tensor) is not None:
            return tensor
        stage = tensor.producer
        operand = main(stage) if stage is not None and short(stage) in _HEAD else None
        if operand is None:
            return None
        tensor = operand
    return None


def classifier(graph: ShapeGraph, scores: Tensor) -> tuple[Stage | None, Tensor, Span]:
    """The head's first Linear behind an encoder, the token features that it takes, and the expression that brings them.

    A name that claims a pooled vector (``cls = out.last_hidden_state``) is itself the place to change.
    """
    head: Stage | None = None
    tensor, seen = scores, scores
    while (stage := tensor.producer) is not None and short(stage) in _HEAD:
        operand = main(stage)
        if operand is None or (head is not None and token_axis(operand) is None):
            break
        if short(stage) in ("Linear", "linear", "Bilinear"):
            head, seen = stage, operand
        tensor = operand
    if head is None:
        return None, tensor, tensor.span or (scores.producer.span if scores.producer else Span("", 1))
    span, tokens = blame.innermost(head, seen)
    if tokens.span is not None and words.says_pooled(tokens.text) and not span.covers(tokens.span):
        span = tokens.span
    maker = tokens.producer
    taken = main(maker) if maker is not None and short(maker) in KEEPS else None
    if maker is not None and taken is not None and is_model(taken.producer):
        where = blame.operand_span(maker, taken)
        alone = all(user is head for user in graph.consumers(tokens))  # others may well want the tokens
        # dropout(out.last_hidden_state): the pooling belongs where it is taken
        if where.exact and where == taken.span and alone:
            return head, taken, where
    return head, tokens, span


def first_example(graph: ShapeGraph, stage: Stage) -> Finding | None:
    """SHP103: rows of one example where rows of the batch are wanted (``last_hidden_state[0]``, ``mean(dim=0)``)."""
    scores, target = stage.tensor("input"), stage.tensor("target")
    if (
        short(stage) not in LOSSES
        or stage.conflict is None
        or scores is None
        or target is None
        or not scores.shape.rank
    ):
        return None
    here = axis(scores, 0)
    while (before := previous(here)) is not None:
        culprit = here.stage
        takes = short(culprit) in REDUCTIONS or short(culprit) in ("__getitem__", "select")
        moved = takes and before.index == 1 and here.index == 0
        if culprit is not None and moved and token_axis(before.tensor) == 1 and before.tensor.shape.rank == 3:
            return _took_rows(stage, culprit, before.tensor, target)
        here = before
    return None


def over_texts(graph: ShapeGraph) -> Iterator[Finding]:
    """SHP103 where nothing raises: a mean over the batch of features (batch, seq, hidden)."""
    known = counted.batch_axes(graph)
    for stage in graph.stages:
        tokens = main(stage)
        if short(stage) not in ("mean", "amax", "max") or stage.within or stage.conflict or tokens is None:
            continue
        if tokens.role != "tokens" or tokens.shape.rank != 3 or token_axis(tokens) != 1:
            continue
        if reduced_axes(stage) != (0,) or given(stage, "keepdim") or tokens.shape.dim(0).value in (None, 1):
            continue
        if counted.counts_texts(axis(tokens, 0), known):
            yield found(
                "SHP103",
                "mixed",
                stage.span,
                stage=stage,
                tensor=tokens,
                severity="warning",
                label=f"{tokens.shape} becomes {stage.out.shape}",
                help="take dim=1, the tokens",
                related=[words.comes_from(tokens)],
                shapes=[words.named(tokens)],
                operator=words.shown(stage.op),
                operand=words.called(tokens),
                before=tokens.shape,
                after=stage.out.shape,
            )


def tokens_for_vectors(graph: ShapeGraph, stage: Stage) -> Finding | None:
    """SHP101 where a product of vectors raises (``a @ b.t()``): one side is (batch, seq, hidden)."""
    tokens = main(stage)
    if stage.conflict is None or stage.conflict.kind != "rank" or short(stage) not in ("t", "mm", "addmm"):
        return None
    if tokens is None or tokens.shape.rank != 3 or token_axis(tokens) != 1:
        return None
    head, features, span = classifier(graph, tokens)
    return found(
        "SHP101",
        "vectors",
        span,
        stage=stage,
        tensor=features,
        symptom=stage.span,
        label=f"{features.shape}: {words.sized(axis(features, -1))}",
        help="pool the tokens to one vector per text",
        related=[words.comes_from(features)],
        shapes=[words.named(features)],
        head=words.shown(head.op) if head is not None else "the product",
        shape=features.shape,
        operator=words.shown(stage.op),
        line=stage.span.line,
    )


def _took_rows(stage: Stage, culprit: Stage, tokens: Tensor, target: Tensor) -> Finding:
    indexing = short(culprit) in ("__getitem__", "select")
    return found(
        "SHP103",
        "first-example" if indexing else "batch",
        culprit.span,
        stage=stage,
        tensor=tokens,
        symptom=stage.span,
        label=f"{tokens.shape} becomes {culprit.out.shape}",
        help="write [:, 0] for the first token of every text" if indexing else "take dim=1, the tokens",
        related=[words.comes_from(tokens), words.comes_from(target)],
        shapes=[words.named(tokens), words.named(target, name="target")],
        operator=words.shown(culprit.op),
        operand=words.called(tokens),
        before=tokens.shape,
        after=culprit.out.shape,
        target_shape=target.shape,
    )
