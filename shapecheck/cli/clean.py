"""``shapecheck clean``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from shapecheck.cli.configuring import configured, settled
from shapecheck.cli.options import caching


@click.command(short_help="Remove the outcomes that earlier checks kept.")
@caching
@configured
def clean(**said: Any) -> int:
    """Remove the outcomes that earlier checks kept."""
    from shapecheck import cache

    settled(said)
    folder = Path(said["cache_dir"]) if said["cache_dir"] else cache.user_folder()
    count = 0 if folder is None else cache.clean(folder)
    outcomes = "the outcome of 1 file" if count == 1 else f"the outcomes of {count} files"
    click.echo(f"removed {outcomes} from {folder}" if count else "no outcomes are kept")
    return 0
