"""The command line: each command is one call of the engine, its outcome turned into text and an exit code."""

from __future__ import annotations

import os
import sys

import click

from shapecheck.cli import version
from shapecheck.cli.check import check
from shapecheck.cli.clean import clean
from shapecheck.cli.completions import completions
from shapecheck.cli.config import config
from shapecheck.cli.explain import explain
from shapecheck.cli.options import examples
from shapecheck.cli.rule import rule
from shapecheck.cli.run import run
from shapecheck.cli.trace import trace
from shapecheck.errors import ShapecheckError, UsageError


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


class _Commands(click.Group):
    """The commands; of a file in place of one it is said which command takes it."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if self.get_command(ctx, name) is None and os.path.exists(name) and not ctx.resilient_parsing:
            raise UsageError(f"{name} is no command: did you mean shapecheck check {name}?")
        return super().resolve_command(ctx, args)


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=examples(
        "shapecheck check .                        read every file here",
        "shapecheck run train.py -- --epochs 1     read and run one script",
        "shapecheck rule SHP101                    what a rule means",
    ),
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=version.show,
    help="Show the versions of shapecheck, and of Python, torch and transformers in the project.",
)
def cli() -> None:
    """Find tensor-shape faults in PyTorch and transformers code before training does."""


for command in (check, run, trace, rule, explain, config, clean, completions):
    cli.add_command(command)
