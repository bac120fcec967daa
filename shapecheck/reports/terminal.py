"""The report for people: stage table, findings in the manner of rustc, and a summary that says what was not checked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from shapecheck.edits import lines_of
from shapecheck.findings import Finding, Fix
from shapecheck.graph import NotChecked
from shapecheck.reports import concise
from shapecheck.reports.left_out import left_out
from shapecheck.reports.paint import SEVERITY_COLORS, Paint
from shapecheck.reports.shapes import shape_lines
from shapecheck.reports.snippet import Mark, gutter, snippet
from shapecheck.reports.table import table, what_matters
from shapecheck.reports.width import columns_wide, expanded, folded
from shapecheck.reports.words import changed_lines, counted, notes, option, statistics, unproven, verdict
from shapecheck.results import Outcome, StageRow

_MOST_REASONS = 3
_MOST_DIFF_LINES = 24


@dataclass(frozen=True, slots=True)
class Layout:
    """How much to print, and on what.

    Attributes:
        columns: how many the terminal has; None where lines may be of any length.
        concise: one line a finding instead of a block.
        quiet: the findings alone; ``verbose``: every stage and every place not checked.
        suppressed: the findings too that a comment silences.
        statistics: how often each rule was broken, instead of the findings.
    """

    paint: Paint = Paint()
    quiet: bool = False
    verbose: bool = False
    statistics: bool = False
    suppressed: bool = False
    concise: bool = False
    columns: int | None = None


def render(outcome: Outcome, layout: Layout) -> str:
    """The whole report of one command."""
    parts: list[list[str]] = []
    if not (layout.quiet or layout.concise):
        parts.append(_stages(outcome, layout))
        parts.append(shape_lines(outcome.expressions, layout.paint) if layout.verbose else [])
    parts += [_statistics(outcome)] if layout.statistics else _findings(outcome, layout)
    if layout.suppressed:
        parts.append(_suppressed(outcome))
    if not layout.quiet:
        parts.append(_summary(outcome, layout))
    return "\n".join("\n".join(part) + "\n" for part in parts if part)


def _findings(outcome: Outcome, layout: Layout) -> list[list[str]]:
    if layout.concise:
        return [list(concise.lines(outcome, layout.paint))]
    traced = outcome.trace is not None
    return [block(finding, outcome.sources, layout.paint, traced, layout.columns) for finding in outcome.findings]


def block(
    finding: Finding, sources: dict[str, str], paint: Paint, traced: bool = False, columns: int | None = None
) -> list[str]:
    """One finding: header, marked source, PyTorch's words, fixes; for a terminal of ``columns`` columns if any."""
    home, away = _marks(finding)
    width = gutter([*home, *(mark for marks in away.values() for mark in marks)])
    out = [*_head(finding, paint, columns), *_place(home, sources, width, paint, columns, finding.section)]
    for marks in away.values():
        out += _place(marks, sources, width, paint, columns)
    out += [line for text in notes(finding, traced) for line in _note(text, width, paint, columns)]
    told = unproven(finding, traced)
    out += _note(told, width, paint, columns) if told is not None else []
    return [*out, *_fixes(finding, sources, width, paint, columns)]


def _head(finding: Finding, paint: Paint, columns: int | None) -> list[str]:
    kind, name = f"{finding.severity}[{finding.rule}]", f"{finding.name}:"
    text = "\n".join(folded(f"{kind} {name} {expanded(finding.message)}", columns, rest="  "))
    text = text.replace(name, paint(name, "bold"), 1)
    return text.replace(kind, paint(kind, "bold", SEVERITY_COLORS[finding.severity]), 1).split("\n")


def _marks(finding: Finding) -> tuple[list[Mark], dict[str, list[Mark]]]:
    """The marks in the finding's own file (of a notebook its cell), and those in each other one."""
    home, away = [Mark(finding.span, finding.label, root=True)], dict[str, list[Mark]]()
    for place in finding.related:
        mark = Mark(place.span, place.message)
        (home if place.span.where == finding.span.where else away.setdefault(place.span.where, [])).append(mark)
    return home, away


def _place(
    marks: list[Mark], sources: dict[str, str], width: int, paint: Paint, columns: int | None, section: str = ""
) -> list[str]:
    span = marks[0].span
    arrow = f"{paint(f' {chr(32) * width}-->', 'blue')} {span}{f' ({section})' if section else ''}"
    lines = lines_of(sources.get(span.where, ""))
    return [arrow, *(snippet(lines, marks, width, paint, columns) if lines else [])]


def _note(text: str, width: int, paint: Paint, columns: int | None) -> list[str]:
    indent = " " * (width + 2)
    first, *rest = text.splitlines() or [""]
    lines = folded(first, columns, f"{indent}= ", f"{indent}    ")
    lines[0] = lines[0].replace("=", paint("=", "blue"), 1)
    return [*lines, *(f"{indent}  {line}" for line in rest)]


def _fixes(finding: Finding, sources: dict[str, str], width: int, paint: Paint, columns: int | None) -> list[str]:
    """The fixes worth showing, and the first one as a diff (never cut: a reader copies from it)."""
    shown = finding.offered
    heads = [_fix_head(fix, first=at == 0) for at, fix in enumerate(shown)]
    column = max((columns_wide(head) for head in heads), default=0) + 3
    widest = width + 4 + column + max((columns_wide(option(fix)) for fix in shown), default=0)
    out: list[str] = []
    for head, fix in zip(heads, shown, strict=True):
        told = paint(head, "green") if fix.verified else head
        if columns is None or widest <= columns:
            out += _note(f"{told}{' ' * (column - columns_wide(head))}{option(fix)}", width, paint, None)
        else:
            lines = _note(head, width, paint, columns)
            lines += folded(option(fix), columns, " " * (width + 6), " " * (width + 6))
            out += [line.replace(head, told) for line in lines]
        if fix is shown[0]:
            out += [" " * (width + 4) + line for line in _fix_diff(fix, sources, paint)]
    return out


def _fix_head(fix: Fix, first: bool) -> str:
    if fix.verified:
        return f"{'fix' if first else 'also'}{',' if first else ''} verified: {fix.title}"
    return f"{'fix' if first else 'or'}: {fix.title}"


def _fix_diff(fix: Fix, sources: dict[str, str], paint: Paint) -> list[str]:
    """The lines that a fix takes out and puts in, without context."""
    colors = {"-": "red", "+": "green"}
    out = [paint(f"{sign} {line}".rstrip(), colors[sign]) for sign, line in changed_lines(fix, sources)]
    hidden = len(out) - _MOST_DIFF_LINES
    return out if hidden <= 0 else [*out[:_MOST_DIFF_LINES], f"  ... {counted(hidden, 'more line')}"]


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
        out += table(shown, layout.paint, layout.columns)
        out += [f"  ({counted(hidden, 'more stage')} with --verbose)"] if hidden else []
    return out


def _suppressed(outcome: Outcome) -> list[str]:
    by_comment = ((one.finding, one.reason) for one in outcome.hidden if one.by == "comment")
    return [
        f"suppressed: {finding.span}: {finding.rule} {finding.name}{f' -- {reason}' if reason else ''}"
        for finding, reason in by_comment
    ]


def _statistics(outcome: Outcome) -> list[str]:
    """Count, code, name, as ruff has them; ``[*]`` where ``--fix`` mends all of them, ``[-]`` some."""
    counts = statistics(outcome)
    some = any(count.fixable for count in counts)
    lines = []
    for count in counts:
        star = "[*]" if count.fixable == count.count else "[-]" if count.fixable else "[ ]"
        lines.append(f"{count.count:>5}  {count.rule}  {star + '  ' if some else ''}{count.name}")
    return [*lines, *(["[*] fixable with `--fix`"] if some else [])]


def _summary(outcome: Outcome, layout: Layout) -> list[str]:
    out = [f"fixed {change.path}: {change.title} ({change.rule})" for change in outcome.applied]
    if outcome.trace is not None:
        out.append(f"trace {outcome.trace.status}: {outcome.trace.reason}")
    if outcome.assumptions:
        out.append(f"assumed: {'; '.join(outcome.assumptions)}")
    out += left_out(outcome, layout.verbose)
    out += _not_checked(outcome.not_checked, layout)
    if not layout.concise or layout.statistics:
        out += [f"shapecheck itself failed on {failure.path}: {failure.reason}" for failure in outcome.failures]
    last = f"{verdict(outcome)} in {outcome.seconds:.1f} s"
    lines = [line for text in out for line in folded(text, layout.columns, rest="  ")]
    return [*lines, *(layout.paint(line, "bold") for line in folded(last, layout.columns, rest="  "))]


def _not_checked(places: Sequence[NotChecked], layout: Layout) -> list[str]:
    if not places:
        return []
    if layout.verbose:
        return [f"not checked: {place.span}: {place.reason}" for place in places]
    reasons = Counter(place.reason for place in places).most_common()
    told = [f"{reason} ({count} times)" if count > 1 else reason for reason, count in reasons[:_MOST_REASONS]]
    hidden = len(reasons) - _MOST_REASONS
    more = f"; {counted(hidden, 'more reason')}, --verbose lists them" if hidden > 0 else ""
    return [f"not checked, {counted(len(places), 'place')}: {'; '.join(told)}{more}"]
