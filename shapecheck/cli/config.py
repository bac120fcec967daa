"""``shapecheck config``."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click

from shapecheck.cli.configuring import choosing, settled
from shapecheck.cli.options import caching, examples
from shapecheck.errors import UsageError

if TYPE_CHECKING:
    from shapecheck.settings import Lookup
    from shapecheck.settings.told import Told


@click.command(
    short_help="Show each setting and where it comes from.",
    epilog=examples(
        "shapecheck config                        what holds in this folder",
        "shapecheck config src/train.py           what holds in one file",
        "shapecheck config --select SHP1          the same, under an option",
    ),
)
@click.argument("path", default=".", type=click.Path())
@choosing
@caching
@click.option("--output-format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def config(path: str, form: str, **said: Any) -> int:
    """Show each setting that holds for a file or folder, and where it comes from."""
    from shapecheck.settings.told import told

    if not os.path.lexists(path):
        raise UsageError(f"{path} does not exist")
    lookup = settled(said)
    every = list(told(lookup, path))
    render = _json if form == "json" else _text
    click.echo(render(path, lookup, every))
    return 0


def _text(path: str, lookup: Lookup, every: Iterable[Told]) -> str:
    from shapecheck.settings.told import toml

    rows = [(one.key, one.origin, one.words or toml(one.value)) for one in every]
    first, second = (max(len(row[column]) for row in rows) for column in (0, 1))
    head = [f"settings of {path}: {_file(path, lookup) or 'no settings file'}"]
    off = _off(path, lookup)
    last = [f"off in this file: {', '.join(off)}"] if off else []
    return "\n".join([*head, *(f"  {key:{first}}  {origin:{second}}  {value}" for key, origin, value in rows), *last])


def _json(path: str, lookup: Lookup, every: Iterable[Told]) -> str:
    document = {
        "path": path,
        "file": _file(path, lookup),
        "settings": {
            one.key: {
                "value": one.value,
                "origin": one.origin,
                "places": [{"path": file, "line": line} for file, line in one.places if line is not None],
            }
            for one in every
        },
        "off": list(_off(path, lookup)),
    }
    text = json.dumps(document, indent=2, ensure_ascii=False)
    return text.encode("utf-8", "backslashreplace").decode()


def _file(path: str, lookup: Lookup) -> str | None:
    """The settings file that is nearest."""
    from shapecheck.settings.files import shown

    file = (lookup.of_folder(path) if os.path.isdir(path) else lookup.of(path)).file
    return shown(file) if file is not None else None


def _off(path: str, lookup: Lookup) -> tuple[str, ...]:
    """The rules that are off in a file alone."""
    return () if os.path.isdir(path) else lookup.rules(path).off
