"""What a finding is known by from one commit to the next: its rule, its file and its text, and no line number. Pure."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from shapecheck.edits import lines_of
from shapecheck.findings import Finding
from shapecheck.places import Span


def fingerprints(
    findings: Sequence[Finding], sources: Mapping[str, str], named: Callable[[str], str] = str
) -> list[str]:
    """A fingerprint for each finding, 64 hex digits, in the order given; no two are equal.

    Code that moves keeps it, whatever its indentation; where the same fault stands several times in the same words, the
    first, the second ... from the top of the file are told apart.

    Args:
        sources: the text of each file (of a notebook: of each cell), by :attr:`Span.where`; a finding in a file without
            one is known by its rule alone.
        named: the name of a path that is the same on every machine.
    """
    keys = [
        "\0".join((finding.rule, named(finding.span.path), marked_lines(finding, sources.get(finding.span.where, ""))))
        for finding in findings
    ]
    met: Counter[str] = Counter()
    out = [""] * len(keys)
    for at in sorted(range(len(keys)), key=lambda at: _place(findings[at])):
        out[at] = digest(keys[at], met[keys[at]])
        met[keys[at]] += 1
    return out


def _place(finding: Finding) -> tuple[str, int, Span, str]:
    return finding.span.path, finding.span.cell, finding.span, finding.message


def marked_lines(finding: Finding, text: str) -> str:
    """The lines that a finding's own span touches, every run of white space as one blank."""
    first, last = finding.span.line, finding.span.end_line or finding.span.line
    return " ".join("".join(lines_of(text)[first - 1 : last]).split())


def digest(*parts: object) -> str:
    """64 hex digits that stand for these words."""
    return hashlib.sha256("\0".join(map(str, parts)).encode("utf-8", "surrogatepass")).hexdigest()
