"""What the summary says of findings that are not told, and of the baseline."""

from __future__ import annotations

from collections.abc import Iterator

from shapecheck.results import BaselineUse, Outcome


def left_out(outcome: Outcome, verbose: bool = False) -> Iterator[str]:
    """A sentence for each reason; with ``verbose`` one for each stale entry of the baseline too."""
    yield from outcome.notes
    if outcome.baseline is not None:
        yield from _of_baseline(outcome.baseline, outcome.hidden_by("baseline"), verbose)
    unchanged = outcome.hidden_by("since")
    if unchanged:
        yield f"{_findings(unchanged)} on lines that did not change {_are(unchanged)} not shown"


def _of_baseline(use: BaselineUse, hidden: int, verbose: bool) -> Iterator[str]:
    stale = sum(count for _, count in use.stale)
    if use.recorded is not None:
        yield f"recorded {_findings(use.recorded)} in {use.path} ({use.added} new, {stale} dropped)"
        return
    if hidden:
        yield f"{_findings(hidden)} in {use.path} {_are(hidden)} not shown"
    if stale:
        entries = f"{stale} {'entry' if stale == 1 else 'entries'} of {use.path}"
        more = "" if verbose else ", --verbose lists them"
        yield f"{entries} {'matches' if stale == 1 else 'match'} nothing any more: --update-baseline drops them{more}"
    for entry, count in use.stale if verbose else ():
        yield f"no longer found: {entry}{f' ({count} times)' if count > 1 else ''}"


def _findings(count: int) -> str:
    return f"{count} finding{'' if count == 1 else 's'}"


def _are(count: int) -> str:
    return "is" if count == 1 else "are"
