"""SHP202, SHP203 and what they are split into: an operator, or a model's own code, that certainly raises."""

from __future__ import annotations

import re

from shapecheck import trail
from shapecheck.checks import blame, built, operands, words
from shapecheck.checks.report import found
from shapecheck.findings import Finding
from shapecheck.graph import ShapeGraph, Stage, Tensor
from shapecheck.places import Span
from shapecheck.shapes import Conflict
from shapecheck.trail import made
from shapecheck.vocabulary import (
    BINARY,
    CONVOLUTIONS,
    REDUCTIONS,
    axis,
    given,
    is_model,
    main,
    reduced_axes,
    short,
)
from shapecheck.vocabulary import operands as vocabulary_operands
from shapecheck.vocabulary import words as names

_FAMILIES = {
    "SHP209": names("matmul mm bmm baddbmm addmm addbmm mv dot multi_dot chain_matmul"),
    "SHP210": names("einsum rearrange reduce repeat"),
    "SHP211": names("cat concat concatenate hstack vstack dstack column_stack"),
    "SHP212": names("stack"),
    "SHP213": names("view reshape unflatten Unflatten view_as reshape_as"),
    "SHP214": BINARY | names("expand expand_as masked_fill masked_fill_ pow addcdiv"),
    "SHP220": names(
        "MultiheadAttention multi_head_attention_forward scaled_dot_product_attention TransformerEncoder "
        "TransformerEncoderLayer TransformerDecoder TransformerDecoderLayer Transformer"
    ),
    "SHP224": names("Embedding embedding EmbeddingBag embedding_bag"),
}
_RULES = {name: code for code, family in _FAMILIES.items() for name in family}
"""The rule of each operator that has one of its own."""

_MEETS = _FAMILIES["SHP209"] | _FAMILIES["SHP210"] | _FAMILIES["SHP211"] | _FAMILIES["SHP214"]
"""Operators whose operands stand on a par, so that the one which is a parameter is the one to change."""
_LAYERS = CONVOLUTIONS | frozenset(
    f"{kind}{n}d"
    for kind in ("BatchNorm", "InstanceNorm", "MaxPool", "AvgPool", "AdaptiveAvgPool", "AdaptiveMaxPool")
    for n in (1, 2, 3)
)
_ONE_WORDING = ("SHP203", "SHP215", "SHP219", "SHP511")
_NO_TENSOR = re.compile("must be Tensor, not str")
_CAUSAL = ("generate_square_subsequent_mask", "triu", "tril")
_BY_KIND = {"axis": "SHP222"}
_RANKED = ("SHP209", "SHP211")
"""Rules with a wording of its own for operands of different ranks, whose sizes say nothing."""

FALLBACKS = ("SHP202", "SHP203")
"""The rules that name an operator and no more."""
GENERAL = (*FALLBACKS, "SHP215", "SHP217", "SHP219", "SHP221", "SHP222", "SHP230", "SHP511", *_FAMILIES)
"""The rules that speak where no other does."""


def lost_axis(graph: ShapeGraph, stage: Stage) -> Finding | None:
    """SHP214: a mean or a maximum of the very tensor that it meets, without the axis that it ran over."""
    pair = vocabulary_operands(stage)
    if stage.conflict is None or short(stage) not in BINARY or len(pair) != 2:
        return None
    for whole, part in (pair, pair[::-1]):
        step, before = _reduced_from(whole, part)
        if step is None or before is None or part.shape.rank != (before.shape.rank or 0) - 1:
            continue
        gone = reduced_axes(step)
        if gone is not None and len(gone) == 1 and given(step, "keepdim") is not True:
            return found(
                "SHP214",
                "reduced",
                step.span,
                stage=stage,
                tensor=before,
                symptom=stage.span,
                label=f"{before.shape} becomes {step.out.shape}",
                help="keep the axis: keepdim=True",
                remedy="keepdim",
                related=[words.comes_from(whole), words.comes_from(part)],
                shapes=[words.named(whole), words.named(part)],
                operator=words.shown(step.op),
                before=before.shape,
                after=step.out.shape,
                at=gone[0],
                whole=words.called(whole),
                shape=whole.shape,
            )
    return None


def _reduced_from(whole: Tensor, part: Tensor) -> tuple[Stage | None, Tensor | None]:
    """The reduction on the way to one operand of a tensor that the other one is, or comes from by keeping its shape."""
    same = {id(whole)}
    for step in trail.steps(whole):
        before = main(step)
        if before is None or before.shape.rank != whole.shape.rank:
            break
        same.add(id(before))
    for step in trail.steps(part):
        before = main(step)
        if before is not None and id(before) in same and short(step) in REDUCTIONS:
            return step, before
    return None, None


def operator_shapes(graph: ShapeGraph, stage: Stage) -> Finding | None:
    """What no other rule explains: the operator, its operands with their shapes, the two sizes and their origins."""
    conflict = stage.conflict
    if conflict is None or (_NO_TENSOR.search(conflict.message) and _unpacked(graph, stage)):
        return None
    those = list(stage.tensors())
    left = operands.named(stage, conflict.left_name) or main(stage)
    right = operands.named(stage, conflict.right_name) or operands.second(those, left)
    sized = conflict.left is not None and conflict.right is not None
    code = _rule(stage, conflict)
    parameter = built.of_parameter(graph, stage, left, right) if short(stage) in _MEETS else None
    place = parameter or built.of_layer(graph, stage, left, right)
    telling = operands.disagreeing(those, left, right)
    advice, remedy = operands.advice(code, left, right)
    sizes = [operands.size(conflict.left, left, conflict.axis), operands.right_size(stage, conflict, right)]
    if (
        len(telling) == 2
        and not operands.has(telling[0], conflict.left)
        and not operands.has(telling[1], conflict.right)
    ):
        sizes.reverse()  # each size stands where its operand does
    ranks = [t.shape.rank or 0 for t in telling] if conflict.kind == "rank" and code in _RANKED else []
    other_ranks = len(ranks) == 2 and ranks[0] != ranks[1] and 0 not in ranks
    if other_ranks:
        sizes = [f"{rank} {'axis' if rank == 1 else 'axes'}" for rank in ranks]
        advice, remedy = operands.missing_axis(stage, telling) if code == "SHP211" else advice, remedy
    return found(
        code,
        "ranks" if other_ranks else "sizes" if sized and code not in _ONE_WORDING else "",
        place.span if place is not None else _root(graph, stage, code, left, right),
        stage=stage,
        tensor=left,
        symptom=stage.span,
        label=place.label if place is not None else " and ".join(f"{t.shape}" for t in those[:3]),
        help=place.help if place is not None else advice,
        remedy=remedy if place is None else place.size,
        related=[words.comes_from(t) for t in (left, right)],
        shapes=[words.named(t, name=operands.name_of(stage, t)) for t in those[:4]],
        operator=words.shown(stage.op),
        operands=operands.listed(telling),
        left=sizes[0],
        right=sizes[1],
        what=conflict.message.rstrip("."),
    )


def _rule(stage: Stage, conflict: Conflict) -> str:
    if is_model(stage):
        return "SHP203"
    if _is_skip(stage, conflict):
        return "SHP217"
    if short(stage) in _FAMILIES["SHP209"] | BINARY and _unprojected(stage):
        return "SHP511"
    if conflict.kind == "parameter" and conflict.right_name == "num_heads":
        return "SHP219"
    if conflict.kind in _BY_KIND or (short(stage) == "permute" and conflict.kind == "rank"):
        return _BY_KIND.get(conflict.kind, "SHP222")
    if short(stage) in _LAYERS:
        return {"rank": "SHP215", "parameter": "SHP221"}.get(conflict.kind, "SHP202")
    return _RULES.get(short(stage), "SHP202")


def _root(graph: ShapeGraph, stage: Stage, code: str, left: Tensor | None, right: Tensor | None) -> Span:
    """The call; for a window that is too large, the layer's constructor, for a causal mask what made it so long, for an
    operand that lacks an axis what its name was bound to."""
    if code == "SHP215" and left is not None:
        return blame.written_for(graph, stage, left) or stage.span
    if code in ("SHP211", "SHP214") and left is not None and right is not None:
        few, many = sorted((left, right), key=lambda tensor: tensor.shape.rank or 0)
        odd = few if code == "SHP214" else many
        if _lacks_axes(few, many):
            mended = blame.made_for(graph, stage, odd)
            return mended if mended != blame.operand_span(stage, odd) else stage.span
    maker = left.producer if left is not None else None
    if code == "SHP511":
        return next((span for t in stage.tensors() if (span := _tower_place(t)) is not None), stage.span)
    if code == "SHP220" and maker is not None and short(maker) in _CAUSAL:
        return maker.span
    created = stage.module.created if stage.module is not None else None
    return created if created is not None and code == "SHP221" else stage.span


def _lacks_axes(few: Tensor, many: Tensor) -> bool:
    """Whether one tensor has the axes of another but for some in between or behind, which are longer than one."""
    if not few.shape.rank or many.shape.rank is None or few.shape.rank >= many.shape.rank:
        return False
    if any(dim.expr == 1 for dim in many.shape.dims):
        return False  # an axis too many rather
    rest = iter(many.shape.dims)
    return all(any(blame.equal(dim, other) for other in rest) for dim in few.shape.dims)


def _unpacked(graph: ShapeGraph, stage: Stage) -> bool:
    """Whether a model's output was unpacked into its keys before: that is the fault, and a rule of its own says so."""
    before = (event for event in graph.events if event.index < stage.index)
    return any(event.kind == "unpack" and event.data.get("of") == "model_output" for event in before)


def _is_skip(stage: Stage, conflict: Conflict) -> bool:
    """Whether two feature maps differ in height or width where they are joined or added."""
    maps = [t for t in stage.tensors() if t.shape.rank == 4]
    joins = short(stage) in _FAMILIES["SHP211"] or short(stage) in ("add", "add_")
    return joins and len(maps) >= 2 and conflict.axis in (2, 3)


def _unprojected(stage: Stage) -> bool:
    """Whether a product's factors are the features of two towers, each a model's own."""
    towers = [step for tensor in stage.tensors() if (step := _tower(tensor)) is not None]
    return len(towers) == 2 and towers[0].op != towers[1].op


def _tower(tensor: Tensor) -> Stage | None:
    """The text or vision model whose features a tensor holds as they come out of it."""
    steps = (made(axis(tensor, index)).stage for index in range(tensor.shape.rank or 0))
    return next((s for s in steps if s and is_model(s) and short(s).endswith(("TextModel", "VisionModel"))), None)


def _tower_place(tensor: Tensor) -> Span | None:
    """Where the features of a tower are first used as they come out of it."""
    for index in range(tensor.shape.rank or 0):
        here, user = axis(tensor, index), None
        if made(here).stage is None or made(here).stage is not _tower(tensor):
            continue
        while (before := trail.previous(here)) is not None:
            here, user = before, here.stage if before.stage is made(here).stage else user
        if user is None or here.stage is None:
            return here.stage.span if here.stage is not None else None
        name = next((name for name, value in user.inputs.items() if value is here.tensor), "")
        return user.input_spans.get(name, here.stage.span)
    return None
