"""SHP301, SHP302 and SHP304: what a loss is handed does not fit together."""

from __future__ import annotations

from shapecheck import trail, vocabulary
from shapecheck.checks import blame, columns, given_labels, words
from shapecheck.checks.report import found
from shapecheck.dims import Dim
from shapecheck.findings import Finding, Related
from shapecheck.flow import CLASS_LOSSES, LOSSES, PAIR_LOSSES, token_axis
from shapecheck.graph import ShapeGraph, Stage, Tensor
from shapecheck.ops.dtypes import is_floating, is_integral
from shapecheck.places import Span
from shapecheck.trail import made
from shapecheck.vocabulary import axis, main, short

_CODES = {
    "column": "SHP305",
    "one-hot": "SHP306",
    "per-token": "SHP307",
    "scores-column": "SHP309",
    "target-column": "SHP309",
    "class-ids": "SHP310",
    "measured": "SHP310",
}
"""The rule of each way in which a target misses its scores; the others are SHP302."""


def _operands(stage: Stage) -> tuple[Tensor, Tensor] | None:
    scores, target = stage.tensor("input"), stage.tensor("target")
    if stage.conflict is None or scores is None or target is None:
        return None
    return scores, target


def class_axis(graph: ShapeGraph, stage: Stage) -> Finding | None:
    """SHP301: the scores' classes stand last, and the loss takes axis 1 for them."""
    pair = _operands(stage) if short(stage) in CLASS_LOSSES else None
    if pair is None:
        return None
    scores, target = pair
    rank = scores.shape.rank
    if rank is None or rank < 3 or target.shape.rank != rank - 1:
        return None
    if not all(map(blame.equal, scores.shape.dims[:-1], target.shape.dims)):
        return None
    return found(
        "SHP301",
        "",
        blame.operand_span(stage, scores),
        stage=stage,
        tensor=scores,
        symptom=stage.span,
        label=f"{scores.shape}: axis 1 is {scores.shape.dim(1)}, the classes stand last",
        help=f"pass {_plain(scores)}.movedim(-1, 1), or flatten both: ({_plain(scores)}.flatten(0, {rank - 2}), ...)",
        related=[words.comes_from(scores), words.comes_from(target)],
        shapes=[words.named(scores), words.named(target, name="target")],
        loss=words.shown(stage.op),
        scores=words.called(scores),
        shape=scores.shape,
        classes=scores.shape.dim(-1),
        axis1=scores.shape.dim(1),
        target_shape=target.shape,
    )


def _plain(tensor: Tensor) -> str:
    return tensor.text or "it"


def class_target(graph: ShapeGraph, stage: Stage) -> Finding | None:
    """For losses over class ids: a column of ids, one-hot rows, labels per token, or another number of rows."""
    pair = _operands(stage) if short(stage) in CLASS_LOSSES else None
    if pair is None:
        return None
    scores, target = pair
    if scores.shape.rank != 2:
        return _rows(graph, stage, scores, target) if scores.shape.rank is not None else None
    if target.shape.rank == 2 and target.shape.dim(1).value == 1:
        return _target(
            graph, stage, scores, target, "column", extra_axis(stage, target, 1), f"pass {_plain(target)}.squeeze(1)"
        )
    if target.shape.rank == 2 and blame.equal(target.shape.dim(1), scores.shape.dim(1)):
        root = blame.operand_span(stage, target)
        return _target(
            graph, stage, scores, target, "one-hot", root, f"pass {_plain(target)}.argmax(dim=1), or float rows"
        )
    if target.shape.rank == 2:
        return _target(graph, stage, scores, target, "per-token", blame.operand_span(stage, target), "")
    return _rows(graph, stage, scores, target)


def extra_axis(stage: Stage, tensor: Tensor, index: int) -> Span:
    """Where an axis of size one was added: the origin of the axis, else what made it, else the operand itself."""
    source = made(axis(tensor, index))
    if short(source.stage) in ("__getitem__", "unsqueeze", "view", "reshape") and source.stage is not None:
        return source.stage.span
    if source.dim.origin is not None and source.dim.origin.span is not None:
        return source.dim.origin.span
    if source.stage is not None:
        return source.stage.span
    return source.tensor.span or blame.operand_span(stage, tensor)


def _target(
    graph: ShapeGraph, stage: Stage, scores: Tensor, target: Tensor, variant: str, root: Span, advice: str
) -> Finding:
    code = _CODES.get(variant, "SHP302")
    return found(
        code,
        variant if code in ("SHP302", "SHP309") or variant == "measured" else "",
        root,
        stage=stage,
        tensor=target,
        symptom=stage.span,
        label=f"the target is {target.shape}",
        help=advice,
        related=[
            words.axis_from(scores, -1) if variant == "scores-column" else None,
            words.comes_from(scores),
            words.comes_from(target),
        ],
        shapes=[words.named(scores), words.named(target, name="target")],
        loss=words.shown(stage.op),
        scores=words.called(scores),
        shape=scores.shape,
        target=words.called(target),
        target_shape=target.shape,
        dtype=target.dtype or "?",
        rows=scores.shape.dim(0) if scores.shape.rank else "?",
        classes=scores.shape.dim(1) if (scores.shape.rank or 0) > 1 else "?",
    )


def _rows(graph: ShapeGraph, stage: Stage, scores: Tensor, target: Tensor) -> Finding | None:
    """Scores and target differ in their number of rows: the stage that gave one of them its rows is the root."""
    of_other_rows = stage.conflict is not None and stage.conflict.kind == "batch"
    if (
        not scores.shape.rank
        or not target.shape.rank
        or (not of_other_rows and not blame.differ(scores.shape.dim(0), target.shape.dim(0)))
    ):
        return _target(graph, stage, scores, target, "", _one_too_many(graph, stage, scores, target), "")
    pooled = _pooled_tagger(stage, scores, target)
    if pooled is not None:
        return pooled
    culprit, tensor = _counted_labels(scores, target) or _row_maker(stage, scores, target)
    return found(
        "SHP313",
        "",
        culprit or blame.operand_span(stage, scores),
        stage=stage,
        tensor=tensor,
        symptom=stage.span,
        label=f"{tensor.shape.dim(0)} rows",
        related=[words.comes_from(scores), words.comes_from(target)],
        shapes=[words.named(scores), words.named(target, name="target")],
        loss=words.shown(stage.op),
        scores=words.called(scores),
        rows=words.sized(axis(scores, 0)),
        target=words.called(target),
        target_rows=words.sized(axis(target, 0)),
    )


def _one_too_many(graph: ShapeGraph, stage: Stage, scores: Tensor, target: Tensor) -> Span:
    """Where an axis of size one was added that one side has too many; the target where there is none."""
    many, few = scores.shape.rank or 0, target.shape.rank or 0
    if many == few > 2 and target.shape.dim(1).value == 1:
        return extra_axis(stage, target, 1)
    ones = [index for index in range(1, many) if scores.shape.dim(index).value == 1]
    if many == few + 2 and len(ones) == 1:
        return columns.root(graph, stage, scores, ones[0])
    return blame.operand_span(stage, target)


def _counted_labels(scores: Tensor, target: Tensor) -> tuple[Span, Tensor] | None:
    """Labels counted by hand, ``torch.arange(2 * batch)``, where there are several for each row of the scores."""
    maker, rows, labels = target.producer, scores.shape.dim(0).value, target.shape.dim(0).value
    if maker is None or short(maker) != "arange" or not rows or not labels or labels <= rows or labels % rows:
        return None
    return maker.span, target


def _pooled_tagger(stage: Stage, scores: Tensor, target: Tensor) -> Finding | None:
    """SHP307: flattened labels of every token, against scores of what was pooled."""
    factors = target.shape.dim(0).ordered_factors
    if scores.shape.rank != 2 or target.shape.rank != 1 or len(factors) != 2:
        return None
    source = made(axis(scores, 0))
    ids = source.tensor if source.tensor.role == "ids" and source.index == 0 else None
    if ids is None or ids.shape.rank != 2 or (ids.shape.dim(0).expr, ids.shape.dim(1).expr) != factors:
        return None
    steps = [step for step in trail.steps(scores) if not vocabulary.is_model(step)]
    whole = made(axis(scores, 1)).stage
    if whole is not None and whole.module is not None and whole.module.params.get("head") == "sequence-classification":
        return given_labels.per_token(stage, whole, target, ids)
    pooling = next(
        (step for step in steps if (before := main(step)) and token_axis(before) and not token_axis(step.out)), None
    )
    culprit = pooling.span if pooling is not None else _model_output(scores)
    if culprit is None:
        return None
    return found(
        "SHP307",
        "pooled",
        culprit,
        stage=stage,
        tensor=scores,
        symptom=stage.span,
        label="one vector per text from here on",
        help="score every token: last_hidden_state",
        related=[words.comes_from(scores), words.comes_from(target)],
        shapes=[words.named(scores), words.named(target, name="target")],
        target=words.called(target),
        target_shape=target.shape,
        scores=words.called(scores),
        operator=words.shown(pooling.op) if pooling is not None else "`pooler_output`",
        operand=words.called(main(pooling)) if pooling is not None else "the encoder",
    )


def _model_output(scores: Tensor) -> Span | None:
    """Where the pooled output of a model was taken."""
    tensors = [scores, *(t for step in trail.steps(scores) if (t := main(step)) is not None)]
    return next((t.span for t in tensors if vocabulary.is_model(t.producer) and t.role == "pooled"), None)


def _row_maker(stage: Stage, scores: Tensor, target: Tensor) -> tuple[Span | None, Tensor]:
    """The reshaping stage that set one side's number of rows, the scores' side first."""
    for tensor in (scores, target):
        source = made(axis(tensor, 0))
        maker = source.stage
        if maker is not None and not vocabulary.is_model(maker):
            return maker.span, source.tensor
    return None, scores


def pair_target(graph: ShapeGraph, stage: Stage) -> Finding | None:
    """For losses whose target has the input's shape: a column against a row, class ids, another label count."""
    pair = _operands(stage) if short(stage) in PAIR_LOSSES else None
    if pair is None:
        return None
    scores, target = pair
    ranks = scores.shape.rank, target.shape.rank
    if is_integral(target.dtype) and (None in ranks or _same(scores, target)):
        root = target.span or blame.operand_span(stage, target)
        return _target(graph, stage, scores, target, "whole", root, f"pass {_plain(target)}.float()")
    if None in ranks:
        return None
    if ranks == (2, 1) and scores.shape.dim(1).value == 1:
        root = columns.root(graph, stage, scores)
        used = root == blame.operand_span(stage, scores)
        advice = f"pass {_plain(scores)}.squeeze(-1)" if used else "put .squeeze(-1) behind it"
        return _target(graph, stage, scores, target, "scores-column", root, advice)
    if ranks == (1, 2) and target.shape.dim(1).value == 1:
        root = extra_axis(stage, target, 1)
        return _target(graph, stage, scores, target, "target-column", root, f"pass {_plain(target)}.squeeze(-1)")
    if ranks == (2, 2) and blame.equal(scores.shape.dim(0), target.shape.dim(0)):
        return _label_columns(graph, stage, scores, target)
    if ranks == (2, 1) and blame.equal(scores.shape.dim(0), target.shape.dim(0)):
        if _measured(target):
            advice = f"give {_plain(target)} a row of {scores.shape.dim(1)} numbers for each example"
            return _target(graph, stage, scores, target, "measured", blame.operand_span(stage, target), advice)
        built = stage.module.created if stage.module is not None else None
        return _target(graph, stage, scores, target, "class-ids", built or stage.span, "use nn.CrossEntropyLoss")
    return _target(graph, stage, scores, target, "pair", blame.operand_span(stage, target), "")


def _measured(target: Tensor) -> bool:
    """Whether a target holds floating numbers from the beginning: no class ids that were converted for the loss."""
    before = (tensor for step in trail.steps(target) if (tensor := main(step)) is not None)
    return is_floating(target.dtype) and not any(is_integral(tensor.dtype) for tensor in before)


def _same(scores: Tensor, target: Tensor) -> bool:
    """Whether nothing is against it that two tensors of as many axes have one shape."""
    pairs = zip(scores.shape.dims, target.shape.dims, strict=False)
    return scores.shape.rank == target.shape.rank and not any(blame.differ(a, b) for a, b in pairs)


def _label_columns(graph: ShapeGraph, stage: Stage, scores: Tensor, target: Tensor) -> Finding:
    have = axis(scores, 1)
    root, reason = width_root(graph, have)
    wanted = axis(target, 1)
    return found(
        "SHP304",
        "",
        root or blame.operand_span(stage, scores),
        stage=stage,
        tensor=scores,
        symptom=stage.span,
        label=f"{words.size(have.dim)} scores per example, {words.size(wanted.dim)} labels",
        help=f"give it {words.size(wanted.dim)} outputs",
        related=[Related(reason, "the head that gives the scores") if reason else None, words.comes_from(target)],
        shapes=[words.named(scores), words.named(target, name="target")],
        scores=words.called(scores),
        have=words.sized(have),
        target=words.called(target),
        wanted=words.sized(wanted),
        shape=scores.shape,
        target_shape=target.shape,
    )


def width_root(graph: ShapeGraph, at: vocabulary.Axis) -> tuple[Span | None, Span | None]:
    """Where the number of a head's outputs was decided, and the head's own constructor."""
    source = made(at)
    module = source.stage.module if source.stage is not None else None
    created = module.created if module is not None else None
    dim: Dim = source.dim
    if module is not None and isinstance(module.params.get("out_features"), Dim):
        dim = module.params["out_features"]
    if dim.origin is not None and dim.origin.span is not None:
        return dim.origin.span, created
    return blame.constructor_span(graph, module, "out_features", None) or created, created


def other_loss(graph: ShapeGraph, stage: Stage) -> Finding | None:
    """SHP302 for what is left: a certain conflict of a loss that nothing more telling explains."""
    pair = _operands(stage) if short(stage) in LOSSES else None
    if pair is None or stage.conflict is None or stage.conflict.kind == "raised":
        return None
    return _target(graph, stage, *pair, "", blame.operand_span(stage, pair[1]), "")
