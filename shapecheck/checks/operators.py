"""SHP202, SHP203 and what they are split into: an operator, or a model's own code, that certainly raises."""

from __future__ import annotations

import re
from dataclasses import dataclass

from shapecheck import trail
from shapecheck.checks import blame, words
from shapecheck.checks.report import found
from shapecheck.dims import Dim
from shapecheck.findings import Finding
from shapecheck.flow import token_axis
from shapecheck.graph import ShapeGraph, Stage, Tensor
from shapecheck.places import Span
from shapecheck.shapes import Conflict
from shapecheck.trail import made
from shapecheck.vocabulary import (
    BINARY,
    CONVOLUTIONS,
    REDUCTIONS,
    Axis,
    axis,
    given,
    ints,
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
    operands = list(stage.tensors())
    left = _operand(stage, conflict.left_name) or main(stage)
    right = _operand(stage, conflict.right_name) or _other(operands, left)
    sized = conflict.left is not None and conflict.right is not None
    code = _rule(stage, conflict)
    built = _of_parameter(graph, stage, left, right) or _of_layer(graph, stage, left, right)
    telling = _telling(operands, left, right)
    advice, remedy = _advice(code, left, right)
    sizes = [_size(conflict.left, left, conflict.axis), _right(stage, conflict, right)]
    if len(telling) == 2 and not _has(telling[0], conflict.left) and not _has(telling[1], conflict.right):
        sizes.reverse()  # each size stands where its operand does
    ranks = [t.shape.rank or 0 for t in telling] if conflict.kind == "rank" and code in _RANKED else []
    other_ranks = len(ranks) == 2 and ranks[0] != ranks[1] and 0 not in ranks
    if other_ranks:
        sizes = [f"{rank} {'axis' if rank == 1 else 'axes'}" for rank in ranks]
        advice, remedy = _missing_axis(stage, telling) if code == "SHP211" else advice, remedy
    return found(
        code,
        "ranks" if other_ranks else "sizes" if sized and code not in _ONE_WORDING else "",
        built.span if built is not None else _root(graph, stage, code, left, right),
        stage=stage,
        tensor=left,
        symptom=stage.span,
        label=built.label if built is not None else " and ".join(f"{t.shape}" for t in operands[:3]),
        help=built.help if built is not None else advice,
        remedy=remedy if built is None else built.size,
        related=[words.comes_from(t) for t in (left, right)],
        shapes=[words.named(t, name=_name(stage, t)) for t in operands[:4]],
        operator=words.shown(stage.op),
        operands=_listed(telling),
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


@dataclass(frozen=True, slots=True)
class _Built:
    """Where a parameter got its size, and what to say there."""

    span: Span
    label: str
    help: str
    size: str


def _of_parameter(graph: ShapeGraph, stage: Stage, left: Tensor | None, right: Tensor | None) -> _Built | None:
    """Where a parameter that an operator meets got the size that does not fit."""
    conflict = stage.conflict
    if conflict is None or left is None or right is None or short(stage) not in _MEETS:
        return None
    axes = [_axis_of(tensor, dim) for tensor, dim in ((left, conflict.left), (right, conflict.right))]
    if axes[0] is None or axes[1] is None:
        return None
    one, other = _weight(made(axes[0])), _weight(made(axes[1]))
    spans = blame.built_beside(graph, one, other), blame.built_beside(graph, other, one)
    if None not in spans or spans == (None, None):
        return None
    span, wanted = (spans[0], axes[1]) if spans[0] is not None else (spans[1], axes[0])
    own = left if spans[0] is not None else right
    help = f"make it {words.size(wanted.dim)}, as what it meets is"
    if span is None:
        return None
    return _Built(span, f"makes {words.called(own)} {own.shape}", help, str(wanted.dim.value or ""))


def _of_layer(graph: ShapeGraph, stage: Stage, left: Tensor | None, right: Tensor | None) -> _Built | None:
    """Where a layer's width stands as a number, while what it meets is as wide as a published encoder."""
    conflict = stage.conflict
    if conflict is None or left is None or right is None or left.shape.rank != right.shape.rank or not left.shape.rank:
        return None
    ends = [made(axis(tensor, -1)) for tensor in (left, right)]
    if not blame.differ(ends[0].dim, ends[1].dim) or not blame.equal(conflict.left, axis(left, -1).dim):
        return None
    for one, other in (ends, ends[::-1]):
        module = one.stage.module if one.stage is not None and short(one.stage) == "Linear" else None
        width = module.params.get("out_features") if module is not None else None
        encoder = other.stage.module if other.stage is not None and is_model(other.stage) else None
        if encoder is None or not encoder.params.get("checkpoint") or not isinstance(width, Dim) or not width.origin:
            continue
        span = blame.constructor_span(graph, module, "out_features", other)
        if span is not None and width.origin.text.startswith(blame.PLAIN):
            return _Built(
                span,
                f"{words.size(width)} features",
                f"make it {words.size(other.dim)}, as what it meets is",
                str(other.dim.value or ""),
            )
    return None


def _weight(source: Axis) -> Axis:
    """Of the features that ``linear`` gives, the axis of its weight that counts them, perhaps a parameter's."""
    weight = source.stage.tensor("weight") if source.stage is not None and source.stage.module is None else None
    if weight is None or short(source.stage) != "linear" or source.index != (source.tensor.shape.rank or 0) - 1:
        return source
    return made(axis(weight, 0))


def _axis_of(tensor: Tensor, dim: Dim | None) -> Axis | None:
    """The axis that has a size."""
    ranks = range(tensor.shape.rank or 0)
    at = next((k for k in ranks if blame.equal(tensor.shape.dim(k), dim)), None)
    return axis(tensor, at) if at is not None else None


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


def _operand(stage: Stage, name: str) -> Tensor | None:
    return stage.tensor(name) if name else None


def _other(operands: list[Tensor], left: Tensor | None) -> Tensor | None:
    """The second of two operands, where the conflict does not name it."""
    return next((t for t in operands if t is not left), None) if len(operands) == 2 else None


def _name(stage: Stage, tensor: Tensor) -> str:
    return tensor.text or blame.operand_name(stage, tensor) or ""


def _telling(operands: list[Tensor], left: Tensor | None, right: Tensor | None) -> list[Tensor]:
    """The two operands that disagree, where both are known; else all, each once."""
    once = list({id(tensor): tensor for tensor in operands}.values())
    if left is None or right is None or left is right:
        return once
    return [tensor for tensor in once if tensor is left or tensor is right]


def _has(tensor: Tensor, size: Dim | None) -> bool:
    return size is not None and any(blame.equal(dim, size) for dim in tensor.shape.dims)


def _listed(operands: list[Tensor]) -> str:
    return " and ".join(f"{words.called(t)} {t.shape}" for t in operands[:3]) or "its operands"


def _right(stage: Stage, conflict: Conflict, right: Tensor | None) -> str:
    if right is None:
        return words.parameter(stage, conflict.right_name, conflict.right)
    return _size(conflict.right, right, None)


def _size(dim: Dim | None, tensor: Tensor | None, index: int | None) -> str:
    """A size with its reason, looked for along the axis that has it."""
    if dim is None:
        return "?"
    rank = tensor.shape.rank if tensor is not None else None
    if tensor is not None and rank is not None:
        order = [*([index] if index is not None and index < rank else []), *range(rank)]
        at = next((k for k in order if blame.equal(tensor.shape.dim(k), dim)), None)
        if at is not None:
            return words.sized(axis(tensor, at))
    return f"{words.size(dim)} ({words.told(dim.origin)})" if dim.origin else words.size(dim)


def _advice(code: str, left: Tensor | None, right: Tensor | None) -> tuple[str, str]:
    """What to write, where the shapes themselves say it; and the part of it that a fix can write."""
    if code == "SHP511":
        return "project both first: get_text_features(...) and get_image_features(...) do", ""
    if left is None or right is None or left.shape.rank is None or right.shape.rank is None:
        return "", ""
    if code == "SHP220" and _exchanged(left, right):
        turn = ".transpose(0, 1)"
        return f"its two axes are exchanged: pass {left.text or 'it'}{turn}", turn
    if code == "SHP209" and needs_transpose(left, right):
        turn = ".transpose(-2, -1)"
        return f"transpose the second: {right.text or 'it'}{turn}", turn
    if code == "SHP211" and left.shape.rank == right.shape.rank + 1 == 3:
        return f"give each token its copy: {right.text or 'it'}.unsqueeze(1).expand(-1, {left.shape.dim(1)}, -1)", ""
    return "", ""


def _exchanged(mask: Tensor, source: Tensor) -> bool:
    """Whether a padding mask that does not fit has the sizes of its source, and only stands on its side."""
    if mask.shape.rank != 2 or source.shape.rank != 3 or token_axis(source) not in (0, 1, None):
        return False
    here, there = mask.shape.dims, source.shape.dims[:2]
    texts_last = token_axis(source) == 0
    wanted = there if texts_last else there[::-1]  # as they stand, where the operator wants them the other way round
    return blame.differ(*there) and all(map(blame.equal, here, wanted))


def _missing_axis(stage: Stage, pair: list[Tensor]) -> str:
    """What to write where one of two tensors only lacks the axis along which they are joined."""
    small, large = sorted(pair, key=lambda t: t.shape.rank or 0)
    at, rank = ints(given(stage, "dim", "axis")), large.shape.rank or 0
    if at is None or len(at) != 1 or rank != (small.shape.rank or 0) + 1:
        return ""
    rest = [dim for index, dim in enumerate(large.shape.dims) if index != at[0] % rank]
    return f"pass {small.text or 'it'}.unsqueeze({at[0]})" if all(map(blame.equal, rest, small.shape.dims)) else ""


def needs_transpose(left: Tensor, right: Tensor) -> bool:
    """Whether a product's second factor only stands on its side: the last axes of both agree."""
    ranks = left.shape.rank, right.shape.rank
    return (
        None not in ranks and min(r or 0 for r in ranks) >= 2 and blame.equal(left.shape.dim(-1), right.shape.dim(-1))
    )
