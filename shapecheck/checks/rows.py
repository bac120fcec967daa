"""SHP111 and SHP112: one row for a whole batch, and a pooling that a checkpoint was not trained with."""

from __future__ import annotations

from collections.abc import Iterator

from shapecheck import trail, vocabulary
from shapecheck.checks import words
from shapecheck.checks.report import found
from shapecheck.findings import Finding
from shapecheck.flow import token_axis, token_model
from shapecheck.graph import ShapeGraph, Stage, Tensor
from shapecheck.trail import made
from shapecheck.vocabulary import KEEPS, axis, ints, key_parts, main, reduced_axes, short

_OF_A_MODEL = ("tokens", "pooled", "logits")
_STEPS = 4
"""Stages behind a pooling in which a layer that is being trained would stand."""


def first_row(graph: ShapeGraph) -> Iterator[Finding]:
    """SHP111: a function takes the first row of what a model gives for several texts, and drops the others."""
    for stage in graph.stages:
        rows = main(stage)
        if short(stage) != "__getitem__" or stage.within or not stage.context or rows is None:
            continue
        if rows.role not in _OF_A_MODEL or ints(key_parts(stage)[0]) != (0,) or len(graph.consumers(rows)) > 1:
            continue
        source = made(axis(rows, 0))
        count = rows.shape.dim(0).value if rows.shape.rank else None
        if count is None or count < 2 or source.index != 0 or source.tensor.role not in ("ids", "mask", "pixels"):
            continue
        yield found(
            "SHP111",
            "",
            stage.span,
            stage=stage,
            tensor=rows,
            label=f"{rows.shape} becomes {stage.out.shape}",
            help="write [:, 0] for the first token of each text; leave the index out for all rows",
            related=[words.comes_from(rows)],
            shapes=[words.named(rows)],
            operand=words.called(rows),
            shape=rows.shape,
            count=count,
        )


def other_pooling(graph: ShapeGraph) -> Iterator[Finding]:
    """SHP112: vectors of a sentence encoder, pooled otherwise than it was trained for."""
    for stage in graph.stages:
        tokens = main(stage)
        if stage.within or tokens is None or tokens.role != "tokens" or stage.conflict is not None:
            continue
        model, pooling = token_model(tokens), _pooling(stage, tokens)
        trained = str(model.module.params.get("default_pooling") or "") if model and model.module else ""
        if pooling and {pooling, trained} == {"cls", "mean"} and not _trained_on(graph, stage.out):
            yield _otherwise(stage, tokens, model, pooling, trained)


def _pooling(stage: Stage, tokens: Tensor) -> str:
    """``cls`` or ``mean``, where a stage pools so."""
    if short(stage) in ("mean", "sum") and token_axis(tokens) in (reduced_axes(stage) or ()):
        return "mean"
    parts = key_parts(stage) if short(stage) == "__getitem__" else ()
    takes_first = len(parts) > 1 and parts[0] == slice(None) and ints(parts[1]) == (0,)
    return "cls" if takes_first and token_axis(tokens) == 1 else ""


def _trained_on(graph: ShapeGraph, vectors: Tensor) -> bool:
    """Whether a layer of the script's own follows: then the encoder is trained on, and any pooling will do."""
    waiting = [vectors]
    for _ in range(_STEPS):
        users = [user for tensor in waiting for user in graph.consumers(tensor)]
        if any(short(user) not in KEEPS and user.module is not None for user in users):
            return True
        waiting = [user.out for user in users]
    return any(short(step) in vocabulary.RECURRENT for step in trail.steps(vectors))


def _otherwise(stage: Stage, tokens: Tensor, model: Stage | None, pooling: str, trained: str) -> Finding:
    module = model.module if model is not None else None
    return found(
        "SHP112",
        "",
        stage.span,
        stage=stage,
        tensor=tokens,
        label=f"{tokens.shape}",
        help="take the mean under the attention mask" if trained == "mean" else "take [:, 0]",
        remedy=trained,
        related=[words.comes_from(tokens)],
        shapes=[words.named(tokens)],
        checkpoint=module.params.get("checkpoint") if module is not None else "the checkpoint",
        trained=_NAMES[trained],
        pooling=_NAMES[pooling],
    )


_NAMES = {"cls": "the first token", "mean": "the mean of the tokens"}
