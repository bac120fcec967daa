"""SHP510: what a model under transformers' Trainer returns, and what the Trainer takes for the loss."""

from __future__ import annotations

from collections.abc import Iterator

from shapecheck.checks import words
from shapecheck.checks.report import found
from shapecheck.findings import Finding, Related
from shapecheck.graph import Event, ShapeGraph, Stage, Tensor
from shapecheck.places import Span

_NO_SCALAR = "grad can be implicitly created only for scalar outputs"
_SAYS = {
    "missing": "The model did not return a loss from the inputs, only the following keys",
    "nothing": "'NoneType' object is not subscriptable",
}


def trainer_loss(graph: ShapeGraph) -> Iterator[Finding]:
    """A tensor of scores, a tuple that does not begin with the loss, or a dict that has none."""
    for event in graph.events:
        if event.kind == "trainer_loss":
            yield from _judged(event)


def _judged(event: Event) -> Iterator[Finding]:
    of, taken, fields = event.data.get("of"), event.data.get("taken"), tuple(event.data.get("fields") or ())
    if of in ("dict", "model_output") and "loss" not in fields and fields:
        yield _finding(event, "missing", None, fields)
    elif of == "none":
        yield _finding(event, "nothing", None, fields)
    elif of in ("tensor", "tuple") and isinstance(taken, Tensor) and (taken.shape.rank or 0) > (of == "tensor"):
        # Of a tensor the Trainer takes the first row: one of scores alone is a number, on which it trains in peace.
        yield _finding(event, "" if of == "tuple" else "bare", taken, fields)


def _finding(event: Event, variant: str, taken: Tensor | None, fields: tuple[str, ...]) -> Finding:
    returned = event.data.get("returned")
    maker = event.data.get("stage") or (taken.producer if taken is not None else None)
    made = Related(maker.span, "the scores are made here") if isinstance(maker, Stage) else None
    return found(
        "SHP510",
        variant,
        returned if isinstance(returned, Span) else event.span,
        tensor=taken,
        symptom=event.span,
        says=_SAYS.get(variant, _NO_SCALAR),
        label=f"{taken.shape}" if taken is not None else "",
        help="return {'loss': loss, 'logits': logits}, with the loss computed where labels are given",
        related=[made],
        shapes=[words.named(taken)] if taken is not None else [],
        taken=words.called(taken),
        shape=taken.shape if taken is not None else "",
        fields=", ".join(f"`{name}`" for name in fields) or "nothing",
    )
