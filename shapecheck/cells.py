"""What was found in notebooks and in scripts in cells, told as their authors see them: the one place where lines of a
notebook's text become lines of a cell, and columns of Python those of what is written there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

from shapecheck.findings import Finding
from shapecheck.places import NOTEBOOK, Span
from shapecheck.results import Outcome

Item = TypeVar("Item")

_MARKS = ("%%", "# In[")
"""What a script has one of that is written in cells; a few others have it too."""

_LINE = re.compile(r"\bnotebook line (\d+)")
"""How :attr:`Span.told` names a line of a notebook's text."""


def presented(outcome: Outcome) -> Outcome:
    """The outcome for a report: spans of notebooks name the cell and count lines in it, as does what is said of them;
    findings in scripts in cells (``# %%``) say in which.

    ``sources`` then holds the cells' own text under :attr:`Span.where`, magics and all. Edits stand in the same
    coordinates and fit these texts.
    """
    texts = {path: text for path, text in outcome.sources.items() if path.endswith(NOTEBOOK) or _may_have_cells(text)}
    if not texts:
        return outcome
    from shapecheck import notebook  # costs as much as a small file, and most checks are of none

    sources = {path: text for path, text in outcome.sources.items() if path not in texts}
    for path, text in texts.items():
        if path.endswith(NOTEBOOK):
            sources |= {Span(path, 1, cell=number).where: cell for number, cell in notebook.cells(text)}
        else:
            sources[path] = notebook.own(text)
    notebooks = [text for path, text in texts.items() if path.endswith(NOTEBOOK)]
    only = notebooks[0] if len(notebooks) == 1 else ""

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


def in_cell(span: Span, sources: Mapping[str, str]) -> Span:
    """A span as a report names it: of a notebook, whose text is among the sources, in its cell."""
    text = sources.get(span.path, "")
    if not span.path.endswith(NOTEBOOK):
        return _as_written(span, text) if _may_have_cells(text) else span
    from shapecheck import notebook

    part = notebook.part_of(text, span.line)
    if part is None:
        return span
    line, end = max(span.line - part.head, 1), span.end_line and max(span.end_line - part.head, 1)
    column, end_column = notebook.column_of(part, line, span.column), notebook.column_of(part, end, span.end_column)
    return Span(span.path, line, column, end, end_column, part.number)


def _may_have_cells(text: str) -> bool:
    return any(mark in text for mark in _MARKS)


def _as_written(span: Span, text: str) -> Span:
    """A span of a script with raw magics as its author knows it."""
    from shapecheck import notebook

    column = notebook.column(text, span.line, span.column)
    return replace(span, column=column, end_column=notebook.column(text, span.end_line, span.end_column))


def _home(item: Any, texts: Mapping[str, str]) -> str | None:
    """The text of the notebook that an item stands in, or speaks of."""
    spans = item.places if isinstance(item, Finding) else [item.span]
    return next((texts[span.path] for span in spans if span.path in texts and span.path.endswith(NOTEBOOK)), None)


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
        told = {one.name: _told(getattr(value, one.name), texts, home) for one in fields(value)}
        if isinstance(value, Finding):
            told["section"] = _section(value.span, texts)
        return replace(value, **told)
    return value


def _section(span: Span, texts: Mapping[str, str]) -> str:
    """The cell of a script that a finding stands in, in words."""
    if span.path.endswith(NOTEBOOK) or span.path not in texts:
        return ""
    from shapecheck import notebook

    return notebook.section(texts[span.path], span.line)


def _sentence(words: str, text: str) -> str:
    from shapecheck import notebook

    def named(match: re.Match[str]) -> str:
        found = notebook.cell_of(text, int(match[1]))
        return f"cell {found[0]}, line {found[1]}" if found else match[0]

    return _LINE.sub(named, words)
