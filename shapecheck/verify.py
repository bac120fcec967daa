"""Whether a fix mends: in a trace of the patched copy the finding is gone, none is new, and its place was reached."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from shapecheck import fixes
from shapecheck.errors import FixConflict, UnreadableSource
from shapecheck.findings import Edit, Finding, Fix
from shapecheck.graph import ShapeGraph, Stage
from shapecheck.places import Span
from shapecheck.source import Source
from shapecheck.texts import Texts
from shapecheck.tracer import TraceRequest, TraceResult

Place = tuple[str, str, int]
"""Rule, path and line of a finding."""

Under = dict[Place, tuple[Edit, ...]]

_MOST = 12
"""Fixes tried in one run; the rest stay untried, which the report shows."""


@dataclass(slots=True)
class Verifier:
    """Tries fixes of one script.

    Attributes:
        trace: runs the script, with the patched texts laid over the files.
        judge: applies the rules to a traced graph of some texts.
        read: applies the rules to a patched text of the script itself.
        request: how the unpatched script was traced.
        texts: the files as they are.
        under: the edits under which a finding came up, by its place, where others hid it.
    """

    trace: Callable[[TraceRequest], TraceResult]
    judge: Callable[[ShapeGraph, Texts], list[Finding]]
    read: Callable[[Source], list[Finding]]
    request: TraceRequest
    texts: Texts
    under: Under = field(default_factory=dict)

    def verified(self, findings: list[Finding]) -> list[Finding]:
        """The findings with each fix marked as proven or refuted, the proven ones first."""
        left = _MOST
        out = []
        for finding in findings:
            tried = [replace(fix, verified=self._mends(finding, fix, findings)) for fix in finding.fixes[:left]]
            left -= len(tried)
            every = [*tried, *finding.fixes[len(tried) :]]
            out.append(replace(finding, fixes=tuple(sorted(every, key=lambda fix: not fix.verified))))
        return out

    def _mends(self, finding: Finding, fix: Fix, findings: list[Finding]) -> bool | None:
        edits = (*self.under.get(place_of(finding), ()), *fix.edits)
        try:
            texts = fixes.apply(edits, self.texts.of({edit.span.path for edit in edits}))
        except FixConflict:
            return False
        result = self.trace(replace(self.request, overlay=texts))
        if result.status == "unavailable":
            return None
        known = {
            _moved(place_of(other), edits)
            for other in findings
            if other is not finding and not self._follows(other, fix)
        }
        left = self.judge(result.graph, self.texts.over(texts)) + self._static(texts)
        if any(place_of(other) not in known for other in left if other.severity != "info"):
            return False
        return passed(result, finding, edits)

    def _follows(self, other: Finding, fix: Fix) -> bool:
        """Whether a finding came up only in the trace under this very fix: the text shows no fault there without it, so
        it may be the fix's own doing."""
        return other.evidence == ("traced",) and set(fix.edits) <= set(self.under.get(place_of(other), ()))

    def _static(self, texts: dict[str, str]) -> list[Finding]:
        """What the patched text alone says; not asked where other files changed, which are read from disk."""
        script = str(self.request.script)
        if set(texts) != {script}:
            return []
        try:
            return self.read(Source(script, texts[script]))
        except UnreadableSource:
            return []


def place_of(finding: Finding) -> Place:
    """Rule, path and line."""
    return finding.rule, finding.span.path, finding.span.line


def _moved(place: Place, edits: Iterable[Edit]) -> Place:
    """Where a line stands after edits that add or remove lines above it."""
    rule, path, line = place
    above = [edit for edit in edits if edit.span.path == path and edit.span.end_line <= line]
    grown = sum(edit.text.count("\n") - (edit.span.end_line - edit.span.line) for edit in above if _before(edit, line))
    return rule, path, line + grown


def _before(edit: Edit, line: int) -> bool:
    """Whether an edit moves a line: it ends above it, or puts whole lines in front of it."""
    return edit.span.end_line < line or edit.span.column == 1 and edit.text.endswith("\n")


def passed(result: TraceResult, finding: Finding, edits: Iterable[Edit]) -> bool | None:
    """Whether the patched script got past the place that was at fault; None where it never came by."""
    symptom = finding.symptom or finding.span
    _, path, line = _moved((finding.rule, symptom.path, symptom.line), edits)
    here = Span(path, line)
    there = [item for item in result.graph.items if replace(item.span, column=0).covers(here)]
    if any(isinstance(item, Stage) and item.message is not None for item in there):
        return False
    if there:
        return True
    return False if result.status == "raised" else None
