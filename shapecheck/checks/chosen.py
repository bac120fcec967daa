"""SHP607, SHP608 and SHP610: classes, vectors and similarities taken along the wrong axis."""

from __future__ import annotations

from collections.abc import Iterator

from shapecheck import trail
from shapecheck.checks import counted, words
from shapecheck.checks.report import found
from shapecheck.findings import Finding
from shapecheck.flow import token_axis
from shapecheck.graph import ShapeGraph, Stage, Tensor
from shapecheck.trail import made
from shapecheck.vocabulary import KEEPS, axis, axis_word, given, ints, main, operands, reduced_axes, short

_CHOOSE = ("argmax", "argmin")
_TURNS = frozenset(("t", "T", "mT", "transpose", "permute"))
_PRODUCTS = frozenset(("matmul", "mm"))
_USUAL_AXIS = {"cosine_similarity": 1, "CosineSimilarity": 1, "normalize": 1}


def argmax_axis(graph: ShapeGraph) -> Iterator[Finding]:
    """SHP608: the best text of each class instead of the best class of each text, or the best of one class."""
    known, classes = counted.batch_axes(graph), counted.class_axes(graph)
    for stage in graph.stages:
        scores, dims = main(stage), ints(given(stage, "dim", "axis"))
        if short(stage) not in _CHOOSE or stage.within or stage.conflict or scores is None or dims is None:
            continue
        rank = scores.shape.rank
        if rank is None or rank < 2:
            continue
        at = dims[0] % rank
        if at == 0 and counted.over_batch(scores, known):
            yield _along(stage, scores, "SHP608", "", at, 1)
        elif rank > 2 and at != 0 and (held := counted.class_axis(scores, classes)) is not None and held != at:
            yield _along(stage, scores, "SHP608", "tokens", at, -1 if held == rank - 1 else held)
        elif scores.shape.dim(at).expr == 1 and short(made(axis(scores, at)).stage) in ("Linear", "linear"):
            yield _along(stage, scores, "SHP608", "single", at, at)


def similarity_axis(graph: ShapeGraph) -> Iterator[Finding]:
    """SHP610: a similarity, or a length of one, along the batch or the tokens instead of the features."""
    known = counted.batch_axes(graph)
    for stage in graph.stages:
        vectors = stage.tensor("x1") or main(stage)
        if short(stage) == "sum" and not stage.within and vectors is not None and _dot_over_texts(stage, vectors):
            yield _along(stage, vectors, "SHP610", "", 0, -1)
        if short(stage) not in _USUAL_AXIS or stage.within or stage.conflict or vectors is None:
            continue
        stated, rank = given(stage, "dim"), vectors.shape.rank
        dims = (_USUAL_AXIS[short(stage)],) if stated is None else ints(stated)
        if rank is None or dims is None:
            continue
        at = dims[0] % rank
        if rank == 2 and at == 0 and (_is_vector_per_text(vectors) or _is_projected(vectors, known)):
            if _summed_over_rows(graph, stage):
                continue
            yield _along(stage, vectors, "SHP610", "", at, -1)
        elif rank == 3 and token_axis(vectors) == at == 1 and vectors.role == "tokens":
            yield _along(stage, vectors, "SHP610", "tokens", at, -1)


def _summed_over_rows(graph: ShapeGraph, stage: Stage) -> bool:
    """Whether a product then sums over the rows, (features, batch) by (batch, features): how much two features go
    together is the reason to bring each to one length over the batch."""
    turned = [user for user in graph.consumers(stage.out) if short(user) in _TURNS]
    for user in graph.consumers(stage.out) + [later for one in turned for later in graph.consumers(one.out)]:
        pair = operands(user)
        if short(user) in _PRODUCTS and len(pair) == 2:
            return pair[1] is stage.out or any(pair[0] is one.out for one in turned)
    return False


def _dot_over_texts(stage: Stage, product: Tensor) -> bool:
    """Whether a sum over the batch stands for the dot products of vectors that were brought to length one."""
    maker = product.producer
    if reduced_axes(stage) != (0,) or product.shape.rank != 2 or maker is None or short(maker) != "mul":
        return False
    pair = operands(maker)
    return len(pair) == 2 and (all(map(_of_length_one, pair)) or _looked_up(*pair))


def _looked_up(one: Tensor, two: Tensor) -> bool:
    """Whether two tensors are the vectors of two rows of ids, of which each pair has its product. (Two vectors of an id
    may well be a value and its weight, summed over the ids.)"""
    if any(short(tensor.producer) not in ("Embedding", "embedding") for tensor in (one, two)):
        return False
    ids = [main(tensor.producer) for tensor in (one, two) if tensor.producer is not None]
    return ids[0] is not ids[1] and all(t.shape.rank == 2 and t.shape.dim(0).known for t in (one, two))


def _of_length_one(vectors: Tensor) -> bool:
    for step in trail.steps(vectors):
        if short(step) == "normalize":
            stated = given(step, "dim")
            return ints(_USUAL_AXIS["normalize"] if stated is None else stated) in ((1,), (-1,))
        if short(step) not in KEEPS:
            return False
    return False


def _is_projected(vectors: Tensor, known: frozenset[counted.Known]) -> bool:
    """Whether a layer made the features, and a loss has a label for each row: as for the two sides of a similarity."""
    features = made(axis(vectors, -1))
    while (whole := trail.resized(features)) is not None:  # u[:, :64]
        features = made(whole)
    return counted.counts_texts(axis(vectors, 0), known) and short(features.stage) in ("Linear", "linear")


def _is_vector_per_text(vectors: Tensor) -> bool:
    """Whether axis 0 counts the examples that a model was given."""
    source = made(axis(vectors, 0))
    return vectors.role == "pooled" and source.index == 0 and source.tensor.role in ("ids", "mask", "pixels", "audio")


def _along(stage: Stage, operand: Tensor, code: str, variant: str, at: int, other: int) -> Finding:
    return found(
        code,
        variant,
        stage.span,
        stage=stage,
        tensor=operand,
        label=f"{operand.shape}, over axis {at}",
        help="" if variant == "single" else f"take {axis_word(stage)}={other}",
        remedy="" if variant == "single" else str(other),
        related=[words.comes_from(operand)],
        shapes=[words.named(operand)],
        operator=words.shown(stage.op),
        operand=words.called(operand),
        shape=operand.shape,
        at=at,
        other=f"{axis_word(stage)}={other}",
    )
