"""Where an axis of size one is best taken from a tensor: where it was put there, where a model makes it, or where the
tensor is used, if other places take it off there."""

from __future__ import annotations

from shapecheck.checks import blame
from shapecheck.graph import ShapeGraph, Stage, Tensor
from shapecheck.places import Span
from shapecheck.trail import made, previous
from shapecheck.vocabulary import BINARY, Axis, axis, given, key_parts, operands, short
from shapecheck.vocabulary import words as names

_VIEWS = frozenset(("view", "reshape"))
_TAKES_IT = names("squeeze flatten view reshape __getitem__ select squeeze_ view_as reshape_as ravel")
"""What takes an axis of size one off where a tensor is used."""
_FAR = 40


def root(graph: ShapeGraph, stage: Stage, column: Tensor, index: int = -1) -> Span:
    """The place to change for an axis of size one that an operand has too many."""
    used = blame.operand_span(stage, column)
    source = made(axis(column, index))
    maker = source.stage
    if maker is None or source.dim.value != 1:
        return used
    if _of_two_columns(axis(column, index)) if adds(maker) else _taken_off(graph, source):
        return used
    in_forward = any(frame.function.endswith(".forward") for frame in maker.context[-1:])
    return maker.span if in_forward or adds(maker) or short(maker) == "gather" else used


def _of_two_columns(here: Axis) -> bool:
    """Whether a column was added to another one on the way: to leave the axis out of one of them does not help."""
    while (before := previous(here)) is not None:
        pair = operands(here.stage) if here.stage is not None and short(here.stage) in BINARY else ()
        back = here.index - (here.tensor.shape.rank or 0)
        if (
            sum(tensor.shape.rank == here.tensor.shape.rank and tensor.shape.dim(back).value == 1 for tensor in pair)
            > 1
        ):
            return True
        here = before
    return False


def adds(maker: Stage) -> bool:
    """Whether a stage adds an axis: ``unsqueeze(1)``, ``[:, None]``, ``view(-1, 1)``, ``keepdim=True``."""
    name = short(maker)
    if name == "__getitem__":
        return any(part is None for part in key_parts(maker))
    return name == "unsqueeze" or name in _VIEWS or given(maker, "keepdim") is True


def _taken_off(graph: ShapeGraph, column: Axis) -> bool:
    """Whether the axis that a layer's call makes is taken off somewhere behind it, in this run of it or in another."""
    maker = column.stage
    if maker is None:
        return False
    waiting = [axis(s.out, column.index) for s in graph.stages if s.span == maker.span and s.op == maker.op]
    seen = 0
    while waiting and seen < _FAR:
        seen += 1
        here = waiting.pop()
        for user in graph.consumers(here.tensor):
            if short(user) in _TAKES_IT:
                return True
            after = (axis(user.out, index) for index in range(user.out.shape.rank or 0))
            waiting += (there for there in after if previous(there) == here)
    return False
