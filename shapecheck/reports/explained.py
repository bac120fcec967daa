"""What ``shapecheck explain`` prints: a message, what it means, the rules that find such faults, the line at fault."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from shapecheck import __version__, rulebook
from shapecheck.reports.json import document
from shapecheck.reports.paint import Paint
from shapecheck.reports.terminal import block
from shapecheck.reports.width import folded

if TYPE_CHECKING:
    from shapecheck.diagnosis import Diagnosis

_WIDTH = 100
_LIKELY = 4
"""Rules that are named; the others are less likely."""


def text(told: Diagnosis, paint: Paint, columns: int | None = None) -> str:
    """The explanation for people, for a terminal of ``columns`` columns if any."""
    return "\n".join([*_words(told, paint, min(columns or _WIDTH, _WIDTH)), *_findings(told, paint, columns)]) + "\n"


def _words(told: Diagnosis, paint: Paint, width: int) -> Iterator[str]:
    first = (told.message.strip().splitlines() or [""])[0]
    yield paint(first, "bold")
    if told.meaning is None:
        yield from folded("means: no error over shapes that shapecheck knows", width, "  ", "    ")
        return
    yield from folded(f"means: {told.meaning.means}", width, "  ", "    ")
    yield from folded(f"look at: {told.meaning.look}", width, "  ", "    ")
    names = (f"{code} {rulebook.rule(code).name}" for code in told.meaning.rules[:_LIKELY])
    yield from folded(f"rules: {', '.join(names)} (shapecheck rule CODE says more)", width, "  ", "    ")


def _findings(told: Diagnosis, paint: Paint, columns: int | None) -> Iterator[str]:
    if told.outcome is None or told.own is None:
        return
    where = f"{told.own.path}:{told.own.line}"
    yield ""
    if not told.outcome.findings:
        yield f"the last line of your own is {where}; reading the files does not show the fault: try `shapecheck run`"
        return
    yield f"the last line of your own is {where}; this is what the text shows:"
    for finding in told.outcome.findings:
        yield ""
        yield from block(finding, told.outcome.sources, paint, columns=columns)


def render_json(told: Diagnosis) -> str:
    """The explanation for programs: what the report of ``check`` has under ``findings``, and the meaning."""
    meaning = told.meaning
    findings = document(told.outcome)["findings"] if told.outcome is not None else []
    plain = {
        "version": 1,
        "tool": f"shapecheck {__version__}",
        "message": told.message,
        "pattern": meaning.name if meaning else None,
        "means": meaning.means if meaning else None,
        "look": meaning.look if meaning else None,
        "rules": list(meaning.rules) if meaning else [],
        "line": {"path": told.own.path, "line": told.own.line} if told.own else None,
        "findings": findings,
    }
    return json.dumps(plain, indent=2, ensure_ascii=False) + "\n"
