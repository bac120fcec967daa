"""``--watch``: look again whenever anything has changed that what was seen rests on."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

import click

from shapecheck import disk
from shapecheck.disk import Fact
from shapecheck.errors import UsageError

_PAUSE = 0.5
"""Seconds between two looks at the disk, where these are quick."""

_SHARE = 20
"""A pause is so many times as long as a look: asking costs a twentieth of a processor, however large the project is."""


_LARGEST = 20_000_000
"""Bytes of a file that is read to learn whether it has changed."""


def refuse_what_writes_once(settings: dict[str, Any]) -> None:
    """UsageError for options that make no sense after each change."""
    for option in ("add_ignores", "update_baseline"):
        if settings[option] not in (None, False):
            raise UsageError(f"--{option.replace('_', '-')} writes once, and --watch goes on: choose one")


def signature(path: str | None) -> object:
    """What tells the states of a file apart."""
    try:
        return path and os.stat(path).st_mtime_ns
    except OSError:
        return None


def rest_on(paths: Iterable[str], since: int) -> None:
    """Count files in that another process read during a look: their content, of large ones that they are there.

    Args:
        paths: files, of which some may be missing.
        since: when the look began, in nanoseconds; a file that changed later may have been read before that.
    """
    for path in paths:
        if not disk.is_file(path):
            continue
        with suppress(OSError, OverflowError):
            if since < os.stat(path).st_mtime_ns <= time.time_ns():
                disk.add([Fact("bytes", path, "", disk.UNSETTLED)])
            else:
                disk.read(path, _LARGEST)


def watch(look: Callable[[], object], plan: Callable[[], object], quiet: bool) -> int:
    """Look, and again after each change, until Ctrl-C; returns the exit code of that, 0.

    It polls: that works on every platform and file system (containers, networks), needs no package, and asks the very
    questions that the cache asks.

    Args:
        look: looks, and reports.
        plan: tells what there is to look at, and how (files and settings); another answer is a change.

    Raises:
        UsageError: there is nothing to watch, or the settings are wrong from the start.
    """
    planned = plan()
    with suppress(KeyboardInterrupt):
        while True:
            if sys.stdout.isatty():
                click.clear()
            with disk.recording() as facts:
                _tell_of_errors(look)
            if not quiet:
                click.echo("shapecheck: watching for changes; Ctrl-C ends", err=True)
            planned = _changed(facts, planned, plan)
    return 0


def _tell_of_errors(work: Callable[[], object]) -> None:
    """Do some work; of an error only tell: a settings file that is being written is soon right again."""
    try:
        work()
    except UsageError as why:
        click.echo(f"shapecheck: {why}", err=True)


def _changed(facts: Iterable[Fact], planned: object, plan: Callable[[], object]) -> object:
    """Wait until a fact holds no more or the plan is another; returns the plan of then."""
    # What never holds is a pipe, which cannot be read again, or has changed under the look, which is to be seen now.
    known = [fact for fact in facts if fact.value != disk.UNSETTLED or disk.is_file(fact.path)]
    took = 0.0
    while True:
        time.sleep(max(_PAUSE, took * _SHARE))
        started = time.monotonic()
        try:
            now = plan()
        except UsageError as why:
            now = str(why)
        with disk.session():
            same = all(map(disk.holds, known))
            known = [disk.settled(fact) for fact in known] if same else known
        if now != planned or not same:
            return now
        took = time.monotonic() - started
