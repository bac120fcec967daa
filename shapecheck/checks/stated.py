"""SHP701 and SHP702: a shape that the author wrote down is not the one that the tensor has."""

from __future__ import annotations

from collections.abc import Iterator

from shapecheck.checks import words
from shapecheck.checks.report import found
from shapecheck.dims import Dim, Truth
from shapecheck.findings import Finding
from shapecheck.graph import Event, ShapeGraph, Tensor
from shapecheck.places import Span
from shapecheck.shapes import Shape, compare

Bound = dict[str, tuple[int, Span]]
"""What the names of one call's annotations stand for, and where that was seen first."""


def wrong_shape(graph: ShapeGraph) -> Iterator[Finding]:
    """An assertion that fails whenever it is reached; an annotation or a comment that is not true."""
    for event in graph.events:
        tensor, stated = event.data.get("tensor"), event.data.get("stated")
        if event.kind != "state" or not isinstance(tensor, Tensor) or not isinstance(stated, Shape):
            continue
        if compare(tensor.shape, stated) is Truth.DIFFERENT:
            yield _wrong(event, tensor, stated)


def _wrong(event: Event, tensor: Tensor, stated: Shape) -> Finding:
    how = str(event.data["how"])
    return found(
        "SHP701" if how == "assert" else "SHP702",
        "",
        event.span,
        tensor=tensor,
        says="AssertionError" if how == "assert" else "",
        label=f"{words.called(tensor)} is {tensor.shape}",
        related=[words.comes_from(tensor)],
        shapes=[words.named(tensor)],
        how=how,
        stated=stated,
        operand=words.called(tensor),
        shape=tensor.shape,
        differs=_differs(tensor.shape, stated),
    )


def _differs(shape: Shape, stated: Shape) -> str:
    if shape.rank is not None and stated.rank is not None and shape.rank != stated.rank:
        return f"{shape.rank} axes, not {stated.rank}"
    count = len(stated.dims)
    at = [*range(count if stated.open_at is None else stated.open_at), *range((stated.open_at or 0) - count, 0)]
    pairs = [(shape.dim(i), stated.dim(i)) for i in (at if stated.open_at is not None else range(count))]
    have, said = next((pair for pair in pairs if pair[0].compare(pair[1]) is Truth.DIFFERENT), (Dim(None), Dim(None)))
    why = f" ({words.told(have.origin)})" if have.origin is not None else ""
    return f"{words.size(have)}{why}, not {words.size(said)}"


def name_of_two_sizes(graph: ShapeGraph) -> Iterator[Finding]:
    """One name in the jaxtyping annotations of a function that stands for two sizes in one call."""
    bound: dict[object, Bound] = {}
    for event in graph.events:
        tensor, stated = event.data.get("tensor"), event.data.get("stated")
        if event.kind != "state" or event.data.get("how") != "annotation" or not isinstance(tensor, Tensor):
            continue
        if not isinstance(stated, Shape) or stated.rank is None or stated.rank != tensor.shape.rank:
            continue
        names = bound.setdefault(event.context, {})
        for word, dim in zip(event.data["words"], tensor.shape.dims, strict=False):
            if not word.isidentifier() or word == "_" or not isinstance(dim.expr, int):
                continue
            before, where = names.setdefault(word, (dim.expr, event.span))
            if before != dim.expr:
                yield found(
                    "SHP702",
                    "name",
                    event.span,
                    tensor=tensor,
                    label=f"{words.called(tensor)} is {tensor.shape}",
                    related=[words.comes_from(tensor)],
                    shapes=[words.named(tensor)],
                    name=word,
                    before=before,
                    now=dim.expr,
                    line=where.line,
                )
