"""SHP229: an axis number of an earlier operator; with another one the shapes would fit, and with nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import permutations
from typing import Any

from shapecheck.checks import words
from shapecheck.checks.counted import VIEWS
from shapecheck.checks.report import found
from shapecheck.dims import Dim, Truth, number
from shapecheck.findings import Finding
from shapecheck.graph import ShapeGraph, Stage
from shapecheck.places import Span
from shapecheck.rerun import Rerun, upstream
from shapecheck.shapes import Shape, compare
from shapecheck.vocabulary import BINARY, REDUCTIONS, axis_word, given, ints, key_parts, main, short
from shapecheck.vocabulary import words as names

_MOST_STEPS = 12
"""How far before the raising stage an argument is looked for: what stands further away is seldom its reason."""
_ALONG = REDUCTIONS | names("cat concat concatenate stack unsqueeze index_select select chunk split")
_ONE_MORE = names("stack unsqueeze")
_JOINS = names("cat concat concatenate stack")
_PADS = names("pad_sequence pad_packed_sequence")
_LONGEST_VIEW = 4


@dataclass(frozen=True, slots=True)
class _Other:
    """One argument written differently: its parameter, its value, and both forms as they stand in the text."""

    parameter: str
    value: Any
    was: str
    now: str
    remedy: str


def other_argument(graph: ShapeGraph, stage: Stage) -> Finding | None:
    """SHP229: the one argument before a stage that raises, of which another value lets everything fit."""
    rerun = Rerun(graph, stage)
    if stage.conflict is None or not rerun.fails():
        return None
    fitting = [
        (step, other)
        for step in _each_text_once(rerun.way[:_MOST_STEPS])
        for other in _others(step)
        if _fits(rerun, step, other)
    ]
    return _told(stage, *fitting[0], rerun) if len(fitting) == 1 else None


def _each_text_once(steps: list[Stage]) -> Iterator[Stage]:
    seen: set[Span] = set()
    for step in steps:
        if step.span not in seen:
            seen.add(step.span)
            yield step


def _fits(rerun: Rerun, step: Stage, other: _Other) -> bool:
    """Whether nothing raises with another argument, at each place that the same text makes."""
    same = {other.parameter: other.value}
    after = rerun.fitting(lambda stage: same if stage.span == step.span and stage.op == step.op else None)
    if after is None:
        return False
    if short(rerun.failing) in BINARY and short(step) not in _ONE_MORE | {"__getitem__"}:
        # What only broadcasts is no better than what raises: each pair of rows is not what was meant.
        shapes = [rerun.shape(tensor) for tensor in rerun.failing.tensors()]
        return any(shape is not None and compare(shape, after) is Truth.EQUAL for shape in shapes)
    return True


def _others(step: Stage) -> Iterator[_Other]:
    """What else could stand in one place of a call."""
    name, operand = short(step), main(step)
    rank = operand.shape.rank if operand is not None else None
    if rank is None:
        return
    if name == "__getitem__":
        yield from _indices(step, rank)
    elif name in _PADS:
        first = given(step, "batch_first") is True
        yield _Other("batch_first", not first, f"batch_first={first}", f"batch_first={not first}", str(not first))
    elif name in VIEWS:
        yield from _orders(step)
    elif name in _ALONG:
        yield from _axes(step, rank + (name in _ONE_MORE))


def _axes(step: Stage, rank: int) -> Iterator[_Other]:
    parameter = "axis" if "axis" in step.inputs else "dim"
    dims = ints(step.inputs.get(parameter, 0 if short(step) not in REDUCTIONS else None))
    if dims is None or len(dims) != 1:
        return
    at = dims[0] % rank if rank else 0
    if at and short(step) in _JOINS - _ONE_MORE:
        return  # somebody chose it; an axis of its own is what a join without one lacks
    # To sum over the batch, or to join below each other, is hardly ever what was meant.
    for index in range(short(step) in REDUCTIONS | _JOINS, rank):
        if index != at:
            value = -1 if index == rank - 1 and rank > 2 else index
            word = axis_word(step)
            yield _Other(parameter, number(index), f"{word}={dims[0]}", f"{word}={value}", str(value))


def _indices(step: Stage, rank: int) -> Iterator[_Other]:
    """``x[0]`` for ``x[:, 0]``, and the place of ``None`` in ``x[:, None]``."""
    parts = key_parts(step)
    told = [part for part in parts if part != slice(None)]
    if len(told) != 1 or not (told[0] is None or _number(told[0]) is not None):
        return
    at, what = parts.index(told[0]), told[0]
    for index in range(rank + (what is None)):
        key = (slice(None),) * index + (what,)
        if index != at:
            now = ", ".join([":"] * index + ["None" if what is None else str(_number(what))])
            was = ", ".join(":" if part == slice(None) else str(part) for part in parts)
            yield _Other("key", key, f"[{was}]", f"[{now}]", now)


def _number(part: Any) -> int | None:
    value = part.value if isinstance(part, Dim) else part
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _orders(step: Stage) -> Iterator[_Other]:
    """The sizes of a view in another order; the axes that it leaves alone, from the first on, stay where they are."""
    sizes = step.inputs.get("size", step.inputs.get("shape"))
    parameter = "size" if "size" in step.inputs else "shape"
    if not isinstance(sizes, (tuple, list)) or not 2 <= len(sizes) <= _LONGEST_VIEW:
        return
    before = main(step)
    kept = _kept(before.shape, step.out.shape) if before is not None else 0
    for rest in permutations(range(kept, len(sizes))):
        order = (*range(kept), *rest)
        moved = tuple(sizes[index] for index in order)
        if moved != tuple(sizes):
            was, now = (", ".join(map(str, part)) for part in (sizes, moved))
            yield _Other(parameter, moved, f"({was})", f"({now})", "order " + " ".join(map(str, order)))


def _kept(before: Shape, after: Shape) -> int:
    """How many axes, from the first on, are the same in both."""
    pairs = zip(before.dims, after.dims, strict=False)
    return next((index for index, (a, b) in enumerate(pairs) if a != b), min(len(before.dims), len(after.dims)))


def _told(stage: Stage, step: Stage, other: _Other, rerun: Rerun) -> Finding:
    before, after = main(step), step.out
    partner = next((tensor for tensor in stage.tensors() if step not in upstream([tensor])), None)
    place = step.input_spans.get(other.parameter)
    return found(
        "SHP229",
        "",
        place if place is not None and place.exact and other.parameter not in ("size", "shape") else step.span,
        stage=stage,
        tensor=after,
        symptom=stage.span,
        label=f"{before.shape if before is not None else '?'} becomes {after.shape}",
        help=f"write {other.now}",
        remedy=f"{axis_word(step) if other.parameter == 'dim' else other.parameter}={other.remedy}",
        related=[words.comes_from(partner)] if partner is not None else [],
        shapes=[words.named(before), words.named(after), *([words.named(partner)] if partner is not None else [])],
        operator=words.shown(step.op),
        was=other.was,
        before=f"{words.called(before)} {before.shape}" if before is not None else "?",
        after=after.shape,
        now=other.now,
        would=rerun.changed(step, {other.parameter: other.value}),
        raising=f"{words.shown(stage.op)} at {stage.span.told}",
        partner=f" with {words.called(partner)} {partner.shape}" if partner is not None else "",
    )
