"""The options that several commands share, and what they come to."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from shapecheck.errors import UsageError
from shapecheck.findings import SEVERITIES

if TYPE_CHECKING:
    from shapecheck.engine import Options
    from shapecheck.mend import Mending

Command = TypeVar("Command", bound=Callable[..., Any])

POOLINGS = ("cls", "mean", "max", "last", "pooler")


def judging(command: Command) -> Command:
    """The options that `check` and `run` share."""
    options = [
        click.option("--fix", is_flag=True, help="Write the fixes that are safe to the files."),
        click.option("--unsafe-fixes", is_flag=True, help="Apply fixes too that may change what is meant."),
        click.option("--diff", is_flag=True, help="Print what --fix would change, and write nothing."),
        click.option("--pooling", type=click.Choice(POOLINGS), help="The pooling that you want: its fix is safe then."),
        click.option("--select", multiple=True, metavar="CODES", help="Only these rules (SHP1,SHP201)."),
        click.option("--ignore", multiple=True, metavar="CODES", help="Not these rules."),
        click.option("--extend-select", multiple=True, metavar="CODES", help="These rules as well."),
        click.option("--output-format", type=click.Choice(["text", "json"]), default="text", show_default=True),
        click.option("--output-file", type=click.Path(dir_okay=False, path_type=Path), help="Write the report there."),
        click.option("--exit-zero", is_flag=True, help="Exit with 0 even if something is found."),
        click.option("--fail-on", type=click.Choice(SEVERITIES), default="warning", show_default=True),
        click.option("--statistics", is_flag=True, help="Count the findings of each rule."),
        click.option("--jobs", type=click.IntRange(min=0), default=0, help="Processes to use; 0: as many as pay."),
        click.option("--no-cache", is_flag=True, help="Look at every file anew."),
        click.option("--quiet", "-q", is_flag=True, help="The findings alone."),
        click.option("--verbose", "-v", is_flag=True, help="Every shape that is known, and every place not checked."),
        click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto", show_default=True),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def tracing(command: Command) -> Command:
    """The options of a command that traces."""
    options = [
        click.option(
            "--python", metavar="PATH", help="The interpreter of the project, if not the virtual environment's."
        ),
        click.option(
            "--timeout", type=click.FloatRange(min=0.1), default=120.0, show_default=True, help="Seconds for a trace."
        ),
        click.option("--memory", type=click.IntRange(min=64), default=8192, show_default=True, help="Megabytes."),
        click.option("--no-server", is_flag=True, help="Leave no process behind that the next trace is quicker by."),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def options_of(settings: dict[str, Any]) -> Options:
    """What the options of :func:`judging` ask the engine for; UsageError for those that contradict each other."""
    from shapecheck.engine import Options
    from shapecheck.selection import Selection, prefixes

    if settings["diff"] and settings["output_format"] != "text":
        raise UsageError("--diff prints a diff and --output-format json a report with every edit: choose one")
    if settings["quiet"] and settings["verbose"]:
        raise UsageError("--quiet and --verbose ask for opposite things")
    chosen = Selection(*(prefixes(settings[key]) for key in ("select", "ignore", "extend_select")))
    return Options(
        rules=chosen,
        pooling=settings["pooling"],
        jobs=settings["jobs"],
        stages=settings["output_format"] == "json" or settings["verbose"],
        shapes=settings["output_format"] == "text" and settings["verbose"],
    )


def mending(settings: dict[str, Any]) -> Mending:
    """What they say about fixes."""
    from shapecheck.mend import Mending

    diff = settings["diff"]
    return Mending(write=settings["fix"] and not diff, diff=diff, unsafe=settings["unsafe_fixes"])
