"""SHP102 and SHP104: padding gets into the vector that stands for a text."""

from __future__ import annotations

from collections.abc import Iterator

from shapecheck import trail, vocabulary
from shapecheck.checks import words
from shapecheck.checks.report import found
from shapecheck.findings import Finding, Severity
from shapecheck.flow import token_axis, token_model
from shapecheck.graph import ShapeGraph, Stage, Tensor
from shapecheck.vocabulary import ints, key_parts, main, reduced_axes, short

_MEANS = frozenset(("mean", "AdaptiveAvgPool1d", "adaptive_avg_pool1d"))
_MAXIMA = frozenset(("max", "amax"))
_CERTAIN = ("left", "right")


def unmasked_pooling(graph: ShapeGraph) -> Iterator[Finding]:
    """SHP102: a mean or maximum over tokens of which some are (or may be) padding."""
    for stage in graph.stages:
        tokens = main(stage)
        if stage.within or stage.conflict or tokens is None or tokens.role != "tokens":
            continue
        if not _over_tokens(stage, tokens) or tokens.padding not in (*_CERTAIN, "unknown"):
            continue
        certain = tokens.padding in _CERTAIN
        if short(stage) in _MEANS:
            yield _pooled(stage, tokens, "divided" if tokens.masked else "", "warning" if certain else "info")
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
        help="divide the masked sum by the number of real tokens" if variant == "divided" else "pool under the mask",
        related=[words.comes_from(tokens)],
        shapes=[words.named(tokens)],
        operator=words.shown(stage.op),
        operand=words.called(tokens),
        shape=tokens.shape,
        may="are" if severity == "warning" else "may be",
    )


def padding_pooled(graph: ShapeGraph) -> Iterator[Finding]:
    """SHP104: the last position of a right-padded text, the first of a left-padded one, or of a causal model."""
    for stage in graph.stages:
        tokens = main(stage)
        if short(stage) != "__getitem__" or stage.within or tokens is None or tokens.role != "tokens":
            continue
        position = _token_position(stage, tokens)
        model = token_model(tokens)
        if position not in (0, -1) or model is None or _through_recurrence(tokens):
            continue
        causal = model.module is not None and model.module.params.get("causal") is True
        features = tokens.shape.rank == 3 and tokens.producer is model
        if position == -1 and tokens.padding == "right":
            yield _position(stage, tokens, model, "last-causal" if causal else "last")
        elif position == 0 and causal and features:
            yield _position(stage, tokens, model, "first-causal")
        elif position == 0 and tokens.padding == "left":
            yield _position(stage, tokens, model, "first")


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


def _position(stage: Stage, tokens: Tensor, model: Stage, variant: str) -> Finding:
    return found(
        "SHP104",
        variant,
        stage.span,
        stage=stage,
        tensor=tokens,
        label=f"{tokens.shape}, padded on the {tokens.padding}" if tokens.padding in _CERTAIN else f"{tokens.shape}",
        help="take the last position where the attention mask is 1" if "causal" in variant else "",
        related=[words.comes_from(tokens)],
        shapes=[words.named(tokens)],
        operand=words.called(tokens),
        shape=tokens.shape,
        model=short(model),
    )
