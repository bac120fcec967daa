"""The report for programs; its form is published as ``docs/schema.json``."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from shapecheck import __version__
from shapecheck.findings import Edit, Finding, Fix
from shapecheck.places import Span
from shapecheck.reports import words
from shapecheck.results import Hidden, Outcome, StageRow, TensorRow

if TYPE_CHECKING:
    from shapecheck.tracer import Invented, TraceError, TraceResult

VERSION = 1
"""Raised when a field changes its meaning or goes away; new fields do not raise it."""


def render(outcome: Outcome, statistics: bool = False) -> str:
    """One JSON document, with a line end; ``statistics`` adds how often each rule was broken."""
    told = document(outcome)
    if statistics:
        told["statistics"] = [asdict(count) for count in words.statistics(outcome)]
    return printed(told)


def printed(value: object) -> str:
    """A value as JSON text, with a line end; bytes of a path that are no UTF-8 as JSON has them, ``\\udce9``."""
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    return text.encode("utf-8", "backslashreplace").decode()


def document(outcome: Outcome) -> dict[str, Any]:
    """The whole report as plain lists and dicts."""
    return {
        "version": VERSION,
        "tool": f"shapecheck {__version__}",
        "findings": [_finding(finding, outcome.trace is not None) for finding in outcome.findings],
        "suppressed": [_suppressed(one, one.comment) for one in outcome.hidden if one.comment is not None],
        "baseline": _baseline(outcome),
        "since": {"revision": outcome.since, "hidden": outcome.hidden_by("since")} if outcome.since else None,
        "stages": [_stage(at, stage) for at, stage in enumerate(outcome.stages)],
        "trace": _trace(outcome.trace),
        "not_checked": [{**_line(place.span), "reason": place.reason} for place in outcome.not_checked]
        + [
            {**_line(Span(failure.path, 1)), "reason": f"shapecheck itself failed: {failure.reason}"}
            for failure in outcome.failures
        ],
        "assumptions": outcome.assumptions,
        "summary": {
            "files": outcome.files,
            "errors": outcome.count("error"),
            "warnings": outcome.count("warning"),
            "infos": outcome.count("info"),
            "fixable": sum(bool(finding.offered) for finding in outcome.findings),
            "seconds": round(outcome.seconds, 3),
        },
    }


def _line(span: Span) -> dict[str, Any]:
    """The line that a span begins on, of a notebook with the cell that it is a line of."""
    return {"path": span.path, "cell": span.cell or None, "line": span.line}


def _start(span: Span) -> dict[str, Any]:
    return {**_line(span), "column": span.column or 1}


def range_of(span: Span) -> dict[str, Any]:
    """A span as plain numbers; where only the line is known it runs from the line's first column to the same place."""
    column = span.column or 1
    return {
        **_start(span),
        "end_line": span.end_line or span.line,
        "end_column": span.end_column or column,
    }


def _head(finding: Finding) -> dict[str, Any]:
    """What is found, and where."""
    return {
        "rule": finding.rule,
        "name": finding.name,
        "severity": finding.severity,
        "evidence": list(finding.evidence),
        "message": finding.message,
        "section": finding.section or None,
        **range_of(finding.span),
    }


def _baseline(outcome: Outcome) -> dict[str, Any] | None:
    """What came of the baseline."""
    use = outcome.baseline
    if use is None:
        return None
    return {
        "path": use.path,
        "hidden": outcome.hidden_by("baseline"),
        "stale": [{"entry": entry, "count": count} for entry, count in use.stale],
        "recorded": use.recorded,
    }


def _suppressed(one: Hidden, comment: Span) -> dict[str, Any]:
    """A finding that a comment silences."""
    return {**_head(one.finding), "reason": one.reason, "comment_line": comment.line}


def _finding(finding: Finding, traced: bool) -> dict[str, Any]:
    return {
        **_head(finding),
        "shapes": [{"name": s.name, "shape": list(s.shape), "origin": s.origin} for s in finding.shapes],
        "related": [{**_start(place.span), "message": place.message} for place in finding.related],
        "fixes": [_fix(fix) for fix in finding.offered],
        "unproven": words.unproven(finding, traced),
    }


def _fix(fix: Fix) -> dict[str, Any]:
    return {
        "title": fix.title,
        "strategy": fix.strategy or None,
        "safety": fix.safety,
        "why": fix.why,
        "verified": fix.verified,
        "edits": [_edit(edit) for edit in fix.edits],
    }


def _edit(edit: Edit) -> dict[str, Any]:
    return {**range_of(edit.span), "text": edit.text}


def _stage(index: int, stage: StageRow) -> dict[str, Any]:
    return {
        "index": index,
        **_start(stage.span),
        "module": stage.module,
        "op": stage.op,
        "repeat": stage.repeat,
        "inputs": {name: _tensor(tensor) for name, tensor in stage.inputs.items()},
        "outputs": {name: _tensor(tensor) for name, tensor in stage.outputs.items()},
    }


def _tensor(tensor: TensorRow) -> dict[str, Any]:
    return {"shape": list(tensor.shape), "sizes": list(tensor.sizes), "dtype": tensor.dtype, "status": tensor.status}


def _trace(trace: TraceResult | None) -> dict[str, Any]:
    """What came of running the script; every field is null or empty where it was not run."""
    error = trace.error if trace else None
    return {
        "status": trace.status if trace else None,
        "reason": trace.reason if trace else None,
        "python": trace.python if trace else None,
        "torch": trace.torch if trace else None,
        "transformers": trace.transformers if trace else None,
        "guard": trace.guard if trace else [],
        "error": _error(error) if error else None,
        "invented": [_invented(item) for item in trace.invented] if trace else [],
    }


def _error(error: TraceError) -> dict[str, Any]:
    return {
        "type": error.type,
        "message": error.message,
        "op": error.op or None,
        "operands": [list(shape) for shape in error.operands],
        "chain": [{**_line(frame.span), "function": frame.function} for frame in error.chain],
    }


def _invented(item: Invented) -> dict[str, Any]:
    place = _line(item.span) if item.span else {"path": None, "cell": None, "line": None}
    return {**place, "what": item.what, "value": _plain(item.value)}


def _plain(value: object) -> object:
    """A value that JSON has; others, infinities among them, as text."""
    json_has = value is None or isinstance(value, (int, str)) or (isinstance(value, float) and math.isfinite(value))
    return value if json_has else str(value)
