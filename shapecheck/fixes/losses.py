"""Fixes of what a loss is handed: an axis of one, labels in another form, the loss for them, the classes of a head."""

from __future__ import annotations

import builtins
import re
from collections.abc import Iterator

import libcst as cst

from shapecheck import trail, vocabulary
from shapecheck.findings import Edit, Finding, Fix
from shapecheck.fixes.calls import call_of, keyword, renamed
from shapecheck.fixes.simple import operand, stage_of, suffixed, suffixed_edit
from shapecheck.fixes.tree import Tree, bound, grouped
from shapecheck.flow import PAIR_LOSSES
from shapecheck.graph import ShapeGraph, Stage, Tensor
from shapecheck.places import Span
from shapecheck.shapes import Shape
from shapecheck.vocabulary import short

_FLATTENS = ("view", "reshape", "flatten")
_OF_CLASSES = {
    "BCEWithLogitsLoss": "CrossEntropyLoss",
    "binary_cross_entropy_with_logits": "cross_entropy",
}
_TO_FLOAT = re.compile(r"\.(float|double)\(\)$")


def axis_of_one(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """``masks`` to ``masks.unsqueeze(1)`` beside scores (batch, 1, height, width); scores squeezed the other way."""
    stage, scores, target = stage_of(finding), operand(finding, "input"), operand(finding, "target")
    if stage is None or scores is None or target is None:
        return
    pairs = short(stage) in PAIR_LOSSES
    at = _axis_too_many(scores[0].shape, target[0].shape, 0 if pairs else 1)
    if at is not None:
        if pairs:
            yield from suffixed(tree, target[1], f".unsqueeze({at})", "give the labels the axis of one")
        yield from suffixed(tree, scores[1], f".squeeze({at})", "drop the scores' axis of one")
        return
    at = _axis_too_many(target[0].shape, scores[0].shape, 0) if pairs else None
    if at is not None:
        yield from suffixed(tree, target[1], f".squeeze({at})", "drop the labels' axis of one")


def _axis_too_many(longer: Shape, shorter: Shape, classes: int) -> int | None:
    """The axis of size one without which two shapes are the same (but for ``classes`` axes at axis 1)."""
    if longer.rank is None or shorter.rank is None or longer.rank != shorter.rank + 1 + classes or not shorter.rank:
        return None
    for at in range(1, longer.rank):
        rest = [dim for k, dim in enumerate(longer.dims) if k != at]
        if classes:
            del rest[1]
        if longer.dims[at].value == 1 and all(a == b for a, b in zip(rest, shorter.dims, strict=True)):
            return at
    return None


def loss_of_classes(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """``nn.BCEWithLogitsLoss()`` to ``nn.CrossEntropyLoss()``, and the labels as whole numbers."""
    call, target = call_of(finding, tree), operand(finding, "target")
    name = tree.code(call.func).rpartition(".")[2] if call is not None else ""
    if call is None or target is None or name not in _OF_CLASSES or any(arg.keyword is not None for arg in call.args):
        return
    whole = _as_ids(tree, *target)
    for fix in renamed(tree, call, name, _OF_CLASSES[name]):
        why = "several classes of one example at once want a column for each"
        yield Fix(f"a loss over classes: {_OF_CLASSES[name]}", (*fix.edits, *whole), safety="unsafe", why=why)


def _as_ids(tree: Tree, labels: Tensor, span: Span) -> tuple[Edit, ...]:
    """Labels as whole numbers: a ``.float()`` left out, or ``.long()``."""
    node = tree.expression(span)
    if node is None or not (labels.dtype or "").startswith("float"):
        return ()
    code = tree.code(node)
    shorter = _TO_FLOAT.sub("", code)
    return (tree.replace(node, shorter),) if shorter != code else tuple(suffixed_edit(tree, node, ".long()"))


def flattened_labels(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """``tags`` to ``tags.view(-1)`` beside scores that are flattened to a row for each token."""
    scores, target = operand(finding, "input"), operand(finding, "target")
    if scores is None or target is None or scores[0].shape.rank != 2 or target[0].shape.rank != 2:
        return
    rows, (texts, tokens) = scores[0].shape.dim(0), target[0].shape.dims
    if texts * tokens == rows:
        yield from suffixed(tree, target[1], ".reshape(-1)", "flatten the labels like the scores")


def same_part(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """``scores`` to ``scores[:, :-1]`` where the labels are ``target[:, 1:]`` of what the model reads; labels cut as
    the scores are, where they are others."""
    scores, target = operand(finding, "input"), operand(finding, "target")
    if scores is None or target is None:
        return
    cuts = [_cut(tree, list(trail.steps(tensor))) for tensor in (scores[0], target[0])]
    if cuts.count(None) != 1:
        return
    whole, cut = cuts.index(None), cuts[1 - cuts.index(None)]
    assert cut is not None
    one_text = _source(scores[0]) is _source(target[0])
    if one_text and cut not in _OTHER_END:
        return
    code = _OTHER_END[cut] if one_text else cut
    given = (scores, target)[whole]
    node, verb = _before_flatten(tree, given[0], given[1])
    if node is not None:
        title = f"{'labels' if whole else 'scores'}{code}, as many as the other side has"
        why = "which tokens belong together is not known"
        # a part of the tokens lies apart in memory, so that it cannot be viewed
        again = (tree.replace(verb, "reshape"),) if verb is not None and verb.value == "view" else ()
        yield Fix(title, (*suffixed_edit(tree, node, code), *again), safety="unsafe", why=why)


_OTHER_END = {"[:, 1:]": "[:, :-1]", "[:, :-1]": "[:, 1:]"}
"""What is read, and what is said of it one step later."""


def _cut(tree: Tree, steps: list[Stage]) -> str | None:
    """``[:, 1:]`` where a part of the tokens was taken on the way."""
    for step in steps:
        node = tree.expression(step.span) if short(step) == "__getitem__" else None
        if isinstance(node, cst.Subscript):
            code = tree.code(node)[len(tree.code(node.value)) :].replace(" ", "").replace(",", ", ")
            if re.fullmatch(r"\[:, -?\d*:-?\d*\]", code):
                return code
        if step.module is not None:
            return None
    return None


def _source(tensor: Tensor) -> Tensor:
    """What a tensor comes from, along main operands."""
    for step in trail.steps(tensor):
        tensor = vocabulary.main(step) or tensor
    return tensor


def _before_flatten(tree: Tree, tensor: Tensor, span: Span) -> tuple[cst.BaseExpression | None, cst.Name | None]:
    """The expression that is flattened for the loss, with the method that does it; else the one that the loss gets."""
    step = tensor.producer
    node = tree.expression(step.span) if step is not None and short(step) in _FLATTENS else None
    if isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute):
        return node.func.value, node.func.attr
    return tree.expression(span), None


def from_zero(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """Labels from -1 on numbered from 0; ``ignore_index=-1`` where they have more classes than that leaves."""
    stage, labels, scores = stage_of(finding), operand(finding, "target"), operand(finding, "input")
    low, high = (labels[0].low, labels[0].high) if labels is not None else (None, None)
    node = tree.expression(labels[1]) if labels is not None else None
    if stage is None or labels is None or scores is None or node is None or low is None or low >= 0:
        return
    classes, code = scores[0].shape.dim(1).value, grouped(node, tree.code(node))
    why = f"what {low} stands for is not known"
    if high is not None and classes == high - low + 1:
        yield Fix("number the classes from 0", (tree.replace(node, f"{code} + {-low}"),), safety="unsafe", why=why)
    elif (low, high, classes) == (-1, 1, 2):
        edit = tree.replace(node, f"({code} + 1) // 2")
        yield Fix("number the classes 0 and 1", (edit,), safety="unsafe", why=why)
    else:
        made = stage.module.created if stage.module is not None else stage.span
        call = tree.call(made) if made is not None and made.path == tree.path else None
        if call is not None:
            edit = keyword(tree, call, "ignore_index", str(low))
            yield Fix(f"leave them out: ignore_index={low}", (edit,), safety="unsafe", why=why)


def output_for_each(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """An output for each class in place of the one that a head has."""
    scores, labels = operand(finding, "input"), operand(finding, "target")
    head = trail.made(vocabulary.axis(scores[0], 1)).stage if scores is not None else None
    span = head.module.param_spans.get("out_features") if head is not None and head.module is not None else None
    node = tree.expression(span) if span is not None and span.path == tree.path else None
    high = labels[0].high if labels is not None else None
    if isinstance(node, cst.Integer):
        count = max(2, (high or 0) + 1)
        edit = tree.replace(node, str(count))
        yield Fix(f"{count} outputs", (edit,), safety="unsafe", why="one output and nn.BCEWithLogitsLoss do as well")


def as_the_view_has_it(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """A head with as many outputs as its scores are cut into: ``num_labels=len(TAGS)``."""
    node = tree.expression(finding.span)
    view = tree.call(finding.symptom) if finding.symptom is not None else None
    if node is None or not finding.remedy.isdigit():
        return
    count, why = finding.remedy, "the view may have the wrong number"
    if view is not None and view.args and _means_the_same(tree, view.args[-1].value, node):
        count = tree.code(view.args[-1].value)
    if isinstance(node, cst.Integer):
        yield Fix(f"{count} outputs", (tree.replace(node, count),), safety="unsafe", why=why)
        return
    call = _configured(tree, node)
    if call is not None:
        edit = keyword(tree, call, "num_labels", count)
        yield Fix(f"num_labels={count}", (edit,), safety="unsafe", why=why)


def _configured(tree: Tree, node: cst.BaseExpression) -> cst.Call | None:
    """The call that decides how many labels a model has: ``from_pretrained``, else its config's."""
    if not isinstance(node, cst.Call):
        return None
    if "from_pretrained" in tree.code(node.func):
        return node
    given = node.args[0].value if node.args else None
    config = bound(tree, given) if isinstance(given, cst.Name) else given
    return config if isinstance(config, cst.Call) and "Config" in tree.code(config.func) else None


def _means_the_same(tree: Tree, size: cst.BaseExpression, there: cst.BaseExpression) -> bool:
    """Whether the names of an expression are the module's own, bound above another place."""
    own = {
        name.value: tree.span(name).line
        for name in tree.within(tree.module, cst.Name)
        if isinstance(tree.parent(name), cst.AssignTarget)
    }
    names = {size.value} if isinstance(size, cst.Name) else set(re.findall(r"[A-Za-z_]\w*", tree.code(size)))
    line = tree.span(there).line
    return bool(names) and all(hasattr(builtins, name) or own.get(name, line) < line for name in names)


def untransposed(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """``scores.t()`` to ``scores``, where that has a row for each label."""
    scores = operand(finding, "input")
    step = scores[0].producer if scores is not None else None
    node = tree.expression(step.span) if step is not None and short(step) in ("t", "T", "transpose") else None
    before = vocabulary.main(step) if step is not None else None
    target = operand(finding, "target")
    if node is None or before is None or target is None or before.shape.rank != 2:
        return
    owner = node.func.value if isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute) else None
    owner = node.value if isinstance(node, cst.Attribute) else owner
    if owner is not None and before.shape.dim(0) == target[0].shape.dim(0):
        edit = tree.replace(node, tree.code(owner))
        yield Fix("leave the transposition out", (edit,), safety="unsafe", why="the result is another one")
