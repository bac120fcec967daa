"""What was found in a notebook, told by its cells: the one place where lines of its text become lines of a cell."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

from shapecheck.findings import Finding
from shapecheck.places import NOTEBOOK, Span
from shapecheck.results import Outcome

Item = TypeVar("Item")

_LINE = re.compile(r"\bnotebook line (\d+)")
"""How :attr:`Span.told` names a line of a notebook's text."""


def presented(outcome: Outcome) -> Outcome:
    """The outcome for a report: spans of notebooks name the cell and count lines in it, as does what is said of them.

    ``sources`` then holds the cells' own text under :attr:`Span.where`, magics and all. Edits stand in the same
    coordinates and fit these texts.
    """
    texts = {path: text for path, text in outcome.sources.items() if path.endswith(NOTEBOOK)}
    sources = {path: _as_written(text) for path, text in outcome.sources.items() if path not in texts}
    if not texts:
        return replace(outcome, sources=sources)
    from shapecheck import notebook  # costs as much as a small file, and most checks are of none

    for path, text in texts.items():
        sources |= {Span(path, 1, cell=number).where: cell for number, cell in notebook.cells(text)}
    only = next(iter(texts.values())) if len(texts) == 1 else ""

    def each(items: list[Item]) -> list[Item]:
        return [_told(item, texts, _home(item, texts) or only) for item in items]

    trace = outcome.trace
    if trace is not None:
        named = ("reason", "error", "invented", "assumptions")
        trace = replace(trace, **{name: _told(getattr(trace, name), texts, only) for name in named})
    return replace(
        outcome,
        findings=each(outcome.findings),
        hidden=each(outcome.hidden),
        stages=each(outcome.stages),
        expressions=each(outcome.expressions),
        not_checked=each(outcome.not_checked),
        assumptions=_told(outcome.assumptions, texts, only),
        sources=sources,
        trace=trace,
    )


def _as_written(text: str) -> str:
    """A script with the raw magics that its author wrote."""
    if "# %%" not in text:
        return text
    from shapecheck import notebook

    return notebook.own(text)


def in_cell(span: Span, sources: Mapping[str, str]) -> Span:
    """A span as a report names it: of a notebook, whose text is among the sources, in its cell."""
    if not span.path.endswith(NOTEBOOK):
        return span
    from shapecheck import notebook

    found = notebook.cell_of(sources.get(span.path, ""), span.line)
    if found is None:
        return span
    cell, line = found
    return replace(span, line=line, end_line=span.end_line and span.end_line - span.line + line, cell=cell)


def _home(item: Any, texts: Mapping[str, str]) -> str | None:
    """The text of the notebook that an item stands in, or speaks of."""
    spans = item.places if isinstance(item, Finding) else [item.span]
    return next((texts[span.path] for span in spans if span.path in texts), None)


def _told(value: Any, texts: Mapping[str, str], home: str) -> Any:
    """A value with every span and every sentence in it told by cells; sentences speak of the text ``home``."""
    if isinstance(value, Span):
        return in_cell(value, texts)
    if isinstance(value, str):
        return _sentence(value, home) if home and "notebook line" in value else value
    if isinstance(value, (list, tuple)):
        return type(value)(_told(item, texts, home) for item in value)
    if isinstance(value, dict):
        return {key: _told(item, texts, home) for key, item in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{one.name: _told(getattr(value, one.name), texts, home) for one in fields(value)})
    return value


def _sentence(words: str, text: str) -> str:
    from shapecheck import notebook

    def named(match: re.Match[str]) -> str:
        found = notebook.cell_of(text, int(match[1]))
        return f"cell {found[0]}, line {found[1]}" if found else match[0]

    return _LINE.sub(named, words)
