"""``shapecheck explain``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from shapecheck.cli.options import examples
from shapecheck.cli.report import emit, encoded
from shapecheck.errors import UsageError


@click.command(
    short_help="Say what an error message or a traceback means.",
    epilog=examples(
        "python train.py 2>&1 | shapecheck explain",
        "shapecheck explain 'mat1 and mat2 shapes cannot be multiplied (32x512 and 768x5)'",
        "shapecheck explain --file slurm-4711.out",
    ),
)
@click.argument("message", required=False)
@click.option("--file", "path", type=click.Path(path_type=Path), help="Read the error from a file (a log).")
@click.option("--output-format", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto")
def explain(message: str | None, path: Path | None, output_format: str, color: Any) -> int:
    """Say what an error means: a message or a traceback, as MESSAGE, from --file, or from standard input."""
    from shapecheck import diagnosis
    from shapecheck.engine import Options
    from shapecheck.reports import explained
    from shapecheck.reports.paint import Paint, columns, wanted
    from shapecheck.settings import Lookup

    told = diagnosis.explain(_error_text(message, path), Options(Lookup(), jobs=1))
    if output_format == "json":
        emit(encoded(explained.render_json(told)), None, sys.stdout)
    else:
        emit(explained.text(told, Paint(wanted(color, sys.stdout)), columns(sys.stdout)), None, sys.stdout)
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
