"""Fixes of how a model's output is used: fields by place, layers, unpacking, towers before their projections."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from shapecheck import trail, vocabulary
from shapecheck.findings import Finding, Fix
from shapecheck.fixes.simple import OTHER_RESULT, stage_of, suffixed
from shapecheck.fixes.tree import Tree, after, bound
from shapecheck.graph import ShapeGraph

_PROJECTIONS = {"text_model": "text_projection", "vision_model": "visual_projection"}
_FIRST = {"last_hidden_state": "0", "logits": "0", "pooler_output": "1"}


def to_tuple(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """``.to_tuple()`` behind the value that is unpacked; where one name alone is used, its field."""
    for assign in tree.all(cst.Assign):
        here = tree.span(assign)
        if here == finding.span or (here.line == finding.span.line and here.covers(finding.span)):
            value = tree.span(assign.value)
            yield from suffixed(tree, value, ".to_tuple()", "unpack the values, not the keys")
            yield from _one_field(finding, tree, assign)


def _one_field(finding: Finding, tree: Tree, assign: cst.Assign) -> Iterator[Fix]:
    """``features, _ = outputs`` to ``features = outputs.pooler_output``."""
    target, stage = assign.targets[0].target, stage_of(finding)
    if not isinstance(target, cst.Tuple) or stage is None or "pooler_output" not in stage.outputs:
        return
    names = [e.value for e in target.elements if not (isinstance(e.value, cst.Name) and e.value.value == "_")]
    if len(target.elements) == 2 and len(names) == 1:
        edits = (tree.replace(target, tree.code(names[0])),)
        for fix in suffixed(tree, tree.span(assign.value), ".pooler_output", "take the vector of each text"):
            yield Fix(fix.title, (*edits, *fix.edits), safety="unsafe", why="the features of its tokens may be meant")


def by_place(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """``outputs.last_hidden_state`` of a tuple to ``outputs[0]``."""
    node, stage = tree.expression(finding.symptom or finding.span), stage_of(finding)
    given = stage.inputs if stage is not None else {}
    if not isinstance(node, cst.Attribute) or given.get("labels") is not None:
        return
    at = finding.remedy or _FIRST.get(node.attr.value, "")
    if at:
        yield Fix("take it by its place", (tree.replace(node, f"{tree.code(node.value)}[{at}]"),))


def without_tuples(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """``return_dict=False`` left out of the model's call."""
    stage = stage_of(finding)
    call = tree.call(stage.span) if stage is not None and stage.span.path == tree.path else None
    for at, arg in enumerate(call.args if call is not None else ()):
        if call is not None and arg.keyword is not None and arg.keyword.value == "return_dict":
            why = "what unpacks the tuple elsewhere would get keys"
            yield Fix("leave return_dict=False out", (tree.without(call.args, at),), safety="unsafe", why=why)


def without_head(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """``model(ids).last_hidden_state`` to ``model.base_model(ids).last_hidden_state`` of a model with a head, where
    nothing else is taken of what it returns."""
    node, stage = tree.expression(finding.symptom or finding.span), stage_of(finding)
    call = tree.call(stage.span) if stage is not None and stage.span.path == tree.path else None
    if call is None or not isinstance(node, cst.Attribute) or node.attr.value != "last_hidden_state":
        return
    if not isinstance(call.func, (cst.Name, cst.Attribute)) or any(_has_labels(arg) for arg in call.args):
        return
    alone = isinstance(node.value, cst.Name) and bound(tree, node.value, alone=True) is call
    if alone or node.value is call:
        edit = after(tree.span(call.func), ".base_model")
        yield Fix("call the model without its head", (edit,), safety="unsafe", why="another field may be meant")


def _has_labels(arg: cst.Arg) -> bool:
    return arg.star == "**" or (arg.keyword is not None and arg.keyword.value == "labels")


def last_place(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """``outputs[2]`` to ``outputs[1]`` where that is the last; ``hidden_states[12]`` to ``hidden_states[-1]``."""
    node = tree.expression(finding.span)
    code = finding.remedy or "-1"
    index = node.slice[0].slice if isinstance(node, cst.Subscript) and len(node.slice) == 1 else None
    if isinstance(index, cst.Index):
        yield Fix(f"take the last: [{code}]", (tree.replace(index.value, code),), safety="unsafe", why=OTHER_RESULT)


def projected(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """``clip.text_model(...).pooler_output`` to ``clip.text_projection(...)`` of it, for both towers."""
    stage = stage_of(finding)
    edits = []
    for tensor in stage.tensors() if stage is not None else ():
        tower = next((step for step in trail.steps(tensor) if vocabulary.is_model(step)), None)
        call = tree.call(tower.span) if tower is not None and tower.span.path == tree.path else None
        func = call.func if call is not None else None
        if call is None or not isinstance(func, cst.Attribute) or func.attr.value not in _PROJECTIONS:
            return
        taken = [field for field in tree.all(cst.Attribute) if _is_vector_of(tree, field, call)]
        if len(taken) != 1:
            return
        projection = f"{tree.code(func.value)}.{_PROJECTIONS[func.attr.value]}"
        edits.append(tree.replace(taken[0], f"{projection}({tree.code(taken[0])})"))
    if len(edits) == 2:
        yield Fix("project both to one width", tuple(edits))


def _is_vector_of(tree: Tree, field: cst.Attribute, call: cst.Call) -> bool:
    """Whether an attribute is the pooled vector of a call's output, or of the name that is bound to it."""
    if field.attr.value != "pooler_output":
        return False
    if field.value is call:
        return True
    assign = tree.parent(call)
    names = [tree.code(target.target) for target in assign.targets] if isinstance(assign, cst.Assign) else []
    return tree.code(field.value) in names and tree.scope(field) is tree.scope(call)


def loss_first(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """``return logits, loss`` to ``return loss, logits``."""
    here = (node for node in tree.all(cst.Return) if tree.span(node) == finding.span)
    value = next((node.value for node in here), None)
    if not isinstance(value, cst.Tuple) or len(value.elements) < 2:
        return
    nodes = [element.value for element in value.elements]
    made = {stage.span for stage in graph.stages if stage.out.role == "loss"}
    losses = [node for node in nodes if tree.span(node) in made or _is_called_loss(node)]
    if len(losses) != 1 or losses[0] is nodes[0]:
        return
    order = [losses[0], *(node for node in nodes if node is not losses[0])]
    edits = tuple(tree.replace(old, tree.code(new)) for old, new in zip(nodes, order, strict=True) if old is not new)
    yield Fix("return the loss first", edits, safety="unsafe", why="who else takes the outputs by place is not known")


def _is_called_loss(node: cst.BaseExpression) -> bool:
    return isinstance(node, cst.Name) and "loss" in node.value.lower()
