"""The options that stand beside settings files, and both brought together."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.core import ParameterSource

from shapecheck.cli.completing import rule_codes
from shapecheck.errors import UsageError
from shapecheck.findings import SEVERITIES
from shapecheck.settings.values import OUTPUT_FORMATS, POOLINGS, Wrong

if TYPE_CHECKING:
    from shapecheck.settings import Lookup

Command = TypeVar("Command", bound=Callable[..., Any])


def settling(command: Command) -> Command:
    """The options of `check` and `run` that settings files have as well."""
    form = click.option(
        "--output-format",
        type=click.Choice(OUTPUT_FORMATS),
        metavar=f"[{'|'.join(OUTPUT_FORMATS[:-1])}]",
        show_default="full",
        help="The form of the report.",
    )
    return form(choosing(command))


def choosing(command: Command) -> Command:
    """Those of them that say which files, which rules and how to look."""
    options = [
        click.option("--pooling", type=click.Choice(POOLINGS), help="The pooling that you want: its fix is safe then."),
        _codes("--select", "Only these rules (SHP1,SHP201)."),
        _codes("--ignore", "Not these rules."),
        _codes("--extend-select", "These rules as well."),
        click.option("--fail-on", type=click.Choice(SEVERITIES), show_default="warning"),
        click.option("--jobs", type=click.IntRange(min=0), help="Processes to use; 0: as many as pay."),
        _patterns("--exclude", "Leave these out of a search, as .gitignore has them, in place of the usual ones."),
        _patterns("--extend-exclude", "Leave these out as well."),
        click.option(
            "--force-exclude/--no-force-exclude",
            default=None,
            help="Leave out what is excluded even where it is named.",
        ),
        click.option(
            "--respect-gitignore/--no-respect-gitignore", default=None, help="Leave out of a search what git ignores."
        ),
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


def _patterns(name: str, help: str) -> Callable[[Command], Command]:
    return click.option(name, multiple=True, metavar="PATTERNS", help=help)


def settled(said: dict[str, Any], folder: str = ".") -> Lookup:
    """The settings of files under what was said on the command line, by option.

    What was not said there of the command as a whole is put in its place, from the settings of a folder. UsageError
    where a settings file is wrong.
    """
    from shapecheck.settings import Lookup, keys_of

    keys = {key.replace("-", "_"): known for key, known in keys_of().items()}
    told = {key: value for key, value in said.items() if key in keys and value not in (None, ())}
    given = {key: _read(keys[key].kind.read, value) for key, value in told.items()}
    source = click.get_current_context().get_parameter_source
    surroundings = frozenset(key for key in given if source(key) is ParameterSource.ENVIRONMENT)
    lookup = Lookup.of_command(given, said["config"], said["isolated"], surroundings)
    here = lookup.of_folder(folder)
    said.update({key: getattr(here, key) for key, known in keys.items() if known.everywhere})
    return lookup


def _read(read: Callable[[Any, str], Any], value: Any) -> Any:
    """An option's value; of one that may be given several times, and with commas, as a settings file has it."""
    if not isinstance(value, tuple):
        return value
    try:
        return read([word.strip() for text in value for word in text.split(",") if word.strip()], os.getcwd())
    except Wrong as why:
        raise UsageError(str(why)) from why
