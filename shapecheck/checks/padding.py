"""SHP102, SHP104 and SHP106 to SHP108: padding, or a token that knows nothing, stands for a text."""

from __future__ import annotations

from collections.abc import Iterator

from shapecheck import trail, vocabulary
from shapecheck.checks import blame, words
from shapecheck.checks.report import found
from shapecheck.findings import Finding, Severity
from shapecheck.flow import token_axis, token_model
from shapecheck.graph import ShapeGraph, Stage, Tensor
from shapecheck.ops.values import as_dim
from shapecheck.vocabulary import given, ints, key_parts, main, reduced_axes, short

_MEANS = frozenset(("mean", "AdaptiveAvgPool1d", "adaptive_avg_pool1d"))
_MAXIMA = frozenset(("max", "amax"))
_CERTAIN = ("left", "right")
_AFTER_A_SUM = vocabulary.KEEPS | {"squeeze"}
_NO_SUMMARY = ("t5", "mt5", "umt5", "longt5", "switch_transformers")
"""Model types without a token that sums a text up; XLNet has one, which stands last."""
_LAST_REAL = "take the last position where the attention mask is 1"
_INSTEAD = {
    "last-causal": _LAST_REAL,
    "SHP107": _LAST_REAL,
    "SHP108": "pool over the tokens under the mask, or take [:, -1]",
    "none": "pool over the tokens under the mask",
    "first": "take the first position where the attention mask is 1",
}


def unmasked_pooling(graph: ShapeGraph) -> Iterator[Finding]:
    """SHP102: a mean or maximum over tokens of which some are (or may be) padding; SHP106: masked ones."""
    for stage in graph.stages:
        tokens = main(stage)
        if stage.within or stage.conflict or tokens is None or tokens.role != "tokens":
            continue
        if not _over_tokens(stage, tokens) or tokens.padding not in (*_CERTAIN, "unknown"):
            continue
        certain = tokens.padding in _CERTAIN
        if short(stage) in _MEANS and tokens.masked:
            yield _divided(stage, stage, tokens)
        elif short(stage) in _MEANS:
            yield _pooled(stage, tokens, "", "warning" if certain else "info")
        elif short(stage) in _MAXIMA and not tokens.masked:
            yield _pooled(stage, tokens, "max", "info")


def _over_tokens(stage: Stage, tokens: Tensor) -> bool:
    if short(stage) not in _MEANS | _MAXIMA:
        return False
    index = token_axis(tokens)
    axes = reduced_axes(stage)
    return index is not None and axes is not None and index in axes and len(axes) < (tokens.shape.rank or 0)


def _pooled(stage: Stage, tokens: Tensor, variant: str, severity: Severity) -> Finding:
    return found(
        "SHP102",
        variant,
        stage.span,
        stage=stage,
        tensor=tokens,
        severity=severity,
        label=f"{tokens.shape}, padding among the tokens",
        help="pool under the mask",
        related=[words.comes_from(tokens)],
        shapes=[words.named(tokens)],
        operator=words.shown(stage.op),
        operand=words.called(tokens),
        shape=tokens.shape,
        may="are" if severity == "warning" else "may be",
    )


def divided_by_length(graph: ShapeGraph) -> Iterator[Finding]:
    """SHP106: the sum of the real tokens, divided by ``hidden.size(1)``, which counts the padding too."""
    for stage in graph.stages:
        summed = main(stage)
        if short(stage) not in ("div", "true_divide", "div_") or stage.within or stage.conflict or summed is None:
            continue
        total = next((step for step in trail.steps(summed) if short(step) not in _AFTER_A_SUM), None)
        tokens = main(total) if total is not None else None
        if total is None or tokens is None or short(total) != "sum" or not tokens.masked or tokens.role != "tokens":
            continue
        index, axes, by = token_axis(tokens), reduced_axes(total), as_dim(given(stage, "other"))
        if index is not None and axes == (index,) and blame.equal(by, tokens.shape.dim(index)):
            yield _divided(stage, total, tokens)


def _divided(stage: Stage, total: Stage, tokens: Tensor) -> Finding:
    return found(
        "SHP106",
        "",
        stage.span,
        stage=stage,
        tensor=tokens,
        label=f"{words.size(tokens.shape.dim(token_axis(tokens) or 1))} counts the padding too",
        help="divide by mask.sum(dim=1, keepdim=True), the number of real tokens",
        related=[words.comes_from(tokens)],
        shapes=[words.named(tokens)],
        operator=words.shown(total.op),
        operand=words.called(tokens),
        shape=tokens.shape,
    )


def padding_pooled(graph: ShapeGraph) -> Iterator[Finding]:
    """SHP104: the last position of a right-padded text, the first of a left-padded one; SHP107, SHP108: the first
    position of a model in which it sums nothing up."""
    for stage in graph.stages:
        tokens = main(stage)
        if short(stage) != "__getitem__" or stage.within or tokens is None or tokens.role != "tokens":
            continue
        position = _token_position(stage, tokens)
        model = token_model(tokens)
        if position not in (0, -1) or model is None or _through_recurrence(tokens) or tokens.shape.dim(1).value == 1:
            continue
        params = model.module.params if model.module is not None else {}
        causal, kind = params.get("causal") is True, str(params.get("model_type", ""))
        features = tokens.shape.rank == 3 and tokens.producer is model
        if position == -1 and tokens.padding == "right":
            if not _side_is_looked_up(graph, stage):
                yield _position(stage, tokens, model, "last-causal" if causal else "last")
        elif position == 0 and causal and features:
            yield _position(stage, tokens, model, "", "SHP107")
        elif position == 0 and features and kind == "xlnet":
            yield _position(stage, tokens, model, "last", "SHP108")
        elif position == 0 and features and kind in _NO_SUMMARY:
            yield _position(stage, tokens, model, "none", "SHP108", "info")
        elif position == 0 and tokens.padding == "left" and not _side_is_looked_up(graph, stage):
            yield _position(stage, tokens, model, "first")


def _side_is_looked_up(graph: ShapeGraph, stage: Stage) -> bool:
    """Whether the function around a stage looks at an end of a mask, to see on which side the texts are padded:
    ``if mask[:, -1].all(): return tokens[:, -1]``."""
    masks = ((other, main(other)) for other in graph.stages if short(other) == "__getitem__")
    return any(
        mask is not None and mask.role == "mask" and other.context == stage.context and _end(other) in (0, -1)
        for other, mask in masks
    )


def _end(stage: Stage) -> int | None:
    """The position that an index takes from the second axis of a mask."""
    parts = key_parts(stage)
    taken = ints(parts[1]) if len(parts) == 2 and parts[0] == slice(None) else None
    return taken[0] if taken is not None and len(taken) == 1 else None


def _token_position(stage: Stage, tokens: Tensor) -> int | None:
    """The position that an index takes from the token axis, None for anything else."""
    index, parts = token_axis(tokens), key_parts(stage)
    if index is None or index >= len(parts) or any(part is None or part is Ellipsis for part in parts[: index + 1]):
        return None
    if not all(part == slice(None) for part in parts[:index] if isinstance(part, slice)):
        return None
    taken = ints(parts[index])
    return taken[0] if taken is not None and isinstance(parts[0], slice) else None


def _through_recurrence(tokens: Tensor) -> bool:
    return any(short(step) in vocabulary.RECURRENT for step in trail.steps(tokens))


def _position(
    stage: Stage, tokens: Tensor, model: Stage, variant: str, code: str = "SHP104", severity: Severity | None = None
) -> Finding:
    return found(
        code,
        variant,
        stage.span,
        stage=stage,
        tensor=tokens,
        severity=severity,
        label=f"{tokens.shape}, padded on the {tokens.padding}" if tokens.padding in _CERTAIN else f"{tokens.shape}",
        help=_INSTEAD.get(variant) or _INSTEAD.get(code, ""),
        remedy="mean" if variant == "none" else "",
        related=[words.comes_from(tokens)],
        shapes=[words.named(tokens)],
        operand=words.called(tokens),
        shape=tokens.shape,
        model=short(model),
    )
