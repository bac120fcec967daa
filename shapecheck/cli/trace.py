"""``shapecheck trace``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from shapecheck.cli.completing import targets
from shapecheck.cli.configuring import configured, settled
from shapecheck.cli.options import examples, how_of, tracing
from shapecheck.cli.report import emit, rendered


@click.command(
    short_help="Show the shapes inside one model.",
    epilog=examples(
        "shapecheck trace model.py::Net --input 'images=float32[batch,3,224,224]'",
        "shapecheck trace bert-base-uncased::AutoModelForSequenceClassification --arg num_labels=5",
        "shapecheck trace ./my-model --verbose",
    ),
)
@click.argument("target", shell_complete=targets)
@click.option("--input", "inputs", multiple=True, metavar="NAME=DTYPE[SIZES]", help="An input: ids=int64[batch,16].")
@click.option("--arg", "args", multiple=True, metavar="NAME=VALUE", help="An argument of the class or the config.")
@tracing
@configured
@click.option("--output-format", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--output-file", type=click.Path(dir_okay=False, path_type=Path), help="Write the report there.")
@click.option("--verbose", "-v", is_flag=True, help="Every stage, those inside of layers too.")
@click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto", show_default=True)
def trace(target: str, inputs: tuple[str, ...], args: tuple[str, ...], **settings: Any) -> int:
    """Show the shapes inside one model: file.py::Class, a checkpoint (name::Class), or a folder with a config.json."""
    from shapecheck import running
    from shapecheck.engine import Options

    lookup = settled(settings)
    how = how_of(settings, lookup.run_of(target.partition("::")[0]))
    outcome = running.trace(target, inputs, args, Options(lookup, stages=True), how)
    code = running.trace_exit_code(outcome)
    if code == 2 and outcome.trace is not None:
        click.echo(f"shapecheck: {outcome.trace.reason}", err=True)
    if outcome.stages or settings["output_format"] == "json":
        told = {**settings, "diff": False, "quiet": False, "statistics": False}
        emit(rendered(outcome, told, sys.stdout), settings["output_file"], sys.stdout)
    return code
