"""The layer or parameter whose own size is what does not fit, as it was built."""

from __future__ import annotations

from dataclasses import dataclass

from shapecheck.checks import blame, words
from shapecheck.dims import Dim
from shapecheck.graph import ShapeGraph, Stage, Tensor
from shapecheck.places import Span
from shapecheck.trail import made
from shapecheck.vocabulary import (
    Axis,
    axis,
    is_model,
    short,
)


@dataclass(frozen=True, slots=True)
class Built:
    """Where a parameter got its size, and what to say there."""

    span: Span
    label: str
    help: str
    size: str


def of_parameter(graph: ShapeGraph, stage: Stage, left: Tensor | None, right: Tensor | None) -> Built | None:
    """Where a parameter that an operator meets got the size that does not fit."""
    conflict = stage.conflict
    if conflict is None or left is None or right is None:
        return None
    axes = [_axis_of(tensor, dim) for tensor, dim in ((left, conflict.left), (right, conflict.right))]
    if axes[0] is None or axes[1] is None:
        return None
    one, other = _weight(made(axes[0])), _weight(made(axes[1]))
    spans = blame.built_beside(graph, one, other), blame.built_beside(graph, other, one)
    if None not in spans or spans == (None, None):
        return None
    span, wanted = (spans[0], axes[1]) if spans[0] is not None else (spans[1], axes[0])
    own = left if spans[0] is not None else right
    help = f"make it {words.size(wanted.dim)}, as what it meets is"
    if span is None:
        return None
    return Built(span, f"makes {words.called(own)} {own.shape}", help, str(wanted.dim.value or ""))


def of_layer(graph: ShapeGraph, stage: Stage, left: Tensor | None, right: Tensor | None) -> Built | None:
    """Where a layer's width stands as a number, while what it meets is as wide as a published encoder."""
    conflict = stage.conflict
    if conflict is None or left is None or right is None or left.shape.rank != right.shape.rank or not left.shape.rank:
        return None
    ends = [made(axis(tensor, -1)) for tensor in (left, right)]
    if not blame.differ(ends[0].dim, ends[1].dim) or not blame.equal(conflict.left, axis(left, -1).dim):
        return None
    for one, other in (ends, ends[::-1]):
        module = one.stage.module if one.stage is not None and short(one.stage) == "Linear" else None
        width = module.params.get("out_features") if module is not None else None
        encoder = other.stage.module if other.stage is not None and is_model(other.stage) else None
        if encoder is None or not encoder.params.get("checkpoint") or not isinstance(width, Dim) or not width.origin:
            continue
        span = blame.constructor_span(graph, module, "out_features", other)
        if span is not None and width.origin.text.startswith(blame.PLAIN):
            return Built(
                span,
                f"{words.size(width)} features",
                f"make it {words.size(other.dim)}, as what it meets is",
                str(other.dim.value or ""),
            )
    return None


def _weight(source: Axis) -> Axis:
    """Of the features that ``linear`` gives, the axis of its weight that counts them, perhaps a parameter's."""
    weight = source.stage.tensor("weight") if source.stage is not None and source.stage.module is None else None
    if weight is None or short(source.stage) != "linear" or source.index != (source.tensor.shape.rank or 0) - 1:
        return source
    return made(axis(weight, 0))


def _axis_of(tensor: Tensor, dim: Dim | None) -> Axis | None:
    """The axis that has a size."""
    ranks = range(tensor.shape.rank or 0)
    at = next((k for k in ranks if blame.equal(tensor.shape.dim(k), dim)), None)
    return axis(tensor, at) if at is not None else None
