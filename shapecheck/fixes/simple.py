"""Fixes of one place: a size corrected, an axis squeezed or moved, a field named."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from shapecheck.findings import Edit, Finding, Fix, Safety
from shapecheck.fixes.tree import Tree, grouped
from shapecheck.flow import token_axis
from shapecheck.graph import ShapeGraph, Stage, Tensor
from shapecheck.places import Span
from shapecheck.trail import made
from shapecheck.vocabulary import axis

OTHER_RESULT = "the result is another one"


def suffixed(tree: Tree, span: Span, suffix: str, title: str, safety: Safety = "safe", why: str = "") -> Iterator[Fix]:
    """A call or subscript appended to the expression at a span."""
    node = tree.expression(span)
    if node is None:
        return
    code = tree.code(node)
    bare = not node.rpar and grouped(node, code) != code
    edit = tree.replace(node, f"({code}){suffix}") if bare else Edit(tree.end(node), suffix)
    yield Fix(title, (edit,), safety=safety, why=why)


def compared(node: cst.BaseExpression) -> cst.BaseExpression:
    """``mask`` of ``mask == 0`` and of ``~mask``."""
    if isinstance(node, cst.Comparison):
        return node.left
    return node.expression if isinstance(node, cst.UnaryOperation) else node


def suffixed_edit(tree: Tree, node: cst.BaseExpression, suffix: str) -> Iterator[Edit]:
    """The edit that puts a call or subscript behind an expression."""
    for fix in suffixed(tree, tree.span(node), suffix, ""):
        yield from fix.edits


def stage_of(finding: Finding) -> Stage | None:
    """The stage at fault."""
    return finding.stage if isinstance(finding.stage, Stage) else None


def operand(finding: Finding, name: str) -> tuple[Tensor, Span] | None:
    """An operand of the stage at fault, with the expression that brings it."""
    stage = stage_of(finding)
    tensor = stage.tensor(name) if stage is not None else None
    span = stage.input_spans.get(name) if stage is not None else None
    return (tensor, span) if tensor is not None and span is not None and span.exact else None


def wrong_axis(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """``mean(dim=2)`` to ``dim=1``, ``hidden[0]`` to ``hidden[:, 0]``."""
    tensor = finding.tensor if isinstance(finding.tensor, Tensor) else None
    tokens = token_axis(tensor) if tensor is not None else None
    node = tree.expression(finding.span)
    if tokens is None or node is None:
        return
    if isinstance(node, cst.Subscript) and len(node.slice) == 1:
        old = node.slice[0]
        code = tree.module.code_for_node(old)
        yield Fix(
            f"take the first token: [:, {code}]", (tree.replace(old, f":, {code}"),), "cls", "unsafe", OTHER_RESULT
        )
    elif isinstance(node, cst.Call) and finding.remedy and node.args:
        pooled = tree.span(node.args[0].value)
        yield from suffixed(tree, pooled, finding.remedy, "pool over the tokens", "unsafe", OTHER_RESULT)
    elif isinstance(node, cst.Call):
        arg = next((a for a in node.args if a.keyword is not None and a.keyword.value in ("dim", "axis")), None)
        arg = arg or next((a for a in node.args if isinstance(a.value, (cst.Integer, cst.UnaryOperation))), None)
        if arg is not None:
            edit = tree.replace(arg.value, str(tokens))
            yield Fix(f"pool over the tokens: dim={tokens}", (edit,), safety="unsafe", why=OTHER_RESULT)


def class_axis(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """The classes moved to axis 1."""
    scores = operand(finding, "input")
    if scores is not None:
        move = ".transpose(1, 2)" if scores[0].shape.rank == 3 else ".movedim(-1, 1)"
        yield from suffixed(tree, scores[1], move, "put the classes on axis 1")


def target(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """A column turned into a row: where the label is made, or at the loss."""
    scores, target = operand(finding, "input"), operand(finding, "target")
    if scores is None or target is None or None in (scores[0].shape.rank, target[0].shape.rank):
        return
    yield from _unbracketed(tree, finding.span)
    yield from _squeezed(tree, scores, target)


def _squeezed(tree: Tree, scores: tuple[Tensor, Span], target: tuple[Tensor, Span]) -> Iterator[Fix]:
    ranks = scores[0].shape.rank, target[0].shape.rank
    if (
        ranks[1] == 2
        and target[0].shape.dim(1).value == 1
        and ranks[0] in (1, 2)
        and scores[0].shape.dim(-1).value != 1
    ):
        yield from suffixed(tree, target[1], ".squeeze(1)", "drop the labels' last axis")
    elif ranks == (2, 1) and scores[0].shape.dim(1).value == 1:
        yield from suffixed(tree, scores[1], ".squeeze(-1)", "drop the scores' last axis")


def _unbracketed(tree: Tree, span: Span) -> Iterator[Fix]:
    """``torch.tensor([label])`` to ``torch.tensor(label)``."""
    node = tree.expression(span)
    value = node.args[0].value if isinstance(node, cst.Call) and node.args else None
    if not isinstance(value, cst.List) or len(value.elements) != 1:
        return
    inner = value.elements[0]
    if not isinstance(inner, cst.StarredElement) and not isinstance(inner.value, (cst.List, cst.Tuple)):
        yield Fix("a label without an axis of its own", (tree.replace(value, tree.code(inner.value)),))


def label_columns(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """One output per label column."""
    stage = stage_of(finding)
    target = stage.tensor("target") if stage is not None else None
    node = tree.expression(finding.span)
    count = target.shape.dim(1).value if target is not None else None
    if isinstance(node, cst.Integer) and count:
        yield Fix(f"out_features={count}, one output per label column", (tree.replace(node, str(count)),))


def broadcast(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """The axis of size one taken from the predictions."""
    stage = stage_of(finding)
    if stage is None:
        return
    sides = [
        (t, stage.input_spans[name])
        for name in ("input", "target", "other")
        if (t := stage.tensor(name)) and name in stage.input_spans
    ]
    for tensor, span in sides:
        if tensor.shape.rank == 2 and tensor.shape.dim(1).value == 1 and span.exact:
            collected = finding.remedy == "collected"  # what a loop put into a list is as wide as its tensors joined
            yield from without_column(tree, finding.span if collected else span)
            return


def without_column(tree: Tree, span: Span) -> Iterator[Fix]:
    """The last axis, of size one, taken from an expression: the call that adds it (``unsqueeze``, ``[:, None]``,
    ``keepdim=True``) left out, or ``squeeze(-1)``."""
    node = tree.expression(span)
    added = _column_added(tree, node) if node is not None else None
    if added is not None:
        yield Fix("leave the last axis out", (added,))
    else:
        yield from suffixed(tree, span, ".squeeze(-1)", "drop the last axis")


def _column_added(tree: Tree, node: cst.BaseExpression) -> Edit | None:
    if isinstance(node, cst.Subscript) and tree.code(node).endswith("[:, None]"):
        return tree.replace(node, tree.code(node.value))
    if not isinstance(node, cst.Call):
        return None
    if isinstance(node.func, cst.Attribute) and node.func.attr.value == "unsqueeze":
        first = [tree.code(arg.value) for arg in node.args]
        torch = tree.code(node.func.value) == "torch"
        return tree.replace(node, tree.code(node.func.value)) if first in (["1"], ["-1"]) and not torch else None
    if isinstance(node.func, cst.Attribute) and node.func.attr.value in ("view", "reshape"):
        sizes = [tree.code(arg.value) for arg in node.args]
        return tree.without(node.args, 1) if len(sizes) == 2 and sizes[1] == "1" else None
    kept = [at for at, arg in enumerate(node.args) if arg.keyword is not None and arg.keyword.value == "keepdim"]
    return tree.without(node.args, kept[0]) if kept and tree.code(node.args[kept[0]].value) == "True" else None


def squeezed_at_root(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """The axis of size one taken where it was put there or made, if that is the place which is told."""
    stage = stage_of(finding)
    if stage is None or any(finding.span == span for span in stage.input_spans.values()):
        return
    for column in _columns(stage):
        maker = made(axis(column, 1)).stage
        if maker is not None and maker.span == finding.span and finding.span.path == tree.path:
            yield from without_column(tree, finding.span)
            return


def squeezed_where_made(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """The axis of size one taken where a model's forward makes it: for the loss and for every metric at once."""
    stage = stage_of(finding)
    columns = _columns(stage) if stage else []
    head = made(axis(columns[0], 1)).stage if columns else None
    if head is None or head.span == finding.span:
        return
    if head.context and head.span.exact and head.span.path == tree.path:
        yield from suffixed(tree, head.span, ".squeeze(-1)", "drop the last axis where the model makes it")


def _columns(stage: Stage) -> list[Tensor]:
    return [t for t in stage.tensors() if t.shape.rank == 2 and t.shape.dim(1).value == 1]


def averaged(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """``.mean()`` behind a loss that gives a number for each example."""
    if finding.remedy:
        for fix in suffixed(tree, finding.span, finding.remedy, "average over the examples"):
            yield Fix(fix.title, fix.edits, safety="unsafe", why="weights for each example would come before it")


def flattened(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """The axes of size one behind pooled features left out."""
    yield from suffixed(tree, finding.span, ".flatten(1)", "flatten all but the batch")
