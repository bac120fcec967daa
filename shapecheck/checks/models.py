"""SHP401 to SHP404: what a transformers model is called with."""

from __future__ import annotations

import re
from collections.abc import Iterator

from shapecheck import trail
from shapecheck.checks import blame, words
from shapecheck.checks.report import found
from shapecheck.dims import Dim
from shapecheck.findings import Finding, Related
from shapecheck.graph import Module, ShapeGraph, Stage, Tensor
from shapecheck.places import Span
from shapecheck.trail import short

_SEGMENTS = re.compile(r"token_type|segment|\bseg_?(ids)?\b")


def model_inputs(graph: ShapeGraph, stage: Stage) -> Finding | None:
    """The most telling reason why a model's own code raises."""
    if not trail.is_model(stage) or stage.module is None or stage.conflict is None:
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
    ids = _ids(stage)
    rank = ids.shape.rank if ids is not None else None
    if ids is None or rank in (None, 0, 2) or module.params.get("head") == "multiple-choice":
        return None
    root, reason = _rank_root(stage, ids)
    return found(
        "SHP401",
        "extra" if rank and rank > 2 else "missing",
        root,
        stage=stage,
        tensor=ids,
        symptom=stage.span,
        label=f"the ids are {ids.shape}",
        help=reason,
        shapes=[words.named(ids, name="input_ids")],
        model=short(stage),
        shape=ids.shape,
        rank=rank,
    )


def _rank_root(stage: Stage, ids: Tensor) -> tuple[Span, str]:
    """The tokenizer's call (by the origin of its axes) or the tensor made by hand; else the model's call."""
    extra = len(ids.shape.dims) > 2
    advice = "leave return_tensors out in __getitem__, or squeeze(0) the result" if extra else "unsqueeze(0) the ids"
    dims = ids.shape.dims[1:2] if extra else ids.shape.dims
    for dim in dims:
        if dim.origin is not None and dim.origin.span is not None:
            return dim.origin.span, advice
    return trail.place(ids) or blame.operand_span(stage, ids), advice


def _too_long(graph: ShapeGraph, stage: Stage, module: Module) -> Finding | None:
    ids, table = _ids(stage), module.params.get("max_position_embeddings")
    length = ids.shape.dim(1).value if ids is not None and ids.shape.rank == 2 else None
    if ids is None or length is None or not isinstance(table, Dim) or table.value is None or length <= table.value:
        return None
    root = ids.shape.dim(1).origin.span if ids.shape.dim(1).origin is not None else None  # type: ignore[union-attr]
    return found(
        "SHP402",
        "",
        root or trail.place(ids) or stage.span,
        stage=stage,
        tensor=ids,
        symptom=stage.span,
        label=f"{length} tokens",
        help=f"truncation=True, max_length={table.value}",
        related=[Related(module.created, f"{table.value} positions") if module.created else None],
        shapes=[words.named(ids, name="input_ids")],
        model=short(stage),
        length=length,
        table=table.value,
    )


def swapped_inputs(graph: ShapeGraph) -> Iterator[Finding]:
    """SHP403: the mask where the segments belong, or the other way round."""
    for stage in graph.stages:
        if not trail.is_model(stage) or stage.within:
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
