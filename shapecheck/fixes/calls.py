"""Fixes that change a call: an argument added, renamed or replaced, another class."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from shapecheck.dims import Dim
from shapecheck.findings import Edit, Finding, Fix
from shapecheck.fixes.simple import stage_of, suffixed
from shapecheck.fixes.tree import Tree, after
from shapecheck.graph import Module, ShapeGraph, Tensor
from shapecheck.places import Span
from shapecheck.trail import short


def keyword(tree: Tree, call: cst.Call, name: str, value: str) -> Edit:
    """A keyword argument set: its value replaced where it is given, else added behind the others."""
    for arg in call.args:
        if arg.keyword is not None and arg.keyword.value == name:
            return tree.replace(arg.value, value)
    if call.args:
        return after(tree.span(call.args[-1].value), f", {name}={value}")
    end = tree.span(call)
    inside = Span(end.path, end.end_line, end.end_column - 1, end.end_line, end.end_column - 1)
    return Edit(inside, f"{name}={value}")


def _call(finding: Finding, tree: Tree) -> cst.Call | None:
    return tree.call(finding.span)


def batch_first(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """``batch_first=True`` for a sequence module."""
    call = _call(finding, tree)
    if call is not None:
        yield Fix("batch_first=True", (keyword(tree, call, "batch_first", "True"),))


def new_head(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """``ignore_mismatched_sizes=True`` for a checkpoint with another number of labels."""
    call = _call(finding, tree)
    if call is not None:
        edit = keyword(tree, call, "ignore_mismatched_sizes", "True")
        yield Fix("start with a new head: ignore_mismatched_sizes=True", (edit,))


def more_labels(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """The number of classes that the labels ask for."""
    labels = finding.tensor if isinstance(finding.tensor, Tensor) else None
    node = tree.expression(finding.span)
    if labels is None or labels.high is None or node is None:
        return
    count = str(labels.high + 1)
    if isinstance(node, cst.Integer):
        yield Fix(f"{count} labels", (tree.replace(node, count),))
    elif isinstance(node, cst.Call) and "from_pretrained" in tree.code(node.func):
        yield Fix(f"num_labels={count}", (keyword(tree, node, "num_labels", count),))


def by_name(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """Mask and segments passed by the names that they have."""
    call = _call(finding, tree)
    if call is None:
        return
    names = ("token_type_ids", "attention_mask")
    positional = [arg for arg in call.args if arg.keyword is None]
    if len(positional) == 3 and not any(arg.star for arg in call.args):
        spots = [tree.span(arg.value) for arg in positional[1:]]
        edits = tuple(Edit(_start(spot), f"{name}=") for spot, name in zip(spots, names, strict=True))
        yield Fix("pass mask and segments by name", edits)
    else:
        given = {arg.keyword.value: arg for arg in call.args if arg.keyword is not None}
        if given.keys() >= set(names):
            a, b = (given[name].value for name in names)
            yield Fix("swap mask and segments", (tree.replace(a, tree.code(b)), tree.replace(b, tree.code(a))))


def _start(span: Span) -> Span:
    return Span(span.path, span.line, span.column, span.line, span.column)


def encoder_class(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """``T5EncoderModel`` in place of ``T5Model``, where it is built and where it is imported."""
    stage, call = stage_of(finding), _call(finding, tree)
    name = short(stage)
    new = f"{name.removesuffix('Model')}EncoderModel"
    if call is None or stage is None or f"use {new}" != finding.help:
        return
    yield from _renamed(tree, call, name, new)


def other_head(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """The class that labels tokens in place of the one that labels texts."""
    call = _call(finding, tree)
    used = {node.value for node in tree.all(cst.Name)} if call is not None else set()
    old = next((name for name in used if call is not None and tree.code(call.func).startswith(f"{name}.")), "")
    if call is not None and old.endswith("SequenceClassification"):
        yield from _renamed(tree, call, old, old.replace("SequenceClassification", "TokenClassification"))


def _renamed(tree: Tree, call: cst.Call, old: str, new: str) -> Iterator[Fix]:
    """A class by another name in one call; its import follows, and keeps the old name where that is still used."""
    func = call.func.value if isinstance(call.func, cst.Attribute) else call.func
    if not isinstance(func, cst.Name) or func.value != old:
        return
    imported = [a for a in tree.all(cst.ImportAlias) if a.asname is None and tree.code(a.name) == old]
    if len(imported) != 1:
        return
    uses = [n for n in tree.all(cst.Name) if n.value == old and n is not func and n is not imported[0].name]
    known = any(tree.code(alias.name) == new for alias in tree.all(cst.ImportAlias))
    span = tree.span(imported[0].name)
    edits = [tree.replace(func, new)]
    if not known:
        edits.append(after(span, f", {new}") if uses else tree.replace(imported[0].name, new))
    yield Fix(f"use {new}", tuple(edits), safety="unsafe", why="another class loads other weights")


def set_label_count(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """``model.num_labels = model.config.num_labels = n`` behind the assignment of the new head."""
    for assign in tree.all(cst.Assign):
        line = tree.parent(assign)
        target = assign.targets[0].target
        if tree.span(assign).line != finding.span.line or not isinstance(line, cst.SimpleStatementLine):
            continue
        if not isinstance(target, cst.Attribute) or len(line.body) != 1:
            continue
        count = _outputs(tree, assign.value)
        if count is not None:
            owner, at = tree.code(target.value), tree.span(assign)
            text = f"\n{' ' * (at.column - 1)}{owner}.num_labels = {owner}.config.num_labels = {count}"
            yield Fix(
                "tell the model its number of labels", (after(at, text),), safety="unsafe", why="other uses of it"
            )


def _outputs(tree: Tree, value: cst.BaseExpression) -> str | None:
    """The second argument of ``nn.Linear(width, n)``."""
    if not isinstance(value, cst.Call) or not tree.code(value.func).endswith("Linear"):
        return None
    named = [arg.value for arg in value.args if arg.keyword is not None and arg.keyword.value == "out_features"]
    positional = [arg.value for arg in value.args if arg.keyword is None]
    found = named or positional[1:2]
    return tree.code(found[0]) if found else None


def softmax_axis(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """Another ``dim`` for a softmax."""
    stage = stage_of(finding)
    module = stage.module if stage is not None else None
    call = tree.call(module.created) if isinstance(module, Module) and module.created else _call(finding, tree)
    if call is None or not finding.help.startswith("take dim="):
        return
    new = finding.help.removeprefix("take dim=")
    args = [a for a in call.args if (a.keyword is not None and a.keyword.value == "dim") or _is_number(a.value)]
    if len(args) == 1:
        yield Fix(f"dim={new}", (tree.replace(args[0].value, new),))


def _is_number(node: cst.BaseExpression) -> bool:
    inner = node.expression if isinstance(node, cst.UnaryOperation) else node
    return isinstance(inner, cst.Integer)


def split_then_move(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """``t.view(b, heads, s, d)`` to ``t.view(b, s, heads, d).transpose(1, 2)``."""
    stage, call = stage_of(finding), _call(finding, tree)
    before = finding.tensor if isinstance(finding.tensor, Tensor) else None
    if stage is None or call is None or before is None or before.shape.rank is None or any(a.star for a in call.args):
        return
    after_rank = stage.out.shape.rank or 0
    if after_rank == before.shape.rank + 1 and len(call.args) == after_rank:
        at = next(i for i in range(after_rank) if not _same(before.shape.dims[i], stage.out.shape.dims[i]))
        a, b = call.args[at].value, call.args[at + 1].value
        swapped = (tree.replace(a, tree.code(b)), tree.replace(b, tree.code(a)))
        yield Fix("split, then move", (*swapped, after(tree.span(call), f".transpose({at}, {at + 1})")))
    elif isinstance(call.func, cst.Attribute):
        # transposed memory cannot be viewed, so that the merge becomes a reshape
        verb = [tree.replace(call.func.attr, "reshape")] if call.func.attr.value == "view" else []
        moved = list(suffixed(tree, tree.span(call.func.value), ".transpose(1, 2)", ""))
        if moved:
            yield Fix("move, then merge", (*moved[0].edits, *verb))


def _same(a: Dim, b: Dim) -> bool:
    return a == b


def channels(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """The axes swapped before a layer, or the number in its constructor."""
    stage = stage_of(finding)
    at = stage.conflict.axis if stage is not None and stage.conflict is not None else None
    operand = finding.tensor if isinstance(finding.tensor, Tensor) else None
    if operand is None or at is None:
        return
    node = tree.expression(finding.span)
    if finding.help.startswith("transpose("):
        yield from suffixed(tree, finding.span, f".{finding.help.split(' before')[0]}", "swap the axes")
    elif isinstance(node, cst.Integer) and operand.shape.dim(at).value is not None:
        count = str(operand.shape.dim(at).value)
        yield Fix(f"{count} channels", (tree.replace(node, count),))


def named_axis(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """``squeeze()`` to ``squeeze(-1)``."""
    call, before = _call(finding, tree), finding.tensor
    if call is not None and not call.args and isinstance(before, Tensor):
        ones = [k for k, dim in enumerate(before.shape.dims) if k and dim.value == 1]
        end = tree.span(call)
        inside = Span(end.path, end.end_line, end.end_column - 1, end.end_line, end.end_column - 1)
        if len(ones) == 1:
            at = "-1" if ones[0] == len(before.shape.dims) - 1 else str(ones[0])
            yield Fix(f"squeeze({at})", (Edit(inside, at),))
