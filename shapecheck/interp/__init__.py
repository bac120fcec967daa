"""The static front end: from the text of a program to a ShapeGraph, without running any of it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from shapecheck.graph import ShapeGraph
from shapecheck.source import Source, read
from shapecheck.syntax import Parsed, parse

__all__ = ["analyze"]

_DEEP = 6_000
"""Python frames that an interpretation may need; a call of the program takes about fifteen."""


def analyze(path: str | Path | Source | Parsed) -> ShapeGraph:
    """Interpret one file, and the local files that it imports as far as it uses them.

    Raises:
        UnreadableSource: the file cannot be decoded or parsed.
    """
    parsed = path if isinstance(path, Parsed) else parse(path if isinstance(path, Source) else read(path))
    from shapecheck.interp import program

    with _room():
        return program.interpret(parsed)


@contextmanager
def _room() -> Iterator[None]:
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, _DEEP))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)
