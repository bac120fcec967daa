"""Rows for added tokens: ``model.resize_token_embeddings(len(tokenizer))``, once both are there."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from shapecheck.findings import Finding, Fix
from shapecheck.fixes.simple import stage_of
from shapecheck.fixes.tree import Tree
from shapecheck.graph import ShapeGraph


def resized(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """The call behind the one that adds tokens, or behind the model's making where that comes later.

    Only where both are statements of one block: else which runs first is not told by the text.
    """
    stage = stage_of(finding)
    created = stage.module.created if stage is not None and stage.module is not None else None
    grown = tree.call(finding.span)
    made = tree.call(created) if created is not None and created.path == tree.path else None
    if grown is None or made is None or not isinstance(grown.func, cst.Attribute):
        return
    model, lines = _assigned(tree, made), (_statement(tree, grown), _statement(tree, made))
    if model is None or lines[0] is None or lines[1] is None or _block(tree, lines[0]) is not _block(tree, lines[1]):
        return
    last = max(tree.span(lines[0]), tree.span(lines[1]), key=lambda span: span.line)
    edit = tree.below(last, f"{model}.resize_token_embeddings(len({tree.code(grown.func.value)}))")
    yield Fix("give the new tokens rows in the embedding", (edit,))


def _statement(tree: Tree, node: cst.CSTNode) -> cst.BaseSmallStatement | None:
    """The statement that a node stands in, where it has its line for itself."""
    inner = node
    for outer in tree.around(node):
        if isinstance(outer, cst.SimpleStatementLine):
            return inner if len(outer.body) == 1 and isinstance(inner, cst.BaseSmallStatement) else None
        inner = outer
    return None


def _block(tree: Tree, statement: cst.CSTNode) -> cst.CSTNode | None:
    line = tree.parent(statement)
    return tree.parent(line) if line is not None else None


def _assigned(tree: Tree, made: cst.Call) -> str | None:
    """The name that a new model gets."""
    assign = tree.parent(made)
    if not isinstance(assign, cst.Assign) or len(assign.targets) != 1:
        return None
    target = assign.targets[0].target
    return tree.code(target) if isinstance(target, (cst.Name, cst.Attribute)) else None
