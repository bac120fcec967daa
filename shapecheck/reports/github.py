"""GitHub's workflow commands: each finding becomes an annotation of the lines in a pull request."""

from __future__ import annotations

from collections.abc import Iterator

from shapecheck.findings import Finding
from shapecheck.places import Span
from shapecheck.reports.project import Project, is_file_name
from shapecheck.reports.words import message, remarks, untold
from shapecheck.results import Outcome

_COMMANDS = {"error": "error", "warning": "warning", "info": "notice"}


def render(outcome: Outcome, project: Project) -> str:
    """A line for each finding, failure, and trace that could not be made."""
    return "".join(f"{line}\n" for line in _lines(outcome, project))


def _lines(outcome: Outcome, project: Project) -> Iterator[str]:
    for finding in outcome.findings:
        yield _finding(finding, project)
    for failure in outcome.failures:
        yield _command(
            "error", {"title": "shapecheck failed", "file": project.path(failure.path)}, f"shapecheck {failure}"
        )
    reason = untold(outcome)
    if reason is not None:
        yield _command("notice", {"title": "shapecheck"}, reason)


def _finding(finding: Finding, project: Project) -> str:
    span, path = finding.span, project.path(finding.span.path)
    told = f"{project.place(span)}: {finding.rule} {message(finding)}"
    properties = {"title": f"{finding.rule} {finding.name}", **_place(span, path)}
    return _command(_COMMANDS[finding.severity], properties, "\n".join([told, *remarks(finding)]))


def _place(span: Span, path: str) -> dict[str, str]:
    """Where the annotation goes; columns within one line only, as GitHub takes no others."""
    if not is_file_name(path):
        return {}
    where = {"file": path, "line": str(span.line), "endLine": str(span.end_line or span.line)}
    if span.exact and span.end_line == span.line:
        where |= {"col": str(span.column), "endColumn": str(span.end_column)}
    return where


def _command(name: str, properties: dict[str, str], data: str) -> str:
    told = ",".join(f"{key}={_property(value)}" for key, value in properties.items() if value)
    return f"::{name} {told}::{_data(data)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
