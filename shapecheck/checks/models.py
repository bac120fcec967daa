"""SHP401 to SHP404: what a transformers model is called with."""

from __future__ import annotations

import re
from collections.abc import Iterator

from shapecheck import trail, vocabulary
from shapecheck.checks import blame, words
from shapecheck.checks.report import found
from shapecheck.dims import Dim
from shapecheck.findings import Finding, Related
from shapecheck.graph import Module, ShapeGraph, Stage, Tensor
from shapecheck.places import Span
from shapecheck.trail import made
from shapecheck.vocabulary import Axis, axis, short

_WANTED = {
    "input_ids": "(batch, seq)",
    "input_values": "(batch, samples)",
    "pixel_values": "(batch, channels, height, width)",
}
"""The shapes that models want of their main input."""
_SEGMENTS = re.compile(r"token_type|segment|\bseg_?(ids)?\b")


def model_inputs(graph: ShapeGraph, stage: Stage) -> Finding | None:
    """The most telling reason why a model's own code raises."""
    if not vocabulary.is_model(stage) or stage.module is None or stage.conflict is None:
        return None
    for explain in (_decoder_missing, _wrong_rank, _too_long):
        finding = explain(graph, stage, stage.module)
        if finding is not None:
            return finding
    return None


def _ids(stage: Stage) -> Tensor | None:
    return stage.tensor("input_ids")


def _decoder_missing(graph: ShapeGraph, stage: Stage, module: Module) -> Finding | None:
    decoder = ("decoder_input_ids", "decoder_inputs_embeds", "labels", "encoder_outputs")
    if not module.params.get("is_encoder_decoder") or any(stage.inputs.get(name) is not None for name in decoder):
        return None
    says = f"{stage.message or ''} {stage.conflict.message if stage.conflict else ''}"
    if "decoder" not in says and "input_ids" not in says:
        return None
    encoder = _encoder_class(short(stage))
    return found(
        "SHP404",
        "class" if encoder else "",
        module.created or stage.span,
        stage=stage,
        tensor=_ids(stage),
        symptom=stage.span,
        label=f"{short(stage)} is an encoder and a decoder",
        help=f"use {encoder}" if encoder else "call its encoder: model.get_encoder()(...)",
        shapes=[words.named(_ids(stage), name="input_ids")],
        model=short(stage),
        encoder=encoder,
    )


def _encoder_class(model: str) -> str:
    """The class that is the encoder alone, where transformers has one."""
    from shapecheck import hub

    name = f"{model.removesuffix('Model').removesuffix('ForConditionalGeneration')}EncoderModel"
    return name if hub.model(name) is not None else ""


def _wrong_rank(graph: ShapeGraph, stage: Stage, module: Module) -> Finding | None:
    name = next((name for name in _WANTED if stage.tensor(name) is not None), "")
    given = stage.tensor(name)
    rank = given.shape.rank if given is not None else None
    usual = _WANTED.get(name, "").count(",") + 1
    if given is None or not rank or rank == usual or module.params.get("head") == "multiple-choice":
        return None
    extra = rank > usual
    advice = "leave return_tensors out of __getitem__, or squeeze(0) there" if extra else f"unsqueeze(0) the {name}"
    return found(
        "SHP401",
        "extra" if extra else "missing",
        _rank_root(stage, given, extra),
        stage=stage,
        tensor=given,
        symptom=stage.span,
        label=f"{name} is {given.shape}",
        help=advice,
        shapes=[words.named(given, name=name)],
        model=short(stage),
        name=name,
        wanted=_WANTED[name],
        shape=given.shape,
        rank=rank,
    )


def _rank_root(stage: Stage, given: Tensor, extra: bool) -> Span:
    """The tokenizer's call (by the origin of its axes) or the tensor made by hand; else the model's call."""
    dims = [_whole(axis(given, 1)).dim] if extra else given.shape.dims
    origins = (dim.origin.span for dim in dims if dim.origin is not None)
    return next((span for span in origins if span is not None), None) or _own_place(stage, given)


def _whole(at: Axis) -> Axis:
    """The axis that a slice was taken of, as it was when it got its size."""
    before = trail.resized(made(at))
    while before is not None:
        at = before
        before = trail.resized(made(at))
    return made(at)


def _own_place(stage: Stage, tensor: Tensor) -> Span:
    return vocabulary.place(tensor) or blame.operand_span(stage, tensor)


def _too_long(graph: ShapeGraph, stage: Stage, module: Module) -> Finding | None:
    ids, conflict, table = _ids(stage), stage.conflict, module.params.get("max_position_embeddings")
    if ids is None or ids.shape.rank != 2 or conflict is None:
        return None
    length = ids.shape.dim(1)
    if conflict.kind == "index" and conflict.left_name == "input_ids":
        table = conflict.right
    elif not isinstance(table, Dim) or table.value is None or length.value is None or length.value <= table.value:
        return None
    limit = words.size(table if isinstance(table, Dim) else None)
    origin = length.origin.span if length.origin is not None else None
    return found(
        "SHP402",
        "" if length.value is not None else "named",
        origin or _own_place(stage, ids),
        stage=stage,
        tensor=ids,
        symptom=stage.span,
        label=f"{words.sized(axis(ids, 1))} tokens",
        help=f"truncation=True, max_length={limit}",
        related=[Related(module.created, f"{limit} positions") if module.created else None],
        shapes=[words.named(ids, name="input_ids")],
        model=short(stage),
        length=words.size(length),
        table=limit,
    )


def swapped_inputs(graph: ShapeGraph) -> Iterator[Finding]:
    """SHP403: the mask where the segments belong, or the other way round."""
    for stage in graph.stages:
        if not vocabulary.is_model(stage) or stage.within:
            continue
        mask, segments = stage.tensor("attention_mask"), stage.tensor("token_type_ids")
        if mask is None or not _is_segments(mask) or (segments is not None and not _is_mask(segments)):
            continue
        yield found(
            "SHP403",
            "",
            stage.span,
            stage=stage,
            tensor=mask,
            label="attention_mask gets the segments",
            help="pass them by name: attention_mask=..., token_type_ids=...",
            related=[words.comes_from(mask)],
            model=short(stage),
            given=words.called(mask),
            second=f", and token_type_ids gets {words.called(segments)}" if segments is not None else "",
        )


def _is_segments(tensor: Tensor) -> bool:
    return tensor.role == "segments" or _SEGMENTS.search(tensor.text) is not None


def _is_mask(tensor: Tensor) -> bool:
    return tensor.role == "mask" or "mask" in tensor.text
