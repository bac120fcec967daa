"""What ``check --verbose`` shows: each expression that is known to be a tensor, with its shape, line by line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from shapecheck.reports.paint import Paint
from shapecheck.reports.width import columns_wide
from shapecheck.results import ExpressionRow, TensorRow

_LONGEST = 56
_MOST = 4
"""Shapes shown of one expression."""


def shape_lines(rows: Iterable[ExpressionRow], paint: Paint) -> list[str]:
    """``train.py:12:9  hidden.mean(dim=1)  -> (batch, 768) float32``, file by file in the order of the text."""
    cells = [(str(row.span), _short(row.text), _tensors(row.tensors)) for row in _once(rows)]
    widths = [max((columns_wide(cell[at]) for cell in cells), default=0) for at in (0, 1)]
    heading = [paint("shapes", "bold")] if cells else []
    return heading + [
        f"  {_padded(place, widths[0])}  {_padded(text, widths[1])}  -> {told}" for place, text, told in cells
    ]


def _once(rows: Iterable[ExpressionRow]) -> Iterator[ExpressionRow]:
    """Each place once (a file may be imported by several), a name only where its shape is new."""
    by_place: dict[object, ExpressionRow] = {}
    for row in rows:
        known = by_place.get(row.span)
        tensors = row.tensors if known is None else tuple(dict.fromkeys((*known.tensors, *row.tensors)))
        by_place[row.span] = ExpressionRow(row.span, row.text, tensors)
    last: dict[tuple[str, str], tuple[TensorRow, ...]] = {}
    for row in sorted(by_place.values(), key=lambda row: (row.span.path, row.span.cell, row.span)):
        key = (row.span.path, row.text)
        if not (row.text.isidentifier() and last.get(key) == row.tensors):
            yield row
        last[key] = row.tensors


def _tensors(tensors: tuple[TensorRow, ...]) -> str:
    told = [f"{tensor} {tensor.dtype or ''}".rstrip() for tensor in tensors]
    more = [f"{len(told) - _MOST} more"] if len(told) > _MOST else []
    return " or ".join(told[:_MOST] + more)


def _short(text: str) -> str:
    return text if columns_wide(text) <= _LONGEST else text[: _LONGEST - 3] + "..."


def _padded(text: str, width: int) -> str:
    return text + " " * (width - columns_wide(text))
