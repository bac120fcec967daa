"""Fixes of numbers and axes: heads, an axis that is not there, a picture's size, a mask's length, positions."""

from __future__ import annotations

import re
from collections.abc import Iterator

import libcst as cst

from shapecheck import hub, trail
from shapecheck.findings import Finding, Fix
from shapecheck.fixes.calls import call_of, keyword
from shapecheck.fixes.simple import OTHER_RESULT, operand, stage_of, suffixed, without_column
from shapecheck.fixes.tree import Tree
from shapecheck.graph import ShapeGraph, Tensor
from shapecheck.vocabulary import operands, short

_ROWS = re.compile(r"\.(?:size\(0\)|shape\[0\])")


def heads(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """The number of heads nearest to the one given that divides the width."""
    stage, call = stage_of(finding), call_of(finding, tree)
    conflict = stage.conflict if stage is not None else None
    width = conflict.left.value if conflict is not None and conflict.left is not None else None
    given = conflict.right.value if conflict is not None and conflict.right is not None else None
    if call is None or not width or not given:
        return
    named = [arg for arg in call.args if arg.keyword is not None and arg.keyword.value in ("num_heads", "nhead")]
    arg = next(iter(named or [arg for arg in call.args if arg.keyword is None][1:2]), None)
    if arg is not None and isinstance(arg.value, cst.Integer):
        best = min((n for n in range(1, width + 1) if width % n == 0), key=lambda n: (abs(n - given), -n))
        why = "another number of heads, or another width, may be meant"
        yield Fix(f"{best} heads", (tree.replace(arg.value, str(best)),), safety="unsafe", why=why)


def last_axis(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """``pooled.mean(dim=2)`` to ``dim=-1`` where there is no axis 2."""
    call, tensor = call_of(finding, tree), finding.tensor
    rank = tensor.shape.rank if isinstance(tensor, Tensor) else None
    if call is None or rank is None or "permute" in tree.code(call.func):
        return
    beyond = [arg for arg in call.args if _axis(arg) is not None and not -rank <= (_axis(arg) or 0) < rank]
    if len(beyond) == 1:
        yield Fix("dim=-1, the last", (tree.replace(beyond[0].value, "-1"),), safety="unsafe", why=OTHER_RESULT)


def _axis(arg: cst.Arg) -> int | None:
    """The number that a ``dim`` argument is."""
    if arg.star or (arg.keyword is not None and not arg.keyword.value.startswith(("dim", "axis"))):
        return None
    inner = arg.value.expression if isinstance(arg.value, cst.UnaryOperation) else arg.value
    if not isinstance(inner, cst.Integer):
        return None
    return -inner.evaluated_value if inner is not arg.value else inner.evaluated_value


def further_names(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """``batch, seq = x.shape`` to ``batch, seq, _ = x.shape``."""
    tensor = finding.tensor if isinstance(finding.tensor, Tensor) else None
    for assign in tree.all(cst.Assign):
        here, target = tree.span(assign), assign.targets[0].target
        if not (here == finding.span or here.covers(finding.span)) or tensor is None or tensor.shape.rank is None:
            continue
        if isinstance(target, cst.Tuple) and not target.lpar and len(target.elements) < tensor.shape.rank:
            more = ", _" * (tensor.shape.rank - len(target.elements))
            code = tree.code(target).rstrip().rstrip(",") + more
            why = "which axes the names are for is not known"
            yield Fix("a name for each axis", (tree.replace(target, code),), safety="unsafe", why=why)


def picture_size(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """The size that a model is made for, where the number stands; ``interpolate_pos_encoding=True`` at its call."""
    stage, node = stage_of(finding), tree.expression(finding.span)
    wanted = stage.conflict.right if stage is not None and stage.conflict is not None else None
    if isinstance(node, cst.Integer) and wanted is not None and wanted.value is not None:
        edits = tuple(tree.replace(side, str(wanted.value)) for side in _sides(tree, node))
        yield Fix(f"pictures of {wanted.value}", edits, safety="unsafe", why="a model for larger ones may be meant")
    facts = hub.model(short(stage)) if stage is not None else None
    call = tree.call(stage.span) if stage is not None and stage.span.path == tree.path else None
    if call is not None and facts is not None and "interpolate_pos_encoding" in facts.forward_params:
        edit = keyword(tree, call, "interpolate_pos_encoding", "True")
        why = "pictures of the size that it was trained with are as usual"
        yield Fix("stretch the positions", (edit,), safety="unsafe", why=why)


def _sides(tree: Tree, node: cst.Integer) -> list[cst.Integer]:
    """A number, and the same number beside it in a call or a tuple: height and width."""
    around = tree.parent(tree.parent(node) or node)
    args = [arg.value for arg in around.args] if isinstance(around, cst.Call) else []
    values = args or [item.value for item in around.elements] if isinstance(around, (cst.Tuple, cst.List)) else args
    at = next((k for k, value in enumerate(values) if value is node), None)
    beside = values[at : at + 2] if at is not None else [node]
    return [side for side in beside if isinstance(side, cst.Integer) and side.value == node.value]


def shorter(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """The length that a model has positions for, where a longer one stands as a number."""
    node = tree.expression(finding.span)
    if isinstance(node, cst.Integer) and finding.remedy.isdigit():
        edit = tree.replace(node, finding.remedy)
        yield Fix(f"{finding.remedy} tokens", (edit,), safety="unsafe", why="the end of long texts is left out")


def batch_of_one(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """``model(ids)`` to ``model(ids.unsqueeze(0))``."""
    tensor = finding.tensor if isinstance(finding.tensor, Tensor) else None
    stage = stage_of(finding)
    name = next((n for n, value in stage.inputs.items() if value is tensor), "") if stage is not None else ""
    given = operand(finding, name) if name else None
    node = tree.expression(given[1]) if given is not None else None
    arg = tree.parent(node) if node is not None else None
    if given is not None and not (isinstance(arg, cst.Arg) and arg.star):
        why = "texts of one token each would want unsqueeze(1)"
        yield from suffixed(tree, given[1], ".unsqueeze(0)", "a batch of one", "unsafe", why)


def longer_mask(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """Ones before (or behind) a mask for vectors that were joined to the tokens."""
    stage, mask = stage_of(finding), operand(finding, "attention_mask")
    vectors = stage.tensor("inputs_embeds") if stage is not None else None
    node = tree.expression(mask[1]) if mask is not None else None
    if mask is None or vectors is None or not isinstance(node, (cst.Name, cst.Attribute)):
        return
    join = next((step for step in trail.steps(vectors) if short(step) in ("cat", "concat", "concatenate")), None)
    parts = operands(join) if join is not None else []
    added = [part for part in parts if part.shape.dim(1) + mask[0].shape.dim(1) == vectors.shape.dim(1)]
    if len(parts) != 2 or not added:
        return
    here = join is not None and added[0].text.isidentifier() and join.span.path == tree.path
    call = tree.call(join.span) if here and join is not None else None
    named = call is not None and tree.function(call) is tree.function(node)
    size = f"{added[0].text}.size(1)" if named else str(added[0].shape.dim(1).value or "")
    if size:
        code = tree.code(node)
        ones = f"{code}.new_ones({code}.size(0), {size})"
        both = f"{ones}, {code}" if added[0] is parts[0] else f"{code}, {ones}"
        why = "the added vectors are taken for real tokens"
        edit = tree.replace(node, f"torch.cat([{both}], dim=1)")
        yield Fix("ones in the mask for what was added", (edit,), safety="unsafe", why=why)


def counted_by_tokens(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """``table[: x.size(0)]`` to ``table[: x.size(1)].transpose(0, 1)``, ``arange(x.size(0))`` likewise."""
    node = tree.expression(finding.span)
    if isinstance(node, cst.Subscript):
        inside = tree.code(node)[len(tree.code(node.value)) :]
        outside = tree.code(node.value)
        code = _tokens(inside)
        if code != inside:
            yield Fix("count the tokens", (tree.replace(node, f"{outside}{code}.transpose(0, 1)"),))
    elif isinstance(node, cst.Call):
        outer = tree.parent(tree.parent(node) or node)
        method = outer.func if isinstance(outer, cst.Call) else None
        if isinstance(outer, cst.Call) and isinstance(method, cst.Attribute) and method.attr.value == "unsqueeze":
            code = _tokens(tree.code(node))
            if code != tree.code(node) and [tree.code(arg.value) for arg in outer.args] == ["1"]:
                yield Fix("count the tokens", (tree.replace(outer, f"{code}.unsqueeze(0)"),))


def _tokens(code: str) -> str:
    """``x.size(0)`` to ``x.size(1)``."""
    return _ROWS.sub(lambda found: found[0].replace("0", "1"), code)


def column_of_positions(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """``mask.sum(dim=1, keepdim=True)`` without ``keepdim``, for positions that index beside rows; rows beside class
    ids that pick columns."""
    picked = tree.expression(finding.span) if finding.remedy == "rows" else None
    if isinstance(picked, cst.Subscript):
        every = tree.replace(picked.slice[0].slice, f"torch.arange(len({tree.code(picked.value)}))")
        yield Fix("each row with its own", (every,))
    elif finding.stage is not None:
        yield from without_column(tree, finding.span)


def every_row(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """``hidden[0, 0]`` to ``hidden[:, 0]``, ``logits[0]`` to ``logits``."""
    node = tree.expression(finding.span)
    if not isinstance(node, cst.Subscript):
        return
    if len(node.slice) == 1:
        if isinstance(tree.parent(node), cst.Attribute):
            return  # what is called of one row (``argmax()``) would run over all of them
        edit = tree.replace(node, tree.code(node.value))
    else:
        edit = tree.replace(node.slice[0].slice, ":")
    yield Fix("take every row", (edit,), safety="unsafe", why="the first row may be what is wanted")
