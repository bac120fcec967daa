"""SARIF 2.1.0, as code scanning of GitHub, Azure DevOps and the viewers of editors read it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from shapecheck import __version__, rulebook
from shapecheck.findings import Edit, Finding, Fix
from shapecheck.fingerprints import fingerprints
from shapecheck.places import Span
from shapecheck.reports.json import printed, range_of
from shapecheck.reports.project import Project, mendable
from shapecheck.reports.words import flag, in_cell, message, notes, untold
from shapecheck.results import Hidden, Outcome

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"

_ROOT = "%SRCROOT%"
_LEVELS = {"error": "error", "warning": "warning", "info": "note"}
_SUPPRESSIONS = {"comment": "inSource", "baseline": "external"}
_PROBLEMS = {"error": "error", "warning": "warning", "info": "recommendation"}


def render(outcome: Outcome, project: Project, suppressed: bool = False) -> str:
    """A log with one run; with ``suppressed`` the findings too that a comment or the baseline keeps from being told.

    GitHub's code scanning makes open alerts of these, so that they are left out unless somebody asks for them.
    """
    hidden = [one for one in outcome.hidden if one.by in _SUPPRESSIONS] if suppressed else []
    every = [*outcome.findings, *(one.finding for one in hidden)]
    rules = sorted({finding.rule for finding in every})
    known = fingerprints(outcome.findings, outcome.sources, project.path)
    known += fingerprints(every, outcome.sources, project.path)[len(known) :]
    results = [_result(finding, rules, mark, project) for finding, mark in zip(every, known, strict=True)]
    if suppressed:  # where one result says it, every one has to
        whys = [_suppression(one, outcome, project) for one in hidden]
        told = [*([] for _ in outcome.findings), *([why] for why in whys)]
        results = [{**result, "suppressions": why} for result, why in zip(results, told, strict=True)]
    run = {
        "tool": {"driver": _driver(rules)},
        "invocations": [_invocation(outcome, project)],
        "originalUriBaseIds": {_ROOT: {"uri": f"{project.root.as_uri().rstrip('/')}/"}},
        "columnKind": "unicodeCodePoints",
        "results": results,
    }
    return printed({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]})


def _suppression(one: Hidden, outcome: Outcome, project: Project) -> dict[str, Any]:
    """What keeps a finding from being told, and why."""
    known = f"recorded in {project.path(outcome.baseline.path)}" if outcome.baseline is not None else ""
    reason = one.reason if one.by == "comment" else known
    return {
        "kind": _SUPPRESSIONS[one.by],
        "status": "accepted",
        **({"justification": reason} if reason else {}),
        **({"location": _location(one.comment, "", project)} if one.comment is not None else {}),
    }


def _driver(rules: list[str]) -> dict[str, Any]:
    return {
        "name": "shapecheck",
        "version": __version__,
        "semanticVersion": __version__,
        "rules": [_rule(rulebook.rule(code)) for code in rules],
    }


def _rule(rule: rulebook.Rule) -> dict[str, Any]:
    what, why = (" ".join(rule.sections[name].split()) for name in ("What it does", "Why is this bad"))
    body = "\n\n".join(f"## {title}\n\n{text}" for title, text in rule.sections.items())
    return {
        "id": rule.code,
        "name": "".join(word.capitalize() for word in rule.name.split("-")),
        "shortDescription": {"text": rule.name.replace("-", " ")},
        "fullDescription": {"text": what},
        "help": {"text": f"{what} {why}", "markdown": f"# {rule.code} {rule.name}\n\n{body}"},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": {"tags": ["tensor-shapes"], "problem.severity": _PROBLEMS[rule.severity]},
    }


def _result(finding: Finding, rules: list[str], fingerprint: str, project: Project) -> dict[str, Any]:
    lines = [f"{in_cell(finding.span)}{message(finding)}", *notes(finding, traced=False)]
    where = finding.span.path
    result = {
        "ruleId": finding.rule,
        "ruleIndex": rules.index(finding.rule),
        "level": _LEVELS[finding.severity],
        "message": {"text": "\n".join(lines)},
        "locations": [_location(finding.span, finding.label, project)],
        "relatedLocations": [
            {"id": at, **_location(place.span, place.message, project)} for at, place in enumerate(finding.related, 1)
        ],
        "fixes": [_fix(fix, project) for fix in finding.offered] if mendable(where) else [],
        "partialFingerprints": {"shapecheckLine/v1": fingerprint},
        "properties": {
            "evidence": list(finding.evidence),
            **({"cell": finding.span.cell} if finding.span.cell else {}),
        },
    }
    return {key: value for key, value in result.items() if value != []}


def _location(span: Span, label: str, project: Project) -> dict[str, Any]:
    physical = {"artifactLocation": _artifact(span.path, project), "region": _region(span)}
    message = {"message": {"text": f"{in_cell(span)}{label}"}} if label else {}
    return {"physicalLocation": physical, **message}


def _artifact(path: str, project: Project) -> dict[str, Any]:
    uri = (
        project.uri(path) or "."
    )  # the project's folder, for what stands in no file: GitHub refuses results of no place
    return {"uri": uri} if uri.startswith("file:") else {"uri": uri, "uriBaseId": _ROOT}


def _region(span: Span) -> dict[str, int]:
    if not span.exact:
        return {"startLine": span.line}
    place = range_of(span)
    names = {"line": "startLine", "column": "startColumn", "end_line": "endLine", "end_column": "endColumn"}
    return {name: place[key] for key, name in names.items()}


def _fix(fix: Fix, project: Project) -> dict[str, Any]:
    verified = ", verified" if fix.verified else ""
    paths = dict.fromkeys(edit.span.path for edit in fix.edits)
    return {
        "description": {"text": f"{fix.title} ({flag(fix)}){verified}"},
        "artifactChanges": [
            {
                "artifactLocation": _artifact(path, project),
                "replacements": [_replacement(edit) for edit in fix.edits if edit.span.path == path],
            }
            for path in paths
        ],
    }


def _replacement(edit: Edit) -> dict[str, Any]:
    return {"deletedRegion": _region(edit.span), "insertedContent": {"text": edit.text}}


def _invocation(outcome: Outcome, project: Project) -> dict[str, Any]:
    told = list(_notifications(outcome, project))
    return {
        "executionSuccessful": not outcome.failures,
        **({"toolExecutionNotifications": told} if told else {}),
    }


def _notifications(outcome: Outcome, project: Project) -> Iterator[dict[str, Any]]:
    """Our own failures, a trace that could not be made, and what was not checked, by its reasons."""
    for failure in outcome.failures:
        place = {"physicalLocation": {"artifactLocation": _artifact(failure.path, project)}}
        yield _notification("error", f"shapecheck {failure}", [place])
    reason = untold(outcome)
    if reason is not None:
        yield _notification("warning", reason, [])
    counts = Counter(place.reason for place in outcome.not_checked)
    first = {place.reason: place.span for place in reversed(outcome.not_checked)}
    for why, count in counts.most_common():
        told = f"not checked: {why}" + (f" ({count} times)" if count > 1 else "")
        yield _notification("note", told, [_location(first[why], "", project)])


def _notification(level: str, text: str, locations: list[dict[str, Any]]) -> dict[str, Any]:
    return {"level": level, "message": {"text": text}, **({"locations": locations} if locations else {})}
