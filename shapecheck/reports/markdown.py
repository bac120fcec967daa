"""Markdown of GitHub's kind, for a step summary or a comment: a table of what was found, and each fix as a diff."""

from __future__ import annotations

import re
from collections.abc import Iterator

from shapecheck.findings import Finding
from shapecheck.reports.left_out import left_out
from shapecheck.reports.project import Project
from shapecheck.reports.words import changed_lines, message, notes, option, unproven, untold, verdict
from shapecheck.results import Outcome

_SPECIAL = re.compile(r"[\\`*_\[\]<>#~&$]")
_MENTION = re.compile(r"@(?=\w)")
_SIGNS = {"error": "\N{CROSS MARK}", "warning": "\N{WARNING SIGN}\ufe0f", "info": "\N{INFORMATION SOURCE}\ufe0f"}


def render(outcome: Outcome, project: Project) -> str:
    """The whole report as a part of a page: its heading is of the second level."""
    return "\n".join([f"## shapecheck: {verdict(outcome)}", "", *_body(outcome, project)])


def _body(outcome: Outcome, project: Project) -> Iterator[str]:
    if outcome.findings:
        yield from ("| | rule | where | what |", "| --- | --- | --- | --- |")
        yield from (_row(finding, project) for finding in outcome.findings)
        yield ""
    for text in left_out(outcome):
        yield from (escaped(text), "")
    for finding in outcome.findings:
        yield from _details(finding, outcome.sources, project)
    reason = untold(outcome)
    told = [*([reason] if reason else []), *(f"shapecheck {failure}" for failure in outcome.failures)]
    for text in told:
        yield from (f"> {escaped(text)}", "")


def _row(finding: Finding, project: Project) -> str:
    rule = f"{finding.rule} {finding.name}"
    cells = (
        f"{_SIGNS[finding.severity]} {finding.severity}",
        rule,
        code(project.place(finding.span)),
        escaped(message(finding)),
    )
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"  # a pipe ends a cell even in code


def _details(finding: Finding, sources: dict[str, str], project: Project) -> Iterator[str]:
    """What a reader opens: PyTorch's words, the places that bear on it, the first fix as a diff."""
    summary = f"{finding.rule} {project.place(finding.span)}"
    yield from (f"<details><summary>{_html(summary)}</summary>", "", escaped(finding.message), "")
    for place in finding.related:
        yield f"* {code(project.place(place.span))}: {escaped(place.message)}"
    yield from (f"* {escaped(note)}" for note in notes(finding, traced=False))
    if (told := unproven(finding, traced=False)) is not None:
        yield f"* {told}"
    for at, fix in enumerate(finding.offered):
        verified = ", verified" if fix.verified else ""
        yield f"* {'or' if at else 'fix'}{verified}: {escaped(fix.title)}, {code(option(fix))}"
    for fix in finding.offered[:1]:
        changed = [f"{sign} {line}" for sign, line in changed_lines(fix, sources)]
        yield from ("", *_block("diff", changed))
    yield from ("", "</details>", "")


def escaped(text: str) -> str:
    """Text on one line that Markdown leaves as it is, names in backticks as code."""
    text = " ".join(text.split())
    parts = text.split("`")
    if len(parts) % 2 == 0:  # an odd backtick opens nothing
        return _literal(text)
    return "".join(code(part) if at % 2 else _literal(part) for at, part in enumerate(parts))


def _literal(text: str) -> str:
    return _MENTION.sub("@<!-- -->", _SPECIAL.sub(r"\\\g<0>", text))


def code(text: str) -> str:
    """Text as a code span, whatever backticks are in it."""
    fence = "`" * (_longest_run(text) + 1)
    blank = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{blank}{text}{blank}{fence}"


def _block(language: str, lines: list[str]) -> Iterator[str]:
    fence = "`" * max(3, _longest_run("\n".join(lines)) + 1)
    yield from (f"{fence}{language}", *lines, fence)


def _longest_run(text: str) -> int:
    return max((len(run) for run in re.findall("`+", text)), default=0)


def _html(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
