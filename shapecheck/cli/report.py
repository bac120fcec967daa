"""An outcome printed where it was asked for."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from shapecheck.errors import UsageError
from shapecheck.reports import forms
from shapecheck.reports.width import legible
from shapecheck.writing import put

if TYPE_CHECKING:
    from shapecheck.results import Outcome


INTERRUPTED = 130
"""The exit code after Ctrl-C."""


_OF_FORMS = {"statistics": False, "fail_on": "warning", "show_suppressed": False}
"""What forms for programs are told, with what holds for a command that has no such option."""


def report(outcome: Outcome, settings: dict[str, Any], beside: bool = False) -> int:
    """Print an outcome where it was asked for, ``beside`` standard output where that is taken; the exit code."""
    from shapecheck.engine import exit_code

    stream = sys.stderr if beside else sys.stdout
    emit(rendered(outcome, settings, stream), settings["output_file"], stream)
    for failure in outcome.failures:
        click.echo(f"shapecheck: {failure}", err=True)
    if outcome.interrupted:
        click.echo(f"shapecheck: interrupted after {outcome.files} of {outcome.interrupted} files", err=True)
        return INTERRUPTED
    code = exit_code(outcome, settings["fail_on"])
    return 0 if settings["exit_zero"] and code == 1 else code


def rendered(outcome: Outcome, settings: dict[str, Any], stream: TextIO) -> str | bytes:
    """An outcome in the form that was asked for, and that fits where it is printed: bytes, in UTF-8, for programs."""
    from shapecheck.cells import presented

    outcome, form = presented(outcome), settings["output_format"]
    if form in forms.FOR_PROGRAMS:
        asked = (settings.get(key, usual) for key, usual in _OF_FORMS.items())
        text = forms.render(form, outcome, *asked)
        return encoded(text)
    if settings["diff"]:
        return encoded(outcome.diff)
    from shapecheck.reports import terminal
    from shapecheck.reports.paint import ColorChoice, Paint, columns, wanted

    to_file = settings["output_file"] is not None
    color: ColorChoice = "never" if to_file and settings["color"] == "auto" else settings["color"]
    told = {key: settings[key] for key in ("quiet", "verbose", "statistics")}
    layout = terminal.Layout(
        Paint(wanted(color, stream)),
        concise=form == "concise",
        suppressed=settings.get("show_suppressed", False),
        columns=None if to_file else columns(stream),
        **told,
    )
    return terminal.render(outcome, layout)


def encoded(text: str) -> bytes:
    """UTF-8; what it has no bytes for (half of a surrogate pair, in a file's name) as JSON writes it."""
    return text.encode("utf-8", "backslashreplace")


def emit(report: str | bytes, path: Path | None, stream: TextIO) -> None:
    """Write a report to a file, whole or not at all, or to a stream; UsageError where the file cannot be written."""
    if path is None:
        text = legible(report, stream.encoding) if isinstance(report, str) else report
        click.echo(text, stream, nl=False, color=True)
        return
    try:
        put(path, report if isinstance(report, bytes) else report.encode("utf-8", "surrogateescape"))
    except OSError as why:
        raise UsageError(f"cannot write {path}: {why.strerror}") from why
