"""Words that several forms share: what to say of a finding, a fix, an outcome."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from shapecheck.edits import edited, lines_of
from shapecheck.errors import FixConflict
from shapecheck.findings import SEVERITIES, Finding, Fix
from shapecheck.places import Span
from shapecheck.results import Outcome

_UNTRACED = ("timeout", "unavailable")


@dataclass(frozen=True, slots=True)
class Count:
    """How often a rule was broken, and how many of these findings ``--fix`` mends."""

    rule: str
    name: str
    count: int
    fixable: int


def statistics(outcome: Outcome) -> list[Count]:
    """The rules by how often they were broken, the most frequent first, equal ones by code."""
    counts = Counter((finding.rule, finding.name) for finding in outcome.findings)
    safe = Counter(finding.rule for finding in outcome.findings if mends_itself(finding))
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [Count(rule, name, count, safe[rule]) for (rule, name), count in ordered]


def mends_itself(finding: Finding) -> bool:
    """Whether ``--fix`` mends it without being told more."""
    return any(fix.safety == "safe" for fix in finding.offered)


def unproven(finding: Finding, traced: bool) -> str | None:
    """That a run could prove none of a finding's fixes, and why; None where one is proven or there was none to try."""
    if not finding.fixes or any(fix.verified for fix in finding.fixes):
        return None
    refuted = sum(fix.verified is False for fix in finding.fixes)
    if refuted == len(finding.fixes):
        tried = "the one that was tried does not mend it" if refuted == 1 else f"none of {refuted} tried mends it"
        return f"no fix could be proven: {tried}"
    return "no fix could be proven: no patched run came by this place" if traced else None


def flag(fix: Fix) -> str:
    """What to type to have a fix applied."""
    if fix.strategy:
        return f"--pooling {fix.strategy}"
    return "--fix" if fix.safety == "safe" else "--unsafe-fixes"


def option(fix: Fix) -> str:
    """The same, with the reason where it is an unsafe fix."""
    return f"{flag(fix)} ({fix.why})" if flag(fix) == "--unsafe-fixes" else flag(fix)


def notes(finding: Finding, traced: bool) -> Iterator[str]:
    """What stands below a finding: PyTorch's words, where the knowledge is from, what to do."""
    if finding.torch_says:
        yield finding.torch_says if finding.torch_says.startswith("numpy: ") else f"PyTorch: {finding.torch_says}"
    if traced:
        yield f"evidence: {' and '.join(finding.evidence)}"
    if finding.help:
        yield f"help: {finding.help}"


def remarks(finding: Finding) -> Iterator[str]:
    """The same for a form without room for a diff: the fixes by their titles."""
    yield from notes(finding, traced=False)
    for fix in finding.offered[:1]:
        yield f"fix{', verified' if fix.verified else ''}: {fix.title} ({flag(fix)})"
    if not finding.offered and (told := unproven(finding, traced=False)) is not None:
        yield told


def changed_lines(fix: Fix, sources: dict[str, str]) -> list[tuple[str, str]]:
    """The lines that a fix takes out (``-``) and puts in (``+``), file by file; none where its edits do not fit."""
    import difflib

    out: list[tuple[str, str]] = []
    for where in dict.fromkeys(edit.span.where for edit in fix.edits):
        before = sources.get(where, "")
        try:
            after = edited(before, (edit for edit in fix.edits if edit.span.where == where))
        except FixConflict:
            return []
        old, new = ([line.rstrip("\r\n") for line in lines_of(text)] for text in (before, after))
        for tag, a, b, c, d in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
            if tag != "equal":
                out += [("-", line) for line in old[a:b]] + [("+", line) for line in new[c:d]]
    return out


def verdict(outcome: Outcome) -> str:
    """The last line: how much of what was found, in how many files."""
    counts = [counted(outcome.count(severity), severity) for severity in SEVERITIES if outcome.count(severity)]
    looked_everywhere = not (outcome.not_checked or outcome.failures)
    found = ", ".join(counts) or ("nothing found" if looked_everywhere else "nothing found in what was checked")
    fixable = sum(bool(finding.offered) for finding in outcome.findings)
    mended = f", {fixable} with a fix" if fixable else ""
    return f"{found}{mended}; {counted(outcome.files, 'file')}"


def untold(outcome: Outcome) -> str | None:
    """What a trace came to that no finding tells: it could not be made, ran out of time, or raised over something else;
    None for one that there is no more to say of."""
    trace = outcome.trace
    if trace is None or trace.status not in (*_UNTRACED, "raised"):
        return None
    explained = trace.error is not None and trace.error.shape_reason and (outcome.findings or outcome.hidden)
    return None if trace.status == "raised" and explained else f"trace {trace.status}: {trace.reason}"


def counted(count: int, noun: str) -> str:
    """``1 file``, ``2 files``."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def in_cell(span: Span) -> str:
    """``cell 3, line 2: `` for a place in a notebook, for forms that have no field for a cell."""
    return f"cell {span.cell}, line {span.line}: " if span.cell else ""


def message(finding: Finding) -> str:
    """What is found; in a script in cells with the cell, ``... [cell 3: Training]``."""
    return f"{finding.message} [{finding.section}]" if finding.section else finding.message
