"""Whether a fix mends: in a trace of the patched copy the finding is gone, none is new, and its place was reached."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
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

_RAN_ON = ("completed", "stopped")

_MOST = 12
"""Fixes tried in one run; the rest stay untried, which the report shows."""

_MOST_UNPROVEN = 20
"""The same for the fixes of a finding of which none is proven yet."""


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
        ends: the lines of the files as they are at which the script ended with an error.
    """

    trace: Callable[[TraceRequest], TraceResult]
    judge: Callable[[ShapeGraph, Texts], list[Finding]]
    read: Callable[[Source], list[Finding]]
    request: TraceRequest
    texts: Texts
    under: Under = field(default_factory=dict)
    ends: set[tuple[str, int]] = field(default_factory=set)

    def verified(self, findings: list[Finding]) -> list[Finding]:
        """The findings with each fix marked as proven or refuted, the proven ones first."""
        out = self._tried(findings)
        for at, finding in enumerate(out):
            if not any(fix.verified for fix in finding.fixes):
                out[at] = replace(finding, fixes=(*self._together(finding, out), *finding.fixes))
        return [
            replace(finding, fixes=tuple(sorted(finding.fixes, key=lambda fix: not fix.verified))) for finding in out
        ]

    def _tried(self, findings: list[Finding]) -> list[Finding]:
        """Each finding's first fix is tried before any second one; one that nothing mends yet is tried for longer."""
        verdicts: dict[tuple[int, int], bool | None] = {}
        proven: set[int] = set()
        places = [(nth, at) for at, finding in enumerate(findings) for nth in range(len(finding.fixes))]
        for nth, at in sorted(places):
            if len(verdicts) >= (_MOST if at in proven else _MOST_UNPROVEN):
                continue
            verdict = self._mends(findings[at], findings[at].fixes[nth], findings)
            verdicts[nth, at] = verdict
            proven |= {at} if verdict else set()
        return [
            replace(f, fixes=tuple(replace(x, verified=verdicts.get((nth, at))) for nth, x in enumerate(f.fixes)))
            for at, f in enumerate(findings)
        ]

    def _together(self, finding: Finding, findings: list[Finding]) -> Iterator[Fix]:
        """A fix along with that of the error behind it, where only both leave nothing: one fault in two places."""
        for fix in finding.fixes:
            for other in findings:
                mend = next((one for one in other.fixes if one.verified), None)
                if other is finding or mend is None or not self._follows(other, fix):
                    continue
                both = replace(
                    fix,
                    title=f"{fix.title}; at line {other.span.line} {mend.title}",
                    edits=tuple(dict.fromkeys((*fix.edits, *mend.edits))),
                    safety="safe" if fix.safety == mend.safety == "safe" else "unsafe",
                    why=fix.why or mend.why,
                )
                if self._mends(finding, both, findings):
                    yield replace(both, verified=True)
                    return

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
        traced = self.judge(result.graph, self.texts.over(texts))
        left = traced + self._static(texts)
        if any(place_of(other) not in known for other in left if other.severity != "info"):
            return False
        others = {other.symptom or other.span for other in traced}
        verdict = passed(result, finding, edits, self.ends, others)
        if verdict is None and edits == fix.edits and self.ends and result.status in _RAN_ON:
            return True  # what made a script that failed run through was executed, wherever it stands
        return verdict

    def _follows(self, other: Finding, fix: Fix) -> bool:
        """Whether a finding came up only in the trace under this very fix: the text shows no fault there without it, so
        it may be the fix's own doing."""
        under = set(self.under.get(place_of(other), ()))
        return other.evidence == ("traced",) and bool(under) and (set(fix.edits) <= under or under <= set(fix.edits))

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


def passed(
    result: TraceResult,
    finding: Finding,
    edits: Iterable[Edit],
    ends: Collection[tuple[str, int]] = (),
    others: Collection[Span] = (),
) -> bool | None:
    """Whether the patched script got past the place that was at fault; None where it never came by.

    A line that calls no operator leaves nothing in the graph: that it was passed is known where the script ended with
    an error there before (``ends``), and now runs on to its end. ``others`` are the places of other findings: what
    raises there after the same line went well is theirs.
    """
    symptom = finding.symptom or finding.span
    edits = tuple(edits)
    _, path, line = _moved((finding.rule, symptom.path, symptom.line), edits)
    here = replace(symptom, line=line, end_line=symptom.end_line + line - symptom.line if symptom.end_line else 0)
    there = [item for item in result.graph.items if replace(item.span, column=0).covers(Span(path, line))]
    if here.exact and not any(edit.span.path == path and _touches(edit, symptom) for edit in edits):
        there = [item for item in there if item.span == here] or there
    raising = [item for item in there if isinstance(item, Stage) and item.message is not None]
    if raising and not (len(there) > len(raising) and all(item.span in others for item in raising)):
        return False
    if there:
        return True
    if result.status == "raised":
        return False
    ended = (symptom.path, symptom.line) in ends and result.status in _RAN_ON
    return True if ended else None


def _touches(edit: Edit, span: Span) -> bool:
    """Whether an edit changes the lines of a span, and so perhaps its columns."""
    return edit.span.line <= (span.end_line or span.line) and span.line <= edit.span.end_line


def error_lines(result: TraceResult) -> set[tuple[str, int]]:
    """The lines of the user's files at which an error ended a run: where it was raised, and the calls around that."""
    error = result.error
    if error is None:
        return set()
    spans = [*([error.span] if error.span is not None else []), *(frame.span for frame in error.chain)]
    return {(span.path, span.line) for span in spans}
