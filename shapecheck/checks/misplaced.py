"""SHP225, SHP226: the features stand on another axis than the next operator takes, for how they were put together."""

from __future__ import annotations

from shapecheck import trail, vocabulary
from shapecheck.checks import blame, words
from shapecheck.checks.report import found
from shapecheck.dims import Dim, number
from shapecheck.findings import Finding
from shapecheck.flow import token_axis, token_source
from shapecheck.graph import ShapeGraph, Stage, Tensor
from shapecheck.trail import made
from shapecheck.vocabulary import KEEPS, axis, ints, is_model, main, short

_JOINS = ("cat", "concat", "concatenate")
_SUMMARIES = 8
"""Tokens in front of the patches: a summary, and registers."""
_PRODUCTS = ("einsum", "matmul", "mm", "bmm")
_ADDS = ("add", "add_", "sub", "mul", "__iadd__")
_FLATTENS = ("flatten", "Flatten", "view", "reshape")


def joined_along_rows(graph: ShapeGraph, stage: Stage) -> Finding | None:
    """SHP225: a layer as wide as all the parts of a join together, which were joined along another axis."""
    operand, want = _wanted(stage)
    if operand is None or want is None:
        return None
    join = next((step for step in trail.steps(operand) if short(step) not in KEEPS), None)
    if join is None or short(join) not in _JOINS:
        return None
    parts, rank = list(join.tensors()), join.out.shape.rank
    dims = ints(join.inputs.get("dim", 0))
    if rank is None or rank < 2 or dims is None or any(part.shape.rank != rank for part in parts):
        return None
    at = dims[0] % rank
    if at == rank - 1:
        return None
    total = number(0)
    for part in parts:
        total = total + part.shape.dim(-1)
    if not blame.equal(total, want):
        return None
    return _joined(stage, join, parts, at, want)


def joined_side_by_side(graph: ShapeGraph, stage: Stage) -> Finding | None:
    """SHP225: vectors joined along their features, where a product takes vectors as wide as each by itself."""
    conflict = stage.conflict
    if conflict is None or short(stage) not in _PRODUCTS or conflict.left is None or conflict.right is None:
        return None
    for have, want in ((conflict.left, conflict.right), (conflict.right, conflict.left)):
        for operand in stage.tensors():
            found_at = next((i for i, dim in enumerate(operand.shape.dims) if blame.equal(dim, have)), None)
            source = made(axis(operand, found_at)) if found_at is not None else None
            join = source.stage if source is not None else None
            if source is None or join is None or short(join) not in _JOINS or source.index == 0:
                continue
            parts = list(join.tensors())
            alike = len(parts) > 1 and all(blame.equal(part.shape.dim(source.index), want) for part in parts)
            others = [other for other in stage.tensors() if other is not operand]
            if alike and all(other.producer is not None and any(other.producer.tensors()) for other in others):
                return _joined(stage, join, parts, source.index, want, beside=True)
    return None


def _joined(stage: Stage, join: Stage, parts: list[Tensor], at: int, want: Dim, beside: bool = False) -> Finding:
    """SHP225 at a join along axis ``at``: of features that should stand one behind the other, or ``beside`` each other
    as they do, though each should stand alone."""
    return found(
        "SHP225",
        "beside" if beside else "",
        join.span,
        stage=stage,
        tensor=join.out,
        symptom=stage.span,
        label=f"{join.out.shape}",
        help="take dim=0" if beside else "take dim=-1",
        remedy="0" if beside else "-1",
        related=[words.comes_from(part) for part in parts[:2]],
        shapes=[words.named(part) for part in parts[:4]],
        operator=words.shown(join.op),
        parts=", ".join(f"{words.called(part)} {part.shape}" for part in parts[:3]),
        at=at,
        after=join.out.shape,
        layer=words.shown(stage.op),
        want=words.size(want),
        line=stage.span.line,
    )


def summary_among_patches(graph: ShapeGraph, stage: Stage) -> Finding | None:
    """SHP213: patches to be laid out as a picture, with the summary tokens of the model still in front of them."""
    conflict, tokens = stage.conflict, main(stage)
    if conflict is None or conflict.kind != "numel" or tokens is None or short(stage) not in _FLATTENS:
        return None
    have, want, at = tokens.shape.numel.value, conflict.right and conflict.right.value, token_axis(tokens)
    source = token_source(tokens, at) if at is not None else None
    if not have or not want or source is None or source.stage is None or not is_model(source.stage):
        return None
    seen, count = main(source.stage), source.dim.value
    if seen is None or seen.role != "pixels" or not count or not blame.equal(tokens.shape.dim(at or 0), source.dim):
        return None
    extra, rest = divmod((have - want) * count, have)
    if rest or not 0 < extra <= _SUMMARIES:
        return None
    place = vocabulary.place(source.tensor)
    return found(
        "SHP213",
        "summary",
        place if place is not None else stage.span,
        stage=stage,
        tensor=source.tensor,
        symptom=stage.span,
        label=f"{source.tensor.shape}",
        remedy=f"[:, {extra}:]",
        help=f"leave {'it' if extra == 1 else 'them'} out: [:, {extra}:]",
        related=[words.comes_from(tokens)],
        shapes=[words.named(tokens)],
        operator=words.shown(stage.op),
        operand=words.called(source.tensor),
        shape=source.tensor.shape,
        extra=extra,
        patches=count - extra,
        line=stage.span.line,
    )


def channels_ahead(graph: ShapeGraph, stage: Stage) -> Finding | None:
    """SHP226: a feature map flattened to (batch, channels, patches), where (batch, patches, channels) is taken."""
    if stage.conflict is None:
        return None
    for operand in stage.tensors():
        flat = _flattened_map(operand)
        if flat is None or not _takes_last(stage, operand, operand.shape.dim(1)):
            continue
        return found(
            "SHP226",
            "",
            flat.span,
            stage=stage,
            tensor=flat.out,
            symptom=stage.span,
            label=f"{flat.out.shape}",
            help="put .transpose(1, 2) behind it",
            related=[words.comes_from(main(flat))],
            shapes=[words.named(main(flat)), words.named(operand)],
            operator=words.shown(flat.op),
            before=getattr(main(flat), "shape", ""),
            after=flat.out.shape,
            channels=words.size(operand.shape.dim(1)),
            taker=words.shown(stage.op),
            line=stage.span.line,
        )
    return None


def _wanted(stage: Stage) -> tuple[Tensor | None, Dim | None]:
    """What a layer of known width gets, and that width, where the two disagree."""
    conflict = stage.conflict
    if conflict is None or stage.module is None or conflict.right is None:
        return None, None
    if conflict.kind != "inner" and conflict.right_name not in ("input_size", "embed_dim", "normalized_shape"):
        return None, None
    return stage.tensor(conflict.left_name) or main(stage), conflict.right


def _flattened_map(operand: Tensor) -> Stage | None:
    """The flatten of a feature map's height and width that a tensor comes straight from, channels still ahead."""
    step = next((step for step in trail.steps(operand) if short(step) not in KEEPS), None)
    maps = main(step) if step is not None and short(step) in _FLATTENS else None
    if step is None or maps is None or maps.shape.rank != 4 or operand.shape.rank != 3:
        return None
    return step if blame.equal(maps.shape.dim(1), operand.shape.dim(1)) else None


def _takes_last(stage: Stage, operand: Tensor, channels: Dim) -> bool:
    """Whether a stage takes a tensor's channels on the last axis, where they are not."""
    if blame.equal(operand.shape.dim(-1), channels):
        return False
    if short(stage) in (*_JOINS, *_ADDS):
        others = [t for t in stage.tensors() if t is not operand and t.shape.rank in (2, 3)]
        return any(blame.equal(other.shape.dim(-1), channels) for other in others)
    wanted, width = _wanted(stage)
    return wanted is operand and blame.equal(width, channels)
