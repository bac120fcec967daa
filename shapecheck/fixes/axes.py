"""Fixes that change which axis an operator works on, or takes one away."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from shapecheck.dims import Dim, number
from shapecheck.findings import Edit, Finding, Fix
from shapecheck.fixes.calls import call_of, start_of, tokenizes
from shapecheck.fixes.simple import stage_of, suffixed
from shapecheck.fixes.tree import Tree, after
from shapecheck.graph import ShapeGraph, Tensor
from shapecheck.places import Span
from shapecheck.vocabulary import short


def split_then_move(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """``t.view(b, heads, s, d)`` to ``t.view(b, s, heads, d).transpose(1, 2)``."""
    stage, call = stage_of(finding), call_of(finding, tree)
    before = finding.tensor if isinstance(finding.tensor, Tensor) else None
    if stage is None or call is None or before is None or before.shape.rank is None or any(a.star for a in call.args):
        return
    after_rank = stage.out.shape.rank or 0
    if finding.remedy and isinstance(call.func, cst.Attribute) and tree.code(call.func.value) != "torch":
        moved = list(suffixed(tree, tree.span(call.func.value), finding.remedy, ""))
        if moved:
            yield Fix("move the axis first", (*moved[0].edits, tree.replace(call.func.attr, "reshape")))
    elif after_rank == before.shape.rank + 1 and len(call.args) == after_rank:
        at = next(i for i in range(after_rank) if before.shape.dims[i] != stage.out.shape.dims[i])
        a, b = call.args[at].value, call.args[at + 1].value
        swapped = (tree.replace(a, tree.code(b)), tree.replace(b, tree.code(a)))
        yield Fix("split, then move", (*swapped, after(tree.span(call), f".transpose({at}, {at + 1})")))
    elif isinstance(call.func, cst.Attribute):
        # transposed memory cannot be viewed, so that the merge becomes a reshape
        verb = [tree.replace(call.func.attr, "reshape")] if call.func.attr.value == "view" else []
        move = _to_move(before.shape.dims, stage.out.shape.dims)
        moved = list(suffixed(tree, tree.span(call.func.value), move, "")) if move else []
        if moved:
            yield Fix("move, then merge", (*moved[0].edits, *verb))


def _to_move(before: tuple[Dim, ...], after: tuple[Dim, ...]) -> str:
    """The move of one axis, of neighbours their exchange, that lets the sizes ``after`` come from merging axes of
    ``before``."""
    for far in range(1, len(before)):
        for at in range(len(before) - far):
            last = at + far
            for source, to in ((last, at), (at, last)):
                moved = [*before[:source], *before[source + 1 :]]
                moved.insert(to, before[source])
                if moved != [*before] and _merges(moved, list(after)):
                    return f".transpose({at}, {last})" if far == 1 else f".movedim({source}, {to})"
    return ""


def _merges(parts: list[Dim], whole: list[Dim]) -> bool:
    """Whether each size of ``whole`` is the product of neighbours among ``parts``, in order."""
    if not whole:
        return not parts
    product = number(1)
    for count, part in enumerate(parts, 1):
        product = product * part
        if product == whole[0] and _merges(parts[count:], whole[1:]):
            return True
    return False


def named_axis(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """``squeeze()`` to ``squeeze(-1)``."""
    call, before = call_of(finding, tree), finding.tensor
    if call is not None and not call.args and isinstance(before, Tensor):
        ones = [k for k, dim in enumerate(before.shape.dims) if k and dim.value == 1]
        end = tree.span(call)
        inside = Span(end.path, end.end_line, end.end_column - 1, end.end_line, end.end_column - 1)
        if len(ones) == 1:
            at = "-1" if ones[0] == len(before.shape.dims) - 1 else str(ones[0])
            yield Fix(f"squeeze({at})", (Edit(inside, at),))


def without_own_batch(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """The batch axis of one taken from each tensor of an encoding, in a Dataset's ``__getitem__``."""
    call = call_of(finding, tree)
    function = tree.function(call) if call is not None else None
    if call is None or function is None or function.name.value != "__getitem__" or not tokenizes(call):
        return
    if isinstance(tree.parent(call), (cst.Attribute, cst.Subscript)):
        return
    title, assign = "squeeze(0) each tensor of the encoding", tree.parent(call)
    target = assign.targets[0].target if isinstance(assign, cst.Assign) and len(assign.targets) == 1 else None
    if assign is not None and isinstance(target, cst.Name) and isinstance(tree.parent(assign), cst.SimpleStatementLine):
        uses = _uses(tree, function, target)
        every = f"{target.value} = {{k: v.squeeze(0) for k, v in {target.value}.items()}}"
        yield Fix(title, tuple(uses) or (tree.below(tree.span(assign), every),))
        return
    span = tree.span(call)
    opening = Edit(start_of(span), "{k: v.squeeze(0) for k, v in ")
    yield Fix(title, (opening, after(span, ".items()}")))


def _uses(tree: Tree, function: cst.FunctionDef, name: cst.Name) -> list[Edit]:
    """``squeeze(0)`` where each tensor of an encoding is taken; nothing where it is used in another way too."""
    edits: list[Edit] = []
    for use in tree.within(function, cst.Name):
        if use.value != name.value or use is name:
            continue
        taken = tree.parent(use)
        by_key = isinstance(taken, cst.Subscript) and taken.value is use
        by_name = isinstance(taken, cst.Attribute) and taken.value is use and taken.attr.value.endswith(("ids", "mask"))
        if not (by_key or by_name) or not isinstance(taken, cst.BaseExpression):
            return []
        if isinstance(tree.parent(taken), (cst.Attribute, cst.Subscript, cst.AssignTarget)):
            return []
        edits.append(after(tree.span(taken), ".squeeze(0)"))
    return edits


def rows_first(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """``view(n_choices, batch)`` to ``view(batch, n_choices)`` where the loss has ``batch`` labels."""
    stage, call = stage_of(finding), call_of(finding, tree)
    target = stage.tensor("target") if stage is not None else None
    grouped = next((s for s in graph.stages if s.span == finding.span and short(s) in ("view", "reshape")), None)
    if call is None or target is None or grouped is None or len(call.args) != 2 or not target.shape.rank:
        return
    dims, wanted = grouped.out.shape.dims, target.shape.dim(0)
    if len(dims) == 2 and dims[1] == wanted and dims[0] != wanted:
        a, b = call.args[0].value, call.args[1].value
        edits = (tree.replace(a, tree.code(b)), tree.replace(b, tree.code(a)))
        yield Fix("rows first", edits, safety="unsafe", why="which axis varies fastest is not known")
