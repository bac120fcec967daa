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
from shapecheck.cli.report import INTERRUPTED, report
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
@click.option("--watch", is_flag=True, help="Check again after each change, until Ctrl-C.")
@judging
def check(paths: tuple[str, ...], stdin_filename: str | None, watch: bool, **settings: Any) -> int:
    """Check files and folders without running them ('-' reads standard input; without PATHS, this folder)."""
    if watch:
        return _watch(paths, stdin_filename, settings)
    if "-" in paths:
        return _check_stdin(paths, stdin_filename, settings)
    if stdin_filename is not None:
        raise UsageError("--stdin-filename goes with '-', the text from standard input")
    return _check(paths or (".",), settings)


def _check(paths: tuple[str, ...], settings: dict[str, Any]) -> int:
    from shapecheck import engine

    options = _options(paths, settings)
    cache = cache_of(settings)
    with progress(settings["quiet"]) as tell:
        outcome = settled_outcome(lambda: engine.check(paths, options, cache, tell), paths, options, settings)
    if cache is not None and cache.trouble and settings["verbose"]:
        click.echo(f"shapecheck: {cache.trouble}", err=True)
    return report(outcome, settings)


def _options(paths: tuple[str, ...], settings: dict[str, Any], folder: str = ".") -> Options:
    options = options_of(settings, folder)
    if len(paths) != 1 or Path(paths[0]).is_dir():
        # The stages of a whole tree fill gigabytes, and nobody reads them unless they ask.
        options = replace(options, stages=settings["verbose"])
    return options


def _watch(paths: tuple[str, ...], stdin_filename: str | None, settings: dict[str, Any]) -> int:
    from shapecheck import engine
    from shapecheck.cli.watching import refuse_what_writes_once, signature, watch

    if "-" in paths or stdin_filename is not None:
        raise UsageError("--watch waits for files to change, and standard input is none")
    refuse_what_writes_once(settings)
    paths = paths or (".",)

    def plan() -> object:
        said = dict(settings)
        options = _options(paths, said)
        files = [str(path) for path in engine.files(paths, options).files]
        return said, files, [options.lookup.key(path) for path in files], signature(said["baseline"])

    def look() -> None:
        if _check(paths, dict(settings)) == INTERRUPTED:
            raise KeyboardInterrupt

    return watch(look, plan, settings["quiet"])


def _check_stdin(paths: tuple[str, ...], name: str | None, settings: dict[str, Any]) -> int:
    from shapecheck import engine, fixes

    options = _options(paths, settings, os.path.dirname(name or "") or ".")
    if len(paths) > 1:
        raise UsageError("'-' reads standard input and cannot stand beside other paths")
    if settings["update_baseline"]:
        raise UsageError("--update-baseline records what is in files, not standard input")
    name = name or "<stdin>"
    data = sys.stdin.buffer.read()

    def write(texts: Mapping[str, str]) -> None:
        nonlocal data
        data = fixes.rewritten(data, name, texts[name])

    outcome = settled_outcome(
        lambda: engine.check_data(data, name, options), [name], options, settings, write, only=name
    )
    prints = settings["add_ignores"] is not None or (settings["fix"] and not settings["diff"])
    if prints:  # as ruff does: the text goes where it came from, and the report beside it
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    return report(outcome, settings, beside=prints)
