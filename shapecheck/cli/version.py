"""``shapecheck --version``: what a report of a fault needs to say."""

from __future__ import annotations

from pathlib import Path

import click

from shapecheck import __version__


def show(context: click.Context, _: click.Parameter, asked: bool) -> None:
    """Print the versions of shapecheck, and of the Python, torch and transformers that `run` would use here."""
    if not asked or context.resilient_parsing:
        return
    from shapecheck.tracer.interpreters import choose, installed

    python = choose(None, Path.cwd() / "script.py")
    found = installed(python)
    click.echo(f"shapecheck {__version__}")
    click.echo(f"Python {found.pop('python', None) or 'that does not start'} ({python})")
    for name, version in found.items():
        click.echo(f"{name} {version or 'not installed'}")
    context.exit()
