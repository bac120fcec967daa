"""How far a long check is, on a terminal."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import click

_PATIENCE = 1.0
"""Seconds of work that need no bar."""

_ERASE = "\x1b[1A\x1b[2K"
"""One line up, and that line away: where the bar stood, the report begins."""


@contextmanager
def progress(quiet: bool) -> Iterator[Callable[[int, int], None]]:
    """What is to be told how many files are done, of how many; it draws a bar on standard error if that is a terminal
    and the work takes long, and removes it at the end."""
    if quiet or not sys.stderr.isatty():
        yield lambda done, every: None
        return
    bars: dict[int, Any] = {}
    since = time.monotonic()
    with ExitStack() as stack:

        def tell(done: int, every: int) -> None:
            if not bars and (done == every or time.monotonic() - since < _PATIENCE):
                return
            if every not in bars:
                bars[every] = stack.enter_context(_bar(every))
            bars[every].update(done - bars[every].pos)

        yield tell
    if bars:
        click.echo(_ERASE * len(bars), nl=False, err=True)


def _bar(length: int) -> Any:
    return click.progressbar(length=length, label="checking", show_pos=True, file=sys.stderr)
