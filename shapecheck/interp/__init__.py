"""The static front end: from the text of a program to a ShapeGraph, without running any of it."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from shapecheck import disk
from shapecheck.graph import ShapeGraph
from shapecheck.places import Span
from shapecheck.source import Source, read
from shapecheck.syntax import Parsed

if TYPE_CHECKING:
    from shapecheck.interp.watching import Seen

__all__ = ["analyze", "analyze_written", "few_collections", "watch"]

_DEEP = 6_000
"""Python frames that an interpretation may need; a call of the program takes about fifteen."""

_COLLECT = 50_000
"""New objects between two collections: a few megabytes."""


def analyze(path: str | Path | Source | Parsed, transformers: str | None = None) -> ShapeGraph:
    """Interpret one file, and the local files that it imports as far as it uses them.

    Args:
        transformers: the version that the code is for; the project's requirement files say it unless given.

    Raises:
        UnreadableSource: the file cannot be decoded or parsed.
    """
    from shapecheck.interp import program

    with _room():
        return program.interpret(_parsed(path), transformers)


def watch(path: str | Path | Source | Parsed, transformers: str | None = None) -> tuple[ShapeGraph, dict[Span, Seen]]:
    """The same as :func:`analyze`, with the tensors that the expressions of these files were found to be, by place."""
    from shapecheck.interp import program

    with _room():
        return program.watch(_parsed(path), transformers)


def analyze_written(source: Source, transformers: str | None = None) -> Iterator[ShapeGraph]:
    """Interpret each module that a cell of a notebook writes as a script of its own; none for other texts."""
    from shapecheck.interp import files, program

    for path, parsed in files.written(source).items():
        with _room():
            yield program.interpret(parsed, transformers, path)


def _parsed(path: str | Path | Source | Parsed) -> Parsed:
    if isinstance(path, Parsed):
        return path
    from shapecheck.interp.files import tree_of

    return tree_of(path if isinstance(path, Source) else read(path))


@contextmanager
def _room() -> Iterator[None]:
    """Room for deep trees, and for what an analysis makes."""
    depth = sys.getrecursionlimit()
    sys.setrecursionlimit(max(depth, _DEEP))
    try:
        with few_collections(), disk.session():
            yield
    finally:
        sys.setrecursionlimit(depth)


@contextmanager
def few_collections() -> Iterator[None]:
    """Look for garbage less often: trees and values live as long as the analysis, and looking through them again and
    again takes two fifths of its time. Around several analyses it also saves a look after each."""
    thresholds = gc.get_threshold()
    gc.set_threshold(max(thresholds[0], _COLLECT), *thresholds[1:])
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
