"""Fixes of masks: the axis that they lack, and what they say."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from shapecheck.findings import Finding, Fix
from shapecheck.fixes.simple import suffixed
from shapecheck.fixes.tree import Tree, grouped
from shapecheck.graph import ShapeGraph


def mask_axis(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """``mask.unsqueeze(1)`` to ``mask.unsqueeze(-1)``; ``mask[:, None]`` likewise; an axis for a mask without one."""
    node = tree.expression(finding.span)
    title = "give the mask its axis at the end"
    if isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute) and node.func.attr.value == "unsqueeze":
        if len(node.args) == 1:
            yield Fix(title, (tree.replace(node.args[0].value, "-1"),))
    elif isinstance(node, cst.Subscript) and tree.code(node).endswith(("[:, None, :]", "[:, None]")):
        yield Fix(title, (tree.replace(node, f"{tree.code(node.value)}[:, :, None]"),))
    elif node is not None and finding.span != finding.symptom:
        yield from suffixed(tree, finding.span, ".unsqueeze(-1)", title)


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
