"""Fixes that fit one side to the other: a state to its input, a feature map to the skip connection beside it."""

from __future__ import annotations

import math
from collections.abc import Iterator

import libcst as cst

from shapecheck import trail
from shapecheck.findings import Edit, Finding, Fix
from shapecheck.fixes.simple import stage_of, suffixed
from shapecheck.fixes.tree import Tree
from shapecheck.graph import ShapeGraph, Stage, Tensor
from shapecheck.vocabulary import axis, given, main, operands

_NEARLY = 1.1
"""How much longer one of two sequences may be that a stride or a window left unlike."""
_MAKERS = ("zeros", "randn", "rand", "ones", "empty", "full")


def state(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """A first state of a recurrent layer: its axes exchanged, or its batch taken from the input."""
    stage, held = stage_of(finding), finding.tensor
    conflict = stage.conflict if stage is not None else None
    if stage is None or conflict is None or not isinstance(held, Tensor) or held.shape.rank != 3:
        return
    if _exchanged(stage, held):
        sizes = _given_sizes(tree, held)
        if len(sizes) >= 3:
            swapped = (tree.replace(sizes[0], tree.code(sizes[1])), tree.replace(sizes[1], tree.code(sizes[0])))
            yield Fix("layers first, then the batch", swapped)
            return
        yield from suffixed(tree, finding.span, ".transpose(0, 1).contiguous()", "layers first, then the batch")
    elif conflict.axis == 1:
        every = stage.inputs.get(conflict.left_name)
        states = [t for t in every if isinstance(t, Tensor)] if isinstance(every, (tuple, list)) else [held]
        alike = [t for t in states if t.shape.rank == 3 and t.shape.dim(1) == held.shape.dim(1)]
        edits = [_sized_by_input(stage, t, tree) for t in alike]
        if edits and None not in edits:
            yield Fix("take the batch from the input", tuple(dict.fromkeys(edit for edit in edits if edit)))


def _exchanged(stage: Stage, held: Tensor) -> bool:
    """Whether the state is (batch, layers, hidden): each of its first two sizes is wanted at the other's place."""
    x, layers = main(stage), given(stage, "num_layers")
    rank = x.shape.rank if x is not None else None
    if x is None or rank != 3 or given(stage, "bidirectional") is True:
        return False
    batch = x.shape.dim(0 if given(stage, "batch_first") is True else 1)
    return held.shape.dim(0) == batch and held.shape.dim(1) == layers and held.shape.dim(0) != held.shape.dim(1)


def _given_sizes(tree: Tree, held: Tensor) -> list[cst.BaseExpression]:
    """The sizes that ``torch.zeros(a, b, c)`` makes a tensor of; none where it is not made so."""
    call = tree.call(held.producer.span) if held.producer is not None else None
    maker = call.func.attr.value if call is not None and isinstance(call.func, cst.Attribute) else ""
    if call is None or maker not in _MAKERS or any(arg.star for arg in call.args):
        return []
    return [arg.value for arg in call.args if arg.keyword is None]


def _sized_by_input(stage: Stage, held: Tensor, tree: Tree) -> Edit | None:
    """``torch.zeros(layers, 64, hidden)`` to ``torch.zeros(layers, x.size(0), hidden)``, where both stand together."""
    sizes = _given_sizes(tree, held)
    if len(sizes) < 3:
        return None
    x = main(stage)
    here = axis(x, 0 if given(stage, "batch_first") is True else 1) if x is not None else None
    user: Stage | None = stage
    while here is not None and user is not None:
        name = next((name for name, value in user.inputs.items() if value is here.tensor), "")
        span = user.input_spans.get(name)
        node = tree.expression(span) if span is not None and span.exact and span.path == tree.path else None
        if isinstance(node, (cst.Name, cst.Attribute)) and _known_before(tree, node, sizes[1]):
            return tree.replace(sizes[1], f"{tree.code(node)}.size({here.index})")
        user, here = here.stage, trail.previous(here)
    return None


def _known_before(tree: Tree, node: cst.Name | cst.Attribute, place: cst.BaseExpression) -> bool:
    """Whether a name of the same function is one of its parameters, or bound above a place."""
    function = tree.function(place)
    if tree.function(node) is not function:
        return False
    if isinstance(node, cst.Attribute):
        return True
    params = (*function.params.posonly_params, *function.params.params) if function is not None else ()
    bound = [n for n in tree.within(tree.scope(place), cst.Name) if isinstance(tree.parent(n), cst.AssignTarget)]
    above = {n.value for n in bound if tree.span(n).line < tree.span(place).line}
    return node.value in above | {param.name.value for param in params}


def as_saved(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """A model built with the size of the weights that are loaded into it, where the size is a number in the text."""
    node = tree.expression(finding.span)
    stored, own = (shape.shape for shape in finding.shapes[:2])
    sizes = [str(a) for a, b in zip(stored, own, strict=False) if a != b]
    if isinstance(node, cst.Integer) and len(stored) == len(own) and sizes and sizes[0].isdigit():
        why = "it may be the weights that are of another model"
        yield Fix(f"build it with {sizes[0]}, as saved", (tree.replace(node, sizes[0]),), safety="unsafe", why=why)


def resized(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """``cat([skip, up])`` to ``cat([skip, F.interpolate(up, size=skip.shape[2:])])``."""
    stage, functional = stage_of(finding), _functional(tree)
    maps = [t for t in operands(stage) if t.shape.rank in (3, 4)] if stage is not None else []
    call = tree.call(stage.span) if stage is not None else None
    parts = call.args[0].value if call is not None and call.args else None
    if functional is None or len(maps) != 2 or not isinstance(parts, (cst.List, cst.Tuple)) or len(parts.elements) != 2:
        return
    areas = [math.prod(dim.value or 0 for dim in t.shape.dims[2:]) for t in maps]
    small_enough = max(areas) <= _NEARLY * min(areas) or maps[0].shape.rank == 4
    if not min(areas) or areas[0] == areas[1] or maps[0].shape.dims[:1] != maps[1].shape.dims[:1] or not small_enough:
        return
    small = 0 if areas[0] < areas[1] else 1
    node, other = parts.elements[small].value, parts.elements[1 - small].value
    if isinstance(other, (cst.Name, cst.Attribute)):
        code = f"{functional}.interpolate({tree.code(node)}, size={tree.code(other)}.shape[2:])"
        why = "cutting the skip and padding the picture are as usual"
        yield Fix("resize the smaller map", (tree.replace(node, code),), safety="unsafe", why=why)


def _functional(tree: Tree) -> str | None:
    """How the file names torch.nn.functional."""
    text = tree.module.code
    for line, name in (
        ("import torch.nn.functional as F", "F"),
        ("from torch.nn import functional as F", "F"),
        ("from torch import nn", "nn.functional"),
        ("import torch.nn as nn", "nn.functional"),
        ("import torch", "torch.nn.functional"),
    ):
        if any(stated.strip() == line for stated in text.splitlines()):
            return name
    return None
