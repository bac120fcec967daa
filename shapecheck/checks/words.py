"""How findings speak of tensors, operators and sizes: the names the user wrote, and where each size comes from."""

from __future__ import annotations

import re
from collections.abc import Sequence

from shapecheck import vocabulary
from shapecheck.dims import WRITTEN, Dim
from shapecheck.findings import NamedShape, Related
from shapecheck.graph import Stage, Tensor
from shapecheck.places import Origin
from shapecheck.trail import made
from shapecheck.vocabulary import Axis, given, short

_LAYER_OF = re.compile(r"^(`\w+)[.\[]-?\d+\]?`")
"""One of several layers: `` `hidden_states.3` ``, `` `states[-1]` ``."""
_POOLED_NAME = re.compile(r"cls|pool|sentence|sent_|emb|feat|vec|repr|summary", re.IGNORECASE)


def shown(op: str) -> str:
    """An operator as people write it: ``nn.Linear``, ``F.cross_entropy``, ``torch.cat``, ``.mean``, ``BertModel``."""
    for long, brief in (
        ("torch.nn.functional.", "F."),
        ("torch.nn.", "nn."),
        ("torch.Tensor.", "."),
        ("transformers.", ""),
        ("numpy.ndarray.", "."),
        ("numpy.", "np."),
    ):
        if op.startswith(long):
            return "indexing" if op.endswith("__getitem__") else brief + op.removeprefix(long)
    return op


def called(tensor: Tensor | None) -> str:
    """A tensor by the name that the user gave it, else by what made it."""
    if tensor is None:
        return "the operand"
    if tensor.text:
        return f"`{tensor.text}`"
    stage = tensor.producer
    if stage is None:
        return {"labels": "the target", "ids": "the token ids", "mask": "the mask"}.get(tensor.role or "", "the input")
    if vocabulary.is_model(stage):
        return f"`{tensor.field}` of {short(stage)}"
    return f"the output of {shown(stage.op)}"


def at_line(tensor: Tensor | None) -> str:
    """``, line 12`` where the place of a tensor is known."""
    span = vocabulary.place(tensor) if tensor is not None else None
    return f", {span.told}" if span else ""


def size(dim: Dim | None) -> str:
    """A size as the report shows it: the name of an axis with the number seen for it in brackets."""
    if dim is None:
        return "?"
    return str(dim)


def origin(at: Axis) -> str:
    """Why an axis has its size, to finish "768 is ..."; empty where it is not known."""
    source = made(at)
    dim, stage = source.dim, source.stage
    by_operator = _by_operator(source, stage)
    if by_operator:
        return by_operator
    for known in (dim.origin, at.dim.origin):
        if known is not None:
            return told(known)
    if stage is None:
        return f"axis {source.index} of {called(source.tensor)}{at_line(source.tensor)}"
    if vocabulary.is_model(stage):
        return f"the width of `{source.tensor.field}` of {short(stage)}, {stage.span.told}"
    return f"what {shown(stage.op)} gives, {stage.span.told}"


def told(why: Origin) -> str:
    """An origin as it stands in brackets behind a size."""
    return f"written at {why.span.told}" if why.text == WRITTEN and why.span else str(why)


def _by_operator(source: Axis, stage: Stage | None) -> str:
    name = short(stage)
    if stage is None:
        return ""
    line = stage.span.told
    if name in vocabulary.RECURRENT and given(stage, "bidirectional") is True:
        return f"both directions of the bidirectional nn.{name}, 2 * {size(given(stage, 'hidden_size'))}, {line}"
    if name in ("cat", "concat", "concatenate"):
        return f"{_parts(vocabulary.operands(stage), source.index)}, joined by torch.cat, {line}"
    if name == "stack":
        parts = vocabulary.operands(stage)
        model = parts[0].producer if parts else None
        what = f"the {parts[0].field.partition('.')[0]} of {short(model)}" if vocabulary.is_model(model) else "tensors"
        every = ", the embeddings' and one of each layer" if "hidden_states.0" in [t.field for t in parts[:1]] else ""
        return f"as many as {what} joined by torch.stack{every}, {line}" if parts else ""
    if name in ("Linear", "LazyLinear") and stage.module is not None:
        created, count = stage.module.created, stage.module.params.get("out_features")
        place = f"out_features of nn.Linear{f', {created.told}' if created else ''}"
        why = count.origin if isinstance(count, Dim) else None
        return (
            place
            if why is None or (created and why.span and why.span.line == created.line)
            else f"{place}: {told(why)}"
        )
    if name in vocabulary.RECURRENT:
        return f"hidden_size of nn.{name}, {line}"
    return ""


def _parts(tensors: Sequence[Tensor], index: int) -> str:
    """Joined parts with their sizes: ``768 of `text` + 3 of `tab```, ``3 * 768: `u`, `v`, the output of torch.abs``."""
    sizes = [size(tensor.shape.dim(index)) for tensor in tensors]
    if len(tensors) < 2 or len(set(sizes)) > 1:
        return " + ".join(f"{count} of {called(t)}" for count, t in zip(sizes, tensors, strict=True))
    names = dict.fromkeys(_LAYER_OF.sub(r"\1`", called(tensor)) for tensor in tensors)
    return f"{len(tensors)} * {sizes[0]}: {', '.join(names)}"


def sized(at: Axis) -> str:
    """A size with its reason: ``768 (the hidden size of bert-base-uncased, line 9)``."""
    why = origin(at)
    return f"{size(at.dim)} ({why})" if why else size(at.dim)


def parameter(stage: Stage, name: str, dim: Dim | None) -> str:
    """A constructor's size with its reason: ``768 (in_features, line 19)``."""
    if dim is not None and dim.origin is not None:
        return f"{size(dim)} ({told(dim.origin)})"
    module = stage.module
    span = module.param_spans.get(name, module.created) if module else None
    return f"{size(dim)} ({name}, {span.told})" if span else size(dim)


def because(stage: Stage, name: str, dim: Dim | None) -> str:
    """The reason of a constructor's size alone, in brackets behind what it counts; empty where none is known."""
    text = parameter(stage, name, dim)
    return text.removeprefix(size(dim))


def named(tensor: Tensor | None, why: str = "", name: str = "") -> NamedShape:
    """A tensor for a finding's list of shapes."""
    if tensor is None:
        return NamedShape(name or "?", ())
    dims: tuple[str | int, ...] = tuple(d.expr if isinstance(d.expr, int) else str(d) for d in tensor.shape.dims)
    return NamedShape(name or tensor.text or tensor.field or tensor.role or "input", dims, why)


def axis_from(tensor: Tensor, index: int) -> Related | None:
    """Where an axis of a tensor was made, for the related places of a finding."""
    maker = made(vocabulary.axis(tensor, index)).stage
    dim = tensor.shape.dim(index)
    return Related(maker.span, f"the axis of {size(dim)} is made here") if maker is not None else None


def comes_from(tensor: Tensor | None) -> Related | None:
    """The place where a tensor came to be, as a related place."""
    span = vocabulary.place(tensor) if tensor is not None else None
    if tensor is None or span is None:
        return None
    return Related(span, f"{called(tensor)} is {tensor.shape}")


def says_pooled(text: str) -> bool:
    """Whether a name claims one vector per text (``cls``, ``pooled``, ``sentence_embedding``)."""
    return text.isidentifier() and _POOLED_NAME.search(text) is not None
