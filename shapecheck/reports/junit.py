"""JUnit's XML, as Jenkins, GitLab, CircleCI and Azure read it: one test case for each file that was checked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from shapecheck.findings import SEVERITIES, Finding, Severity
from shapecheck.reports.project import Project
from shapecheck.reports.words import counted, message, remarks, untold
from shapecheck.results import Outcome

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 has no way to write."""


def render(outcome: Outcome, project: Project, fail_on: Severity = "warning") -> str:
    """An XML document. A file fails by findings at or over ``fail_on``; lesser ones are its output."""
    from xml.etree.ElementTree import Element, SubElement, indent, tostring

    cases = _cases(outcome, project)
    failing = SEVERITIES[: SEVERITIES.index(fail_on) + 1]
    counts = {
        "tests": str(len(cases)),
        "failures": str(
            sum(any(f.severity in failing for f in found) for found in cases.values())
            + (untold(outcome) is not None and _is_shape_error(outcome))
        ),
        "errors": str(len({project.path(failure.path) for failure in outcome.failures})),
        "time": f"{outcome.seconds:.3f}",
    }
    root = Element("testsuites", {"name": "shapecheck", **counts})
    suite = SubElement(root, "testsuite", {"name": "shapecheck", **counts})
    for path, found in cases.items():
        case = SubElement(suite, "testcase", {"classname": "shapecheck", "name": path, "time": "0"})
        _filled(case, found, failing, project)
        for failure in outcome.failures:
            if project.path(failure.path) == path:
                _told(case, "error", "shapecheck itself failed", "shapecheck-failure", f"shapecheck {failure}")
    reason = untold(outcome)
    if reason is not None and _is_shape_error(outcome):
        _told(suite[-1], "failure", reason, "trace", reason)
    elif reason is not None:
        SubElement(suite, "system-err").text = _plain(reason)
    indent(root)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{tostring(root, encoding="unicode")}\n'


def _is_shape_error(outcome: Outcome) -> bool:
    """Whether the script that was traced raised over shapes: the command fails then, whatever was found."""
    error = outcome.trace.error if outcome.trace is not None else None
    return error is not None and error.shape_reason and error.certain


def _cases(outcome: Outcome, project: Project) -> dict[str, list[Finding]]:
    """The findings of each file, those files too that have none, by their paths."""
    cases: dict[str, list[Finding]] = {
        project.path(path): [] for path in (*outcome.entries, *(failure.path for failure in outcome.failures))
    }
    for finding in outcome.findings:
        cases.setdefault(project.path(finding.span.path) or "-", []).append(finding)
    return dict(sorted(cases.items()))


def _filled(case: Element, found: Sequence[Finding], failing: Sequence[Severity], project: Project) -> None:
    from xml.etree.ElementTree import SubElement

    fatal = [finding for finding in found if finding.severity in failing]
    others = [finding for finding in found if finding.severity not in failing]
    if fatal:
        kinds = dict.fromkeys(finding.rule for finding in fatal)
        told = message(fatal[0]) if len(fatal) == 1 else counted(len(fatal), "finding")
        _told(case, "failure", told, " ".join(kinds), _text(fatal, project))
    if others:
        SubElement(case, "system-out").text = _plain(_text(others, project))


def _told(case: Element, tag: str, message: str, kind: str, text: str) -> None:
    from xml.etree.ElementTree import SubElement

    SubElement(case, tag, {"message": _plain(message), "type": kind}).text = _plain(text)


def _text(found: Sequence[Finding], project: Project) -> str:
    return "\n".join("\n  ".join([f"{project.place(f.span)}: {f.rule} {message(f)}", *remarks(f)]) for f in found)


def _plain(text: str) -> str:
    return _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", text)
