"""Cases for losses, as functions and as modules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.ops.harness import Case, T
from tests.ops.strategies import Draw, bent, broadcastable, chance, pick, rule, shape, size


def _case(draw: Draw, name: str, operands: tuple[Any, ...], **options: Any) -> Case:
    """A loss as a function takes its options with the call, as a module at construction."""
    if chance(draw, 2):
        options["reduction"] = pick(draw, "none", "mean", "sum")
    if "nn.functional" in name:
        return Case(name, operands, options)
    return Case(name, operands, init_kwargs=options)


def _loss(*rules: str, **settings: Any) -> Callable[[Callable[[Draw, str], Case]], Callable[[Draw, str], Case]]:
    return rule(*rules, **settings)


@_loss("cross_entropy", "class_ids", examples=120)
def _classes(draw: Draw, name: str) -> Case:
    rows, classes, rest = size(draw), size(draw, 2), shape(draw, 0, 3)
    first = bent(draw, (rows, classes, *rest), 8)
    target = T(bent(draw, (rows, *rest), 4), pick(draw, *["int64"] * 6, "float32"))
    if chance(draw, 6):
        target = T(first, pick(draw, "float32", "int64"))
    weight = {"weight": T(bent(draw, (classes,), 6))} if chance(draw, 5) else {}
    return _case(draw, name, (T(first), target), **weight)


@_loss("binary_cross_entropy", "binary_cross_entropy_with_logits", examples=30)
def _binary(draw: Draw, name: str) -> Case:
    first = shape(draw)
    target = T(bent(draw, first, 4), pick(draw, *["float32"] * 6, "int64"))
    weight = {"weight": T(broadcastable(draw, first))} if chance(draw, 4) else {}
    return _case(draw, name, (T(first), target), **weight)


@_loss("elementwise", "kl_divergence", "multilabel_soft_margin")
def _elementwise(draw: Draw, name: str) -> Case:
    first = shape(draw)
    return _case(draw, name, (T(first), T(broadcastable(draw, first) if chance(draw, 2) else first)))


@_loss("gaussian")
def _gaussian(draw: Draw, name: str) -> Case:
    first = shape(draw, 1)
    var = pick(draw, first, first[:-1], (*first[:-1], 1), bent(draw, first))
    return _case(draw, name, (T(first), T(broadcastable(draw, first)), T(var)))


@_loss("multi_margin", "multilabel_margin")
def _margin(draw: Draw, name: str) -> Case:
    rows, classes = size(draw), size(draw)
    first = bent(draw, (rows, classes), 5)
    target = (rows, classes) if "label" in name.lower() else (rows,)
    return _case(draw, name, (T(first), T(bent(draw, target, 4), "int64")))


@_loss("margin_ranking")
def _ranking(draw: Draw, name: str) -> Case:
    first = shape(draw)
    return _case(draw, name, (T(first), T(bent(draw, first, 5)), T(bent(draw, first, 5))))


@_loss("cosine_embedding")
def _cosine(draw: Draw, name: str) -> Case:
    rows, width = size(draw), size(draw)
    first = (rows, width) if not chance(draw, 5) else (width,)
    return _case(draw, name, (T(bent(draw, first, 6)), T(bent(draw, first, 6)), T(bent(draw, first[:-1], 6))))


@_loss("triplet_margin")
def _triplet(draw: Draw, name: str) -> Case:
    first = shape(draw, 1, 3)
    return _case(draw, name, (T(first), T(bent(draw, first, 5)), T(bent(draw, first, 5))))


@_loss("ctc", lenient=True)
def _ctc(draw: Draw, name: str) -> Case:
    length, batch, classes = size(draw, 3, 5), size(draw), size(draw, 2)
    targets = T(bent(draw, (batch, 2), 5), "int64")
    return _case(draw, name, (T((length, batch, classes)), targets, [length] * batch, [2] * (batch + chance(draw, 6))))


@_loss("adaptive_log_softmax", lenient=True)
def _adaptive(draw: Draw, name: str) -> Case:
    rows = size(draw)
    return Case(name, (T(bent(draw, (rows, 4))), T(bent(draw, (rows,)), "int64")), init=(4, 10, [2, 5]))


@_loss("linear_cross_entropy")
def _linear_classes(draw: Draw, name: str) -> Case:
    rows, width, classes = size(draw), size(draw), size(draw, 2)
    operand, target = T(bent(draw, (rows, width), 5)), T(bent(draw, (rows,), 5), "int64")
    if "functional" in name:
        return Case(name, (operand, T((classes, width)), target))
    return Case(name, (operand, target), init=(width, classes))
