"""``shapecheck --version``: what a report of a fault needs to say."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from shapecheck import __version__
from shapecheck.cli.report import emit


def show(context: click.Context, _: click.Parameter, asked: bool) -> None:
    """Print the versions of shapecheck, and of the Python, torch and transformers that `run` would use here."""
    if not asked or context.resilient_parsing:
        return
    from shapecheck.tracer.interpreters import choose, installed

    python = choose(None, Path.cwd() / "script.py")
    found = installed(python)
    lines = [f"shapecheck {__version__}", f"Python {found.pop('python', None) or 'that does not start'} ({python})"]
    lines += [f"{name} {version or 'not installed'}" for name, version in found.items()]
    emit("".join(f"{line}\n" for line in lines), None, sys.stdout)
    context.exit()
