"""Fixes of operands that lack an axis, or have their axes elsewhere: told by the sizes, where only one way fits."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import libcst as cst

from shapecheck.dims import Dim
from shapecheck.findings import Edit, Finding, Fix
from shapecheck.fixes.calls import call_of
from shapecheck.fixes.simple import OTHER_RESULT, operand, stage_of, suffixed, suffixed_edit
from shapecheck.fixes.tree import Tree, bound
from shapecheck.graph import ShapeGraph, Stage, Tensor
from shapecheck.places import Span
from shapecheck.shapes import Shape
from shapecheck.vocabulary import CONVOLUTIONS, given, ints, short

_BY_SIZE = "which axes belong together is told by their sizes alone"
_JOINS = ("cat", "concat", "concatenate")


def axes_added(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """``weights * images`` to ``weights[:, None, None, None] * images``, where the sizes fit in one way only.

    Where what is added to is a name, also where that gets its value: for every line that uses it.
    """
    stage = stage_of(finding)
    found = _lacking(stage) if stage is not None else None
    node = tree.expression(stage.input_spans[found[0]]) if stage is not None and found is not None else None
    if found is None or node is None:
        return
    suffix = found[1]
    title = f"line up the axes: {suffix}"
    here = Fix(title, tuple(suffixed_edit(tree, node, suffix)), safety="unsafe", why=_BY_SIZE)
    names = {name.value: (name, value) for name in _names(node) if (value := bound(tree, name)) is not None}
    made = [
        Fix(f"{title}, where {name} is made", tuple(suffixed_edit(tree, value, suffix)), "", "unsafe", _BY_SIZE)
        for name, (_, value) in names.items()
    ]
    once = all(_uses(tree, name) == 1 for name, _ in names.values())
    yield from (here, *made) if once else (*made, here)


def _uses(tree: Tree, name: cst.Name) -> int:
    """How often a name is read in its scope."""
    same = (other for other in tree.within(tree.scope(name), cst.Name) if other.value == name.value)
    return sum(not isinstance(tree.parent(other), cst.AssignTarget) for other in same)


def _names(node: cst.BaseExpression) -> Iterator[cst.Name]:
    """The names that an expression is made from: itself, or what it calls something of."""
    if isinstance(node, cst.Name):
        yield node
    elif isinstance(node, cst.Call):
        if isinstance(node.func, cst.Attribute):
            yield from _names(node.func.value)
        for arg in node.args:
            yield from _names(arg.value)
    elif isinstance(node, cst.BinaryOperation):
        yield from _names(node.left)
        yield from _names(node.right)


def _lacking(stage: Stage) -> tuple[str, str] | None:
    """The operand that lacks axes, and the suffix that adds them."""
    sides = {name: tensor for name, tensor in stage.inputs.items() if isinstance(tensor, Tensor)}
    for small, large in itertools.permutations(sides, 2):
        suffix = _placed(sides[small].shape, sides[large].shape)
        if suffix and stage.input_spans.get(small) is not None and stage.input_spans[small].exact:
            return small, suffix
    return None


def _placed(small: Shape, large: Shape) -> str:
    """The index that puts each axis of one shape to its size in another; empty where none or several ways fit."""
    if small.rank is None or large.rank is None or not 0 < small.rank < large.rank:
        return ""
    ways = [
        places
        for places in itertools.combinations(range(large.rank), small.rank)
        if all(dim.equals(large.dims[at]) for dim, at in zip(small.dims, places, strict=True))
    ]
    if len(ways) != 1 or ways[0][-1] == large.rank - 1 and ways[0][0] == large.rank - small.rank:
        return ""
    return _added([k in ways[0] for k in range(ways[0][0], large.rank)])


def _added(kept: list[bool]) -> str:
    """``.unsqueeze(1)`` or ``[:, None, None]``: an index with an axis of one for each that is not kept."""
    if kept.count(False) == 1:
        at = kept.index(False)
        return f".unsqueeze({-1 if at == len(kept) - 1 else at})"
    return f"[{', '.join(':' if keep else 'None' for keep in kept)}]"


def joined_axis_added(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """``torch.cat([rows, row], dim=1)`` to ``row.unsqueeze(1)`` for a part without the axis of the join."""
    stage, call = stage_of(finding), call_of(finding, tree)
    parts = call.args[0].value if call is not None and call.args else None
    if stage is None or short(stage) not in _JOINS or not isinstance(parts, (cst.List, cst.Tuple)):
        return
    tensors = list(stage.tensors())
    at = ints(given(stage, "dim", "axis")) or (0,)
    ranks = [tensor.shape.rank or 0 for tensor in tensors]
    if len(tensors) != len(parts.elements) or len(at) != 1 or not max(ranks):
        return
    whole = tensors[ranks.index(max(ranks))].shape
    rest = [dim for index, dim in enumerate(whole.dims) if index != at[0] % max(ranks)]
    edits: list[Edit] = []
    for tensor, element in zip(tensors, parts.elements, strict=True):
        if tensor.shape.rank == len(rest) and all(map(Dim.equals, rest, tensor.shape.dims)):
            edits += suffixed_edit(tree, element.value, f".unsqueeze({at[0]})")
    if edits and ranks.count(max(ranks)) + len(edits) == len(ranks):
        yield Fix("give the part the axis that they are joined along", tuple(edits))


def layer_axes_added(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """``conv(images)`` to ``conv(images.unsqueeze(1))`` for the one channel; ``[:, :, None, None]`` behind channels."""
    stage, source = stage_of(finding), _given(finding, tree)
    if stage is None or stage.module is None or source is None or short(stage) not in CONVOLUTIONS:
        return
    tensor, span = source
    wanted, rank = int(short(stage)[-2]) + 2, tensor.shape.rank or 0
    channels = stage.module.params.get("in_channels")
    if not isinstance(channels, Dim) or not rank:
        return
    if channels.value == 1 and rank == wanted - 1:
        yield from suffixed(tree, span, ".unsqueeze(1)", "give it the axis of the one channel")
    elif rank == 2 and tensor.shape.dim(1).equals(channels):
        suffix = _added([True, True, *[False] * (wanted - 2)])
        yield from suffixed(tree, span, suffix, "give it axes of one for the places", "unsafe", _BY_SIZE)


def _given(finding: Finding, tree: Tree) -> tuple[Tensor, Span] | None:
    """A layer's input with its expression: of the first layer of a ``Sequential``, what that is called with."""
    stage = stage_of(finding)
    tensor = stage.tensor("input") if stage is not None else None
    call = tree.call(stage.span) if stage is not None else None
    maker = tensor.producer if tensor is not None else None
    if stage is None or tensor is None or call is None or len(call.args) != 1 or (maker and maker.span == stage.span):
        return operand(finding, "input")
    return operand(finding, "input") or (tensor, tree.span(call.args[0].value))


def scores_flattened(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """``scores`` (batch, seq, classes) to ``scores.flatten(0, 1)`` beside labels that are flattened."""
    scores, target = operand(finding, "input"), operand(finding, "target")
    if scores is None or target is None or target[0].shape.rank != 1 or (scores[0].shape.rank or 0) < 3:
        return
    rows = scores[0].shape.dim(0)
    for dim in scores[0].shape.dims[1:-1]:
        rows = rows * dim
    if rows.equals(target[0].shape.dim(0)):
        yield from suffixed(tree, scores[1], ".flatten(0, -2)", "flatten the scores like the labels")


def channel_of_labels(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """``masks`` (batch, 1, height, width) to ``masks.squeeze(1)`` beside scores (batch, classes, height, width)."""
    scores, target = operand(finding, "input"), operand(finding, "target")
    if scores is None or target is None or (scores[0].shape.rank or 0) < 3:
        return
    have, want = target[0].shape, scores[0].shape
    if have.rank != want.rank or have.dim(1).value != 1 or want.dim(1).value == 1:
        return
    if all(have.dim(k).equals(want.dim(k)) for k in range(have.rank or 0) if k != 1):
        yield from suffixed(tree, target[1], ".squeeze(1)", "drop the labels' axis of one")


def time_before_batch(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """``ctc(log_probs, targets, ...)`` with the batch first to ``log_probs.transpose(0, 1)``."""
    stage = stage_of(finding)
    scores, target = operand(finding, "log_probs"), operand(finding, "targets")
    if stage is None or short(stage) not in ("CTCLoss", "ctc_loss") or scores is None or target is None:
        return
    have = scores[0].shape
    if have.rank == 3 and have.dim(0).equals(target[0].shape.dim(0)) and not have.dim(0).equals(have.dim(1)):
        yield from suffixed(tree, scores[1], ".transpose(0, 1)", "put the time first")


def factors_exchanged(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """``torch.mm(features, adjacency)`` to ``torch.mm(adjacency, features)``, where only that fits."""
    stage, call = stage_of(finding), call_of(finding, tree)
    tensors = list(stage.tensors()) if stage is not None else []
    if call is None or len(tensors) != 2 or len(call.args) != 2 or any(arg.keyword or arg.star for arg in call.args):
        return
    left, right = (tensor.shape for tensor in tensors)
    if left.rank == right.rank == 2 and right.dim(1).equals(left.dim(0)):
        one, other = call.args[0].value, call.args[1].value
        edits = (tree.replace(one, tree.code(other)), tree.replace(other, tree.code(one)))
        yield Fix("the factors the other way round", edits, safety="unsafe", why=OTHER_RESULT)


def first_of_tuple(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """``scores.max(1)`` to ``scores.max(1)[0]``, where a tensor is wanted."""
    stage = stage_of(finding)
    if stage is None or stage.span == finding.span:
        return  # what gives several tensors stands inside of the call that takes one
    yield from suffixed(tree, finding.span, "[0]", "take the first of them", "unsafe", OTHER_RESULT)


def channels_moved(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """``conv(images)`` with the channels last to ``conv(images.permute(0, 3, 1, 2))``; also where they are made."""
    stage, source = stage_of(finding), _given(finding, tree)
    if stage is None or stage.module is None or source is None or short(stage) not in CONVOLUTIONS:
        return
    shape, rank = source[0].shape, int(short(stage)[-2]) + 2
    channels = stage.module.params.get("in_channels")
    if not isinstance(channels, Dim) or shape.rank != rank or not shape.dim(-1).equals(channels):
        return
    order = ", ".join(map(str, (0, rank - 1, *range(1, rank - 1))))
    yield from suffixed(
        tree, source[1], f".permute({order}).contiguous()", "put the channels second", "unsafe", _BY_SIZE
    )
