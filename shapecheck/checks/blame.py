"""Where the text should change: the operand's own expression, a constructor's argument, or the call that passed it."""

from __future__ import annotations

from shapecheck import trail, vocabulary
from shapecheck.dims import WRITTEN, Dim, Truth
from shapecheck.graph import Frame, Module, ShapeGraph, Stage, Tensor
from shapecheck.places import Span
from shapecheck.trail import made
from shapecheck.vocabulary import Axis, axis, main, short
from shapecheck.vocabulary import words as names

Calls = tuple[Frame, ...]
_FAR = 60
"""Stages looked at in search of the layers that made a size."""


def operand_name(stage: Stage, tensor: Tensor) -> str | None:
    """The parameter that a tensor is handed to."""
    return next((name for name, value in stage.inputs.items() if value is tensor), None)


def operand_span(stage: Stage, tensor: Tensor | None) -> Span:
    """The expression that brings a tensor into a stage; the stage's own span where it is not known."""
    name = operand_name(stage, tensor) if tensor is not None else None
    return stage.input_spans.get(name or "", stage.span)


def innermost(stage: Stage, tensor: Tensor) -> tuple[Span, Tensor]:
    """The operand's expression without the dropouts and activations that are written around it in the same call."""
    span = operand_span(stage, tensor)
    while (
        (maker := tensor.producer) is not None
        and short(maker) in vocabulary.KEEPS
        and span.exact
        and span.covers(maker.span)
    ):
        inner = main(maker)
        if inner is None or operand_span(maker, inner) == maker.span:
            break
        span, tensor = operand_span(maker, inner), inner
    return span, tensor


_DATA = names(
    "rand randn randint zeros ones full empty rand_like randn_like zeros_like ones_like tensor as_tensor from_numpy "
    "arange linspace"
)
"""What makes a tensor of no other one."""


def made_for(graph: ShapeGraph, stage: Stage, tensor: Tensor, states: bool = True) -> Span:
    """Where an axis that an operand lacks (or has too many) is best mended: what its name was bound to, if that name is
    but another one for what was there, or if nothing but operators that raise are given what was computed for it; else
    the operand itself. ``states``: whether what a model gives may be changed where the model is called."""
    span, inner = innermost(stage, tensor)
    bound, own = graph.bound.get(span), operand_span(stage, tensor)
    if bound is None or (
        span != own and bound.reads == 1
    ):  # x.clamp(min=1): what is done to it on the way stands there
        return own
    given = short(inner.producer) in _DATA or (not states and vocabulary.is_model(inner.producer))
    return bound.span if bound.bare or (not given and _raises_everywhere(graph, inner)) else own


def written_for(graph: ShapeGraph, stage: Stage, tensor: Tensor) -> Span | None:
    """Where a script writes down the data that a model's own code is handed as they are, and only that; None for what a
    model computed, and for what stands beside the operator itself."""
    maker = tensor.producer
    if maker is None or short(maker) not in _DATA or len(stage.context) <= len(maker.context):
        return None
    return maker.span if _raises_everywhere(graph, tensor) else None


def renamed(graph: ShapeGraph, span: Span) -> Span:
    """What a name was bound to, if it is but another name for what was there: somebody meant to change it there."""
    bound = graph.bound.get(span)
    return bound.span if bound is not None and bound.bare else span


def _raises_everywhere(graph: ShapeGraph, tensor: Tensor) -> bool:
    """Whether each operator that is given a tensor raises, or keeps its shape for one that does."""
    waiting, seen = [tensor], 0
    while waiting and seen < _FAR:
        seen += 1
        given = graph.consumers(waiting.pop())
        if not given:
            return False
        for user in given:
            if user.conflict is None:
                if not _keeps(user):
                    return False
                waiting.append(user.out)
    return not waiting


def _keeps(stage: Stage) -> bool:
    alone = len(list(stage.tensors())) == 1
    return alone and short(stage) in vocabulary.KEEPS | vocabulary.BINARY | {"pow"}


def passed_in(graph: ShapeGraph, stage: Stage, span: Span) -> Span:
    """The argument with which a helper function was given the expression at ``span``, if it was merely passed on.

    A ``forward`` is no helper: what it does with its input is its own affair.
    """
    if not stage.context or stage.context[-1].function.endswith(("forward", "__call__")):
        return span
    outer = graph.passed.get((span, stage.context), ())
    return outer[0] if outer else span


def constructor_span(graph: ShapeGraph, module: Module | None, name: str, maker: Axis | None) -> Span | None:
    """The constructor argument to change, followed out through the calls that merely passed it on.

    It is followed only as far as the object that holds both the module and what made the size that arrives:
    ``Highway(lstm_dim)`` is wrong, not the ``nn.Linear(dim, dim)`` within it, if the LSTM stands beside the Highway. A
    number that was written down in another file (a config, the script that builds the model) is wrong there.
    """
    if module is None:
        return None
    own = module.param_spans.get(name) or module.created
    if own is None:
        return None
    spans = (own, *graph.passed.get((own, module.context), ()))
    depth = len(module.context) - _together(module.context, _built_in(maker, module.context))
    here = spans[min(depth, len(spans) - 1)]
    written = _written(module.params.get(name), maker)
    bound = graph.bound.get(here)
    here = bound.span if bound is not None and bound.computed else here
    return here if written is None or written.path == here.path else written


def constructor_beside(graph: ShapeGraph, module: Module, name: str, other: Module | None) -> Span | None:
    """The same for a layer that should be as another one is: followed out to where the calls part that made the two.

    Where one text made both, what tells them apart is the number that stands elsewhere, or the call.
    """
    own = module.param_spans.get(name) or module.created
    if own is None or module.created is None:
        return None
    spans = (own, *graph.passed.get((own, module.context), ()))
    common = _together(module.context, other.context) if other is not None else 0
    depth = len(module.context) - common
    written = _written(module.params.get(name), None)
    if other is None or depth < len(spans) or (other.param_spans.get(name) or other.created) != own:
        here = spans[min(depth, len(spans) - 1)]
        return here if written is None or here != own else written
    if written is not None and written not in (own, _written(other.params.get(name), None)):
        return written
    return (*(frame.span for frame in module.context), module.created)[common]


def factory_span(graph: ShapeGraph, at: Axis, beside: Calls) -> Span | None:
    """The expression that sized an axis which ``torch.zeros`` or its like made, followed out through the calls that
    merely passed it on, to the function that also leads to ``beside``; None where no factory made the axis."""
    stage = at.stage
    sizes = graph.sizes.get(stage.index, ()) if stage is not None else ()
    if stage is None or not 0 <= at.index < len(sizes):
        return None
    own = sizes[at.index]
    spans = (own, *graph.passed.get((own, stage.context), ()))
    return spans[min(len(stage.context) - _together(stage.context, beside), len(spans) - 1)]


def built_beside(graph: ShapeGraph, at: Axis, other: Axis) -> Span | None:
    """The same for an axis that a constructor made (a parameter), where the program's structure made what it meets, and
    not the data: the object that holds both chose the size."""
    stage = at.stage
    if (
        stage is None
        or other.stage is None
        or not any(other.stage.tensors())
        or not any(frame.function.endswith("__init__") for frame in stage.context)
    ):
        return None
    return factory_span(graph, at, _built_in(other, stage.context))


PLAIN = (WRITTEN, "the value of ", "the default of ")
"""How the origin of a size begins that the program states as a number, and takes from no config."""
_COMPOSED = frozenset(("cat", "concat", "concatenate", "hstack"))


def _written(size: object, maker: Axis | None) -> Span | None:
    """Where a constructor's size stands as a number; None where what arrives comes of that same number, or of joined
    parts, so that another number would not mend it."""
    origin = size.origin if isinstance(size, Dim) else None
    if (
        origin is None
        or origin.span is None
        or not origin.text.startswith(PLAIN)
        or short(maker.stage if maker is not None else None) in _COMPOSED
    ):
        return None
    built = maker.stage.module if maker is not None and maker.stage is not None else None
    others = built.params.values() if built is not None else ()
    if any(
        isinstance(other, Dim) and other.origin is not None and other.origin.span == origin.span for other in others
    ):
        return None
    return origin.span


def _built_in(maker: Axis | None, calls: Calls) -> Calls:
    """The calls in which what made a size was constructed: of the layers that lead to it, the nearest to ``calls``."""
    if maker is None or maker.stage is None:
        return ()
    found: list[Calls] = []
    waiting, seen = [maker.stage], {id(maker.stage)}
    while waiting and len(seen) < _FAR:
        stage = waiting.pop()
        if stage.module is not None:
            found.append(stage.module.context)
            continue
        for tensor in stage.tensors():
            if tensor.producer is not None and id(tensor.producer) not in seen:
                seen.add(id(tensor.producer))
                waiting.append(tensor.producer)
    return max(found, key=lambda built: _together(built, calls), default=())


def _together(a: Calls, b: Calls) -> int:
    same = 0
    for one, other in zip(a, b, strict=False):
        if one != other:
            break
        same += 1
    return same


def equal(a: Dim | None, b: Dim | None) -> bool:
    """Whether two sizes are certainly the same."""
    return a is not None and b is not None and a.equals(b)


def differ(a: Dim | None, b: Dim | None) -> bool:
    """Whether two sizes are certainly different."""
    return a is not None and b is not None and a.compare(b) is Truth.DIFFERENT


def dropper(tensor: Tensor, wanted: Dim) -> tuple[Stage, Tensor, int] | None:
    """The stage on the way to ``tensor`` that took away (or moved) the last axis while it still had the wanted size.

    Gives the stage, its operand and that axis. Only reductions, pools, indexing and transpositions count: a Linear that
    maps the wanted size to another does what it says. The walk ends where the arriving axis was made.
    """
    end = made(axis(tensor, -1)).tensor
    while (stage := tensor.producer) is not None:
        operand = main(stage)
        if operand is None:
            return None
        rank = operand.shape.rank
        if rank is not None and equal(operand.shape.dim(-1), wanted) and _loses_last(stage, operand):
            return stage, operand, rank - 1
        if tensor is end:
            return None
        tensor = operand
    return None


def _loses_last(stage: Stage, operand: Tensor) -> bool:
    name, rank = short(stage), operand.shape.rank or 0
    if name in vocabulary.REDUCTIONS:
        gone = vocabulary.reduced_axes(stage)
        return gone is not None and rank - 1 in gone
    if name in vocabulary.POOLS_1D:
        return rank == 3 and not equal(stage.out.shape.dim(-1), operand.shape.dim(-1))
    if name in ("__getitem__", "select", "transpose", "permute", "t", "mT", "swapaxes"):
        out = stage.out
        kept = [trail.previous(axis(out, k)) for k in range(out.shape.rank or 0)]
        return bool(kept) and all(k is not None for k in kept) and (kept[-1] != axis(operand, -1))
    return False


def setter(tensor: Tensor, index: int = 0) -> Axis:
    """The axis where an axis of ``tensor`` got its size (see :func:`shapecheck.trail.made`)."""
    return made(axis(tensor, index))
