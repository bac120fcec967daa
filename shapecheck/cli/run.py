"""``shapecheck run``."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from shapecheck.cli.options import WithReason, examples, how_of, judging, options_of, tracing
from shapecheck.cli.report import report
from shapecheck.cli.settling import settled_outcome
from shapecheck.errors import UsageError


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
@tracing
@judging
def run(script: Path, argv: tuple[str, ...], module: bool, each: bool, **settings: Any) -> int:
    """Check a script, then run it, without weights, data or network, up to its first training step."""
    if module:
        if each:
            raise UsageError("-m takes one module and its arguments: leave out --each")
        from shapecheck import entry

        return _run(entry.file_of(str(script), Path()), list(argv), settings, str(script))
    if not each:
        return _run(script, list(argv), settings)
    if settings["output_format"] not in (None, "full", "text") or settings["output_file"] is not None:
        raise UsageError("--each prints one report after another, as text: leave out --output-format and --output-file")
    missing = next((path for path in map(Path, argv) if not path.exists()), None)
    if missing is not None:
        raise UsageError(f"{missing} does not exist, and with --each every argument is a script")
    settings["output_format"] = "full"  # whatever a settings file wants of single reports
    return max(_run(path, [], dict(settings)) for path in (script, *map(Path, argv)))


def _run(script: Path, argv: list[str], settings: dict[str, Any], module: str = "") -> int:
    from shapecheck import running

    options = options_of(settings)
    traced_with = options.lookup.run_of(script)
    how = replace(how_of(settings, traced_with), module=module)
    argv = argv or list(traced_with.args or ())
    options = replace(options, stages=options.stages or not settings["quiet"])
    outcome = settled_outcome(lambda: running.run(script, argv, options, how), [script], options, settings)
    return report(outcome, settings)
