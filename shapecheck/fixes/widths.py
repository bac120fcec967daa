"""Fixes of a width or a number of channels: what arrives, in the words that the script has for it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import libcst as cst

from shapecheck import hub, trail, vocabulary
from shapecheck.dims import Dim
from shapecheck.findings import Finding, Fix
from shapecheck.fixes.simple import stage_of, suffixed
from shapecheck.fixes.tree import Tree
from shapecheck.graph import ShapeGraph, Stage, Tensor
from shapecheck.trail import made
from shapecheck.vocabulary import Axis, axis, main, short

_JOINS = ("cat", "concat", "concatenate")
_WIDTH = re.compile(r"([a-z_]+\.)?(hidden_size|hidden_sizes\[-1\]|projection_dim)")
"""Fields of a config that say how wide a model's features are."""


def in_features(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """The width that arrives in place of ``in_features``; a flatten or transpose where that is what lacks."""
    stage = stage_of(finding)
    operand = main(stage) if stage is not None else None
    if stage is None or operand is None:
        return
    blamed = next((other for other in graph.stages if other.span == finding.span), None)
    if blamed is not None:
        yield from _all_but_batch(finding, blamed, tree)
        return  # an operator is to blame, and not a number
    if finding.span == stage.input_spans.get("input"):
        want = stage.conflict.right if stage.conflict is not None else None
        yield from _reshaped(finding, operand, want, tree)
        return
    if stage.module is not None and finding.span == stage.module.created:
        return  # the width is not among the constructor's arguments
    node = tree.expression(finding.span)
    created = stage.module.created if stage.module is not None else None
    if isinstance(node, cst.Call) and created is not None and not created.covers(finding.span):
        return  # a helper's call: the width is one of several that it is given
    code = in_words(tree, node, axis(operand, -1), stage) if node is not None else None
    if node is not None and code is not None:
        yield sized(tree, node, code, f"a width of {code}")


def sized(tree: Tree, node: cst.BaseExpression, code: str, title: str) -> Fix:
    """Another size in place of an expression; unsafe where a bare number takes the place of names."""
    edits = (tree.replace(node, code),)
    if code.isdigit() and not isinstance(node, cst.Integer) and not _factors(node):
        return Fix(title, edits, safety="unsafe", why="what stands there may have other values elsewhere")
    return Fix(title, edits)


def _all_but_batch(finding: Finding, flat: Stage, tree: Tree) -> Iterator[Fix]:
    """``torch.flatten(x, 2)`` to ``torch.flatten(x, 1)``."""
    node = tree.expression(finding.span)
    if not isinstance(node, cst.Call) or short(flat) != "flatten":
        return
    method = isinstance(node.func, cst.Attribute) and not tree.code(node.func.value).startswith("torch")
    named = [arg for arg in node.args if arg.keyword is not None and arg.keyword.value == "start_dim"]
    given = named or [arg for arg in node.args if arg.keyword is None][0 if method else 1 :][:1]
    if given:
        yield Fix("flatten all but the batch", (tree.replace(given[0].value, "1"),))


def _reshaped(finding: Finding, operand: Tensor, want: Dim | None, tree: Tree) -> Iterator[Fix]:
    rank = operand.shape.rank or 0
    at = next((k for k in range(1, rank - 1) if want is not None and operand.shape.dim(k) == want), None)
    if at is not None:
        yield from suffixed(tree, finding.span, f".transpose({at}, -1)", "put the features last")
    else:
        yield from suffixed(tree, finding.span, ".flatten(1)", "flatten all but the batch")


def in_words(tree: Tree, node: cst.BaseExpression, arriving: Axis, stage: Stage) -> str | None:
    """The arriving size in the terms of the script, else as a number; None where it is not known.

    ``node`` is the expression of the size that ``stage`` was built with.
    """
    source = made(arriving)
    maker, old = source.stage, tree.code(node)
    want = stage.conflict.right if stage.conflict is not None else None
    have = arriving.dim
    loose = old if isinstance(node, (cst.Name, cst.Attribute, cst.Integer, cst.Call, cst.Subscript)) else f"({old})"
    if maker is not None and short(maker) in vocabulary.RECURRENT and want is not None and (want + want) == have:
        return f"2 * {loose}" if not isinstance(node, cst.Integer) else str(have)
    joined = maker is not None and short(maker) in _JOINS
    whole = _multiple(tree, node, want, have, grows=joined)
    if whole is not None:
        return whole
    part = _left_out(tree, node, maker, source, want) if maker is not None and joined else None
    if part is not None and not isinstance(node, cst.Integer):
        return f"{old} + {part}"
    return _of_config(tree, node, arriving) or _product(node, have) or number(have)


def _multiple(tree: Tree, node: cst.BaseExpression, want: Dim | None, have: Dim, grows: bool) -> str | None:
    """``width * 3`` for ``width * 2`` where three parts of that width arrive, ``width`` where one does; a name alone is
    multiplied only where parts of it were joined (``grows``). None where the sizes say otherwise."""
    unit, factor, first = node, 1, False
    if isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.Multiply):
        first = isinstance(node.left, cst.Integer)
        unit, count = (node.right, node.left) if first else (node.left, node.right)
        factor = count.evaluated_value if isinstance(count, cst.Integer) else 0
    elif not grows:
        return None
    if not isinstance(unit, (cst.Name, cst.Attribute)) or want is None or want.value is None or have.value is None:
        return None
    if factor < 1 or want.value % factor or want.value < 2 * factor or have.value % (want.value // factor):
        return None
    times, name = have.value // (want.value // factor), tree.code(unit)
    if times == 1:
        return name
    return f"{times} * {name}" if first else f"{name} * {times}"


def number(dim: Dim) -> str | None:
    """A size as a number, None where it is none."""
    return str(dim.value) if dim.value is not None else None


def _product(node: cst.BaseExpression, have: Dim) -> str | None:
    """``16 * 5 * 5`` for ``16 * 4 * 4``: the factors of what arrives, where the script wrote down as many."""
    written, factors = _factors(node), have.ordered_factors
    if len(written) != len(factors) or len(written) < 2 or not all(isinstance(part, int) for part in factors):
        return None
    return " * ".join(str(part) for part in factors)


def _factors(node: cst.BaseExpression) -> list[cst.Integer]:
    if isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.Multiply):
        left, right = _factors(node.left), _factors(node.right)
        return [*left, *right] if left and right else []
    return [node] if isinstance(node, cst.Integer) else []


def _left_out(tree: Tree, node: cst.CSTNode, cat: Stage, source: Axis, want: Dim | None) -> str | None:
    """The size of the one joined part that makes up the difference, as its own layer's constructor has it."""
    if want is None:
        return None
    for part in vocabulary.operands(cat):
        if (want + part.shape.dim(-1)) != source.dim:
            continue
        width = made(axis(part, source.index - (source.tensor.shape.rank or 0)))
        module = width.stage.module if width.stage is not None else None
        for name in ("embedding_dim", "out_features", "num_features", "hidden_size") if module is not None else ():
            given = tree.expression(module.param_spans[name]) if module and name in module.param_spans else None
            if given is not None and tree.function(given) is tree.function(node):
                return tree.code(given)
        return number(part.shape.dim(-1))
    return None


def _of_config(tree: Tree, node: cst.BaseExpression, arriving: Axis) -> str | None:
    """``config.hidden_size`` where a model's features arrive: the width stands as another field of a config, or the
    encoder hangs on ``self``."""
    found = _features(arriving)
    if found is None:
        return None
    model, field = found
    if isinstance(node, cst.Attribute) and tree.code(node.value).endswith("config"):
        return f"{tree.code(node.value)}.{field}"
    path = model.module.path.split(".")[-1] if model.module is not None else ""
    function = tree.function(node)
    if function is None or not path.isidentifier():
        return None
    line = tree.span(node).line
    for assign in tree.within(function, cst.AssignTarget):
        if tree.code(assign.target) == f"self.{path}" and tree.span(assign).line < line:
            return f"self.{path}.config.{field}"
    return None


def _features(arriving: Axis) -> tuple[Stage, str] | None:
    """The model whose features arrive as it gives them, and the field of its config that says how wide they are."""
    tensor: Tensor | None = arriving.tensor
    for step in trail.steps(arriving.tensor):
        if vocabulary.is_model(step):
            facts = hub.model(short(step)) if tensor is not None else None
            output = facts.field(tensor.field) if facts is not None and tensor is not None else None
            field = output.shape.strip("()").split()[-1:] if output is not None else []
            named = bool(field) and _WIDTH.fullmatch(field[0]) is not None
            return (step, field[0]) if named and tensor is not None and tensor.shape.dim(-1) == arriving.dim else None
        tensor = main(step)
    return None
