"""The report for people: stage table, findings in the manner of rustc, and a summary that says what was not checked."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from shapecheck.edits import edited, lines_of
from shapecheck.errors import FixConflict
from shapecheck.findings import SEVERITIES, Finding, Fix
from shapecheck.graph import NotChecked
from shapecheck.reports.left_out import left_out
from shapecheck.reports.paint import Paint
from shapecheck.reports.shapes import shape_lines
from shapecheck.reports.snippet import Mark, columns_wide, gutter, snippet
from shapecheck.reports.table import table, what_matters
from shapecheck.results import Outcome, StageRow

_COLORS = {"error": "red", "warning": "yellow", "info": "cyan"}
_MOST_REASONS = 3
_MOST_DIFF_LINES = 24


@dataclass(frozen=True, slots=True)
class Layout:
    """How much to print: ``quiet`` the findings alone, ``verbose`` every stage and every place not checked,
    ``suppressed`` the findings that a comment silences."""

    paint: Paint = Paint()
    quiet: bool = False
    verbose: bool = False
    statistics: bool = False
    suppressed: bool = False


def render(outcome: Outcome, layout: Layout) -> str:
    """The whole report of one command."""
    parts: list[list[str]] = []
    if not layout.quiet:
        parts.append(_stages(outcome, layout))
        parts.append(shape_lines(outcome.expressions, layout.paint) if layout.verbose else [])
    traced = outcome.trace is not None
    parts += [block(finding, outcome.sources, layout.paint, traced) for finding in outcome.findings]
    if layout.suppressed:
        parts.append(_suppressed(outcome))
    if layout.statistics:
        parts.append(_statistics(outcome))
    if not layout.quiet:
        parts.append(_summary(outcome, layout))
    return "\n".join("\n".join(part) + "\n" for part in parts if part)


def block(finding: Finding, sources: dict[str, str], paint: Paint, traced: bool = False) -> list[str]:
    """One finding: header, marked source, PyTorch's words, fixes."""
    kind = paint(f"{finding.severity}[{finding.rule}]", "bold", _COLORS[finding.severity])
    head = f"{kind} {paint(finding.name + ':', 'bold')} {finding.message}"
    home, away = _marks(finding)
    width = gutter([*home, *(mark for marks in away.values() for mark in marks)])
    out = [head, *_place(home, sources, width, paint)]
    for marks in away.values():
        out += _place(marks, sources, width, paint)
    notes = [_note(text, width, paint) for text in _notes(finding, traced)]
    return [*out, *notes, *_fixes(finding, sources, width, paint)]


def _marks(finding: Finding) -> tuple[list[Mark], dict[str, list[Mark]]]:
    """The marks in the finding's own file (of a notebook its cell), and those in each other one."""
    home, away = [Mark(finding.span, finding.label, root=True)], dict[str, list[Mark]]()
    for place in finding.related:
        mark = Mark(place.span, place.message)
        (home if place.span.where == finding.span.where else away.setdefault(place.span.where, [])).append(mark)
    return home, away


def _place(marks: list[Mark], sources: dict[str, str], width: int, paint: Paint) -> list[str]:
    span = marks[0].span
    arrow = f"{paint(f' {chr(32) * width}-->', 'blue')} {span}"
    lines = lines_of(sources.get(span.where, ""))
    return [arrow, *(snippet(lines, marks, width, paint) if lines else [])]


def _notes(finding: Finding, traced: bool) -> Iterator[str]:
    if finding.torch_says:
        yield f"PyTorch: {finding.torch_says}"
    if traced:
        yield f"evidence: {' and '.join(finding.evidence)}"
    if finding.help:
        yield f"help: {finding.help}"


def _note(text: str, width: int, paint: Paint) -> str:
    indent = " " * (width + 2)
    first, *rest = text.splitlines() or [""]
    return "\n".join([f"{indent}{paint('=', 'blue')} {first}", *(f"{indent}  {line}" for line in rest)])


def _fixes(finding: Finding, sources: dict[str, str], width: int, paint: Paint) -> list[str]:
    """The fixes, proven ones alone where there are any, and the first one as a diff."""
    proven = [fix for fix in finding.fixes if fix.verified]
    shown = proven or [fix for fix in finding.fixes if fix.verified is None]
    heads = [_fix_head(fix, first=at == 0) for at, fix in enumerate(shown)]
    column = max((columns_wide(head) for head in heads), default=0) + 3
    out: list[str] = []
    for head, fix in zip(heads, shown, strict=True):
        pad = " " * (column - columns_wide(head))
        line = f"{paint(head, 'green') if fix.verified else head}{pad}{_option(fix)}"
        out.append(_note(line.rstrip(), width, paint))
        if fix is shown[0]:
            out += [" " * (width + 4) + line for line in _fix_diff(fix, sources, paint)]
    return out


def _option(fix: Fix) -> str:
    """What to type to have a fix applied."""
    if fix.strategy:
        return f"--pooling {fix.strategy}"
    return "--fix" if fix.safety == "safe" else f"--unsafe-fixes ({fix.why})"


def _fix_head(fix: Fix, first: bool) -> str:
    if fix.verified:
        return f"{'fix' if first else 'also'}{',' if first else ''} verified: {fix.title}"
    return f"{'fix' if first else 'or'}: {fix.title}"


def _fix_diff(fix: Fix, sources: dict[str, str], paint: Paint) -> list[str]:
    """The lines that a fix takes out and puts in, without context."""
    out: list[str] = []
    for where in dict.fromkeys(edit.span.where for edit in fix.edits):
        before = sources.get(where, "")
        try:
            after = edited(before, (edit for edit in fix.edits if edit.span.where == where))
        except FixConflict:
            return []
        old, new = before.splitlines(), after.splitlines()
        for tag, a, b, c, d in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
            if tag != "equal":
                out += [paint(f"- {line}".rstrip(), "red") for line in old[a:b]]
                out += [paint(f"+ {line}".rstrip(), "green") for line in new[c:d]]
    hidden = len(out) - _MOST_DIFF_LINES
    return out if hidden <= 0 else [*out[:_MOST_DIFF_LINES], f"  ... {_counted(hidden, 'more line')}"]


def _stages(outcome: Outcome, layout: Layout) -> list[str]:
    """The stage table of a trace, cut to what matters; with ``verbose`` every stage."""
    out: list[str] = []
    for path in dict.fromkeys(stage.span.path for stage in outcome.stages):
        stages = [stage for stage in outcome.stages if stage.span.path == path]
        if outcome.trace is None:
            continue
        shown: Sequence[StageRow] = stages if layout.verbose else what_matters(stages, outcome.findings)
        hidden = len(stages) - len(shown)
        out.append(layout.paint(f"stages of {path}", "bold"))
        out += table(shown, layout.paint)
        out += [f"  ({_counted(hidden, 'more stage')} with --verbose)"] if hidden else []
    return out


def _suppressed(outcome: Outcome) -> list[str]:
    by_comment = ((one.finding, one.reason) for one in outcome.hidden if one.by == "comment")
    return [
        f"suppressed: {finding.span}: {finding.rule} {finding.name}{f' -- {reason}' if reason else ''}"
        for finding, reason in by_comment
    ]


def _statistics(outcome: Outcome) -> list[str]:
    counts = Counter((finding.rule, finding.name) for finding in outcome.findings)
    return [f"{count:>5}  {rule}  {name}" for (rule, name), count in counts.most_common()]


def _summary(outcome: Outcome, layout: Layout) -> list[str]:
    out = [f"fixed {change.path}: {change.title} ({change.rule})" for change in outcome.applied]
    if outcome.trace is not None:
        out.append(f"trace {outcome.trace.status}: {outcome.trace.reason}")
    if outcome.assumptions:
        out.append(f"assumed: {'; '.join(outcome.assumptions)}")
    out += left_out(outcome, layout.verbose)
    out += _not_checked(outcome.not_checked, layout)
    out += [f"shapecheck itself failed on {failure.path}: {failure.reason}" for failure in outcome.failures]
    return [*out, layout.paint(_verdict(outcome), "bold")]


def _verdict(outcome: Outcome) -> str:
    counts = [_counted(outcome.count(severity), severity) for severity in SEVERITIES if outcome.count(severity)]
    looked_everywhere = not (outcome.not_checked or outcome.failures)
    found = ", ".join(counts) or ("nothing found" if looked_everywhere else "nothing found in what was checked")
    fixable = sum(bool(finding.fixes) for finding in outcome.findings)
    mended = f", {fixable} with a fix" if fixable else ""
    return f"{found}{mended}; {_counted(outcome.files, 'file')} in {outcome.seconds:.1f} s"


def _not_checked(places: Sequence[NotChecked], layout: Layout) -> list[str]:
    if not places:
        return []
    if layout.verbose:
        return [f"not checked: {place.span}: {place.reason}" for place in places]
    reasons = Counter(place.reason for place in places).most_common()
    told = [f"{reason} ({count} times)" if count > 1 else reason for reason, count in reasons[:_MOST_REASONS]]
    hidden = len(reasons) - _MOST_REASONS
    more = f"; {_counted(hidden, 'more reason')}, --verbose lists them" if hidden > 0 else ""
    return [f"not checked, {_counted(len(places), 'place')}: {'; '.join(told)}{more}"]


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
