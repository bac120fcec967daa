"""What of the findings is to be told: not those that a baseline knows, nor those on lines that did not change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from shapecheck.baseline import Baseline, Entry, Matched
from shapecheck.changes import Changes
from shapecheck.findings import Finding
from shapecheck.results import BaselineUse, Hidden, HiddenBy, Outcome
from shapecheck.selection import Selection


@dataclass(frozen=True, slots=True)
class Sieve:
    """Hides findings.

    Attributes:
        rules: which rules are on in a file.
        baseline: the findings that are known already.
        changes: what changed since a revision.
    """

    rules: Callable[[str], Selection]
    baseline: Baseline | None = None
    changes: Changes | None = None

    def __call__(self, outcome: Outcome) -> Outcome:
        """The outcome, less what is not to be told. UsageError for a file in no repository, where one is needed."""
        if self.changes is not None:
            for path in outcome.entries:
                self.changes.require(path)
        if self.baseline is not None:
            matched, stale = self._matched(self.baseline, outcome)
            told = tuple((str(entry), count) for entry, count in sorted(stale.items()))
            _hide(outcome, matched.known, "baseline")
            outcome.baseline = BaselineUse(str(self.baseline.path), told)
        if self.changes is not None:
            _hide(outcome, [f for f in outcome.findings if not self.changes.touch(f, outcome.sources)], "since")
            outcome.since = self.changes.revision
        return outcome

    def record(self, outcome: Outcome) -> Outcome:
        """Write the baseline anew, with all that was found; the outcome is then left with what it cannot hold."""
        if self.baseline is None:
            return outcome
        known = [one.finding for one in outcome.hidden if one.by == "baseline"]
        outcome.findings += known
        outcome.hidden = [one for one in outcome.hidden if one.by != "baseline"]
        matched, stale = self._matched(self.baseline, outcome)
        renewed = self.baseline.renewed(matched, stale, outcome.sources)
        renewed.write()
        recorded = Sieve(self.rules, renewed)(outcome)
        added = sum(renewed.entry(finding, outcome.sources) is not None for finding in matched.new)
        recorded.baseline = BaselineUse(
            str(renewed.path),
            tuple((str(entry), count) for entry, count in sorted(stale.items())),
            renewed.entries.total(),
            added,
        )
        return recorded

    def _matched(self, baseline: Baseline, outcome: Outcome) -> tuple[Matched, Counter[Entry]]:
        matched = baseline.match(outcome.findings, outcome.sources)
        return matched, baseline.stale(matched.left, outcome, self.rules)


def _hide(outcome: Outcome, findings: list[Finding], by: HiddenBy) -> None:
    gone = {id(finding) for finding in findings}
    outcome.findings = [finding for finding in outcome.findings if id(finding) not in gone]
    outcome.hidden += [Hidden(finding, by) for finding in findings]
