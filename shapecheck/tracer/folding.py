"""Repeated layers as one: ``encoder.layer.0-11`` instead of twelve times the same."""

from __future__ import annotations

import re
from collections.abc import Iterator

from shapecheck.graph import Event, ShapeGraph, Stage

_NUMBER = re.compile(r"(?<![^.])(\d+)(?![^.])")


def fold(graph: ShapeGraph) -> ShapeGraph:
    """The graph with equal, neighbouring layers inside library models folded into the first, which counts them."""
    folded = ShapeGraph(graph.source, [], graph.not_checked, graph.assumptions)
    for run in _runs(graph.items):
        kept = list(_folded(run)) if isinstance(run, list) else [run]
        for item in kept:
            item.index = len(folded.items)
            folded.items.append(item)
    return folded


def _runs(items: list[Stage | Event]) -> Iterator[list[Stage] | Stage | Event]:
    """Neighbouring stages of one and the same library model together, everything else alone."""
    run: list[Stage] = []
    for item in items:
        if isinstance(item, Stage) and item.within and item.module is not None:
            if run and (run[0].within, run[0].span) != (item.within, item.span):
                yield run
                run = []
            run.append(item)
            continue
        if run:
            yield run
            run = []
        yield item
    if run:
        yield run


def _folded(run: list[Stage]) -> Iterator[Stage]:
    """Blocks of the same layer number that equal the block before are counted there."""
    blocks: list[list[Stage]] = []
    for stage in run:
        if blocks and _layer(stage) is not None and _layer(stage) == _layer(blocks[-1][0]):
            blocks[-1].append(stage)
        else:
            blocks.append([stage])
    start = 0
    while start < len(blocks):
        end = start + 1
        while end < len(blocks) and _equal(blocks[start], blocks[end]):
            end += 1
        for stage in blocks[start]:
            if end - start > 1 and stage.module is not None:
                stage.repeat = end - start
                first, last = _layer(stage), _layer(blocks[end - 1][0])
                stage.module.path = _NUMBER.sub(
                    f"{(first or ('', ''))[1]}-{(last or ('', ''))[1]}", stage.module.path, count=1
                )
            yield stage
        start = end


def _layer(stage: Stage) -> tuple[str, str] | None:
    """The stack that a stage belongs to and its number in it: ``("encoder.layer", "3")``."""
    found = _NUMBER.search(stage.module.path) if stage.module is not None else None
    return (stage.module.path[: found.start()], found.group()) if found and stage.module is not None else None


def _equal(a: list[Stage], b: list[Stage]) -> bool:
    return (
        _layer(a[0]) is not None
        and len(a) == len(b)
        and all(_shape_of(x) == _shape_of(y) for x, y in zip(a, b, strict=True))
    )


def _shape_of(stage: Stage) -> tuple[object, ...]:
    path = _NUMBER.sub("#", stage.module.path, count=1) if stage.module is not None else ""
    return (
        stage.op,
        path,
        [str(t.shape) for t in stage.tensors()],
        [str(t.shape) for t in stage.outputs.values()],
        stage.message,
    )
