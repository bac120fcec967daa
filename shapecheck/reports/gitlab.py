"""GitLab's code quality report, a part of the Code Climate specification."""

from __future__ import annotations

from typing import Any

from shapecheck.findings import Finding
from shapecheck.fingerprints import digest, fingerprints
from shapecheck.places import Span
from shapecheck.reports.json import printed, range_of
from shapecheck.reports.project import Project
from shapecheck.reports.words import in_cell, message, remarks
from shapecheck.results import Failure, Outcome

_SEVERITIES = {"error": "critical", "warning": "major", "info": "info"}


def render(outcome: Outcome, project: Project) -> str:
    """A JSON array with an issue for each finding and each failure of our own."""
    prints = fingerprints(outcome.findings, outcome.sources, project.path)
    found = [_finding(finding, known, project) for finding, known in zip(outcome.findings, prints, strict=True)]
    return printed(found + [_failure(failure, project) for failure in outcome.failures])


def _finding(finding: Finding, known: str, project: Project) -> dict[str, Any]:
    return {
        **_issue(f"{in_cell(finding.span)}{message(finding)}", finding.rule, _SEVERITIES[finding.severity], known),
        "content": {"body": "\n".join(remarks(finding))},
        "location": _location(finding.span, project),
    }


def _failure(failure: Failure, project: Project) -> dict[str, Any]:
    path = project.path(failure.path)
    known = digest("failure", path, failure.reason)
    issue = _issue(f"shapecheck {failure}", "shapecheck-failure", "blocker", known)
    return {**issue, "location": _location(Span(failure.path, 1, 1, 1, 1), project)}


def _issue(description: str, check: str, severity: str, known: str) -> dict[str, Any]:
    return {
        "type": "issue",
        "check_name": check,
        "description": description,
        "categories": ["Bug Risk"],
        "severity": severity,
        "fingerprint": known,
    }


def _location(span: Span, project: Project) -> dict[str, Any]:
    place = range_of(span)
    begin = {"line": place["line"], "column": place["column"]}
    end = {"line": place["end_line"], "column": place["end_column"]}
    return {"path": project.path(span.path) or ".", "positions": {"begin": begin, "end": end}}
