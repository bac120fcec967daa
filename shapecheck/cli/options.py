"""The options that several commands share, and what they come to."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from shapecheck.cli.completing import rule_codes
from shapecheck.errors import UsageError
from shapecheck.findings import SEVERITIES
from shapecheck.settings.values import CODES, LEAST_MEGABYTES, LEAST_SECONDS, OUTPUT_FORMATS, POOLINGS

if TYPE_CHECKING:
    from shapecheck.cache import Cache
    from shapecheck.engine import Options
    from shapecheck.mend import Mending
    from shapecheck.settings import Lookup

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


def judging(command: Command) -> Command:
    """The options that `check` and `run` share."""
    options = [
        click.option("--fix", is_flag=True, help="Write the fixes that are safe to the files."),
        click.option("--unsafe-fixes", is_flag=True, help="Apply fixes too that may change what is meant."),
        click.option("--diff", is_flag=True, help="Print what --fix would change, and write nothing."),
        click.option("--pooling", type=click.Choice(POOLINGS), help="The pooling that you want: its fix is safe then."),
        _codes("--select", "Only these rules (SHP1,SHP201)."),
        _codes("--ignore", "Not these rules."),
        _codes("--extend-select", "These rules as well."),
        click.option("--output-format", type=click.Choice(OUTPUT_FORMATS), show_default="text"),
        click.option("--output-file", type=click.Path(dir_okay=False, path_type=Path), help="Write the report there."),
        click.option("--exit-zero", is_flag=True, help="Exit with 0 even if something is found."),
        click.option("--fail-on", type=click.Choice(SEVERITIES), show_default="warning"),
        click.option("--statistics", is_flag=True, help="Count the findings of each rule."),
        click.option("--baseline", metavar="FILE", help="Not the findings that this file holds, by their content."),
        click.option("--update-baseline", is_flag=True, help="Write today's findings to the baseline."),
        click.option("--add-ignores", metavar="[=REASON]", help="Write comments that silence the findings."),
        click.option("--since", metavar="REV", help="Only findings on lines that changed since REV branched off."),
        click.option("--show-suppressed", is_flag=True, help="List what comments silence, and the reasons they give."),
        click.option("--jobs", type=click.IntRange(min=0), help="Processes to use; 0: as many as pay."),
        click.option("--no-cache", is_flag=True, help="Look at every file anew."),
        caching,
        click.option("--quiet", "-q", is_flag=True, help="The findings alone."),
        click.option("--verbose", "-v", is_flag=True, help="Every shape that is known, and every place not checked."),
        click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto", show_default=True),
    ]
    for option in reversed(options):
        command = option(command)
    return configured(command)


def configured(command: Command) -> Command:
    """The options that say where the settings are."""
    file = click.option("--config", metavar="PATH", help="This settings file, in place of those near the files.")
    return file(click.option("--isolated", is_flag=True, help="No settings files.")(command))


def _codes(name: str, help: str) -> Callable[[Command], Command]:
    return click.option(name, multiple=True, metavar="CODES", shell_complete=rule_codes, help=help)


def tracing(command: Command) -> Command:
    """The options of a command that traces."""
    options = [
        click.option(
            "--python", metavar="PATH", help="The interpreter of the project, if not the virtual environment's."
        ),
        click.option(
            "--timeout",
            type=click.FloatRange(min=LEAST_SECONDS),
            default=120.0,
            show_default=True,
            help="Seconds for a trace.",
        ),
        click.option(
            "--memory", type=click.IntRange(min=LEAST_MEGABYTES), default=8192, show_default=True, help="Megabytes."
        ),
        click.option("--no-server", is_flag=True, help="Leave no process behind that the next trace is quicker by."),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def settled(settings: dict[str, Any], folder: str = ".") -> Lookup:
    """The settings of files, under what was said on the command line.

    What was not said there of the command as a whole is put in its place, from the settings of a folder. UsageError
    where a settings file is wrong.
    """
    from shapecheck.selection import prefixes
    from shapecheck.settings import Lookup, keys_of

    keys = {key.replace("-", "_"): known for key, known in keys_of().items()}
    said = {
        key: prefixes(value) if known.kind is CODES else value
        for key, value in settings.items()
        if (known := keys.get(key))
    }
    lookup = Lookup.of_command(said, settings["config"], settings["isolated"])
    here = lookup.of_folder(folder)
    settings.update({key: getattr(here, key) for key, known in keys.items() if known.everywhere})
    return lookup


def options_of(settings: dict[str, Any], folder: str = ".") -> Options:
    """What the options of :func:`judging` ask the engine for; UsageError for those that contradict each other."""
    from shapecheck.engine import Options

    if settings["diff"]:  # ahead of a report's form that only a settings file asks for
        settings["output_format"] = settings["output_format"] or "text"
    lookup = settled(settings, folder)
    if settings["diff"] and settings["output_format"] != "text":
        raise UsageError("--diff prints a diff and --output-format json a report with every edit: choose one")
    if settings["quiet"] and settings["verbose"]:
        raise UsageError("--quiet and --verbose ask for opposite things")
    return Options(
        lookup=lookup,
        jobs=settings["jobs"],
        stages=settings["output_format"] == "json" or settings["verbose"],
        shapes=settings["output_format"] == "text" and settings["verbose"],
    )


def cache_of(settings: dict[str, Any]) -> Cache | None:
    """The cache that they name; None where none is wanted, or there is no folder for one."""
    from shapecheck.cache import Cache, user_folder

    folder = None if settings["no_cache"] else settings["cache_dir"] or user_folder()
    return Cache(folder) if folder is not None else None


def mending(settings: dict[str, Any], only: str | None = None) -> Mending:
    """What they say about fixes; ``only`` is the one file that may be changed, where there is one."""
    from shapecheck.mend import Mending

    diff = settings["diff"]
    return Mending(write=settings["fix"] and not diff, diff=diff, unsafe=settings["unsafe_fixes"], only=only)
