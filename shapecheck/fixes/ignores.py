"""Comments that silence findings, written where they work: ``--add-ignores``."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import groupby

from shapecheck import fixes, suppressions
from shapecheck.cells import in_cell
from shapecheck.comments import Layout, layout
from shapecheck.edits import lines_of
from shapecheck.errors import FixConflict
from shapecheck.findings import Edit, Finding
from shapecheck.places import Span
from shapecheck.results import Outcome
from shapecheck.selection import ALWAYS
from shapecheck.suppressions import UNUSED, Suppression

_ROUNDS = 3
"""One writes every comment; a further one follows where silencing one finding uncovers another."""


def add(
    find: Callable[[], Outcome],
    outcome: Outcome,
    reason: str,
    write: Callable[[Mapping[str, str]], None],
    only: str | None = None,
) -> Outcome:
    """What ``find`` finds once comments silence the findings of an outcome; those that none can silence are left.

    Args:
        write: puts new texts in place of files.
        only: the one file that may be changed, where there is one.

    Raises:
        UsageError: a file cannot be written.
    """
    applied, added = outcome.applied, set[tuple[str, int]]()
    for _ in range(_ROUNDS):
        texts, lines = commented((f for f in outcome.findings if only in (None, f.span.path)), outcome.sources, reason)
        if not texts:
            break
        write(texts)
        added |= lines
        outcome = find()
    outcome.applied = applied
    files = len({path for path, _ in added})
    if added:
        comments = "1 comment" if len(added) == 1 else f"{len(added)} comments"
        outcome.notes.append(f"wrote {comments} in {files} file{'' if files == 1 else 's'}")
    left = [(in_cell(finding.span, outcome.sources), finding.rule) for finding in outcome.findings]
    outcome.notes += [f"no comment can silence {place}: {rule}" for place, rule in left]
    return outcome


def commented(
    findings: Iterable[Finding], sources: Mapping[str, str], reason: str = ""
) -> tuple[dict[str, str], set[tuple[str, int]]]:
    """The new text of each file with comments for the findings in it, and the lines that these comments stand on."""
    texts: dict[str, str] = {}
    lines: set[tuple[str, int]] = set()
    for path, of_file in groupby(sorted(findings, key=lambda finding: finding.span), lambda finding: finding.span.path):
        if path not in sources:
            continue
        page = _Page(path, sources[path])
        for finding in of_file:
            page.silence(finding)
        edits = _fitting(list(page.edits(reason)), sources)
        texts |= fixes.apply(edits, sources)
        lines |= {(path, edit.span.line) for edit in edits}
    return texts, lines


def _fitting(edits: list[Edit], sources: Mapping[str, str]) -> list[Edit]:
    """Those of the edits that can be made together: a line of a notebook that is no Python takes none, say."""
    with suppress(FixConflict):
        fixes.apply(edits, sources)
        return edits
    fitting: list[Edit] = []
    for edit in edits:
        with suppress(FixConflict):
            fixes.apply([*fitting, edit], sources)
            fitting.append(edit)
    return fitting


@dataclass(slots=True)
class _Page:
    """One file, and what its comments are to name: codes by the comment that is there, and by line for new ones."""

    path: str
    text: str
    layout: Layout = field(init=False)
    there: list[Suppression] = field(init=False)
    merged: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))
    new: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        self.layout = layout(self.text)
        self.there = [one for one in suppressions.read(self.path, self.text) if one.list_span and not one.whole_file]

    def silence(self, finding: Finding) -> None:
        """Plan a comment for a finding, if one can silence it."""
        if finding.rule in ALWAYS or finding.rule == UNUSED:
            return
        span = finding.span
        alone = "static" in finding.evidence and finding.entry in ("", span.path)
        codes = [finding.rule] if alone else [finding.rule, UNUSED]  # idle for a `check` of this file
        near = [at for at, one in enumerate(self.there) if not one.malformed and one.reaches(span)]
        places = (span.line, max(span.line, span.end_line), self.layout.statement(span.line)[1])
        line = next((line for line in places if line in self.layout.open_ends), None)
        if near:
            self.merged[near[0]] += codes
        elif line is not None:
            self.new[line] += codes

    def edits(self, reason: str) -> Iterator[Edit]:
        """What to write."""
        why = f" -- {reason}" if reason else ""
        for at, codes in self.merged.items():
            one = self.there[at]
            assert one.list_span is not None
            yield Edit(one.list_span, ", ".join(dict.fromkeys([*one.named, *codes])))
            if why and not one.reason:
                end = Span(self.path, one.span.line, one.span.end_column, one.span.line, one.span.end_column)
                yield Edit(end, why)
        lines = lines_of(self.text)
        for number, codes in self.new.items():
            line = lines[number - 1].rstrip("\r\n")
            end = Span(self.path, number, len(line.rstrip()) + 1, number, len(line) + 1)
            yield Edit(end, f"  # shapecheck: ignore[{', '.join(sorted(set(codes)))}]{why}")
