"""Pooling rewrites: one vector per text from the token features, in the ways that suit the architecture."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import libcst as cst

from shapecheck import vocabulary
from shapecheck.findings import Edit, Finding, Fix
from shapecheck.fixes import masks
from shapecheck.fixes.simple import OTHER_RESULT
from shapecheck.fixes.tree import Tree, after, bound, grouped
from shapecheck.flow import token_model
from shapecheck.graph import ShapeGraph, Stage, Tensor
from shapecheck.vocabulary import short

TITLES = {
    "cls": "pool with the [CLS] token",
    "mean": "mean over the tokens under the attention mask",
    "max": "maximum over the tokens under the attention mask",
    "last": "the last token that is not padding",
    "first": "the first token that is not padding",
    "pooler": "the model's own pooler",
}
CHOICE = "which pooling is meant is the author's choice"
_LONGER = "the vectors come out longer"
_LONGEST = 100
"""Characters of a line up to which a pooling is written in place; beyond, it gets a line of its own."""
_HELPERS = {
    "mean": ("mask", "token_mask", "real"),
    "max": ("mask", "token_mask", "real"),
    "last": ("last", "last_token"),
    "first": ("first", "first_token"),
}
"""Names for what a pooling computes first."""

_NO_FIRST_TOKEN = ("t5", "mt5", "umt5", "longt5", "xlnet", "switch_transformers", "byt5", "swin", "swinv2", "convnext")
"""Model types whose sequences do not begin with a token that sums them up."""


@dataclass(frozen=True, slots=True)
class Site:
    """The expression to put a pooled vector in place of.

    Attributes:
        tokens: the token features as code that a subscript can follow; the expression itself, or a part of it.
        model: the encoder's call that they come from.
        rank: 3 for features, 2 for one score per token.
    """

    tree: Tree
    node: cst.BaseExpression
    tokens: str
    model: Stage | None
    rank: int = 3


def poolings(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """The poolings for token features at the finding's span, best first."""
    node = tree.expression(finding.span)
    tensor = finding.tensor if isinstance(finding.tensor, Tensor) else None
    if node is None or tensor is None:
        return
    site = Site(tree, node, grouped(node, tree.code(node)), token_model(tensor))
    yield from _choices(site, strategies(site.model), _used_elsewhere(graph, tensor))


def _choices(site: Site, order: list[str], used: set[str]) -> Iterator[Fix]:
    for strategy in order:
        edits = _edits(site, strategy)
        if edits:
            safe = strategy in used
            yield Fix(TITLES[strategy], edits, strategy, "safe" if safe else "unsafe", "" if safe else CHOICE)


def instead_of_pooler(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """Poolings in place of ``outputs.pooler_output`` or ``outputs[1]``."""
    stage = finding.stage if isinstance(finding.stage, Stage) else None
    node = _taken(tree, tree.expression(finding.span), stage)
    if node is None:
        return
    fields = isinstance(node, cst.Attribute)
    tokens = f"{tree.code(node.value)}{'.last_hidden_state' if fields else '[0]'}"
    order = [strategy for strategy in strategies(stage) if strategy != "pooler"]
    yield from _choices(Site(tree, node, tokens, stage), order, set())


def _taken(tree: Tree, node: cst.BaseExpression | None, model: Stage | None) -> cst.Attribute | cst.Subscript | None:
    """Where the pooler's vector is taken: at a node, else (it is None, which raises later) of the model's call."""
    if isinstance(node, cst.Attribute) and node.attr.value == "pooler_output":
        return node
    if isinstance(node, cst.Subscript) and tree.code(node).endswith("[1]"):
        return node
    call = tree.call(model.span) if model is not None and model.span.path == tree.path else None
    taken = [field for field in tree.all(cst.Attribute) if field.attr.value == "pooler_output"]
    for field in taken if call is not None else ():
        of = bound(tree, field.value) if isinstance(field.value, cst.Name) else field.value
        if of is call:
            return field
    return None


def under_mask(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """The same pooling under the mask: ``hidden.mean(dim=1)``, ``hidden.max(dim=1).values``, ``hidden[:, -1]``."""
    node = tree.expression(finding.span)
    stage = finding.stage if isinstance(finding.stage, Stage) else None
    operand = vocabulary.main(stage) if stage is not None else None
    span = stage.input_spans.get("input") if stage is not None else None
    taken = tree.expression(span) if span is not None and span.exact else None
    if stage is None or operand is None or node is None or taken is None or vocabulary.given(stage, "keepdim") is True:
        return
    strategy = {"mean": "mean", "__getitem__": "last", "amax": "max", "max": "max"}.get(short(stage))
    if short(stage) == "max":
        node = _values(tree, node)
        if node is None:
            return
    if finding.rule == "SHP104" and [vocabulary.ints(key) for key in vocabulary.key_parts(stage)[1:2]] == [(0,)]:
        strategy = "first"
    site = Site(tree, node, grouped(taken, tree.code(taken)), token_model(operand), operand.shape.rank or 3)
    edits = _edits(site, strategy) if strategy is not None else ()
    unchanged = all(not edit.text or edit.text == tree.code(node) for edit in edits)
    if strategy is not None and not unchanged and not (strategy in ("mean", "max") and masks.without_mask(site.model)):
        yield Fix(TITLES[strategy], edits, strategy if strategy != "first" else "")


def _values(tree: Tree, maximum: cst.BaseExpression) -> cst.BaseExpression | None:
    """Where the values of ``hidden.max(dim=1)`` are taken: the places that come with them are of no use elsewhere."""
    taken = tree.parent(maximum)
    values = isinstance(taken, cst.Attribute) and taken.attr.value == "values"
    first = isinstance(taken, cst.Subscript) and tree.code(taken).endswith("[0]")
    return taken if isinstance(taken, (cst.Attribute, cst.Subscript)) and (values or first) else None


def over_tokens(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """``hidden.mean(dim=0)`` to the mean over the tokens under the mask."""
    stage = next((stage for stage in graph.stages if stage.span == finding.span), None)
    if stage is not None and short(stage) in ("mean", "amax"):
        for fix in under_mask(replace(finding, stage=stage), graph, tree):
            yield replace(fix, safety="unsafe", why=OTHER_RESULT)


def by_real_tokens(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """``summed / hidden.size(1)`` to ``summed / mask.sum(dim=1, keepdim=True)``."""
    node = tree.expression(finding.span)
    stage = finding.stage if isinstance(finding.stage, Stage) else None
    tensor = finding.tensor if isinstance(finding.tensor, Tensor) else None
    if not isinstance(node, cst.BinaryOperation) or stage is None or tensor is None:
        return
    mask = masks.find(tree, node, token_model(tensor))
    if mask is not None:
        edit = tree.replace(node.right, f"{mask.code}.sum(dim=1, keepdim=True)")
        yield Fix("divide by the number of real tokens", (edit, *mask.edits), safety="unsafe", why=_LONGER)


def instead_of_first(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """Poolings in place of ``hidden[:, 0]`` of a model whose first token sums nothing up."""
    node = tree.expression(finding.span)
    tensor = finding.tensor if isinstance(finding.tensor, Tensor) else None
    if not isinstance(node, cst.Subscript) or tensor is None:
        return
    site = Site(tree, node, tree.code(node.value), token_model(tensor))
    order = ("mean", "max") if finding.remedy == "mean" else ("last", "mean", "max")
    yield from _choices(site, [name for name in order if name in strategies(site.model)], set())


def as_trained(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """The pooling that a checkpoint was trained with in place of ``hidden[:, 0]`` or ``hidden.mean(dim=1)``."""
    node = tree.expression(finding.span)
    tensor = finding.tensor if isinstance(finding.tensor, Tensor) else None
    if tensor is None or finding.remedy not in TITLES:
        return
    if isinstance(node, cst.Subscript):
        tokens = node.value
    elif isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute) and node.func.attr.value == "mean":
        tokens = node.func.value
    else:
        return
    site = Site(tree, node, grouped(tokens, tree.code(tokens)), token_model(tensor))
    yield from _choices(site, [finding.remedy], set())


def strategies(model: Stage | None) -> list[str]:
    """The poolings that suit an architecture, the usual one first."""
    params = model.module.params if model is not None and model.module is not None else {}
    if params.get("causal"):
        return ["last", "mean", "max"]
    order = ["cls", "mean", "pooler", "max", "last"]
    if model is not None and ("pixel_values" in model.inputs or "input_values" in model.inputs):
        order.remove("last")
    if str(params.get("model_type", "")).replace("-", "_") in _NO_FIRST_TOKEN:
        order.remove("cls")
    if model is None or "pooler_output" not in model.outputs:
        order.remove("pooler")
    best = params.get("default_pooling")
    return sorted(order, key=lambda strategy: strategy != best)


def _used_elsewhere(graph: ShapeGraph, tensor: Tensor) -> set[str]:
    """Poolings that the script itself applies to token features at other places."""
    used = set()
    for stage in graph.stages:
        operand = vocabulary.main(stage)
        if operand is None or operand is tensor or operand.role != "tokens" or stage.out.role != "pooled":
            continue
        if short(stage) == "__getitem__":
            used |= {"cls"} if [vocabulary.ints(k) for k in vocabulary.key_parts(stage)[1:2]] == [(0,)] else set()
        elif operand.masked:
            used |= {"sum": {"mean"}, "mean": {"mean"}, "max": {"max"}, "amax": {"max"}}.get(short(stage), set())
    return used


def _edits(site: Site, strategy: str) -> tuple[Edit, ...]:
    if strategy == "cls":
        return (_in_place(site.tree, site.node, f"{site.tokens}[:, 0]"),)
    if strategy == "pooler":
        edit = _pooler(site)
        return (edit,) if edit else ()
    if masks.without_mask(site.model) or _without_tokens(site.model):
        plain = {"mean": ".mean(dim=1)", "max": ".amax(dim=1)", "last": "[:, -1]", "first": "[:, 0]"}[strategy]
        return (_in_place(site.tree, site.node, site.tokens + plain),)
    mask = masks.find(site.tree, site.node, site.model)
    return (*_masked(site, strategy, mask.code), *mask.edits) if mask is not None else ()


def _without_tokens(model: Stage | None) -> bool:
    """Whether a model reads pictures: its patches are never padded, and no mask in scope is theirs."""
    return model is not None and "pixel_values" in model.inputs and "input_ids" not in model.inputs


def _masked(site: Site, strategy: str, mask: str) -> tuple[Edit, ...]:
    """The pooled expression in place, or with statements before it where the line would get long."""
    tree, node = site.tree, site.node
    short_way, helper, long_way = _formulas(site, strategy, mask)
    room = _LONGEST - tree.span(node).end_column + len(tree.code(node))
    if len(short_way) > room:
        name, lines = _fresh(tree, _HELPERS[strategy]), []
        written = long_way.format(name)
        if len(written) > room and "(" in site.tokens:  # a call, which is made once
            tokens = _fresh(tree, ("tokens", "hidden", "token_features"))
            lines.append(f"{tokens} = {site.tokens}")
            written = _formulas(replace(site, tokens=tokens), strategy, mask)[2].format(name)
        alone = isinstance(tree.parent(node), (cst.Return, cst.Assign)) or len(written) <= room
        pooled = _fresh(tree, ("pooled", "pooled_tokens", "text_vector"))
        lines += [f"{name} = {helper}", *([] if alone else [f"{pooled} = {written}"])]
        statements = tree.before(node, *lines)
        if statements is not None:
            return statements, _in_place(tree, node, written) if alone else tree.replace(node, pooled)
    return (_in_place(tree, node, short_way),)


def _formulas(site: Site, strategy: str, m: str) -> tuple[str, str, str]:
    """A pooling in one expression; and in two steps: what to compute first, and the expression that uses its name."""
    hidden, braced = site.tokens, site.tokens.replace("{", "{{").replace("}", "}}")
    if strategy == "mean":
        short_way = f"({hidden} * {m}.unsqueeze(-1)).sum(dim=1) / {m}.sum(dim=1, keepdim=True).clamp(min=1)"
        return short_way, f"{m}.unsqueeze(-1)", f"({braced} * {{0}}).sum(dim=1) / {{0}}.sum(dim=1).clamp(min=1)"
    if strategy == "max":
        fill = '.masked_fill({} == 0, float("-inf")).amax(dim=1)'
        return hidden + fill.format(f"{m}.unsqueeze(-1)"), f"{m}.unsqueeze(-1)", braced + fill
    # The cumulative count of real tokens reaches its maximum at the last of them, whichever side is padded.
    found = f"{m}.cumsum(dim=1).argmax(dim=1)" if strategy == "last" else f"{m}.int().argmax(dim=1)"
    at = f"{found}[:{', None' * (site.rank - 1)}]"
    take = ".take_along_dim({}, dim=1).squeeze(1)"
    return hidden + take.format(at), at, braced + take


def _in_place(tree: Tree, node: cst.BaseExpression, code: str) -> Edit:
    span, old = tree.span(node), tree.code(node)
    if code.startswith(old) and not node.lpar:
        return after(span, code[len(old) :])
    loose = " / " in code and not isinstance(tree.parent(node), (cst.Arg, cst.Assign, cst.Return))
    return tree.replace(node, f"({code})" if loose else code)


def _fresh(tree: Tree, names: tuple[str, ...]) -> str:
    """The first name that the file does not use."""
    taken = {name.value for name in tree.all(cst.Name)}
    return next((name for name in names if name not in taken), f"{names[-1]}_")


def _pooler(site: Site) -> Edit | None:
    """``pooler_output`` in place of the field that is taken; through one name, if that serves for nothing else."""
    node: cst.BaseExpression | None = site.node
    if isinstance(node, cst.Name):
        node = bound(site.tree, node, alone=True)
    if isinstance(node, cst.Attribute) and node.attr.value == "last_hidden_state":
        return site.tree.replace(node.attr, "pooler_output")
    if isinstance(node, cst.Subscript) and site.tree.code(node).endswith("[0]") and _is_output(site, node):
        code = site.tree.code(node)
        return site.tree.replace(node, f"{code[:-3]}[1]")
    return None


def _is_output(site: Site, node: cst.Subscript) -> bool:
    """Whether an index takes a field of the encoder's output, and not the first row of a tensor."""
    if isinstance(node.value, cst.Call):
        return site.model is not None and site.tree.span(node.value) == site.model.span
    value = bound(site.tree, node.value) if isinstance(node.value, cst.Name) else None
    return value is not None and site.model is not None and site.tree.span(value) == site.model.span
