"""SHP202 and SHP203: any other operator, or a model's own code, that certainly raises."""

from __future__ import annotations

from shapecheck import vocabulary
from shapecheck.checks import blame, words
from shapecheck.checks.report import found
from shapecheck.dims import Dim
from shapecheck.findings import Finding
from shapecheck.graph import ShapeGraph, Stage, Tensor
from shapecheck.vocabulary import axis, main

GENERAL = ("SHP202", "SHP203")
"""The rules that speak where no other does."""


def operator_shapes(graph: ShapeGraph, stage: Stage) -> Finding | None:
    """What no other rule explains: the operator, its operands with their shapes, the two sizes and their origins."""
    conflict = stage.conflict
    if conflict is None:
        return None
    operands = list(stage.tensors())
    left = _operand(stage, conflict.left_name) or main(stage)
    right = _operand(stage, conflict.right_name)
    sized = conflict.left is not None and conflict.right is not None
    model = vocabulary.is_model(stage)
    return found(
        "SHP203" if model else "SHP202",
        "sizes" if sized and not model else "",
        stage.span,
        stage=stage,
        tensor=left,
        label=" and ".join(f"{t.shape}" for t in operands[:3]),
        related=[words.comes_from(t) for t in (left, right)],
        shapes=[words.named(t, name=_name(stage, t)) for t in operands[:4]],
        operator=words.shown(stage.op),
        operands=_listed(operands),
        left=_size(conflict.left, left, conflict.axis),
        right=_size(conflict.right, right, None)
        if right is not None
        else words.parameter(stage, conflict.right_name, conflict.right),
        what=conflict.message.rstrip("."),
    )


def _operand(stage: Stage, name: str) -> Tensor | None:
    return stage.tensor(name) if name else None


def _name(stage: Stage, tensor: Tensor) -> str:
    return tensor.text or blame.operand_name(stage, tensor) or ""


def _listed(operands: list[Tensor]) -> str:
    return " and ".join(f"{words.called(t)} {t.shape}" for t in operands[:3]) or "its operands"


def _size(dim: Dim | None, tensor: Tensor | None, index: int | None) -> str:
    """A size with its reason, looked for along the axis that has it."""
    if dim is None:
        return "?"
    rank = tensor.shape.rank if tensor is not None else None
    if tensor is not None and rank is not None:
        order = [*([index] if index is not None and index < rank else []), *range(rank)]
        at = next((k for k in order if blame.equal(tensor.shape.dim(k), dim)), None)
        if at is not None:
            return words.sized(axis(tensor, at))
    return f"{words.size(dim)} ({words.told(dim.origin)})" if dim.origin else words.size(dim)
