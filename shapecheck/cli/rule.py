"""``shapecheck rule``."""

from __future__ import annotations

import sys
from typing import Any

import click

from shapecheck.cli.completing import rule_codes
from shapecheck.cli.options import examples
from shapecheck.cli.report import emit
from shapecheck.errors import UsageError


@click.command(
    short_help="Say what a rule means, or list all rules.",
    epilog=examples("shapecheck rule SHP101      one rule", "shapecheck rule --all       every rule, one line each"),
)
@click.argument("code", required=False, shell_complete=rule_codes)
@click.option("--all", "everything", is_flag=True, help="Every rule, one line each.")
@click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto")
def rule(code: str | None, everything: bool, color: Any) -> int:
    """Say what a rule means: what it finds, why that is bad, and what to write instead."""
    from shapecheck.reports import rules

    if everything == bool(code):
        raise UsageError("name one rule (shapecheck rule SHP101), or list them all (shapecheck rule --all)")
    emit(rules.listing() if code is None else rules.text(code, sys.stdout, color), None, sys.stdout)
    return 0
