"""SHP602 to SHP604, SHP606 and SHP611: it runs, and works along the wrong axis."""

from __future__ import annotations

from collections.abc import Iterator

from shapecheck import vocabulary
from shapecheck.checks import blame, counted, words
from shapecheck.checks.attention import SOFTMAX
from shapecheck.checks.report import found
from shapecheck.findings import Finding, Severity
from shapecheck.flow import LOSSES, token_axis, token_model
from shapecheck.graph import Module, ShapeGraph, Stage, Tensor
from shapecheck.places import Span
from shapecheck.trail import made
from shapecheck.vocabulary import axis, given, ints, main, short

SEQUENCE_MODULES = vocabulary.RECURRENT | {
    "MultiheadAttention",
    "Transformer",
    "TransformerEncoder",
    "TransformerEncoderLayer",
    "TransformerDecoder",
    "TransformerDecoderLayer",
}
_MADE_UP = frozenset(("randint", "randint_like", "zeros", "ones", "full", "arange"))
_VIEWS = frozenset(("view", "reshape", "unflatten"))
_BY_INDEX = frozenset(("scatter", "scatter_", "scatter_add", "scatter_add_", "gather", "take_along_dim", "index_add"))


def batch_first(graph: ShapeGraph) -> Iterator[Finding]:
    """SHP602: a sequence module without batch_first is fed (batch, seq, features) from an encoder."""
    known = counted.batch_axes(graph)
    for stage in graph.stages:
        tokens = main(stage)
        if short(stage) not in SEQUENCE_MODULES or stage.within or stage.module is None or tokens is None:
            continue
        if counted.batch_first(stage) is not False or tokens.shape.rank != 3 or token_axis(tokens) != 1:
            continue
        if token_model(tokens) is None and not _examples_first(axis(tokens, 0), known):
            continue
        yield time_first(stage, tokens)


def _examples_first(first: vocabulary.Axis, known: frozenset[counted.Known]) -> bool:
    """Whether axis 0 counts the examples for a better reason than that ids stand there: numbers that a script makes up
    (``torch.randint(0, 100, (35, 20))``) may as well have the time first, and so may what nothing seen has made."""
    source = made(first)
    if (source.stage is None or short(source.stage) in _MADE_UP) and counted.key(source) not in known:
        return False
    return counted.counts_texts(first, known)


def time_first(stage: Stage, tokens: Tensor, severity: Severity | None = None) -> Finding:
    """SHP602: a sequence module that takes axis 0 for the time, given examples there."""
    return found(
        "SHP602",
        "",
        _built_with(stage) or stage.span,
        stage=stage,
        tensor=tokens,
        symptom=stage.span,
        severity=severity,
        label="built without batch_first=True",
        help="add batch_first=True",
        related=[words.comes_from(tokens)],
        shapes=[words.named(tokens)],
        module=words.shown(stage.op),
        operand=words.called(tokens),
        shape=tokens.shape,
    )


def _built_with(stage: Stage) -> Span | None:
    """The constructor that takes ``batch_first``: of a stack, that of the layer that is stacked."""
    params = stage.module.params if stage.module is not None else {}
    layer = params.get("encoder_layer", params.get("decoder_layer"))
    module = layer if isinstance(layer, Module) else stage.module
    return module.created if module is not None else None


def rows_regrouped(graph: ShapeGraph) -> Iterator[Finding]:
    """SHP612: rows laid out as (texts, pieces), taken apart as (pieces, texts)."""
    for stage in graph.stages:
        before = main(stage)
        if short(stage) not in _VIEWS or stage.within or stage.conflict is not None or before is None:
            continue
        rank, after = before.shape.rank, stage.out.shape
        factors = before.shape.dim(0).factors if rank else ()
        if len(factors) != 2 or after.rank is None or after.rank < 2 or factors[0] == factors[1]:
            continue
        if short(made(axis(before, 0)).stage) not in _VIEWS | {"flatten"}:
            continue  # a product that the script wrote down itself says nothing of how the rows lie
        if 1 not in factors and (after.dim(0).expr, after.dim(1).expr) == (factors[1], factors[0]):
            yield _regrouped_rows(stage, before)


def rows_in_other_order(graph: ShapeGraph) -> Iterator[Finding]:
    """SHP612: scores (seq, batch, classes) and labels (batch, seq), each flattened: rows meet labels of others."""
    for stage in graph.stages:
        scores, target = stage.tensor("input"), stage.tensor("target")
        if short(stage) not in LOSSES or stage.within or stage.conflict is not None or scores is None or target is None:
            continue
        laid, wanted = _flattened(scores), _flattened(target)
        if laid is None or wanted is None:
            continue
        (a, b), (c, d) = laid.shape.dims[:2], wanted.shape.dims[:2]
        if blame.equal(a, d) and blame.equal(b, c) and blame.differ(a, b) and a.value != 1 and b.value != 1:
            yield found(
                "SHP612",
                "order",
                blame.operand_span(stage, scores),
                stage=stage,
                tensor=scores,
                symptom=stage.span,
                label=f"{laid.shape} was flattened to {scores.shape}",
                help=f"write {laid.text or 'the scores'}.transpose(0, 1) before they are flattened",
                remedy=".transpose(0, 1)",
                related=[words.comes_from(laid), words.comes_from(wanted)],
                shapes=[words.named(laid), words.named(wanted, name="target")],
                operand=words.called(laid),
                before=laid.shape,
                target=words.called(wanted),
                wanted=wanted.shape,
            )


def _flattened(rows: Tensor) -> Tensor | None:
    """What was flattened to rows, the last axis kept or not: a tensor whose first two axes became one."""
    view = rows.producer
    before = main(view) if view is not None and short(view) in _VIEWS | {"flatten"} else None
    if before is None or rows.shape.rank is None or before.shape.rank != rows.shape.rank + 1 or rows.shape.rank > 2:
        return None
    kept = rows.shape.rank == 1 or not blame.differ(before.shape.dim(-1), rows.shape.dim(-1))
    return before if kept else None


def _regrouped_rows(stage: Stage, before: Tensor) -> Finding:
    outer, inner = before.shape.dim(0).factors
    return found(
        "SHP612",
        "",
        stage.span,
        stage=stage,
        tensor=before,
        label=f"{before.shape} becomes {stage.out.shape}",
        help=f"the rows are {outer} groups of {inner}: .{short(stage)}({outer}, {inner}, ...)",
        related=[words.comes_from(before)],
        shapes=[words.named(before), words.named(stage.out)],
        operator=words.shown(stage.op),
        operand=words.called(before),
        outer=outer,
        inner=inner,
        after=stage.out.shape,
    )


def softmax_axis(graph: ShapeGraph) -> Iterator[Finding]:
    """SHP604: a softmax over an axis of size one; SHP606: over the batch."""
    known, classes = counted.batch_axes(graph), counted.class_axes(graph)
    for stage in graph.stages:
        scores = main(stage)
        if short(stage) not in SOFTMAX or stage.within or scores is None or scores.shape.rank in (None, 0):
            continue
        dims = vocabulary.ints(given(stage, "dim"))
        if dims is None or scores.shape.rank is None:
            continue
        at = dims[0] % scores.shape.rank
        if scores.shape.dim(at).expr == 1 and scores.shape.rank > 1 and _is_score(axis(scores, at)):
            yield _softmax(stage, scores, at, "single")
        elif at == 0 and counted.over_batch(scores, known):
            yield _softmax(stage, scores, at, "batch")
        elif scores.shape.rank > 2:
            held = counted.class_axis(scores, classes)
            best = _of_the_best(scores, at)
            if held is not None and held != at and not _over_all_places(scores, at, held):
                yield _softmax(stage, scores, at, "classes", held)
            elif best is not None and (picked := _picked_elsewhere(graph, scores, at, best)) is not None:
                yield _picked_along(picked, stage, at)
            elif best is not None:
                yield _softmax(stage, scores, at, "best", best)


def _is_score(here: vocabulary.Axis) -> bool:
    """Whether an axis of size one is the output of a layer with one unit: no index or sum that happens to leave one."""
    maker = short(made(here).stage)
    return maker in ("Linear", "linear") or (maker in vocabulary.CONVOLUTIONS and here.index == 1)


def _over_all_places(scores: Tensor, at: int, held: int) -> bool:
    """Whether a softmax behind the classes runs over an axis that a view made of several: on purpose."""
    return held < at and short(made(axis(scores, at)).stage) in _VIEWS | {"flatten"}


def _of_the_best(scores: Tensor, at: int) -> int | None:
    """The axis along which the best scores stand that were picked out of each row, where it is another one than ``at``
    (experts of a token, say)."""
    for index in range(scores.shape.rank or 0):
        source = made(axis(scores, index))
        if short(source.stage) == "topk" and source.stage is not None:
            dims = ints(given(source.stage, "dim"))
            picked = -1 if dims is None else dims[0]
            if picked % (source.tensor.shape.rank or 1) == source.index and source.dim.value != 1:
                return index if index != at else None
    return None


def _picked_elsewhere(graph: ShapeGraph, scores: Tensor, at: int, best: int) -> Stage | None:
    """The ``topk`` that picked the scores, where its indices are used along the axis of the softmax: then the softmax
    is right, and the best were picked along the wrong axis."""
    values = made(axis(scores, best))
    for indices in values.stage.outputs.values() if values.stage is not None else ():
        for user in graph.consumers(indices) if indices is not values.tensor else ():
            dims, rank = ints(given(user, "dim")), indices.shape.rank
            if short(user) in _BY_INDEX and dims and rank and dims[0] % rank == at:
                return values.stage
    return None


def _picked_along(picked: Stage, softmax: Stage, at: int) -> Finding:
    scores = main(picked) or picked.out
    other = -1 if at == (scores.shape.rank or 0) - 1 else at
    return found(
        "SHP604",
        "picked",
        picked.span,
        stage=picked,
        tensor=scores,
        symptom=softmax.span,
        label=f"{scores.shape} becomes {picked.out.shape}",
        help=f"take dim={other}",
        remedy=str(other),
        related=[words.comes_from(scores)],
        shapes=[words.named(scores), words.named(picked.out)],
        operator=words.shown(picked.op),
        operand=words.called(scores),
        shape=scores.shape,
        at=at,
        softmax=f"{words.shown(softmax.op)} at {softmax.span.told}",
        other=other,
    )


def _softmax(stage: Stage, scores: Tensor, at: int, variant: str, other: int | None = None) -> Finding:
    tokens = token_axis(scores)
    if other is None:
        other = tokens if tokens is not None and tokens != at else _not_single(scores, at) if variant == "single" else 1
    elif other == (scores.shape.rank or 0) - 1:
        other = -1
    created = stage.module.created if stage.module is not None else None
    return found(
        "SHP606" if variant == "batch" else "SHP604",
        "" if variant == "batch" else variant,
        created or stage.span,
        stage=stage,
        tensor=scores,
        symptom=stage.span,
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
        held=other % (scores.shape.rank or 1),
    )


def _not_single(scores: Tensor, at: int) -> int:
    """The axis that a softmax over one of size one was meant for, as far as the sizes tell: that of the positions."""
    rest = [index for index in range(1, scores.shape.rank or 0) if index != at]
    return rest[-1] if rest and at == 1 else 1
