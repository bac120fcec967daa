"""Fixes of masks: the axis that they lack, and what they say."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from shapecheck import vocabulary
from shapecheck.findings import Finding, Fix
from shapecheck.fixes.simple import compared, suffixed
from shapecheck.fixes.tree import Tree, grouped
from shapecheck.graph import ShapeGraph, Stage, Tensor

_QUERIES_TO_KEYS = {"[:, :, None]": "[:, None, :]", "[:, None, :, None]": "[:, None, None, :]"}


def mask_axis(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """``mask.unsqueeze(1)`` to ``mask.unsqueeze(-1)``; ``mask[:, None]`` likewise; an axis for a mask without one."""
    node = tree.expression(finding.span)
    title = "give the mask its axis at the end"
    stage, mask = finding.stage, finding.tensor
    if finding.remedy:
        return  # lengths, not a mask
    if isinstance(stage, Stage) and isinstance(mask, Tensor):
        along_queries = stage.conflict is None and mask.shape.dim(-1).value == 1
        if vocabulary.short(stage) == "__getitem__" or along_queries:
            yield from _along_keys(finding, tree)
            return
    if isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute) and node.func.attr.value == "unsqueeze":
        if len(node.args) == 1:
            yield Fix(title, (tree.replace(node.args[0].value, "-1"),))
    elif isinstance(node, cst.Subscript) and tree.code(node).endswith(("[:, None, :]", "[:, None]")):
        yield Fix(title, (tree.replace(node, f"{tree.code(node.value)}[:, :, None]"),))
    elif node is not None and finding.span != finding.symptom:
        yield from suffixed(tree, tree.span(compared(node)), ".unsqueeze(-1)", title)


def as_padding(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """``attn_mask=padding`` to ``key_padding_mask=padding``, where the mask has a row for each example."""
    stage, given = finding.stage, finding.tensor
    rows = given.shape.dim(0) if isinstance(given, Tensor) and given.shape.rank == 2 else None
    if not isinstance(stage, Stage) or rows is None or stage.inputs.get("key_padding_mask") is not None:
        return
    query, first = stage.tensor("query"), vocabulary.given(stage, "batch_first")
    if query is None or query.shape.rank != 3 or query.shape.dim(0 if first is True else 1) != rows:
        return
    call = tree.call(stage.span)
    for arg in call.args if call is not None else ():
        if arg.keyword is not None and arg.keyword.value == "attn_mask":
            yield Fix("say that it is padding", (tree.replace(arg.keyword, "key_padding_mask"),))


def exchanged(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """``key_padding_mask=mask`` (tokens, batch) to ``mask.transpose(0, 1)``."""
    stage = finding.stage
    if not isinstance(stage, Stage) or stage.conflict is None or not finding.remedy.startswith(".transpose"):
        return
    span = stage.input_spans.get(stage.conflict.left_name)
    if span is not None and span.exact:
        yield from suffixed(tree, span, finding.remedy, "exchange the mask's axes")


def _along_keys(finding: Finding, tree: Tree) -> Iterator[Fix]:
    """``mask[:, :, None]`` to ``mask[:, None, :]``; ``mask.sum(dim=0)`` to ``dim=1``."""
    node = tree.expression(finding.span)
    if isinstance(node, cst.UnaryOperation):
        node = node.expression
    if isinstance(node, cst.Subscript):
        code = tree.code(node)
        for before, now in _QUERIES_TO_KEYS.items():
            if code.endswith(before):
                yield Fix("hide the padded keys", (tree.replace(node, code.removesuffix(before) + now),))
    elif isinstance(node, cst.Call):
        dim = next((arg for arg in node.args if tree.code(arg.value) == "0"), None)
        if dim is not None:
            yield Fix("count the tokens of each text: dim=1", (tree.replace(dim.value, "1"),))


def turned_round(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """``mask.bool()`` to ``mask == 0``."""
    node = tree.expression(finding.span)
    if node is None:
        return
    func = node.func if isinstance(node, cst.Call) else None
    if isinstance(func, cst.Attribute) and func.attr.value in ("bool", "to"):
        inner = func.value
        code = f"{grouped(inner, tree.code(inner))} == 0"
        yield Fix("True at padding", (tree.replace(node, code),))
    elif isinstance(node, cst.Comparison):
        yield Fix("True at padding", (tree.replace(node, f"~({tree.code(node)})"),))
    else:
        yield Fix("True at padding", (tree.replace(node, f"{grouped(node, tree.code(node))} == 0"),))
