"""An outcome printed where it was asked for."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from shapecheck.errors import UsageError

if TYPE_CHECKING:
    from shapecheck.results import Outcome


def report(outcome: Outcome, settings: dict[str, Any]) -> int:
    """Print an outcome where it was asked for; returns the exit code."""
    from shapecheck.engine import exit_code

    emit(rendered(outcome, settings), settings["output_file"])
    for failure in outcome.failures:
        click.echo(f"shapecheck: {failure}", err=True)
    code = exit_code(outcome, settings["fail_on"])
    return 0 if settings["exit_zero"] and code == 1 else code


def rendered(outcome: Outcome, settings: dict[str, Any]) -> str:
    """An outcome in the form that was asked for."""
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
    return terminal.render(outcome, terminal.Layout(Paint(wanted(color, sys.stdout)), suppressed=suppressed, **told))


def emit(text: str, path: Path | None) -> None:
    """Write a report to a file, or to standard output; UsageError where the file cannot be written."""
    if path is None:
        click.echo(text, nl=False, color=True)
        return
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as why:
        raise UsageError(f"cannot write {path}: {why.strerror}") from why
