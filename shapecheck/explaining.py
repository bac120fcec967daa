"""``shapecheck.explain_errors``: what the shapes say about an exception of real training code, as a note on it."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from types import TracebackType
from typing import Any

from shapecheck import engine, merge
from shapecheck.errors import UnreadableSource
from shapecheck.findings import Finding
from shapecheck.graph import ShapeGraph
from shapecheck.places import Span
from shapecheck.reports.paint import Paint
from shapecheck.reports.terminal import block
from shapecheck.results import StageRow, rows
from shapecheck.source import read
from shapecheck.texts import Texts
from shapecheck.tracer.api import TraceRequest
from shapecheck.tracer.build import Builder
from shapecheck.tracer.tracer import Files

_HEAD = "shapecheck:"
_FILES = 2
"""Files of the call chain, innermost first, whose text is read for an explanation."""


class explain_errors(contextlib.ContextDecorator):
    """Explain an exception that leaves a ``with`` block (or a decorated function) and has to do with shapes.

    It costs nothing until something is raised. The exception goes on as it is, with a note (``add_note``) that names
    the operator, the shapes of its operands, and, where a rule knows it, the cause and the line to change. Python 3.10
    has no notes: there it is written to standard error.

        >>> with explain_errors():  # doctest: +SKIP
        ...     train(model, loader)
    """

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not isinstance(error, Exception) or "torch" not in sys.modules or _explained(error):
            return
        try:
            text = explanation(error)
        except Exception as why:  # the border: no fault of ours may stand in for the user's own
            text = f"{_HEAD} this could not be explained: {type(why).__name__}: {why}"
        if text:
            _note(error, text)


def explanation(error: BaseException) -> str:
    """What is known of an exception's cause; empty where it has nothing to do with shapes."""
    from shapecheck.tracer.child import autopsy

    chain = autopsy.chain(error)
    if not chain:
        return ""
    graph = _graph(autopsy.failed_stage(error), chain[-1].path)
    found = _findings(graph, chain[-1], [Path(span.path) for span in reversed(chain)])
    told = [_operands(stage) for stage in rows(graph)]
    for finding, texts in found[:1]:
        told += block(finding, texts.of({span.path for span in finding.places}), Paint())
    return "\n".join([_HEAD, *told]) if told else ""


def _graph(record: dict[str, Any] | None, path: str) -> ShapeGraph:
    """The operator that failed, alone; nothing where its operands are not known."""
    files = Files(TraceRequest(Path(path)))
    builder = Builder(files.text, files.shown, {})
    if record is not None:
        builder.add(record)
    return builder.graph


def _operands(stage: StageRow) -> str:
    shapes = ", ".join(f"{name} {tensor}" for name, tensor in stage.inputs.items())
    return f"{stage.op} at {stage.span} got {shapes}"


def _findings(graph: ShapeGraph, place: Span, paths: list[Path]) -> list[tuple[Finding, Texts]]:
    """What the rules say of the operator that failed, and of the text that led there, both of one mind."""
    options = engine.Options()
    traced = engine.judged(graph, Texts({}), options)
    for path in list(dict.fromkeys(paths))[:_FILES]:
        try:
            half = engine.static(read(path), options)
        except UnreadableSource:
            continue
        merged = merge.merge(half.findings, traced, graph, "raised")
        found = [(finding, half.texts) for finding in merged if _about(finding, place)]
        if found:
            return found
    return []


def _about(finding: Finding, place: Span) -> bool:
    """Whether a finding speaks of the expression that raised, and is certain."""
    touching = (span for span in finding.places if span.covers(place) or place.covers(span))
    return finding.severity == "error" and any(touching)


def _explained(error: BaseException) -> bool:
    """Whether a block further in has done it."""
    return any(note.startswith(_HEAD) for note in getattr(error, "__notes__", ()))


def _note(error: BaseException, text: str) -> None:
    if sys.version_info >= (3, 11):
        error.add_note(text)
    else:
        print(text, file=sys.stderr)  # noqa: T201 - the only place where Python 3.10 shows a note
