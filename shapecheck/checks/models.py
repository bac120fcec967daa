"""SHP401 to SHP404 and SHP406 to SHP414: what a transformers model is called with."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from shapecheck import trail, vocabulary
from shapecheck.checks import blame, masks, words
from shapecheck.checks.report import found
from shapecheck.dims import Dim
from shapecheck.findings import Finding, Related
from shapecheck.graph import Module, ShapeGraph, Stage, Tensor
from shapecheck.places import Span
from shapecheck.trail import made
from shapecheck.vocabulary import Axis, axis, main, short

_WANTED = {
    "input_ids": "(batch, seq)",
    "input_values": "(batch, samples)",
    "pixel_values": "(batch, channels, height, width)",
}
"""The shapes that models want of their main input."""
_EXTRA_AXIS = {
    "input_ids": "leave return_tensors out of __getitem__, or squeeze(0) there",
    "input_values": "take the axis of the one channel away: .squeeze(1)",
}
_IDS = re.compile(r"[\w.]*?(?:\[[\"'])?(?:\w+_)?(?:ids|labels)(?:[\"']\])?")
_PARTS = ("__getitem__", "to", "contiguous", "clone", "narrow")
_SEGMENTS = re.compile(r"token_type|segment|\bseg_?(ids)?\b")


def model_inputs(graph: ShapeGraph, stage: Stage) -> Finding | None:
    """The most telling reason why a model's own code raises."""
    if not vocabulary.is_model(stage) or stage.module is None or stage.conflict is None:
        return None
    for explain in _EXPLAINERS:
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
    generates = short(stage).endswith("ForConditionalGeneration")
    encoder = "" if generates else _encoder_class(short(stage))
    return found(
        "SHP404",
        "decoder" if generates else "class" if encoder else "",
        (None if generates else module.created) or stage.span,
        stage=stage,
        tensor=_ids(stage),
        symptom=stage.span,
        label=f"{short(stage)} is an encoder and a decoder",
        help="pass labels= or decoder_input_ids=, or let model.generate(...) write the text"
        if generates
        else f"use {encoder}"
        if encoder
        else "call its encoder: model.get_encoder()(...)",
        remedy=encoder,
        shapes=[words.named(_ids(stage), name="input_ids")],
        model=short(stage),
        encoder=encoder,
    )


def _lists(graph: ShapeGraph, stage: Stage, module: Module) -> Finding | None:
    """SHP408: a tokenizer's lists where tensors are wanted."""
    conflict = stage.conflict
    if conflict is None or "'list' object has no attribute" not in (stage.message or conflict.message):
        return None
    given = stage.tensor(conflict.left_name) or _ids(stage)
    return found(
        "SHP408",
        "",
        given.span if given is not None and given.span is not None else stage.span,
        stage=stage,
        tensor=given,
        symptom=stage.span,
        label="lists of numbers",
        help='pass return_tensors="pt"',
        model=short(stage),
        name=conflict.left_name,
    )


def _no_padding_token(graph: ShapeGraph, stage: Stage, module: Module) -> Finding | None:
    """SHP412: a batch for a head that looks for the last token that is not padding, and no padding token."""
    ids, says = _ids(stage), stage.message or (stage.conflict.message if stage.conflict else "")
    if ids is None or "no padding token is defined" not in says:
        return None
    return found(
        "SHP412",
        "model",
        module.created or stage.span,
        stage=stage,
        tensor=ids,
        symptom=stage.span,
        label="its config has no pad_token_id",
        help="set model.config.pad_token_id = tokenizer.pad_token_id (after tokenizer.pad_token = tokenizer.eos_token)",
        shapes=[words.named(ids, name="input_ids")],
        model=short(stage),
        rows=words.size(ids.shape.dim(0)),
    )


def _image_size(graph: ShapeGraph, stage: Stage, module: Module) -> Finding | None:
    """SHP409: pictures of another size than the model's position table is made for."""
    conflict = stage.conflict
    pixels = stage.tensor("pixel_values")
    if conflict is None or pixels is None or pixels.shape.rank != 4:
        return None
    says = re.search(r"Input image size \(.*\) doesn't match model \((.*)\)", stage.message or conflict.message)
    if conflict.right_name != "image_size" and says is None:
        return None
    size = words.size(conflict.right) if conflict.right is not None else str(says and says[1].partition("*")[0])
    return found(
        "SHP409",
        "",
        _size_root(stage, pixels, conflict.axis),
        stage=stage,
        tensor=pixels,
        symptom=stage.span,
        label=f"the pictures are {pixels.shape}",
        help=f"resize them to {size}, or call with interpolate_pos_encoding=True",
        related=[words.comes_from(pixels), Related(module.created, f"made for {size}") if module.created else None],
        shapes=[words.named(pixels, name="pixel_values")],
        model=short(stage),
        operand=words.called(pixels),
        shape=pixels.shape,
        size=size,
    )


def _size_root(stage: Stage, pixels: Tensor, index: int | None) -> Span:
    """Where the pictures got their size, else what made them."""
    origin = pixels.shape.dim(index).origin if index is not None else None
    return origin.span if origin is not None and origin.span is not None else _own_place(stage, pixels)


def _features_as_ids(graph: ShapeGraph, stage: Stage, module: Module) -> Finding | None:
    """SHP414: vectors handed over where token ids are wanted."""
    given, width = _ids(stage), module.params.get("hidden_size")
    if given is None or given.shape.rank != 3 or not (given.dtype or "").startswith("float"):
        return None
    if not isinstance(width, Dim) or not blame.equal(given.shape.dim(2), width):
        return None
    return found(
        "SHP414",
        "",
        blame.operand_span(stage, given),
        stage=stage,
        tensor=given,
        symptom=stage.span,
        label=f"{given.shape}, floating point",
        help="pass them as inputs_embeds=",
        related=[words.comes_from(given)],
        shapes=[words.named(given, name="input_ids")],
        model=short(stage),
        operand=words.called(given),
        shape=given.shape,
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
    return found(
        ("SHP411" if name == "input_values" else "SHP406") if extra else "SHP401",
        "" if extra else "missing",
        _rank_root(stage, given, extra),
        stage=stage,
        tensor=given,
        symptom=stage.span,
        label=f"{name} is {given.shape}",
        help=_EXTRA_AXIS.get(name, "squeeze the axis of one")
        if extra
        else f"add the axis of the batch: {name}.unsqueeze(0)",
        shapes=[words.named(given, name=name)],
        model=short(stage),
        name=name,
        wanted=_WANTED[name],
        shape=given.shape,
        rank=rank,
    )


def _rank_root(stage: Stage, given: Tensor, extra: bool) -> Span:
    """What took the batch axis away, the tokenizer's call (by the origin of its axes), or the tensor made by hand."""
    maker = given.producer
    if not extra and maker is not None and short(maker) in ("__getitem__", "select", "squeeze"):
        return maker.span
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
        label=f"{words.size(axis(ids, 1).dim)} tokens",
        help=f"pass truncation=True, max_length={limit}",
        remedy=limit,
        related=[Related(module.created, f"{limit} positions") if module.created else None],
        shapes=[words.named(ids, name="input_ids")],
        model=short(stage),
        length=words.size(length),
        table=limit,
    )


Explain = Callable[[ShapeGraph, Stage, Module], Finding | None]
_EXPLAINERS: tuple[Explain, ...] = (
    _lists,
    _no_padding_token,
    _decoder_missing,
    _image_size,
    _features_as_ids,
    masks.shorter_mask,
    _wrong_rank,
    _too_long,
)


def swapped_inputs(graph: ShapeGraph) -> Iterator[Finding]:
    """SHP403: the mask where the segments belong, or the other way round."""
    for stage in graph.stages:
        if not vocabulary.is_model(stage) or stage.within:
            continue
        mask, segments = stage.tensor("attention_mask"), stage.tensor("token_type_ids")
        if mask is not None and _is_ids(mask):
            yield _ids_for_mask(stage, mask)
            continue
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


def _is_ids(tensor: Tensor) -> bool:
    """By its name, or that of what it is a part of; not by its role, which may come from the ids that a mask was made
    like. Ids of segments have a place that they are mistaken for."""
    named = [tensor.text]
    while tensor.producer is not None and short(tensor.producer) in _PARTS and (whole := main(tensor.producer)):
        tensor = whole
        named.append(tensor.text)
    if any("mask" in name or _SEGMENTS.search(name) is not None for name in named):
        return False
    return any(_IDS.fullmatch(name) is not None for name in named)


def _ids_for_mask(stage: Stage, ids: Tensor) -> Finding:
    params = stage.module.params if stage.module is not None else {}
    decodes = params.get("is_encoder_decoder") is True and stage.inputs.get("decoder_input_ids") is None
    name = "labels" if ids.role == "labels" else "decoder_input_ids" if decodes else "input_ids"
    return found(
        "SHP403",
        "ids",
        stage.input_spans.get("attention_mask", stage.span),
        stage=stage,
        tensor=ids,
        symptom=stage.span,
        label="token ids, and not zeros and ones",
        help=f"pass it by name: {name}=...",
        remedy=name,
        related=[words.comes_from(ids)],
        shapes=[words.named(ids)],
        model=short(stage),
        given=words.called(ids),
    )


def _is_segments(tensor: Tensor) -> bool:
    """By its name, where that says so; a role may come from the very call that is wrong."""
    return _SEGMENTS.search(tensor.text) is not None or (tensor.role == "segments" and "mask" not in tensor.text)


def _is_mask(tensor: Tensor) -> bool:
    return "mask" in tensor.text or (tensor.role == "mask" and _SEGMENTS.search(tensor.text) is None)
