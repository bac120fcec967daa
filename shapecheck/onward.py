"""The errors behind the first: under a fix that gets the script past one, it is traced on, and judged again."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from shapecheck import fixes
from shapecheck.engine import paths_of
from shapecheck.errors import FixConflict
from shapecheck.findings import Edit, Finding, Fix, Related
from shapecheck.graph import ShapeGraph
from shapecheck.merge import joined, same_fault
from shapecheck.places import Span
from shapecheck.texts import Texts
from shapecheck.tracer import TraceRequest, TraceResult
from shapecheck.verify import Under, error_lines, passed, place_of

_MOST = 3
"""Errors of one script that are mended in turn; fixes of one error that are tried."""


@dataclass(slots=True)
class Onward:
    """What a script's errors hide.

    Attributes:
        trace: runs the script, with patched texts laid over the files.
        judge: applies the rules to a traced graph of some texts.
        request: how the script was traced as it is.
        texts: the files as they are.
        under: of each finding that only came up behind others, by its place: the edits that mend those.
        ends: the lines of the files as they are at which the script ended with an error, as it is or mended so far.
    """

    trace: Callable[[TraceRequest], TraceResult]
    judge: Callable[[ShapeGraph, Texts], list[Finding]]
    request: TraceRequest
    texts: Texts
    under: Under = field(default_factory=dict)
    ends: set[tuple[str, int]] = field(default_factory=set)

    def after(self, findings: list[Finding], result: TraceResult) -> list[Finding]:
        """The findings, and those that come up once errors are mended, all in places of the files as they are."""
        mended: tuple[Edit, ...] = ()
        self.ends |= error_lines(result)
        for _ in range(_MOST):
            stuck = _stuck(findings, result, mended)
            step = self._past(stuck, mended) if stuck is not None else None
            if stuck is None or step is None:
                break
            fix, result, patched = step
            mended += fix.edits
            places = (original(Span(*place), mended) for place in error_lines(result))
            self.ends |= {_line(place) for place in places if place is not None}
            findings = self._joined(findings, self._found(result, patched, mended), stuck, mended)
        return findings

    def _past(self, stuck: Finding, mended: tuple[Edit, ...]) -> tuple[Fix, TraceResult, Texts] | None:
        """The first fix that lets the script go on, and what it came to then."""
        for fix in stuck.fixes[:_MOST]:
            edits = (*mended, *fix.edits)
            try:
                texts = fixes.apply(edits, self.texts.of({edit.span.path for edit in edits}))
            except FixConflict:
                continue
            result = self.trace(replace(self.request, overlay=texts))
            if passed(result, stuck, edits, self.ends):
                return fix, result, self.texts.over(texts)
        return None

    def _found(self, result: TraceResult, patched: Texts, mended: tuple[Edit, ...]) -> list[Finding]:
        """What the rules say of a patched run, in places of the files as they are, except of edited text."""
        if result.error is not None and not result.error.certain:
            return []
        found = self.judge(result.graph, patched)
        fixes.attach(found, result.graph, patched.of(paths_of(result.graph, found)))
        placed = (_unpatched(finding, mended) for finding in found)
        return [finding for finding in placed if finding is not None]

    def _joined(
        self, known: list[Finding], found: list[Finding], stuck: Finding, mended: tuple[Edit, ...]
    ) -> list[Finding]:
        out = list(known)
        for finding in found:
            other = next((other for other in out if same_fault(other, finding)), None)
            if other is None:
                behind = Related(stuck.span, "once this is mended")
                out.append(replace(finding, related=(*finding.related, behind)))
                self.under[place_of(finding)] = mended
            elif other.evidence == ("static",):
                out[out.index(other)] = joined(other, finding)
                self.under[place_of(other)] = mended
        return out


def _stuck(findings: list[Finding], result: TraceResult, mended: tuple[Edit, ...]) -> Finding | None:
    """The finding that explains why a script ended, and that has a fix."""
    error = result.error
    if result.status != "raised" or error is None or not (error.certain and error.shape_reason):
        return None
    spans = [*([error.span] if error.span else []), *(frame.span for frame in error.chain)]
    lines = {_line(there) for span in spans if (there := original(span, mended)) is not None}
    raising = (finding for finding in findings if finding.fixes and finding.torch_says and "traced" in finding.evidence)
    return next((finding for finding in raising if _line(finding.symptom or finding.span) in lines), None)


def _line(span: Span) -> tuple[str, int]:
    return span.path, span.line


def _unpatched(finding: Finding, edits: tuple[Edit, ...]) -> Finding | None:
    """A finding in places of the files as they are, without what it says of edited text; None if it lies there."""
    span = original(finding.span, edits)
    symptom = original(finding.symptom, edits) if finding.symptom is not None else None
    if span is None or (symptom is None) != (finding.symptom is None):
        return None
    related = ((place, original(place.span, edits)) for place in finding.related)
    placed = ((fix, [(edit, original(edit.span, edits)) for edit in fix.edits]) for fix in finding.fixes)
    return replace(
        finding,
        span=span,
        symptom=symptom,
        related=tuple(replace(place, span=there) for place, there in related if there is not None),
        fixes=tuple(
            replace(fix, edits=tuple(replace(edit, span=there) for edit, there in wanted if there is not None))
            for fix, wanted in placed
            if all(there is not None for _, there in wanted)
        ),
    )


def original(span: Span, edits: Iterable[Edit]) -> Span | None:
    """Where a place of a patched text stands in the text as it is; None if an edit made its lines."""
    grown = 0
    for edit in sorted((edit for edit in edits if edit.span.path == span.path), key=lambda edit: edit.span):
        first = edit.span.line + grown
        added = edit.text.count("\n")
        whole_lines = edit.span.column == 1 and edit.text.endswith("\n") and edit.span.end_column in (0, 1)
        last = first + added - whole_lines
        if (span.end_line or span.line) < first:
            break
        if span.line <= last:
            return None
        grown += added - (edit.span.end_line - edit.span.line)
    return replace(span, line=span.line - grown, end_line=span.end_line - grown if span.end_line else 0)
