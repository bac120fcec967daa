"""The Reviewdog Diagnostic Format, ``rdjson``: comments on a pull request, with fixes as suggestions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from shapecheck.edits import edited, lines_of
from shapecheck.errors import FixConflict
from shapecheck.findings import Edit, Finding, Fix
from shapecheck.places import Span
from shapecheck.reports.json import printed
from shapecheck.reports.project import Project, mendable
from shapecheck.reports.words import in_cell, message, notes
from shapecheck.results import Failure, Outcome

_SEVERITIES = {"error": "ERROR", "warning": "WARNING", "info": "INFO"}


def render(outcome: Outcome, project: Project) -> str:
    """A ``DiagnosticResult``, with a diagnostic for each finding and each failure of our own."""
    found = [_finding(finding, outcome.sources, project) for finding in outcome.findings]
    failed = [_failure(failure, project) for failure in outcome.failures]
    return printed({"source": {"name": "shapecheck"}, "diagnostics": found + failed})


def _finding(finding: Finding, sources: dict[str, str], project: Project) -> dict[str, Any]:
    home = sources.get(finding.span.where, "")
    return {
        "message": "\n".join([f"{in_cell(finding.span)}{message(finding)}", *notes(finding, traced=False)]),
        "location": _location(finding.span, sources, project),
        "severity": _SEVERITIES[finding.severity],
        "code": {"value": finding.rule},
        "suggestions": list(_suggestions(finding.offered, finding.span.path, home)),
        "related_locations": [
            {"message": f"{in_cell(place.span)}{place.message}", "location": _location(place.span, sources, project)}
            for place in finding.related
        ],
    }


def _failure(failure: Failure, project: Project) -> dict[str, Any]:
    return {
        "message": f"shapecheck {failure}",
        "location": {"path": project.path(failure.path)},
        "severity": "ERROR",
        "code": {"value": "shapecheck-failure"},
    }


def _location(span: Span, sources: dict[str, str], project: Project) -> dict[str, Any]:
    return {"path": project.path(span.path), "range": _range(span, lines_of(sources.get(span.where, "")))}


def _range(span: Span, lines: list[str]) -> dict[str, Any]:
    if not span.exact:
        return {"start": {"line": span.line}, "end": {"line": span.end_line or span.line}}
    end = (span.end_line, span.end_column) if span.end_line and span.end_column else (span.line, span.column)
    return {"start": _position(span.line, span.column, lines), "end": _position(*end, lines)}


def _position(line: int, column: int, lines: list[str]) -> dict[str, int]:
    """A place whose column counts bytes of UTF-8 from 1, as this format wants it."""
    before = lines[line - 1][: column - 1] if line <= len(lines) else ""
    return {"line": line, "column": len(before.encode("utf-8", "surrogatepass")) + max(0, column - 1 - len(before)) + 1}


def _suggestions(fixes: Iterable[Fix], path: str, text: str) -> Iterator[dict[str, Any]]:
    """Each fix that keeps to the finding's own file as one replacement: a reviewer takes it whole or not at all."""
    lines = lines_of(text)
    for fix in fixes if mendable(path) else ():
        if any(edit.span.path != path for edit in fix.edits):
            continue
        try:
            whole = joined(fix.edits, text)
        except FixConflict:
            continue
        yield {"range": _range(whole.span, lines), "text": whole.text}


def joined(edits: Sequence[Edit], text: str) -> Edit:
    """Edits of one file as one: from the first one's start to the last one's end, what stands between them kept.

    Raises FixConflict where they overlap or lie beyond the text.
    """
    spans = [edit.span for edit in edits]
    line, column = min((span.line, span.column) for span in spans)
    end_line, end_column = max((span.end_line, span.end_column) for span in spans)
    lines = lines_of(text)
    head = "".join(lines[: line - 1]) + "".join(lines[line - 1 : line])[: column - 1]
    tail = "".join(lines[end_line - 1 : end_line])[end_column - 1 :] + "".join(lines[end_line:])
    after = edited(text, edits)
    return Edit(Span(spans[0].path, line, column, end_line, end_column), after[len(head) : len(after) - len(tail)])
