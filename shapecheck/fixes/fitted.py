"""Fixes that fit one side to the other: a state to its input, a feature map to the skip connection beside it."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from shapecheck.findings import Edit, Finding, Fix
from shapecheck.fixes.simple import stage_of, suffixed
from shapecheck.fixes.tree import Tree
from shapecheck.graph import ShapeGraph, Stage, Tensor
from shapecheck.places import Span
from shapecheck.vocabulary import given, main, operands

_MAKERS = ("zeros", "randn", "rand", "ones", "empty", "full")


def state(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """A first state of a recurrent layer: its axes exchanged, or its batch taken from the input."""
    stage, held = stage_of(finding), finding.tensor
    conflict = stage.conflict if stage is not None else None
    if stage is None or conflict is None or not isinstance(held, Tensor) or held.shape.rank != 3:
        return
    if _exchanged(stage, held):
        yield from suffixed(tree, finding.span, ".transpose(0, 1).contiguous()", "layers first, then the batch")
    elif conflict.axis == 1:
        every = stage.inputs.get(conflict.left_name)
        states = [t for t in every if isinstance(t, Tensor)] if isinstance(every, (tuple, list)) else [held]
        alike = [t for t in states if t.shape.rank == 3 and t.shape.dim(1) == held.shape.dim(1)]
        edits = [_sized_by_input(stage, t.producer.span, tree) for t in alike if t.producer is not None]
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


def _sized_by_input(stage: Stage, span: Span, tree: Tree) -> Edit | None:
    """``torch.zeros(layers, 64, hidden)`` to ``torch.zeros(layers, x.size(0), hidden)``, where both stand together."""
    call, where = tree.call(span), stage.input_spans.get("input")
    x = tree.expression(where) if where is not None and where.exact else None
    if call is None or not isinstance(x, (cst.Name, cst.Attribute)) or tree.function(x) is not tree.function(call):
        return None
    maker = call.func.attr.value if isinstance(call.func, cst.Attribute) else ""
    sizes = [arg.value for arg in call.args if arg.keyword is None]
    if maker not in _MAKERS or len(sizes) < 3 or any(arg.star for arg in call.args):
        return None
    return tree.replace(sizes[1], f"{tree.code(x)}.size({0 if given(stage, 'batch_first') is True else 1})")


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
    maps = [t for t in operands(stage) if t.shape.rank == 4] if stage is not None else []
    call = tree.call(stage.span) if stage is not None else None
    parts = call.args[0].value if call is not None and call.args else None
    if functional is None or len(maps) != 2 or not isinstance(parts, (cst.List, cst.Tuple)) or len(parts.elements) != 2:
        return
    areas = [(t.shape.dim(2) * t.shape.dim(3)).value for t in maps]
    if None in areas or areas[0] == areas[1]:
        return
    small = 0 if (areas[0] or 0) < (areas[1] or 0) else 1
    node, other = parts.elements[small].value, parts.elements[1 - small].value
    if isinstance(node, (cst.Name, cst.Attribute)) and isinstance(other, (cst.Name, cst.Attribute)):
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
