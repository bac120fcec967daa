"""``shapecheck run``."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from shapecheck.cli.options import judging, mending, options_of, tracing
from shapecheck.cli.report import report


@click.command()
@click.argument("script", type=click.Path(path_type=Path))
@click.argument("argv", nargs=-1, type=click.UNPROCESSED, metavar="[-- ARGS]...")
@tracing
@judging
def run(script: Path, argv: tuple[str, ...], **settings: Any) -> int:
    """Check a script, then run it, without weights, data or network, up to its first training step."""
    from shapecheck import mend, running

    how = running.How(settings["python"], settings["timeout"], settings["memory"], not settings["no_server"])
    options = options_of(settings)
    options = replace(options, stages=options.stages or not settings["quiet"])
    outcome = mend.repeat(lambda: running.run(script, list(argv), options, how), mending(settings))
    return report(outcome, settings)
