"""``shapecheck check``."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from shapecheck.cli.options import WithReason, cache_of, examples, judging, options_of
from shapecheck.cli.progress import progress
from shapecheck.cli.report import report
from shapecheck.cli.settling import settled_outcome
from shapecheck.errors import UsageError

if TYPE_CHECKING:
    from shapecheck.engine import Options


@click.command(
    short_help="Read files and folders, and report faults.",
    cls=WithReason,
    epilog=examples(
        "shapecheck check                              this folder",
        "shapecheck check --fix --pooling mean src     mend what is safe to mend, with masked means",
        "shapecheck check --output-format sarif --output-file shapes.sarif .",
        "git diff --name-only -- '*.py' | xargs shapecheck check --output-format concise",
    ),
)
@click.argument("paths", nargs=-1, type=click.Path())
@click.option("--stdin-filename", metavar="PATH", help="What to call the text from standard input.")
@judging
def check(paths: tuple[str, ...], stdin_filename: str | None, **settings: Any) -> int:
    """Check files and folders without running them ('-' reads standard input; without PATHS, this folder)."""
    from shapecheck import engine

    options = options_of(settings, os.path.dirname(stdin_filename or "") or ".")
    if len(paths) != 1 or Path(paths[0]).is_dir():
        # The stages of a whole tree fill gigabytes, and nobody reads them unless they ask.
        options = replace(options, stages=settings["verbose"])
    if "-" in paths:
        return _check_stdin(paths, stdin_filename, options, settings)
    if stdin_filename is not None:
        raise UsageError("--stdin-filename goes with '-', the text from standard input")
    cache = cache_of(settings)
    with progress(settings["quiet"]) as tell:
        outcome = settled_outcome(lambda: engine.check(paths or (".",), options, cache, tell), options, settings)
    if cache is not None and cache.trouble and settings["verbose"]:
        click.echo(f"shapecheck: {cache.trouble}", err=True)
    return report(outcome, settings)


def _check_stdin(paths: tuple[str, ...], name: str | None, options: Options, settings: dict[str, Any]) -> int:
    from shapecheck import engine, fixes

    if len(paths) > 1:
        raise UsageError("'-' reads standard input and cannot stand beside other paths")
    if settings["update_baseline"]:
        raise UsageError("--update-baseline records what is in files, not standard input")
    name = name or "<stdin>"
    data = sys.stdin.buffer.read()

    def write(texts: Mapping[str, str]) -> None:
        nonlocal data
        data = fixes.rewritten(data, name, texts[name])

    outcome = settled_outcome(lambda: engine.check_data(data, name, options), options, settings, write, only=name)
    prints = settings["add_ignores"] is not None or (settings["fix"] and not settings["diff"])
    if prints:  # as ruff does: the text goes where it came from, and the report beside it
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    return report(outcome, settings, beside=prints)
