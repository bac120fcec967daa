"""The command line: each command is one call of the engine, its outcome turned into text and an exit code."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from shapecheck import __version__
from shapecheck.errors import ShapecheckError, UsageError
from shapecheck.findings import SEVERITIES

if TYPE_CHECKING:
    from shapecheck.engine import Options
    from shapecheck.results import Outcome

Command = TypeVar("Command", bound=Callable[..., Any])

POOLINGS = ("cls", "mean", "max", "last", "pooler")


def main() -> None:
    """The console script: a wrong call is one sentence and exit code 2, never a traceback."""
    try:
        sys.exit(cli.main(prog_name="shapecheck", standalone_mode=False))
    except click.ClickException as why:
        _stop(" ".join(why.format_message().split()), why.exit_code)
    except ShapecheckError as why:
        _stop(str(why), why.exit_code)
    except (click.Abort, KeyboardInterrupt):
        _stop("interrupted", 130)
    except BrokenPipeError:  # the reader of a pipe went away: `shapecheck check . | head`
        sys.stderr.close()
        sys.exit(1)
    except Exception as why:  # the last border: a fault of ours is told in one sentence as well
        from shapecheck.results import Failure

        _stop(str(Failure.of(" ".join(sys.argv[1:]), why)), 2)


def _stop(message: str, code: int) -> None:
    click.echo(f"shapecheck: {message}", err=True)
    sys.exit(code)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="shapecheck", message="%(prog)s %(version)s")
def cli() -> None:
    """Find tensor-shape faults in PyTorch and transformers code before training does."""


def _shared_options(command: Command) -> Command:
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


@cli.command()
@click.argument("paths", nargs=-1)
@click.option("--stdin-filename", metavar="PATH", help="What to call the text from standard input.")
@_shared_options
def check(paths: tuple[str, ...], stdin_filename: str | None, **settings: Any) -> int:
    """Check files and folders without running them ('-' reads standard input; without PATHS, this folder)."""
    from shapecheck import engine, mend

    options = _options(settings)
    if len(paths) != 1 or Path(paths[0]).is_dir():
        # The stages of a whole tree fill gigabytes, and nobody reads them unless they ask.
        options = replace(options, stages=settings["verbose"])
    if "-" in paths:
        return _check_stdin(paths, stdin_filename, options, settings)
    if stdin_filename is not None:
        raise UsageError("--stdin-filename goes with '-', the text from standard input")
    outcome = mend.repeat(lambda: engine.check(paths or (".",), options), _mending(settings))
    return _report(outcome, settings)


def _check_stdin(paths: tuple[str, ...], name: str | None, options: Options, settings: dict[str, Any]) -> int:
    from shapecheck import engine, mend

    if len(paths) > 1:
        raise UsageError("'-' reads standard input and cannot stand beside other paths")
    if settings["fix"] and not settings["diff"]:
        raise UsageError("--fix cannot write to standard input; --diff prints what it would change")
    outcome = engine.check_data(sys.stdin.buffer.read(), name or "<stdin>", options)
    return _report(mend.repeat(lambda: outcome, _mending(settings)), settings)


@cli.command()
@click.argument("script", type=click.Path(path_type=Path))
@click.argument("argv", nargs=-1, type=click.UNPROCESSED, metavar="[-- ARGS]...")
@click.option("--python", metavar="PATH", help="The interpreter of the project, if not the virtual environment's.")
@click.option(
    "--timeout", type=click.FloatRange(min=0.1), default=120.0, show_default=True, help="Seconds for a trace."
)
@click.option("--memory", type=click.IntRange(min=64), default=8192, show_default=True, help="Megabytes.")
@click.option("--no-server", is_flag=True, help="Leave no process behind that the next run is quicker by.")
@_shared_options
def run(script: Path, argv: tuple[str, ...], **settings: Any) -> int:
    """Check a script, then run it, without weights, data or network, up to its first training step."""
    from shapecheck import mend, running

    how = running.How(settings["python"], settings["timeout"], settings["memory"], not settings["no_server"])
    options = _options(settings)
    options = replace(options, stages=options.stages or not settings["quiet"])
    outcome = mend.repeat(lambda: running.run(script, list(argv), options, how), _mending(settings))
    return _report(outcome, settings)


@cli.command()
@click.argument("target")
@click.option("--input", "inputs", multiple=True, metavar="NAME=DTYPE[SIZES]", help="An input: ids=int64[batch,16].")
@click.option("--arg", "args", multiple=True, metavar="NAME=VALUE", help="An argument of the class or the config.")
@click.option("--python", metavar="PATH", help="The interpreter of the project, if not the virtual environment's.")
@click.option(
    "--timeout", type=click.FloatRange(min=0.1), default=120.0, show_default=True, help="Seconds for a trace."
)
@click.option("--memory", type=click.IntRange(min=64), default=8192, show_default=True, help="Megabytes.")
@click.option("--no-server", is_flag=True, help="Leave no process behind that the next trace is quicker by.")
@click.option("--output-format", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--output-file", type=click.Path(dir_okay=False, path_type=Path), help="Write the report there.")
@click.option("--verbose", "-v", is_flag=True, help="Every stage, those inside of layers too.")
@click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto", show_default=True)
def trace(target: str, inputs: tuple[str, ...], args: tuple[str, ...], **settings: Any) -> int:
    """Show the shapes inside one model: file.py::Class, a checkpoint (name::Class), or a folder with a config.json."""
    from shapecheck import running
    from shapecheck.engine import Options

    how = running.How(settings["python"], settings["timeout"], settings["memory"], not settings["no_server"])
    outcome = running.trace(target, inputs, args, Options(stages=True), how)
    code = running.trace_exit_code(outcome)
    if code == 2 and outcome.trace is not None:
        click.echo(f"shapecheck: {outcome.trace.reason}", err=True)
    if outcome.stages or settings["output_format"] == "json":
        told = {**settings, "diff": False, "quiet": False, "statistics": False}
        _emit(_rendered(outcome, told), settings["output_file"])
    return code


@cli.command()
@click.argument("code", required=False)
@click.option("--all", "everything", is_flag=True, help="Every rule, one line each.")
@click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto")
def rule(code: str | None, everything: bool, color: Any) -> int:
    """Say what a rule means: what it finds, why that is bad, and what to write instead."""
    from shapecheck.reports import rules

    if everything == bool(code):
        raise UsageError("name one rule (shapecheck rule SHP101), or list them all (shapecheck rule --all)")
    click.echo(rules.listing() if code is None else rules.text(code, sys.stdout, color), nl=False, color=True)
    return 0


@cli.command()
@click.argument("message", required=False)
@click.option("--file", "path", type=click.Path(path_type=Path), help="Read the error from a file (a log).")
@click.option("--output-format", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto")
def explain(message: str | None, path: Path | None, output_format: str, color: Any) -> int:
    """Say what an error means: a message or a traceback, as MESSAGE, from --file, or from standard input."""
    from shapecheck import diagnosis
    from shapecheck.engine import Options
    from shapecheck.reports import explained
    from shapecheck.reports.paint import Paint, wanted

    told = diagnosis.explain(_error_text(message, path), Options(jobs=1))
    if output_format == "json":
        click.echo(explained.render_json(told), nl=False)
    else:
        click.echo(explained.text(told, Paint(wanted(color, sys.stdout))), nl=False, color=True)
    return 0 if told.meaning is not None or (told.outcome is not None and told.outcome.findings) else 1


def _error_text(message: str | None, path: Path | None) -> str:
    if message not in (None, "-") and path is not None:
        raise UsageError("name the error itself or a --file with it, not both")
    if path is not None:
        try:
            return path.read_text(encoding="utf-8", errors="replace")
        except OSError as why:
            raise UsageError(f"cannot read {path}: {why.strerror}") from why
    text = message if message not in (None, "-") else sys.stdin.read()
    if not text or not text.strip():
        raise UsageError("there is no error to explain: python train.py 2>&1 | shapecheck explain")
    return text


def _options(settings: dict[str, Any]) -> Options:
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


def _mending(settings: dict[str, Any]) -> Any:
    from shapecheck.mend import Mending

    diff = settings["diff"]
    return Mending(write=settings["fix"] and not diff, diff=diff, unsafe=settings["unsafe_fixes"])


def _report(outcome: Outcome, settings: dict[str, Any]) -> int:
    """Print an outcome where it was asked for; returns the exit code."""
    from shapecheck.engine import exit_code

    _emit(_rendered(outcome, settings), settings["output_file"])
    for failure in outcome.failures:
        click.echo(f"shapecheck: {failure}", err=True)
    code = exit_code(outcome, settings["fail_on"])
    return 0 if settings["exit_zero"] and code == 1 else code


def _rendered(outcome: Outcome, settings: dict[str, Any]) -> str:
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
    return terminal.render(outcome, terminal.Layout(Paint(wanted(color, sys.stdout)), **told))


def _emit(text: str, path: Path | None) -> None:
    if path is None:
        click.echo(text, nl=False, color=True)
        return
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as why:
        raise UsageError(f"cannot write {path}: {why.strerror}") from why
