"""One line a finding, as ruff, gcc and grep print them: ``path:line:column: CODE message``."""

from __future__ import annotations

from collections.abc import Iterator

from shapecheck.findings import Finding
from shapecheck.reports.paint import SEVERITY_COLORS, Paint
from shapecheck.reports.width import expanded
from shapecheck.reports.words import mends_itself, message
from shapecheck.results import Outcome


def lines(outcome: Outcome, paint: Paint) -> Iterator[str]:
    """A line for each finding, ``[*]`` where ``--fix`` mends it, and one for each failure of our own."""
    for finding in outcome.findings:
        code = paint(finding.rule, "bold", SEVERITY_COLORS[finding.severity])
        star = f" {paint('[*]', 'cyan')}" if mends_itself(finding) else ""
        yield f"{place(finding)}: {code}{star} {expanded(' '.join(message(finding).split()))}"
    for failure in outcome.failures:
        yield f"{failure.path}: shapecheck itself failed: {failure.reason}"


def place(finding: Finding) -> str:
    """``train.py:8:19``; of a notebook ``train.ipynb:cell 3:8:19``, as ruff writes it."""
    span = finding.span
    return f"{span.where or '-'}:{span.line}:{span.column or 1}"
