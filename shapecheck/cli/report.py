"""An outcome printed where it was asked for."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from shapecheck.errors import UsageError

if TYPE_CHECKING:
    from shapecheck.results import Outcome


def report(outcome: Outcome, settings: dict[str, Any], beside: bool = False) -> int:
    """Print an outcome where it was asked for, ``beside`` standard output where that is taken; the exit code."""
    from shapecheck.engine import exit_code

    stream = sys.stderr if beside else sys.stdout
    emit(rendered(outcome, settings, stream), settings["output_file"], stream)
    for failure in outcome.failures:
        click.echo(f"shapecheck: {failure}", err=True)
    code = exit_code(outcome, settings["fail_on"])
    return 0 if settings["exit_zero"] and code == 1 else code


def rendered(outcome: Outcome, settings: dict[str, Any], stream: TextIO) -> str:
    """An outcome in the form that was asked for, and that fits where it is printed."""
    from shapecheck.cells import presented

    outcome = presented(outcome)
    if settings["output_format"] == "json":
        from shapecheck.reports import json

        return json.render(outcome, statistics=settings["statistics"])
    if settings["diff"]:
        return outcome.diff
    from shapecheck.reports import terminal
    from shapecheck.reports.paint import ColorChoice, Paint, wanted

    to_file = settings["output_file"] is not None and settings["color"] == "auto"
    color: ColorChoice = "never" if to_file else settings["color"]
    told = {key: settings[key] for key in ("quiet", "verbose", "statistics")}
    suppressed = settings.get("show_suppressed", False)
    return terminal.render(outcome, terminal.Layout(Paint(wanted(color, stream)), suppressed=suppressed, **told))


def emit(text: str, path: Path | None, stream: TextIO) -> None:
    """Write a report to a file, or to a stream where none is named; UsageError where the file cannot be written."""
    if path is None:
        click.echo(text, stream, nl=False, color=True)
        return
    try:
        path.write_text(text, encoding="utf-8", errors="surrogateescape")
    except OSError as why:
        raise UsageError(f"cannot write {path}: {why.strerror}") from why
