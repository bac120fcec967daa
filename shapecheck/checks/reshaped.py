"""SHP206, SHP223 and SHP605: what a tensor was made into: a state of the wrong shape, a batch squeezed away, names."""

from __future__ import annotations

from collections.abc import Iterator

from shapecheck import trail, vocabulary
from shapecheck.checks import blame, words
from shapecheck.checks.report import found
from shapecheck.findings import Finding
from shapecheck.graph import ShapeGraph, Stage, Tensor
from shapecheck.places import Span
from shapecheck.shapes import Conflict
from shapecheck.vocabulary import KEEPS, given, main, short


def recurrent_state(graph: ShapeGraph, stage: Stage) -> Finding | None:
    """The operator or factory that gave an initial state its shape."""
    conflict = stage.conflict
    if conflict is None or conflict.kind != "state" or conflict.left is None or conflict.right is None:
        return None
    state = _state(stage, conflict)
    if state is None:
        return None
    return found(
        "SHP206",
        "",
        _passed_size(graph, stage, state) or _shaped(state) or stage.span,
        stage=stage,
        tensor=state,
        symptom=stage.span,
        label=f"{state.shape}",
        related=[words.comes_from(state), words.comes_from(main(stage))],
        shapes=[words.named(state, name="state"), words.named(main(stage))],
        layer=words.shown(stage.op),
        state=words.called(state),
        shape=state.shape,
        at=conflict.axis if conflict.axis is not None else 0,
        have=words.size(conflict.left),
        want=words.size(conflict.right),
    )


def _state(stage: Stage, conflict: Conflict) -> Tensor | None:
    """The state that does not fit; of an LSTM's two, the one that has the size in question."""
    value = stage.inputs.get(conflict.left_name)
    if not isinstance(value, (tuple, list)):
        return value if isinstance(value, Tensor) else None
    parts = [part for part in value if isinstance(part, Tensor)]
    at = conflict.axis or 0
    wrong = (t for t in parts if t.shape.rank and t.shape.rank > at and blame.equal(t.shape.dim(at), conflict.left))
    return next(wrong, next(iter(parts), None))


def _passed_size(graph: ShapeGraph, stage: Stage, state: Tensor) -> Span | None:
    """The size that a helper was handed to make the state of, where the layer is called."""
    at = stage.conflict.axis if stage.conflict is not None else None
    source = trail.made(vocabulary.axis(state, at)) if at is not None else None
    span = blame.factory_span(graph, source, stage.context) if source is not None else None
    inside = source is not None and source.stage is not None and source.stage.span.covers(span) if span else False
    return None if inside else span


def _shaped(state: Tensor) -> Span | None:
    """The nearest place on the way that sets axes: no activation, no move to another device, no Linear."""
    tensor: Tensor | None = state
    while tensor is not None and tensor.producer is not None:
        if short(tensor.producer) not in KEEPS | {"Linear", "linear"}:
            return tensor.producer.span
        tensor = main(tensor.producer)
    return tensor.span if tensor is not None else None


def shape_unpacked(graph: ShapeGraph) -> Iterator[Finding]:
    """SHP223: a shape unpacked into another number of names than there are axes."""
    for event in graph.events:
        count, rank, tensor = event.data.get("count"), event.data.get("rank"), event.data.get("tensor")
        if event.kind != "unpack" or event.data.get("of") != "shape" or not isinstance(tensor, Tensor):
            continue
        if not isinstance(rank, int) or not isinstance(count, int) or count == rank or event.data.get("starred"):
            continue
        if _may_lose_an_axis(tensor):
            continue
        many = "too many values to unpack" if rank > count else "not enough values to unpack"
        yield found(
            "SHP223",
            "",
            event.span,
            tensor=tensor,
            says=f"{many} (expected {count}{'' if rank > count else f', got {rank}'})",
            label=f"{tensor.shape}",
            related=[words.comes_from(tensor)],
            shapes=[words.named(tensor)],
            operand=words.called(tensor),
            shape=tensor.shape,
            rank=rank,
            count=count,
        )


def _may_lose_an_axis(tensor: Tensor) -> bool:
    """Whether a squeeze on the way met a size that may be 1: the number of axes is then not certain."""
    squeezed = (main(step) for step in trail.steps(tensor) if short(step) == "squeeze")
    return any(before is not None and any(dim.value is None for dim in before.shape.dims) for before in squeezed)


def squeezed_batch(graph: ShapeGraph, stage: Stage) -> Finding | None:
    """A ``squeeze()`` that took a batch of one away, on the way to a stage that raises."""
    if stage.conflict is None or vocabulary.is_model(stage):
        return None
    for tensor in stage.tensors():
        for step in trail.steps(tensor):
            before = main(step)
            if short(step) != "squeeze" or before is None or given(step, "dim") is not None:
                continue
            rank = before.shape.rank or 0
            if rank < 2 or before.shape.dim(0).value != 1 or not _differ_in_rows(stage, tensor):
                continue
            return _squeezed(stage, step, before)
    return None


def _differ_in_rows(stage: Stage, tensor: Tensor) -> bool:
    """Whether another operand still has a batch axis of one row."""
    others = [other for other in stage.tensors() if other is not tensor]
    return any(other.shape.rank and other.shape.dim(0).value == 1 for other in others) or not others


def _squeezed(stage: Stage, step: Stage, before: Tensor) -> Finding:
    return found(
        "SHP605",
        "",
        step.span,
        stage=stage,
        tensor=before,
        symptom=stage.span,
        label=f"{before.shape} becomes {step.out.shape}",
        help="name the axis: squeeze(-1)" if before.shape.dim(-1).value == 1 else "name the axis: squeeze(1)",
        related=[words.comes_from(before)],
        shapes=[words.named(before)],
        before=before.shape,
        after=step.out.shape,
    )
