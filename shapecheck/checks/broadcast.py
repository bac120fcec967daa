"""SHP601 and SHP607: a loss or a metric over two tensors that broadcast to every pair of rows."""

from __future__ import annotations

import re
from collections.abc import Iterator

from shapecheck import trail
from shapecheck.checks import blame, columns, counted, words
from shapecheck.checks.report import found
from shapecheck.findings import Finding, NamedShape, Related
from shapecheck.flow import PAIR_LOSSES
from shapecheck.graph import ShapeGraph, Stage, Tensor
from shapecheck.ops.values import Batches
from shapecheck.places import Span
from shapecheck.shapes import Conflict, Shape, broadcast
from shapecheck.trail import made
from shapecheck.vocabulary import BINARY, KEEPS, REDUCTIONS, axis, given, key_parts, main, operands, short
from shapecheck.vocabulary import words as names

_ELEMENTWISE = names("pow square abs pow_ abs_ square_ mul clamp relu sqrt float to double")
_PRODUCTS = frozenset(("mul", "div", "true_divide"))
_STEPS = 8
"""How many operators before a loss are looked at."""
_DIFFERENCES = frozenset(("sub", "rsub"))
_COMPARISONS = frozenset(("eq", "ne"))
_LABELS = re.compile(r"\b(labels?|targets?|gold|y_true|ground_truth)\b\W*$")
_RAISE = names("BCELoss BCEWithLogitsLoss binary_cross_entropy binary_cross_entropy_with_logits")


def loss_broadcast(graph: ShapeGraph) -> Iterator[Finding]:
    """Losses, hand-written squared errors and comparisons of predictions with labels, (batch, 1) against (batch,)."""
    for stage in graph.stages:
        if stage.conflict is not None or stage.within:
            continue
        name = short(stage)
        if name in PAIR_LOSSES - _RAISE:
            pair = stage.tensor("input"), stage.tensor("target")
            yield from _outer(graph, stage, pair[0], pair[1], "")
            yield from _grown(graph, stage, pair[0], pair[1])
        elif name in _PRODUCTS and len(operands(stage)) == 2:
            yield from _averaged_product(graph, stage)
        elif name in _DIFFERENCES | _COMPARISONS and len(operands(stage)) == 2:
            one, two = operands(stage)
            told = _guess_and_truth(one, two)
            if told is not None and _reduced_to_a_number(graph, stage):
                yield from _outer(graph, stage, *told, "difference" if name in _DIFFERENCES else "metric")


def _column_and_row(one: Tensor, two: Tensor) -> tuple[Tensor, Tensor] | None:
    """A column (n, 1) and a row (n,) of as many numbers; None for all else."""
    column, row = (one, two) if one.shape.rank == 2 else (two, one)
    if (column.shape.rank, row.shape.rank) != (2, 1) or column.shape.dim(1).value != 1:
        return None
    count = row.shape.dim(0)
    if not blame.equal(column.shape.dim(0), count) or count.value == 1:
        return None
    return None if column is row else (column, row)


def _averaged_product(graph: ShapeGraph, stage: Stage) -> Iterator[Finding]:
    """A product of every pair that is summed up at once: the same as two sums, so that no pairs can be meant."""
    pair = _column_and_row(*operands(stage))
    if pair is None or not any(short(user) in ("mean", "sum") for user in graph.consumers(stage.out)):
        return
    users = graph.consumers(stage.out)
    if len(users) == 1 and users[0].out.shape.rank == 0:
        yield from _told(graph, stage, *pair, "product")


def _grown(graph: ShapeGraph, stage: Stage, scores: Tensor | None, target: Tensor | None) -> Iterator[Finding]:
    """Scores (n, n) for labels (n,): a column and a row were added or multiplied on the way."""
    if scores is None or target is None or scores.shape.rank != 2 or target.shape.rank != 1:
        return
    if not all(blame.equal(dim, target.shape.dim(0)) for dim in scores.shape.dims):
        return
    waiting = [scores]
    for _ in range(_STEPS):
        if not waiting:
            return
        maker = waiting.pop().producer
        if maker is None or short(maker) not in BINARY | _ELEMENTWISE:
            continue
        tensors = operands(maker)
        pair = _column_and_row(*tensors) if len(tensors) == 2 else None
        if pair is not None:
            yield from _told(graph, maker, *pair, "product")
            return
        waiting += tensors


def _guess_and_truth(one: Tensor, two: Tensor) -> tuple[Tensor, Tensor] | None:
    """Which of two tensors is the prediction: the column of a layer's outputs, else the one that is no label."""
    for test in (_is_prediction, lambda tensor: not _is_label(tensor)):
        if test(one) != test(two):
            return (one, two) if test(one) else (two, one)
    pair = _column_and_row(one, two)
    return pair if pair is not None and not _alike(*pair) else None


def _alike(one: Tensor, two: Tensor) -> bool:
    """Whether two tensors were made of one: the differences of all its pairs are meant."""
    ways = [{id(step) for step in trail.steps(tensor)} for tensor in (one, two)]
    return bool(ways[0] & ways[1]) or one in map(main, trail.steps(two)) or two in map(main, trail.steps(one))


def _outer(
    graph: ShapeGraph, stage: Stage, scores: Tensor | None, target: Tensor | None, variant: str
) -> Iterator[Finding]:
    if scores is None or target is None:
        return
    if _one_label_each(scores, target) or not (_on_purpose(scores) or _on_purpose(target)):
        yield from _told(graph, stage, scores, target, variant)


def _told(graph: ShapeGraph, stage: Stage, scores: Tensor, target: Tensor, variant: str) -> Iterator[Finding]:
    pairs = crossed(scores.shape, target.shape)
    if pairs is None:
        return
    column = scores.shape.rank == 2 and target.shape.rank == 1
    root, other = _root(graph, stage, scores, target, variant)
    yield found(
        "SHP607" if variant == "metric" else "SHP601",
        "" if variant == "metric" else variant,
        root,
        stage=stage,
        tensor=scores,
        symptom=stage.span,
        label=f"{scores.shape} against {target.shape} gives {pairs}",
        remedy="collected" if root not in stage.input_spans.values() and _batches(scores) else "",
        help=_advice(scores, target, root == blame.operand_span(stage, scores)) if column else "",
        related=[
            words.axis_from(scores, -1) if column else None,
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


def _advice(scores: Tensor, target: Tensor, used: bool) -> str:
    if not used:
        return "drop the last axis here: .squeeze(-1), or the call that adds it left out"
    return f"write {scores.text or 'the predictions'}.squeeze(-1), or {target.text or 'the target'}.unsqueeze(-1)"


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
            added = (
                short(maker) == "__getitem__" and maker is not None and any(part is None for part in key_parts(maker))
            )
            if added or short(maker) == "unsqueeze":
                return True
    return False


def _is_label(tensor: Tensor) -> bool:
    return tensor.role == "labels" or _LABELS.search(tensor.text) is not None


def _one_label_each(scores: Tensor, target: Tensor) -> bool:
    """Whether a row of labels meets a column with as many rows, made of another tensor: no pairs can be meant, though
    an axis was added by hand (to the wrong side)."""
    if not _is_label(target) or {scores.shape.rank, target.shape.rank} != {1, 2}:
        return False
    origins = made(axis(scores, 0)), made(axis(target, 0))
    return blame.equal(scores.shape.dim(0), target.shape.dim(0)) and origins[0].tensor is not origins[1].tensor


def index_broadcast(graph: ShapeGraph) -> Iterator[Finding]:
    """SHP613: positions (batch, 1) beside rows (batch,) as indices: every row with every position."""
    for stage in graph.stages:
        rows, ends = counted.index_pair(stage)
        if rows is None or ends is None or stage.within or stage.conflict is not None:
            continue
        pairs = crossed(rows.shape, ends.shape)
        column, row = (ends, rows) if ends.shape.rank == 2 else (rows, ends)
        if pairs is None or column.shape.rank != 2 or row.shape.rank != 1 or _on_purpose(column) or _on_purpose(row):
            continue
        if column.shape.dim(1).value != 1 or not blame.equal(column.shape.dim(0), row.shape.dim(0)):
            continue
        maker = made(axis(column, 1)).stage
        yield found(
            "SHP613",
            "",
            maker.span if maker is not None else blame.operand_span(stage, column),
            stage=stage,
            tensor=column,
            symptom=stage.span,
            label=f"{column.shape}",
            help=f"write {column.text or 'the positions'}.squeeze(-1)",
            related=[words.comes_from(row), words.comes_from(column)],
            shapes=[words.named(rows), words.named(ends), _result(stage.out.shape)],
            column=words.called(column),
            column_shape=column.shape,
            row=words.called(row),
            row_shape=row.shape,
            after=stage.out.shape,
        )


def columns_picked(graph: ShapeGraph) -> Iterator[Finding]:
    """SHP613: ``scores[:, labels]``: the classes of all texts out of each row, where each row's own is meant."""
    for stage in graph.stages:
        scores, parts = main(stage), key_parts(stage) if short(stage) == "__getitem__" else ()
        if stage.within or stage.conflict is not None or scores is None or scores.shape.rank != 2 or len(parts) != 2:
            continue
        labels = parts[1]
        if parts[0] != slice(None) or not isinstance(labels, Tensor) or labels.shape.rank != 1 or not _is_label(labels):
            continue
        one_each = blame.equal(scores.shape.dim(0), labels.shape.dim(0)) and labels.shape.dim(0).value != 1
        if not one_each or not counted.of_a_head(scores) or not _used_row_by_row(graph, stage.out):
            continue
        name = scores.text or "scores"
        yield found(
            "SHP613",
            "columns",
            stage.span,
            stage=stage,
            tensor=scores,
            label=f"{stage.out.shape}",
            remedy="rows",
            help=f"write {name}[torch.arange(len({name})), {labels.text or 'labels'}]",
            related=[words.comes_from(scores), words.comes_from(labels)],
            shapes=[words.named(scores), words.named(labels), _result(stage.out.shape)],
            scores=words.called(scores),
            shape=scores.shape,
            labels=words.called(labels),
            after=stage.out.shape,
        )


def _used_row_by_row(graph: ShapeGraph, pairs: Tensor) -> bool:
    """Whether a table (n, n) meets a row of n, or is averaged as a whole: nobody wanted each with each."""
    waiting, seen = [pairs], 0
    while waiting and seen < _STEPS:
        seen += 1
        tensor = waiting.pop()
        for user in graph.consumers(tensor):
            others = [other for other in operands(user) if other is not tensor]
            if short(user) in BINARY and any(other.shape.rank == 1 for other in others):
                return True
            if short(user) in ("mean", "sum") and user.out.shape.rank == 0:
                return True
            if short(user) in _ELEMENTWISE | KEEPS or (short(user) in BINARY and not others):
                waiting.append(user.out)
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


def _batches(tensor: Tensor) -> tuple[Stage, Tensor] | None:
    """Where a tensor was joined of what a loop over batches put into a list, and what it put there."""
    for step in trail.steps(tensor):
        parts = step.inputs.get("tensors")
        if isinstance(parts, Batches) and isinstance(parts[0], Tensor):
            return step, parts[0]
    return None


def _collected(joined: Stage, part: Tensor) -> Span | None:
    """The expression that gave what the loop put into the list, where it stands in the loop's own function; what a
    model gave may as well be changed in the model."""
    return part.producer.span if part.producer is not None and part.producer.context == joined.context else None


def _root(graph: ShapeGraph, stage: Stage, scores: Tensor, target: Tensor, variant: str) -> tuple[Span, Span | None]:
    """The side to change: a target written down in the wrong shape, else the scores where they are used."""
    lists = [_batches(tensor) for tensor in (scores, target)]
    if lists[0] is not None and lists[1] is not None and (collected := _collected(*lists[0])) is not None:
        return collected, None
    column = scores if scores.shape.rank == 2 else target
    plain = variant == "metric" or _column_and_row(scores, target) is None
    used = blame.operand_span(stage, scores) if plain else columns.root(graph, stage, column)
    maker = target.producer
    written = (
        target.span if maker is None else maker.span if short(maker) in ("tensor", "as_tensor", "FloatTensor") else None
    )
    head = made(axis(scores, -1)).stage
    beside = head is None or not head.context  # not in a model's forward, which may squeeze
    if written is not None and beside and variant != "metric" and not stage.context and target.span is not None:
        return target.span, stage.span
    return used, written
