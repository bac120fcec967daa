"""SHP227: all tokens of a text flattened for a layer of fixed width, while the length follows the batch."""

from __future__ import annotations

from collections.abc import Iterator

from shapecheck.checks import blame, words
from shapecheck.checks.report import found
from shapecheck.dims import Dim
from shapecheck.findings import Finding
from shapecheck.flow import token_axis
from shapecheck.graph import ShapeGraph, Stage, Tensor
from shapecheck.trail import made
from shapecheck.vocabulary import axis, given, main, short

_FLATTENS = ("flatten", "Flatten", "view", "reshape")


def flattened_length(graph: ShapeGraph) -> Iterator[Finding]:
    """A Linear over (batch, seq * hidden), where the texts of a batch are padded to the longest of them."""
    for stage in graph.stages:
        operand, want = main(stage), given(stage, "in_features")
        if short(stage) != "Linear" or stage.within or stage.conflict is not None or operand is None:
            continue
        maker = made(axis(operand, -1)).stage
        tokens = main(maker) if maker is not None and short(maker) in _FLATTENS else None
        if tokens is None or tokens.shape.rank != 3 or token_axis(tokens) != 1 or not isinstance(want, Dim):
            continue
        width = tokens.shape.dim(2).value
        open_length = tokens.shape.dim(1).known and tokens.shape.dim(1).value is None
        if open_length and tokens.padding in ("left", "right") and width and want.value and want.value % width == 0:
            yield _flattened(stage, operand, tokens, want, want.value // width)


def _flattened(stage: Stage, operand: Tensor, tokens: Tensor, want: Dim, count: int) -> Finding:
    return found(
        "SHP227",
        "",
        blame.operand_span(stage, operand),
        stage=stage,
        tensor=tokens,
        symptom=stage.span,
        says="mat1 and mat2 shapes cannot be multiplied",
        label=f"{operand.shape}",
        help=f'padding="max_length", max_length={count} in the tokenizer\'s call, or pool the tokens',
        remedy=str(count),
        related=[words.comes_from(tokens)],
        shapes=[words.named(tokens), words.named(operand)],
        layer=words.shown(stage.op),
        want=words.size(want),
        operand=words.called(tokens),
        shape=tokens.shape,
        count=count,
    )
