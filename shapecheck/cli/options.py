"""The options that several commands share, and what they come to."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from shapecheck.cli.configuring import settled, settling
from shapecheck.errors import UsageError
from shapecheck.reports import forms
from shapecheck.settings.values import LEAST_MEGABYTES, LEAST_SECONDS

if TYPE_CHECKING:
    from shapecheck.cache import Cache
    from shapecheck.engine import Options
    from shapecheck.mend import Mending
    from shapecheck.running import How
    from shapecheck.settings import Run

caching = click.option(
    "--cache-dir",
    type=click.Path(file_okay=False, path_type=Path),
    envvar="SHAPECHECK_CACHE_DIR",
    help="Where outcomes are kept ($SHAPECHECK_CACHE_DIR), if not in your own cache folder.",
)

Command = TypeVar("Command", bound=Callable[..., Any])


class WithReason(click.Command):
    """A command whose ``--add-ignores`` takes a reason behind ``=``, and never the next word."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        own = args.index("--") if "--" in args else len(args)
        spelled = ["--add-ignores=" if word == "--add-ignores" else word for word in args[:own]]
        return super().parse_args(ctx, spelled + args[own:])


def examples(*lines: str) -> str:
    """The end of a command's help: a few calls, as they stand here."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)


def judging(command: Command) -> Command:
    """The options that `check` and `run` share."""
    options = [
        click.option("--fix", is_flag=True, help="Write the fixes that are safe to the files."),
        click.option("--unsafe-fixes", is_flag=True, help="Apply fixes too that may change what is meant."),
        click.option("--diff", is_flag=True, help="Print what --fix would change, and write nothing."),
        click.option("--output-file", type=click.Path(dir_okay=False, path_type=Path), help="Write the report there."),
        click.option("--exit-zero", is_flag=True, help="Exit with 0 even if something is found."),
        click.option("--statistics", is_flag=True, help="Count the findings of each rule instead."),
        click.option("--baseline", metavar="FILE", help="Not the findings that this file holds, by their content."),
        click.option("--update-baseline", is_flag=True, help="Write today's findings to the baseline."),
        click.option("--add-ignores", metavar="[=REASON]", help="Write comments that silence the findings."),
        click.option("--since", metavar="REV", help="Only findings on lines that changed since REV branched off."),
        click.option(
            "--show-suppressed", is_flag=True, help="Tell what comments silence, with their reasons (text, sarif)."
        ),
        click.option("--no-cache", is_flag=True, help="Look at every file anew."),
        caching,
        click.option("--quiet", "-q", is_flag=True, help="The findings alone."),
        click.option("--verbose", "-v", is_flag=True, help="Every shape that is known, and every place not checked."),
        click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto", show_default=True),
    ]
    for option in reversed(options):
        command = option(command)
    return settling(command)


def tracing(command: Command) -> Command:
    """The options of a command that traces."""
    options = [
        click.option(
            "--python", metavar="PATH", help="The interpreter of the project, if not the virtual environment's."
        ),
        click.option(
            "--timeout", type=click.FloatRange(min=LEAST_SECONDS), show_default="120", help="Seconds for a trace."
        ),
        click.option("--memory", type=click.IntRange(min=LEAST_MEGABYTES), show_default="8192", help="Megabytes."),
        click.option("--no-server", is_flag=True, help="Leave no process behind that the next trace is quicker by."),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def options_of(settings: dict[str, Any], folder: str = ".") -> Options:
    """What the options of :func:`judging` ask the engine for; UsageError for those that contradict each other."""
    from shapecheck.engine import Options

    if settings["diff"]:  # ahead of a report's form that only a settings file asks for
        settings["output_format"] = settings["output_format"] or "full"
    lookup = settled(settings, folder)
    form = settings["output_format"] = forms.named(settings["output_format"])
    if settings["diff"] and form != "full":
        raise UsageError(f"--diff prints a diff and --output-format {form} a report: choose one")
    if settings["statistics"] and form not in forms.COUNTED:
        raise UsageError(f"--statistics goes with the forms {', '.join(forms.COUNTED)}, and {form} has no place for it")
    if settings["quiet"] and settings["verbose"]:
        raise UsageError("--quiet and --verbose ask for opposite things")
    return Options(
        lookup=lookup,
        jobs=settings["jobs"],
        stages=form == "json" or settings["verbose"],
        shapes=form == "full" and settings["verbose"],
    )


def how_of(settings: dict[str, Any], run: Run) -> How:
    """How to trace: what was said on the command line, else what settings files say of the script."""
    from shapecheck.running import How

    usual = How()
    return How(
        settings["python"] or run.python,
        settings["timeout"] or run.timeout or usual.timeout,
        settings["memory"] or run.memory or usual.memory_mb,
        not settings["no_server"],
        env=run.env,
        inputs=run.inputs,
    )


def cache_of(settings: dict[str, Any]) -> Cache | None:
    """The cache that they name; None where none is wanted, or there is no folder for one."""
    from shapecheck.cache import Cache, user_folder

    folder = None if settings["no_cache"] else settings["cache_dir"] or user_folder()
    return Cache(Path(folder)) if folder is not None else None


def mending(settings: dict[str, Any], only: str | None = None) -> Mending:
    """What they say about fixes; ``only`` is the one file that may be changed, where there is one."""
    from shapecheck.mend import Mending

    diff = settings["diff"]
    return Mending(write=settings["fix"] and not diff, diff=diff, unsafe=settings["unsafe_fixes"], only=only)
