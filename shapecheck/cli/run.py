"""``shapecheck run``."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from shapecheck.cli.options import WithReason, examples, how_of, judging, options_of, tracing
from shapecheck.cli.report import report
from shapecheck.cli.settling import settled_outcome
from shapecheck.errors import UsageError

if TYPE_CHECKING:
    from shapecheck.results import Outcome

Trace = Callable[[Path, dict[str, Any]], "Outcome"]
"""Checks and traces one script under some settings."""


@click.command(
    short_help="Check a script, then run it without weights or data.",
    cls=WithReason,
    epilog=examples(
        "shapecheck run train.py -- --epochs 1 --lr 3e-5",
        "shapecheck run --python ../venv/bin/python --timeout 300 train.py",
        "shapecheck run --diff --pooling cls train.py      what --fix would write",
    ),
)
@click.argument("script", type=click.Path(path_type=Path))
@click.argument("argv", nargs=-1, type=click.UNPROCESSED, metavar="[-- ARGS]...")
@click.option("-m", "module", is_flag=True, help="Take SCRIPT for a module's name, as python -m does: pkg.train.")
@click.option("--each", is_flag=True, help="Take ARGS for further scripts, and run each (as pre-commit asks).")
@click.option("--watch", is_flag=True, help="Run again after each change that matters, until Ctrl-C.")
@tracing
@judging
def run(script: Path, argv: tuple[str, ...], module: bool, each: bool, watch: bool, **settings: Any) -> int:
    """Check a script, then run it, without weights, data or network, up to its first training step."""
    if each:
        _refuse_with_each(argv, module, settings)
        settings["output_format"] = "full"  # whatever a settings file wants of single reports

    def scripts() -> list[Path]:
        if not module:
            return [script, *(map(Path, argv) if each else ())]
        from shapecheck import entry

        return [entry.file_of(str(script), Path())]

    trace = partial(_traced, argv=[] if each else list(argv), module=str(script) if module else "")
    if watch:
        return _watch(scripts, trace, settings)
    return max(_told(trace, path, settings)[0] for path in scripts())


def _refuse_with_each(argv: tuple[str, ...], module: bool, settings: dict[str, Any]) -> None:
    if module:
        raise UsageError("-m takes one module and its arguments: leave out --each")
    if settings["output_format"] not in (None, "full", "text") or settings["output_file"] is not None:
        raise UsageError("--each prints one report after another, as text: leave out --output-format and --output-file")
    missing = next((path for path in map(Path, argv) if not path.exists()), None)
    if missing is not None:
        raise UsageError(f"{missing} does not exist, and with --each every argument is a script")


def _told(trace: Trace, script: Path, settings: dict[str, Any]) -> tuple[int, Outcome]:
    """Trace a script and report it; the exit code, and the outcome."""
    said = dict(settings)  # to which the settings files add
    outcome = trace(script, said)
    return report(outcome, said), outcome


def _traced(script: Path, settings: dict[str, Any], argv: list[str], module: str) -> Outcome:
    from shapecheck import running

    options = options_of(settings)
    traced_with = options.lookup.run_of(script)
    how = replace(how_of(settings, traced_with), module=module)
    argv = argv or list(traced_with.args or ())
    options = replace(options, stages=options.stages or not settings["quiet"])
    return settled_outcome(lambda: running.run(script, argv, options, how), [script], options, settings)


def _watch(scripts: Callable[[], list[Path]], trace: Trace, settings: dict[str, Any]) -> int:
    from shapecheck import running
    from shapecheck.cli.watching import refuse_what_writes_once, rest_on, signature, watch

    refuse_what_writes_once(settings)

    def plan() -> object:
        said = dict(settings)
        lookup = options_of(said).lookup
        traced_with = []
        for path in scripts():
            running.require(path)
            run = lookup.run_of(path)
            traced_with.append((path, lookup.key(str(path)), run.args, how_of(said, run)))
        return said, traced_with, signature(said["baseline"])

    def look() -> None:
        for path in scripts():
            since = time.time_ns()
            _, outcome = _told(trace, path, settings)
            rest_on(outcome.trace.opened if outcome.trace else [], since)

    return watch(look, plan, settings["quiet"])
