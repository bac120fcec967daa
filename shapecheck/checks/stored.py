"""SHP514: weights that were saved from a model of other sizes than the one that they are loaded into."""

from __future__ import annotations

from collections.abc import Iterator

from shapecheck.checks import blame, words
from shapecheck.checks.report import found
from shapecheck.findings import Finding, Related
from shapecheck.graph import Event, Module, ShapeGraph, Tensor
from shapecheck.ops.weights import sized_by
from shapecheck.places import Span

Entry = tuple[str, Tensor, Tensor]
"""The name of an entry, the tensor that was saved, and the one that the model has."""


def state_dict_shape(graph: ShapeGraph) -> Iterator[Finding]:
    """One finding for each ``load_state_dict`` that certainly raises, for the first entry that does not fit."""
    for event in graph.events:
        if event.kind == "load_state":
            entries = [entry for entry in event.data["entries"] if _differs(entry)]
            if entries:
                yield _finding(graph, event, entries)


def _differs(entry: Entry) -> bool:
    _, stored, wanted = entry
    if stored.shape.rank is None or wanted.shape.rank is None:
        return False
    return stored.shape.rank != wanted.shape.rank or _axis(stored, wanted) is not None


def _axis(stored: Tensor, wanted: Tensor) -> int | None:
    """The first axis of which the two sizes certainly differ."""
    pairs = zip(stored.shape.dims, wanted.shape.dims, strict=False)
    return next((at for at, (a, b) in enumerate(pairs) if blame.differ(a, b)), None)


def _finding(graph: ShapeGraph, event: Event, entries: list[Entry]) -> Finding:
    name, stored, wanted = entries[0]
    at = _axis(stored, wanted) or 0
    model = event.data.get("module")
    own, other = _layer(wanted), _layer(stored)
    span = _root(graph, wanted, stored, at) or event.span
    saved = _root(graph, stored, wanted, at)
    parameter = sized_by(own.kind, _entry(wanted), at) if own is not None else ""
    size = words.size(stored.shape.dim(at)) if stored.shape.rank == wanted.shape.rank else str(stored.shape)
    return found(
        "SHP514",
        "",
        span,
        symptom=event.span,
        tensor=wanted,
        says=f"size mismatch for {name}: copying a param with shape torch.Size({_listed(stored)}) from checkpoint, "
        f"the shape in current model is torch.Size({_listed(wanted)}).",
        label=f"{name} is {wanted.shape} here, {stored.shape} in what is loaded",
        help=f"build it with {parameter or 'the size'} {size}, or drop `{name}` from what is loaded: strict=False "
        "skips missing entries, not those of another size",
        related=[
            Related(saved, f"what is saved is built with {size}") if saved is not None else None,
            Related(other.created, f"`{name}` of what is saved") if other is not None and other.created else None,
        ],
        shapes=[words.named(stored, name=f"saved {name}"), words.named(wanted, name=name)],
        name=name,
        model=model.kind.rpartition(".")[2] if isinstance(model, Module) else "the model",
        stored=stored.shape,
        wanted=wanted.shape,
        more=f", and {len(entries) - 1} more with it" if len(entries) > 1 else "",
        have=_sized(wanted, at),
        got=_sized(stored, at),
    )


def _layer(tensor: Tensor) -> Module | None:
    return tensor.producer.module if tensor.producer is not None else None


def _entry(tensor: Tensor) -> str:
    name = tensor.producer.inputs.get("name") if tensor.producer is not None else ""
    return name if isinstance(name, str) else ""


def _root(graph: ShapeGraph, here: Tensor, there: Tensor, at: int) -> Span | None:
    """Where one of two models got its size, followed out through the calls that do not hold both."""
    module = _layer(here)
    if module is None:
        return here.span
    return blame.constructor_beside(graph, module, sized_by(module.kind, _entry(here), at), _layer(there))


def _sized(tensor: Tensor, at: int) -> str:
    """A size with its reason: where it was written down, else the layer that was built with it."""
    dim = tensor.shape.dim(at) if at < len(tensor.shape.dims) else None
    stage = tensor.producer
    if dim is None:
        return str(tensor.shape)
    if dim.origin is not None or stage is None or stage.module is None:
        return f"{words.size(dim)} ({words.told(dim.origin)})" if dim.origin is not None else words.size(dim)
    return words.parameter(stage, sized_by(stage.module.kind, _entry(tensor), at) or "the layer", dim)


def _listed(tensor: Tensor) -> str:
    return f"[{', '.join(str(dim) for dim in tensor.shape.dims)}]"
