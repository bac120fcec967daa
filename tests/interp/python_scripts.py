"""Interpreting a few lines of Python, and what came out of them."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

from shapecheck.graph import ShapeGraph
from shapecheck.interp import analyze
from shapecheck.source import Source


def graph_of(text: str, path: str | Path = "script.py") -> ShapeGraph:
    """The graph of a script, given as indented text."""
    return analyze(Source(str(path), "import torch\nfrom torch import nn\n" + dedent(text).lstrip("\n")))


def shapes_in(text: str) -> dict[str, str]:
    """The shape of each named tensor, by its name."""
    graph = graph_of(text)
    return {
        tensor.text: str(tensor.shape) for stage in graph.stages for tensor in stage.outputs.values() if tensor.text
    }


def size(setup: str, expression: str) -> str:
    """What an expression is, as a size: the one axis of ``torch.zeros(expression)``."""
    found = shapes_in(f"{dedent(setup)}\nanswer = torch.zeros({expression})")
    return found["answer"].strip("(),")


def conflicts_in(text: str) -> list[int]:
    """The lines (of the given text, counted from 1) where shapes certainly do not fit."""
    return sorted({stage.span.line - 2 for stage in graph_of(text).stages if stage.conflict is not None})
