"""SHP303, SHP502, SHP504, SHP513 and a model's labels: how many there are, and what a model's loss makes of them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from shapecheck import hub, trail, vocabulary
from shapecheck.checks import blame, given_labels, words
from shapecheck.checks.report import found
from shapecheck.dims import Dim
from shapecheck.findings import Finding, Related
from shapecheck.flow import CLASS_LOSSES
from shapecheck.graph import Event, Module, ShapeGraph, Stage, Tensor
from shapecheck.places import Span
from shapecheck.vocabulary import axis, short

_CLASS_IDS = (*given_labels.ONE_LABEL, "token-classification")


def model_labels(graph: ShapeGraph, stage: Stage) -> Finding | None:
    """Why a model's own loss raises on the labels that it is given."""
    if not vocabulary.is_model(stage) or stage.module is None or stage.conflict is None:
        return None
    for explain in (_head_of_sequence, _stale_inside, _out_of_range, *given_labels.EXPLAINERS):
        finding = explain(graph, stage, stage.module)
        if finding is not None:
            return finding
    return None


def loss_range(graph: ShapeGraph, stage: Stage) -> Finding | None:
    """SHP303 for a class loss of the script: certain by the known range of the target."""
    scores, labels = stage.tensor("input"), stage.tensor("target")
    if short(stage) not in CLASS_LOSSES or scores is None or labels is None or (scores.shape.rank or 0) < 2:
        return None
    return _beyond(stage, labels, scores.shape.dim(1), _head_root(scores))


_BY_INDEX = vocabulary.words("gather scatter scatter_ scatter_add scatter_add_ index_select")


def _index_range(stage: Stage) -> Finding | None:
    """SHP303 for class ids that pick from the scores, in a loss by hand: ``log_p.gather(1, target.unsqueeze(1))``."""
    scores, ids, dims = stage.tensor("input"), stage.tensor("index"), vocabulary.ints(vocabulary.given(stage, "dim"))
    if scores is None or ids is None or dims is None or not scores.shape.rank:
        return None
    at = dims[0] % scores.shape.rank
    return _beyond(stage, ids, scores.shape.dim(at), trail.made(axis(ids, 0)).tensor.span)


_BELOW = re.compile(r"Target (-\d+) is out of bounds")


def below_zero(graph: ShapeGraph, stage: Stage) -> Finding | None:
    """SHP314 as PyTorch says it."""
    said, labels = _BELOW.search(stage.message or ""), stage.tensor("target")
    if short(stage) not in CLASS_LOSSES or said is None or labels is None:
        return None
    return _below_zero(stage, labels, int(said[1]))


def negative_label(graph: ShapeGraph) -> Iterator[Finding]:
    """SHP314: class ids below zero, which are none; the loss leaves out its ``ignore_index`` alone."""
    if graph.source == "traced":
        return
    for stage in graph.stages:
        labels, ignored = stage.tensor("target"), vocabulary.ints(vocabulary.given(stage, "ignore_index")) or (-100,)
        if short(stage) not in CLASS_LOSSES or stage.within or labels is None or labels.low is None:
            continue
        if labels.low < 0 and labels.low not in (*ignored, -100) and labels.dtype in given_labels.INTEGERS:
            yield _below_zero(stage, labels, labels.low)


def _below_zero(stage: Stage, labels: Tensor, low: int) -> Finding:
    return found(
        "SHP314",
        "",
        blame.operand_span(stage, labels),
        stage=stage,
        tensor=labels,
        symptom=stage.span,
        says=f"Target {low} is out of bounds.",
        label=f"{low} is among them",
        help=f"number the classes from 0, or say ignore_index={low}",
        related=[words.comes_from(labels)],
        shapes=[words.named(labels, name="labels")],
        labels=words.called(labels),
        low=low,
        loss=words.shown(stage.op),
    )


def one_class(graph: ShapeGraph) -> Iterator[Finding]:
    """SHP315: a loss over classes of which there is one: it is zero whatever the scores are."""
    for stage in graph.stages:
        scores, labels = stage.tensor("input"), stage.tensor("target")
        if short(stage) not in ("CrossEntropyLoss", "cross_entropy") or stage.within or stage.conflict is not None:
            continue
        if scores is None or labels is None or scores.shape.rank != 2 or scores.shape.dim(1).expr != 1:
            continue
        if labels.shape.rank == 1:
            yield found(
                "SHP315",
                "",
                (stage.module.created if stage.module is not None else None) or stage.span,
                stage=stage,
                tensor=scores,
                symptom=stage.span,
                label=f"{scores.shape}: one class",
                help="use nn.BCEWithLogitsLoss for one output, or give it an output for each class",
                related=[Related(root, "the head has one output") if (root := _head_root(scores)) else None],
                shapes=[words.named(scores)],
                loss=words.shown(stage.op),
                scores=words.called(scores),
                shape=scores.shape,
            )


def label_range(graph: ShapeGraph) -> Iterator[Finding]:
    """SHP303 where nothing says yet that it raises: the range of the labels alone does. (A trace says so itself.)"""
    if graph.source == "traced":
        return
    replaced = [event.data.get("model") for event in graph.events if event.kind == "replace"]
    for stage in graph.stages:
        if stage.within or stage.conflict is not None:
            continue
        if short(stage) in _BY_INDEX:
            finding = _index_range(stage)
        elif not vocabulary.is_model(stage):
            finding = loss_range(graph, stage)
        elif stage.module is not None and stage.module not in replaced:
            finding = _out_of_range(graph, stage, stage.module)
        else:
            continue
        if finding is not None:
            yield finding


def _out_of_range(graph: ShapeGraph, stage: Stage, module: Module) -> Finding | None:
    labels, count = stage.tensor("labels"), module.params.get("num_labels")
    if labels is None or not isinstance(count, Dim) or module.params.get("head") not in _CLASS_IDS:
        return None
    root = count.origin.span if count.origin is not None and count.origin.span else module.created
    return _beyond(stage, labels, count, root)


def _head_root(scores: Tensor) -> Span | None:
    source = trail.made(axis(scores, 1))
    module = source.stage.module if source.stage is not None else None
    width = module.params.get("out_features") if module is not None else None
    if isinstance(width, Dim) and width.origin is not None and width.origin.span is not None:
        return width.origin.span
    return module.param_spans.get("out_features") if module is not None else None


def _beyond(stage: Stage, labels: Tensor, count: Dim, root: Span | None) -> Finding | None:
    classes = count.value
    if (
        classes is None
        or classes < 2
        or labels.high is None
        or labels.high < classes
        or labels.dtype not in given_labels.INTEGERS
    ):
        return None
    if stage.conflict is not None and stage.conflict.kind not in ("classes", "raised", "index"):
        return None
    return found(
        "SHP303",
        "",
        root or stage.span,
        stage=stage,
        tensor=labels,
        symptom=stage.span,
        says=f"Target {labels.high} is out of bounds.",
        label=f"{classes} classes, ids 0 to {classes - 1}",
        help=f"make room for {labels.high + 1} classes",
        related=[words.comes_from(labels)],
        shapes=[words.named(labels, name="labels")],
        labels=words.called(labels),
        high=labels.high,
        classes=classes,
        why=f" ({words.told(count.origin)})" if count.origin else "",
        most=classes - 1,
    )


def stale_count(graph: ShapeGraph) -> Iterator[Finding]:
    """SHP504: a head replaced by one of another width, while the model's loss still reshapes by its ``num_labels``."""
    for event in graph.events:
        module, new = event.data.get("model"), event.data.get("new")
        if event.kind != "replace" or not isinstance(module, Module) or not isinstance(new, Module):
            continue
        uses = (s for s in graph.stages if s.module is module and s.index > event.index)
        stage = next((use for use in uses if use.tensor("labels") is not None and use.conflict is None), None)
        width = new.params.get("out_features")
        if stage is not None and _last_replaced(graph, event):
            finding = _stale(stage, module, event.span, str(event.data.get("path") or "the head"), width)
            if finding is not None:
                yield finding


def _last_replaced(graph: ShapeGraph, event: Event) -> bool:
    """Whether neither the same submodule nor the label count was set again after an event."""
    later = [e for e in graph.events if e.index > event.index]
    again = any(e.kind == "replace" and e.data.get("path") == event.data.get("path") for e in later)
    return not again and not any(e.kind == "labels" and e.data.get("module") is event.data.get("model") for e in later)


def _stale_inside(graph: ShapeGraph, stage: Stage, module: Module) -> Finding | None:
    """The head that really ran inside the model, as a trace shows it or as it was put there."""
    for event in reversed(graph.events):
        new = event.data.get("new")
        if event.kind == "replace" and event.data.get("model") is module and isinstance(new, Module):
            path = str(event.data.get("path") or "the head")
            return _stale(stage, module, event.span, path, new.params.get("out_features"))
    inner = [s for s in graph.stages if s.within == stage.op and s.span == stage.span and short(s) == "Linear"]
    head = inner[-1].module if inner else None
    if head is None or head.created is None or head.created == module.created:
        return None
    return _stale(
        stage, module, head.created, head.path.rsplit(".", 1)[-1] or "the head", head.params.get("out_features")
    )


def _stale(stage: Stage, module: Module, root: Span, path: str, width: object) -> Finding | None:
    count = module.params.get("num_labels")
    if not isinstance(width, Dim) or not isinstance(count, Dim) or not blame.differ(width, count):
        return None
    if stage.tensor("labels") is None or module.params.get("head") not in _CLASS_IDS:
        return None
    return found(
        "SHP504",
        "",
        root,
        stage=stage,
        tensor=stage.tensor("labels"),
        symptom=stage.span,
        label=f"{words.size(width)} outputs, num_labels is still {words.size(count)}",
        help=f"set model.num_labels = model.config.num_labels = {words.size(width)}, or load with num_labels",
        related=[Related(module.created, f"num_labels is {words.size(count)}") if module.created else None],
        path=f"`{path}`",
        width=words.size(width),
        count=words.size(count),
        model=short(stage),
    )


def scores_of_tokens(graph: ShapeGraph, stage: Stage) -> Finding | None:
    """SHP513 where the script's own loss raises on what such a model gives: a row of scores for each token."""
    scores, target = stage.tensor("input"), stage.tensor("target")
    if short(stage) not in CLASS_LOSSES or scores is None or scores.shape.rank != 3 or target is None:
        return None
    model = next((step for step in trail.steps(scores) if vocabulary.is_model(step)), None)
    if model is None or model.module is None or target.shape.rank != 1:
        return None
    return _replaced_head(graph, model, model.module, stage)


def _head_of_sequence(graph: ShapeGraph, stage: Stage, module: Module) -> Finding | None:
    return _replaced_head(graph, stage, module, stage)


def _replaced_head(graph: ShapeGraph, stage: Stage, module: Module, raising: Stage) -> Finding | None:
    """SHP513: a head that pools for itself, replaced by a layer that does not."""
    says = raising.message or (raising.conflict.message if raising.conflict is not None else "")
    for event in graph.events:
        old, new, path = event.data.get("old"), event.data.get("new"), str(event.data.get("path") or "")
        if event.kind != "replace" or event.data.get("model") is not module or "." in path:
            continue
        if not isinstance(old, Module) or not isinstance(new, Module) or not old.kind.endswith("ClassificationHead"):
            continue
        if not hub.pools_in_its_head(short(stage)) or new.kind not in ("torch.nn.Linear", "torch.nn.Sequential"):
            continue
        if new.kind == "torch.nn.Sequential" and raising is stage and "input batch_size" not in says:
            continue  # it may pool too
        return found(
            "SHP513",
            "",
            event.span,
            stage=raising,
            tensor=raising.tensor("labels") or raising.tensor("target"),
            symptom=raising.span,
            label=f"{old.kind.rpartition('.')[2]} takes the first token itself, {words.shown(new.kind)} does not",
            help=f"replace its last layer alone: .{path}.out_proj = ...",
            related=[Related(module.created, f"{short(stage)} is built here") if module.created else None],
            model=short(stage),
            path=path,
            head=old.kind.rpartition(".")[2],
            new=words.shown(new.kind),
        )
    return None


def label_count(graph: ShapeGraph) -> Iterator[Finding]:
    """SHP502: weights of a head with another number of labels than the model that they are loaded into."""
    for event in graph.events:
        module, mismatched = event.data.get("module"), event.data.get("mismatched")
        if event.kind != "load" or not isinstance(module, Module) or not isinstance(mismatched, dict):
            continue
        if not mismatched or event.data.get("ignored"):
            continue
        name, sizes = next(iter(mismatched.items()))
        stored, wanted = (tuple(part) for part in sizes)
        yield found(
            "SHP502",
            "" if stored[1:] == wanted[1:] else "width",
            event.span,
            says=f"size mismatch for {name}: copying a param with shape torch.Size({list(stored)}) from checkpoint, "
            f"the shape in current model is torch.Size({list(wanted)})",
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
