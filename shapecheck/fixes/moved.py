"""Fixes that move, drop or exchange axes where an operand is handed over."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from shapecheck import trail
from shapecheck.findings import Edit, Finding, Fix
from shapecheck.fixes import calls
from shapecheck.fixes.calls import call_of, keyword
from shapecheck.fixes.simple import OTHER_RESULT, stage_of, suffixed
from shapecheck.fixes.tree import Tree, after, grouped
from shapecheck.graph import ShapeGraph, Tensor
from shapecheck.places import Span
from shapecheck.vocabulary import axis_word, ints, short


def second_transposed(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """``q @ k`` to ``q @ k.transpose(-2, -1)``."""
    span = _second(finding, tree) if finding.remedy.startswith(".") else None
    if span is not None:
        yield from suffixed(tree, span, finding.remedy, "transpose the second factor")


def _second(finding: Finding, tree: Tree) -> Span | None:
    """The second factor of a product, written as an operator, a method or a function."""
    node = tree.expression(finding.span)
    if isinstance(node, cst.BinaryOperation):
        return tree.span(node.right)
    if isinstance(node, cst.Call) and node.args:
        return tree.span(node.args[-1].value)
    return None


def moved_for_norm(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """``norm(x)`` to ``norm(x.transpose(1, 2)).transpose(1, 2)``."""
    stage = stage_of(finding)
    operand = finding.tensor if isinstance(finding.tensor, Tensor) else None
    span = stage.input_spans.get("input") if stage is not None else None
    call = tree.call(stage.span) if stage is not None else None
    given = tree.expression(span) if span is not None and span.exact else None
    if operand is None or call is None or given is None or operand.shape.rank not in (3, 4):
        return
    first = 1 if "LayerNorm" in short(stage) else 2
    there, back = (".movedim(1, -1)", ".movedim(-1, 1)") if operand.shape.rank == 4 else (".transpose(1, 2)",) * 2
    code = grouped(given, tree.code(given))
    title = "move the channels to the end and back" if first == 1 else "move the features to axis 1 and back"
    yield Fix(title, (tree.replace(given, code + there), after(tree.span(call), back)))


def without_axis(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """The ``unsqueeze`` that brought an axis too many taken back, or the axis squeezed at the model's call."""
    operand = finding.tensor if isinstance(finding.tensor, Tensor) else None
    rank = operand.shape.rank if operand is not None else None
    if operand is None or rank is None or operand.shape.dim(1).expr != 1:
        return
    maker = next((step for step in trail.steps(operand) if short(step) == "unsqueeze"), None)
    node = tree.expression(maker.span) if maker is not None and maker.span == finding.span else None
    if isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute):
        yield Fix("leave the axis out", (tree.replace(node, tree.code(node.func.value)),))
        return
    stage = stage_of(finding)
    alike = [n for n, t in stage.inputs.items() if isinstance(t, Tensor) and _of_shape(t, operand)] if stage else []
    spans = [stage.input_spans.get(name) for name in alike] if stage is not None else []
    nodes = [tree.expression(span) for span in spans if span is not None and span.exact]
    if nodes and len(nodes) == len(alike) and not any(node is None or _unpacked(tree, node) for node in nodes):
        wanted = [fix for node in nodes if node for fix in suffixed(tree, tree.span(node), ".squeeze(1)", "")]
        yield Fix("drop the axis of one", tuple(edit for fix in wanted for edit in fix.edits))


def _of_shape(tensor: Tensor, other: Tensor) -> bool:
    """Whether a tensor is the other, or has the same axes: the mask beside the ids."""
    return tensor is other or (tensor.shape.rank == other.shape.rank and tensor.shape.dims == other.shape.dims)


def _unpacked(tree: Tree, node: cst.BaseExpression) -> bool:
    """Whether an expression is unpacked into a call: ``model(**batch)``."""
    arg = tree.parent(node)
    return isinstance(arg, cst.Arg) and bool(arg.star)


def channels_second(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """``permute(0, 3, 1, 2)`` for pictures whose channels stand last; the gray channel repeated."""
    if finding.remedy == ".transpose(1, 3)":  # which would exchange height and width as well
        yield from suffixed(tree, finding.span, ".permute(0, 3, 1, 2)", "put the channels second")
    elif finding.remedy.startswith(".expand"):
        yield from suffixed(tree, finding.span, finding.remedy, "repeat the gray channel")


def patches_first(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """``maps.flatten(2)`` to ``maps.flatten(2).transpose(1, 2)``."""
    yield from suffixed(tree, finding.span, ".transpose(1, 2)", "put the channels last")


def over_space(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """``mean(dim=(1, 2))`` of feature maps to ``dim=(2, 3)``."""
    call = call_of(finding, tree)
    stage = next((s for s in graph.stages if s.span == finding.span), None)
    axes = ints(stage.inputs.get("dim")) if stage is not None else None
    given = (
        [a for a in call.args if a.keyword is None or a.keyword.value in ("dim", "axis")] if call is not None else []
    )
    if axes is not None and len(axes) == 2 and len(given) == 1:
        value = given[0].value
        edit = tree.replace(value, "2, 3" if isinstance(value, cst.Tuple) and value.lpar else "(2, 3)")
        yield Fix("pool over height and width", (edit,), safety="unsafe", why=OTHER_RESULT)


def transposed(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """``hidden.view(seq, batch, width)`` to ``hidden.transpose(0, 1)``."""
    call = call_of(finding, tree)
    if call is not None and isinstance(call.func, cst.Attribute):
        owner = tree.code(call.func.value)
        yield Fix("exchange the axes", (tree.replace(call, f"{owner}.transpose(0, 1)"),))


def before_flattening(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """``scores.view(-1, n)`` to ``scores.transpose(0, 1).reshape(-1, n)``."""
    call = call_of(finding, tree) if finding.remedy else None
    if call is None or not isinstance(call.func, cst.Attribute):
        return
    # transposed memory cannot be viewed
    verb = [tree.replace(call.func.attr, "reshape")] if call.func.attr.value == "view" else []
    for fix in suffixed(tree, tree.span(call.func.value), finding.remedy, "texts first, before they are flattened"):
        yield Fix(fix.title, (*fix.edits, *verb))


def groups_in_order(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """``view(pieces, texts, ...)`` to ``view(texts, pieces, ...)``."""
    call = call_of(finding, tree) if not finding.remedy else None
    if call is not None and len(call.args) >= 2 and not any(arg.star or arg.keyword for arg in call.args[:2]):
        a, b = call.args[0].value, call.args[1].value
        edits: tuple[Edit, ...] = (tree.replace(a, tree.code(b)), tree.replace(b, tree.code(a)))
        yield Fix(
            "texts first, then pieces", edits, safety="unsafe", why="what follows reduces the axis that was meant"
        )


def rows_of_input(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """``h.view(16, -1)`` to ``h.view(h.size(0), -1)``, where the rows are those that arrive."""
    call = call_of(finding, tree)
    if call is None or not isinstance(call.func, cst.Attribute) or not finding.remedy:
        return
    owner, sizes = call.func.value, [arg.value for arg in call.args if arg.keyword is None and not arg.star]
    if isinstance(owner, (cst.Name, cst.Attribute)) and len(sizes) == 2:
        yield Fix("as many rows as arrive", (tree.replace(sizes[0], f"{tree.code(owner)}{finding.remedy}"),))


def without_summary(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """``out.last_hidden_state[:, 1:]``: the patches alone."""
    if finding.remedy.startswith("[:, "):
        yield from suffixed(tree, finding.span, finding.remedy, "the patches alone")


def axis_kept(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """``x.mean(dim=1)`` to ``x.mean(dim=1, keepdim=True)``, where that is what lacks."""
    call = call_of(finding, tree) if finding.remedy == "keepdim" else None
    if call is not None:
        yield Fix("keep the axis", (keyword(tree, call, finding.remedy, "True"),))


def along(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """Another ``dim`` for a softmax, an argmax, a similarity, a scaling, or for the layer that it is."""
    stage = next((each for each in graph.stages if each.span == finding.span), stage_of(finding))
    edit = calls.along(tree, finding, stage, finding.remedy) if stage is not None and finding.remedy else None
    if stage is not None and edit is not None:
        yield Fix(f"{axis_word(stage)}={finding.remedy}", (edit,))
