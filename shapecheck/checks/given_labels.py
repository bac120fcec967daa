"""SHP306 to SHP308, SHP311 and SHP312: labels of another kind than a transformers head gives scores for."""

from __future__ import annotations

from collections.abc import Callable

from shapecheck.checks import blame, words
from shapecheck.checks.report import found
from shapecheck.dims import Dim
from shapecheck.findings import Finding
from shapecheck.graph import Module, ShapeGraph, Stage, Tensor
from shapecheck.places import Span
from shapecheck.vocabulary import axis, short

ONE_LABEL = ("sequence-classification", "image-classification", "audio-classification", "multiple-choice")
"""Heads with one row of scores per example."""
INTEGERS = ("int64", "int32", "int16", "int8", "uint8", "int")


def _labels_per_token(graph: ShapeGraph, stage: Stage, module: Module) -> Finding | None:
    """SHP307: labels for every token, handed to a class with one row of scores per text."""
    ids, labels = stage.tensor("input_ids"), stage.tensor("labels")
    if ids is None or labels is None or module.params.get("head") != "sequence-classification":
        return None
    if labels.shape.rank != 2 or (labels.dtype is not None and labels.dtype not in INTEGERS):
        return None
    if not blame.equal(labels.shape.dim(1), ids.shape.dim(1)) and labels.low != -100:
        return None
    return per_token(stage, stage, labels, ids)


def per_token(stage: Stage, model: Stage, labels: Tensor, ids: Tensor) -> Finding:
    """SHP307 for the class of a model whose scores meet a label for every token in a loss (or in its own)."""
    other = short(model).replace("SequenceClassification", "TokenClassification")
    return _other_class("SHP307", "model", stage, model, labels, ids, other)


def _labels_per_text(graph: ShapeGraph, stage: Stage, module: Module) -> Finding | None:
    """SHP308: one label per text, handed to a class with scores for every token."""
    ids, labels = stage.tensor("input_ids"), stage.tensor("labels")
    if ids is None or labels is None or module.params.get("head") != "token-classification":
        return None
    if ids.shape.rank != 2 or labels.shape.rank not in (1, 2) or not _same_rows(labels, ids):
        return None
    if labels.shape.rank == 2 and labels.shape.dim(1).value != 1:
        return None
    other = short(stage).replace("TokenClassification", "SequenceClassification")
    return _other_class("SHP308", "", stage, stage, labels, ids, other)


def _same_rows(labels: Tensor, ids: Tensor) -> bool:
    return blame.equal(labels.shape.dim(0), ids.shape.dim(0))


def _other_class(
    code: str, variant: str, stage: Stage, model: Stage, labels: Tensor, ids: Tensor, other: str
) -> Finding:
    created = model.module.created if model.module is not None else None
    return found(
        code,
        variant,
        created or model.span,
        stage=stage,
        tensor=labels,
        symptom=stage.span,
        label="one row of scores per text" if code == "SHP307" else "a row of scores for every token",
        help=f"use {other}",
        remedy=other,
        related=[words.comes_from(labels)],
        shapes=[words.named(labels, name="labels"), words.named(ids, name="input_ids")],
        model=short(model),
        other=other,
        target=words.called(labels),
        target_shape=labels.shape,
    )


def _labels_per_word(graph: ShapeGraph, stage: Stage, module: Module) -> Finding | None:
    """SHP311: labels for every word, while the tokenizer cuts words into several tokens and adds its own."""
    ids, labels = stage.tensor("input_ids"), stage.tensor("labels")
    if ids is None or labels is None or module.params.get("head") != "token-classification":
        return None
    if ids.shape.rank != 2 or labels.shape.rank != 2 or not blame.differ(labels.shape.dim(1), ids.shape.dim(1)):
        return None
    return found(
        "SHP311",
        "",
        _own_place(stage, labels),
        stage=stage,
        tensor=labels,
        symptom=stage.span,
        label=f"{words.size(labels.shape.dim(1))} labels, {words.size(ids.shape.dim(1))} tokens",
        help="spread the labels over the tokens by encoding.word_ids(), with -100 for what is not labelled",
        related=[words.comes_from(ids)],
        shapes=[words.named(labels, name="labels"), words.named(ids, name="input_ids")],
        target=words.called(labels),
        have=words.sized(axis(labels, 1)),
        want=words.sized(axis(ids, 1)),
        model=short(stage),
    )


def _own_place(stage: Stage, tensor: Tensor) -> Span:
    return tensor.span or (tensor.producer.span if tensor.producer else blame.operand_span(stage, tensor))


def _rows_of_one_hot(graph: ShapeGraph, stage: Stage, module: Module) -> Finding | None:
    """SHP306: integer rows of ones and zeros, where a class id per row or floating-point rows were meant."""
    labels, count = stage.tensor("labels"), module.params.get("num_labels")
    if labels is None or not isinstance(count, Dim) or module.params.get("head") not in ONE_LABEL:
        return None
    if labels.shape.rank != 2 or labels.dtype not in INTEGERS or not blame.equal(labels.shape.dim(1), count):
        return None
    return found(
        "SHP306",
        "",
        blame.operand_span(stage, labels),
        stage=stage,
        tensor=labels,
        symptom=stage.span,
        label=f"the labels are {labels.shape}",
        help=f"pass {labels.text or 'labels'}.argmax(dim=1), or floating-point rows",
        related=[words.comes_from(labels)],
        shapes=[words.named(labels, name="labels")],
        target=words.called(labels),
        target_shape=labels.shape,
        loss=short(stage),
        rows=words.size(labels.shape.dim(0)),
    )


def _numbers(graph: ShapeGraph, stage: Stage, module: Module) -> Finding | None:
    """SHP312: floating-point labels, one per text, for a head with several outputs."""
    labels, count = stage.tensor("labels"), module.params.get("num_labels")
    if labels is None or not isinstance(count, Dim) or module.params.get("head") not in ONE_LABEL:
        return None
    if labels.shape.rank != 1 or not (labels.dtype or "").startswith("float") or (count.value or 0) < 2:
        return None
    root = count.origin.span if count.origin is not None else None
    return found(
        "SHP312",
        "",
        root or module.created or stage.span,
        stage=stage,
        tensor=labels,
        symptom=stage.span,
        label=f"num_labels is {words.size(count)}",
        help="load it with num_labels=1 for one number per text",
        related=[words.comes_from(labels)],
        shapes=[words.named(labels, name="labels")],
        target=words.called(labels),
        target_shape=labels.shape,
        model=short(stage),
        count=words.size(count),
        why=f" ({words.told(count.origin)})" if count.origin else "",
    )


Explain = Callable[[ShapeGraph, Stage, Module], Finding | None]
EXPLAINERS: tuple[Explain, ...] = (_labels_per_token, _labels_per_text, _labels_per_word, _rows_of_one_hot, _numbers)
"""Asked in this order why a model's own loss raises."""
