"""Applying fixes: find, apply, and find again, until nothing is left that may be applied."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from shapecheck import fixes
from shapecheck.errors import FixConflict
from shapecheck.findings import Edit, Finding, Fix
from shapecheck.results import Applied, Outcome

_ROUNDS = 10
"""Far more than fixes that lead to further fixes need; after each round some finding must be gone."""


@dataclass(frozen=True, slots=True)
class Mending:
    """What to do with fixes: ``write`` them, or print them as a ``diff``; ``unsafe`` ones too or only safe ones;
    where a file is named, in that one ``only``."""

    write: bool = False
    diff: bool = False
    unsafe: bool = False
    only: str | None = None


def repeat(
    find: Callable[[], Outcome], mending: Mending, write: Callable[[Mapping[str, str]], None] = fixes.write
) -> Outcome:
    """What ``find`` finds once the fixes are applied, and which were; ``write`` puts new texts in place of files."""
    outcome = find()
    if outcome.interrupted:
        return outcome
    if mending.diff:
        texts, _ = combined(outcome, mending)
        outcome.diff = "".join(fixes.diff(path, outcome.sources[path], text) for path, text in sorted(texts.items()))
    applied: list[Applied] = []
    for _ in range(_ROUNDS if mending.write else 0):
        texts, done = combined(outcome, mending)
        if not texts:
            break
        write(texts)
        applied += done
        before = Counter(_told(finding) for finding in outcome.findings)
        outcome = find()
        gone = before - Counter(_told(finding) for finding in outcome.findings)
        if outcome.interrupted or not gone:
            break
    outcome.applied = applied
    return outcome


def _told(finding: Finding) -> tuple[str, str, str]:
    """What is said of a fault, wherever its lines have moved: a fix may uncover another one of the same rule."""
    return finding.rule, finding.span.path, re.sub(r"\bline \d+", "line", finding.message)


def combined(outcome: Outcome, mending: Mending) -> tuple[dict[str, str], list[Applied]]:
    """The new text of each file, and the fixes in it; of two fixes that get in each other's way the later one waits."""
    edits: list[Edit] = []
    done: list[Applied] = []
    texts: dict[str, str] = {}
    for finding in outcome.findings:
        fix = applicable(finding, mending)
        if fix is None:
            continue
        try:
            texts = fixes.apply([*edits, *fix.edits], outcome.sources)
        except FixConflict:
            continue
        edits += fix.edits
        done.append(Applied(finding.span.path, finding.rule, fix.title))
    return texts, done


def applicable(finding: Finding, mending: Mending) -> Fix | None:
    """The first fix that may be applied: safe (or unsafe ones asked for), and not refuted by a trace."""
    right = (fix for fix in finding.offered if mending.unsafe or fix.safety == "safe")
    return next(
        (fix for fix in right if mending.only is None or all(e.span.path == mending.only for e in fix.edits)), None
    )
