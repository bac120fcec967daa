"""The outcomes of many files: the cache's where nothing has changed, the others worked out, by several processes."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING

from shapecheck import disk
from shapecheck.cache import Cache
from shapecheck.disk import Fact
from shapecheck.results import Failure, Outcome

if TYPE_CHECKING:
    from shapecheck.engine import Options

_WORTH_A_PROCESS = 24
"""Files from which on a second process saves more than its start costs."""


def outcomes(
    paths: Sequence[str],
    look: Callable[[str], Outcome],
    options: Options,
    cache: Cache | None = None,
    tell: Callable[[int, int], None] = lambda done, every: None,
) -> Outcome:
    """What was found in all files, in their order, however many processes there are.

    An interrupt (Ctrl-C) ends the work; then it is what was found so far, and says of how many files.

    Args:
        look: works out the outcome of one file; other processes can import it.
        tell: is told after each file how many there are by now, and of how many.
    """
    found: dict[str, Outcome] = {}
    every = Outcome()
    try:
        with closing(_each(paths, look, options, cache)) as parts:
            for path, part in parts:
                found[path] = part
                tell(len(found), len(paths))
    except KeyboardInterrupt:
        every.interrupted = len(paths)
    for path in paths:
        if path in found:
            every.add(found[path])
    return every


def _each(
    paths: Sequence[str], look: Callable[[str], Outcome], options: Options, cache: Cache | None
) -> Generator[tuple[str, Outcome], None, None]:
    missing = []
    for path in paths:
        known = cache.get(path, options) if cache is not None else None
        if known is None:
            missing.append(path)
        else:
            yield path, known
    with closing(_made(missing, partial(_with_facts, look=look), options.jobs)) as made:
        for path, (outcome, facts) in made:
            if cache is not None:
                cache.put(path, options, facts, outcome)
            yield path, outcome
    if cache is not None:
        cache.close()


def _made(
    paths: Sequence[str], work: Callable[[str], tuple[Outcome, set[Fact]]], jobs: int
) -> Generator[tuple[str, tuple[Outcome, set[Fact]]], None, None]:
    wanted = min(jobs or min(_processors(), len(paths) // _WORTH_A_PROCESS), len(paths))
    if wanted <= 1:
        yield from ((path, work(path)) for path in paths)
        return
    from shapecheck import workers  # costs as much as a small file, and most checks are of one

    with closing(workers.each(work, paths, wanted)) as results:
        for path, result in results:
            if isinstance(result, workers.Lost):
                yield path, (Outcome(failures=[Failure(path, result.reason)], files=1), set())
            else:
                disk.add(result[1])
                yield path, result


def _with_facts(path: str, look: Callable[[str], Outcome]) -> tuple[Outcome, set[Fact]]:
    with disk.recording() as facts:
        outcome = look(path)
    return outcome, facts


def _processors() -> int:
    """Those that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
