"""``shapecheck check``."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from shapecheck.cli.options import cache_of, judging, mending, options_of
from shapecheck.cli.report import report
from shapecheck.errors import UsageError

if TYPE_CHECKING:
    from shapecheck.engine import Options


@click.command()
@click.argument("paths", nargs=-1, type=click.Path())
@click.option("--stdin-filename", metavar="PATH", help="What to call the text from standard input.")
@judging
def check(paths: tuple[str, ...], stdin_filename: str | None, **settings: Any) -> int:
    """Check files and folders without running them ('-' reads standard input; without PATHS, this folder)."""
    from shapecheck import engine, mend

    options = options_of(settings, os.path.dirname(stdin_filename or "") or ".")
    if len(paths) != 1 or Path(paths[0]).is_dir():
        # The stages of a whole tree fill gigabytes, and nobody reads them unless they ask.
        options = replace(options, stages=settings["verbose"])
    if "-" in paths:
        return _check_stdin(paths, stdin_filename, options, settings)
    if stdin_filename is not None:
        raise UsageError("--stdin-filename goes with '-', the text from standard input")
    cache = cache_of(settings)
    outcome = mend.repeat(lambda: engine.check(paths or (".",), options, cache), mending(settings))
    if cache is not None and cache.trouble and settings["verbose"]:
        click.echo(f"shapecheck: {cache.trouble}", err=True)
    return report(outcome, settings)


def _check_stdin(paths: tuple[str, ...], name: str | None, options: Options, settings: dict[str, Any]) -> int:
    from shapecheck import engine, mend

    if len(paths) > 1:
        raise UsageError("'-' reads standard input and cannot stand beside other paths")
    if settings["fix"] and not settings["diff"]:
        raise UsageError("--fix cannot write to standard input; --diff prints what it would change")
    outcome = engine.check_data(sys.stdin.buffer.read(), name or "<stdin>", options)
    return report(mend.repeat(lambda: outcome, mending(settings)), settings)
