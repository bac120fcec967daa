"""Why the call of a transformers model raises: its inputs (SHP401 to 404) and its labels (SHP302, 303, 504)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from shapecheck import trail
from shapecheck.checks import blame, words
from shapecheck.checks.report import found
from shapecheck.dims import Dim
from shapecheck.findings import Finding, Related
from shapecheck.graph import Event, Module, ShapeGraph, Stage, Tensor
from shapecheck.places import Span
from shapecheck.trail import axis, short

_SEGMENTS = re.compile(r"token_type|segment|\bseg_?(ids)?\b")
_ONE_LABEL = ("sequence-classification", "image-classification", "audio-classification", "multiple-choice")
_CLASS_IDS = (*_ONE_LABEL, "token-classification")
_INTEGERS = ("int64", "int32", "int16", "int8", "uint8", "int")


def model_call(graph: ShapeGraph, stage: Stage) -> Finding | None:
    """The most telling reason why a model's own code raises."""
    if not trail.is_model(stage) or stage.module is None or stage.conflict is None:
        return None
    for explain in (_decoder_missing, _wrong_rank, _too_long, _labels_per_token, _rows_of_one_hot):
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


def stale_count(graph: ShapeGraph) -> Iterator[Finding]:
    """SHP504: a head replaced by one of another width, while the model's loss still reshapes by its ``num_labels``."""
    for event in graph.events:
        module, new = event.data.get("model"), event.data.get("new")
        if event.kind != "replace" or not isinstance(module, Module) or not isinstance(new, Module):
            continue
        width, count = new.params.get("out_features"), module.params.get("num_labels")
        stage = next(
            (s for s in graph.stages if s.module is module and s.index > event.index and s.tensor("labels")), None
        )
        if stage is None or not isinstance(width, Dim) or not isinstance(count, Dim) or not blame.differ(width, count):
            continue
        if module.params.get("head") in _CLASS_IDS and _last_replaced(graph, event):
            yield _stale(stage, module, event, width, count)


def _last_replaced(graph: ShapeGraph, event: Event) -> bool:
    """Whether neither the same submodule nor the label count was set again after an event."""
    later = [e for e in graph.events if e.index > event.index]
    again = any(e.kind == "replace" and e.data.get("path") == event.data.get("path") for e in later)
    return not again and not any(e.kind == "labels" and e.data.get("module") is event.data.get("model") for e in later)


def _stale(stage: Stage, module: Module, event: Event, width: Dim, count: Dim) -> Finding:
    return found(
        "SHP504",
        "",
        event.span,
        stage=stage,
        tensor=stage.tensor("labels"),
        symptom=stage.span,
        label=f"{words.size(width)} outputs, num_labels is still {words.size(count)}",
        help=f"set model.num_labels = model.config.num_labels = {words.size(width)}, or load with num_labels",
        related=[Related(module.created, f"num_labels is {words.size(count)}") if module.created else None],
        path=event.data.get("path", "the head"),
        width=words.size(width),
        count=words.size(count),
        model=short(stage),
    )


def _labels_per_token(graph: ShapeGraph, stage: Stage, module: Module) -> Finding | None:
    """Labels for every token, handed to a class with one row of scores per text."""
    ids, labels = _ids(stage), stage.tensor("labels")
    if ids is None or labels is None or module.params.get("head") != "sequence-classification":
        return None
    if labels.shape.rank != 2 or (labels.dtype is not None and labels.dtype not in _INTEGERS):
        return None
    per_token = blame.equal(labels.shape.dim(1), ids.shape.dim(1)) or labels.low == -100
    if not per_token:
        return None
    other = short(stage).replace("SequenceClassification", "TokenClassification")
    return found(
        "SHP302",
        "token-labels",
        module.created or stage.span,
        stage=stage,
        tensor=labels,
        symptom=stage.span,
        label="one row of scores per text",
        help=f"use {other}",
        related=[words.comes_from(labels)],
        shapes=[words.named(labels, name="labels"), words.named(ids, name="input_ids")],
        model=short(stage),
        other=other,
        target=words.called(labels),
        target_shape=labels.shape,
    )


def _rows_of_one_hot(graph: ShapeGraph, stage: Stage, module: Module) -> Finding | None:
    """Integer rows of ones and zeros: a class index per row was meant, or floating-point rows."""
    labels, count = stage.tensor("labels"), module.params.get("num_labels")
    if labels is None or not isinstance(count, Dim) or module.params.get("head") not in _ONE_LABEL:
        return None
    if labels.shape.rank != 2 or labels.dtype not in _INTEGERS or not blame.equal(labels.shape.dim(1), count):
        return None
    return found(
        "SHP302",
        "one-hot",
        blame.operand_span(stage, labels),
        stage=stage,
        tensor=labels,
        symptom=stage.span,
        label=f"the labels are {labels.shape}",
        help=f"{labels.text or 'labels'}.argmax(dim=1), or floating-point rows",
        related=[words.comes_from(labels)],
        shapes=[words.named(labels, name="labels")],
        target=words.called(labels),
        target_shape=labels.shape,
        loss=short(stage),
        rows=words.size(labels.shape.dim(0)),
    )


def label_range(graph: ShapeGraph) -> Iterator[Finding]:
    """SHP303: class ids reach beyond the number of classes, in a model's own loss or in a class loss."""
    replaced = [event.data.get("model") for event in graph.events if event.kind == "replace"]
    for stage in graph.stages:
        if stage.within:
            continue
        if trail.is_model(stage) and stage.module is not None and stage.module not in replaced:
            labels, count = stage.tensor("labels"), stage.module.params.get("num_labels")
            if labels is not None and isinstance(count, Dim) and stage.module.params.get("head") in _CLASS_IDS:
                root = count.origin.span if count.origin is not None and count.origin.span else stage.module.created
                yield from _beyond(stage, labels, count, root)
        elif short(stage) in ("CrossEntropyLoss", "NLLLoss", "cross_entropy", "nll_loss"):
            scores, labels = stage.tensor("input"), stage.tensor("target")
            if scores is not None and labels is not None and (scores.shape.rank or 0) > 1:
                yield from _beyond(stage, labels, scores.shape.dim(1), _head_root(scores))


def _head_root(scores: Tensor) -> Span | None:
    source = trail.made(axis(scores, 1))
    module = source.stage.module if source.stage is not None else None
    width = module.params.get("out_features") if module is not None else None
    if isinstance(width, Dim) and width.origin is not None and width.origin.span is not None:
        return width.origin.span
    return module.param_spans.get("out_features") if module is not None else None


def _beyond(stage: Stage, labels: Tensor, count: Dim, root: Span | None) -> Iterator[Finding]:
    classes = count.value
    if classes is None or classes < 2 or labels.high is None or labels.high < classes or labels.dtype not in _INTEGERS:
        return
    if stage.conflict is not None and stage.conflict.kind not in ("classes", "raised", "index"):
        return
    yield found(
        "SHP303",
        "",
        root or stage.span,
        stage=stage,
        tensor=labels,
        symptom=stage.span,
        says=f"Target {labels.high} is out of bounds.",
        label=f"{classes} classes, ids 0 to {classes - 1}",
        help=f"make it {labels.high + 1}",
        related=[words.comes_from(labels)],
        shapes=[words.named(labels, name="labels")],
        labels=words.called(labels),
        high=labels.high,
        classes=classes,
        why=f" ({count.origin})" if count.origin else "",
        most=classes - 1,
    )


def label_count(graph: ShapeGraph) -> Iterator[Finding]:
    """SHP502: weights of a head with another number of labels than the model that they are loaded into."""
    for event in graph.events:
        module, mismatched = event.data.get("module"), event.data.get("mismatched")
        if event.kind != "load" or not isinstance(module, Module) or not isinstance(mismatched, dict) or not mismatched:
            continue
        name, sizes = next(iter(mismatched.items()))
        stored, wanted = (tuple(part) for part in sizes)
        yield found(
            "SHP502",
            "" if stored[1:] == wanted[1:] else "width",
            event.span,
            label=f"{name} is {list(stored)} in the checkpoint, {list(wanted)} in the model",
            help="pass ignore_mismatched_sizes=True to start with a new head",
            checkpoint=event.data.get("checkpoint", "the checkpoint"),
            model=module.kind.rsplit(".", 1)[-1],
            name=name,
            stored=stored[0] if stored else "?",
            wanted=wanted[0] if wanted else "?",
            stored_shape=list(stored),
            wanted_shape=list(wanted),
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
