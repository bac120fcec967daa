"""What `check` and `run` do with what was found: hide what is known, mend, write comments, record."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shapecheck.cli.options import mending
from shapecheck.errors import UsageError

if TYPE_CHECKING:
    from shapecheck.engine import Options
    from shapecheck.results import Outcome
    from shapecheck.sieve import Sieve


def settled_outcome(
    find: Callable[[], Outcome],
    paths: Iterable[str | Path],
    options: Options,
    settings: dict[str, Any],
    write: Callable[[Mapping[str, str]], None] | None = None,
    only: str | None = None,
) -> Outcome:
    """What is left of what ``find`` finds once all was done that the options ask for.

    Args:
        paths: what is looked at.
        write: puts new texts in place of files; None for the files themselves.
        only: the one file that may be changed, where there is one.

    Raises:
        UsageError: options contradict each other; the baseline or the revision cannot be had, or a file not be written.
    """
    from shapecheck import fixes, mend

    _refuse(settings)
    sieve = _sieve(settings, options, paths)
    put = write or fixes.write
    seen = find if sieve is None else lambda: sieve(find())
    outcome = mend.repeat(seen, mending(settings, only), put)
    if outcome.interrupted:  # what is not known of all files is not written down
        return outcome
    if settings["add_ignores"] is not None:
        from shapecheck.fixes import ignores

        outcome = ignores.add(seen, outcome, settings["add_ignores"], put, only)
    if sieve is not None and settings["update_baseline"]:
        outcome = sieve.record(outcome)
    return outcome


def _refuse(settings: dict[str, Any]) -> None:
    if settings["update_baseline"] and not settings["baseline"]:
        raise UsageError("--update-baseline wants to know which: --baseline FILE, or `baseline` in the settings")
    if settings["update_baseline"] and (settings["since"] is not None or settings["diff"]):
        raise UsageError("--update-baseline records every finding: leave out --since and --diff")
    reason = settings["add_ignores"]
    if reason is not None and settings["diff"]:
        raise UsageError("--add-ignores writes, and --diff only shows: choose one")
    if reason and len(reason.splitlines()) > 1:
        raise UsageError("the reason of --add-ignores has to fit on one line")


def _sieve(settings: dict[str, Any], options: Options, paths: Iterable[str | Path]) -> Sieve | None:
    """What hides findings, where anything does."""
    known, revision = settings["baseline"], settings["since"]
    if not known and revision is None:
        return None
    from shapecheck.baseline import Baseline
    from shapecheck.changes import Changes
    from shapecheck.sieve import Sieve

    path = Path(known) if known else None
    if path is not None and path.is_absolute() and path.is_relative_to(os.getcwd()):
        path = path.relative_to(os.getcwd())  # as a settings file names it, told as it would be typed here
    baseline = Baseline.load(path, missing_ok=settings["update_baseline"]) if path is not None else None
    return Sieve(options.lookup.rules, baseline, Changes(revision, paths) if revision is not None else None)
