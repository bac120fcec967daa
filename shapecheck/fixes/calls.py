"""Fixes that change a call: an argument added, renamed or replaced, another class."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from shapecheck import trail
from shapecheck.dims import Dim, number
from shapecheck.findings import Edit, Finding, Fix
from shapecheck.fixes.simple import OTHER_RESULT, stage_of, suffixed
from shapecheck.fixes.tree import Tree, after
from shapecheck.fixes.widths import in_words, sized
from shapecheck.graph import ShapeGraph, Stage, Tensor
from shapecheck.places import Span
from shapecheck.vocabulary import KEEPS, axis, axis_word, ints, operands, short

_MAY_MEAN = "only the sizes say that it is this axis"


def keyword(tree: Tree, call: cst.Call, name: str, value: str) -> Edit:
    """A keyword argument set: its value replaced where it is given, else added behind the others."""
    for arg in call.args:
        if arg.keyword is not None and arg.keyword.value == name:
            return tree.replace(arg.value, value)
    if call.args:
        return tree.appended(call.args, f"{name}={value}")
    end = tree.span(call)
    inside = Span(end.path, end.end_line, end.end_column - 1, end.end_line, end.end_column - 1)
    return Edit(inside, f"{name}={value}")


def along(tree: Tree, finding: Finding, stage: Stage, dim: str) -> Edit | None:
    """Another ``dim`` for what a stage calls, in the constructor if it is a layer: where it is given, else added.

    None where a name gives it, which may stand for another axis at another call.
    """
    layer = stage.module.created if stage.module is not None else None
    call = tree.call(layer or finding.span) or tree.call(stage.span)
    if call is None:
        return None
    spans = (stage.input_spans.get(name) for name in ("dim", "axis"))
    inside = [tree.expression(span) for span in spans if span is not None and tree.span(call).covers(span)]
    given = inside if layer is None else [a.value for a in call.args if a.keyword is None or a.keyword.value == "dim"]
    if not given:
        return keyword(tree, call, axis_word(stage), dim)
    first = given[0]
    return tree.replace(first, dim) if first is not None and not isinstance(first, (cst.Name, cst.Attribute)) else None


def argument(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """One argument of a call (or the key of a subscript) written as the finding says it: ``name=value``."""
    name, _, value = finding.remedy.partition("=")
    if not value:
        return
    call = call_of(finding, tree)
    if value.startswith("order "):
        order = [int(index) for index in value.split()[1:]]
        args = call.args if call is not None else ()
        sizes = args[-len(order) :]
        if len(args) >= len(order) and not any(arg.star or arg.keyword for arg in sizes):
            moved = zip(sizes, order, strict=True)
            edits = tuple(tree.replace(arg.value, tree.code(sizes[index].value)) for arg, index in moved)
            yield Fix("the sizes in another order", edits, safety="unsafe", why=_MAY_MEAN)
    elif call is not None and finding.span == tree.span(call):
        edit = keyword(tree, call, "axis" if _has(call, "axis") else name, value)
        yield Fix(f"{name}={value}", (edit,), safety="unsafe", why=_MAY_MEAN)
    else:
        title = f"[{value}]" if name == "key" else f"{name}={value}"
        yield Fix(title, (Edit(finding.span, value),), safety="unsafe", why=_MAY_MEAN)


def _has(call: cst.Call, name: str) -> bool:
    return any(arg.keyword is not None and arg.keyword.value == name for arg in call.args)


def call_of(finding: Finding, tree: Tree) -> cst.Call | None:
    """The call that a finding marks."""
    return tree.call(finding.span)


def batch_first(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """``batch_first=True`` for a sequence module."""
    call = call_of(finding, tree)
    if call is not None:
        yield Fix("batch_first=True", (keyword(tree, call, "batch_first", "True"),))


def new_head(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """``ignore_mismatched_sizes=True`` for a checkpoint with another number of labels."""
    call = call_of(finding, tree)
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


def one_output(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """``num_labels=1``, with which a head and its loss are those of a regression."""
    node = tree.expression(finding.span)
    why = "class ids that were read as numbers may be meant"
    if isinstance(node, cst.Integer):
        yield Fix("one output: num_labels=1", (tree.replace(node, "1"),), safety="unsafe", why=why)
    elif isinstance(node, cst.Call) and tree.code(node.func).endswith(("from_pretrained", "Config")):
        yield Fix("num_labels=1", (keyword(tree, node, "num_labels", "1"),), safety="unsafe", why=why)


def by_name(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """Mask and segments passed by the names that they have; ids by theirs, where nothing stands behind them."""
    stage = stage_of(finding)
    call = tree.expression(stage.span) if finding.remedy and stage is not None else call_of(finding, tree)
    if not isinstance(call, cst.Call):
        return
    if finding.remedy:
        positional = [arg for arg in call.args if arg.keyword is None]
        if positional and not any(arg.star for arg in positional) and tree.span(positional[-1].value) == finding.span:
            yield Fix(f"pass it as {finding.remedy}", (Edit(start_of(finding.span), f"{finding.remedy}="),))
        return
    names = ("token_type_ids", "attention_mask")
    positional = [arg for arg in call.args if arg.keyword is None]
    if len(positional) == 3 and not any(arg.star for arg in call.args):
        spots = [tree.span(arg.value) for arg in positional[1:]]
        edits = tuple(Edit(start_of(spot), f"{name}=") for spot, name in zip(spots, names, strict=True))
        yield Fix("pass mask and segments by name", edits)
    else:
        given = {arg.keyword.value: arg for arg in call.args if arg.keyword is not None}
        if given.keys() >= set(names):
            a, b = (given[name].value for name in names)
            yield Fix("swap mask and segments", (tree.replace(a, tree.code(b)), tree.replace(b, tree.code(a))))


def start_of(span: Span) -> Span:
    """The place before a span."""
    return Span(span.path, span.line, span.column, span.line, span.column)


def encoder_class(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """``T5EncoderModel`` in place of ``T5Model``, where it is built and where it is imported."""
    stage, call = stage_of(finding), call_of(finding, tree)
    if call is not None and finding.remedy:
        yield from renamed(tree, call, short(stage), finding.remedy)


def other_head(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """The class that labels tokens in place of the one that labels texts, or the other way round."""
    call = call_of(finding, tree)
    used = {node.value for node in tree.all(cst.Name)} if call is not None else set()
    code = tree.code(call.func) if call is not None else ""
    old = next((name for name in used if code == name or code.startswith(f"{name}.")), "")
    if call is not None and old and finding.remedy:
        auto = old.startswith("AutoModelFor")
        new = f"AutoModelFor{finding.remedy.partition('For')[2]}" if auto else finding.remedy
        yield from renamed(tree, call, old, new)


def renamed(tree: Tree, call: cst.Call, old: str, new: str) -> Iterator[Fix]:
    """A class or function by another name in one call; its import follows, and keeps an old name that is still used."""
    func = (
        call.func.value if isinstance(call.func, cst.Attribute) and tree.code(call.func).startswith(old) else call.func
    )
    why = "another class loads other weights"
    if isinstance(func, cst.Attribute) and func.attr.value == old:
        yield Fix(f"use {new}", (tree.replace(func.attr, new),), safety="unsafe", why=why)
        return
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
    yield Fix(f"use {new}", tuple(edits), safety="unsafe", why=why)


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
            owner = tree.code(target.value)
            edit = tree.below(tree.span(assign), f"{owner}.num_labels = {owner}.config.num_labels = {count}")
            yield Fix("tell the model its number of labels", (edit,), safety="unsafe", why="other uses of it")


def _outputs(tree: Tree, value: cst.BaseExpression) -> str | None:
    """The second argument of ``nn.Linear(width, n)``."""
    if not isinstance(value, cst.Call) or not tree.code(value.func).endswith("Linear"):
        return None
    named = [arg.value for arg in value.args if arg.keyword is not None and arg.keyword.value == "out_features"]
    positional = [arg.value for arg in value.args if arg.keyword is None]
    found = named or positional[1:2]
    return tree.code(found[0]) if found else None


def channels(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """The axes swapped before a layer, or the number in its constructor."""
    stage = stage_of(finding)
    at = stage.conflict.axis if stage is not None and stage.conflict is not None else None
    operand = finding.tensor if isinstance(finding.tensor, Tensor) else None
    if operand is None or at is None:
        return
    node = tree.expression(finding.span)
    join = _joined_elsewhere(operand, at, stage.conflict.right) if stage is not None and stage.conflict else None
    if join is not None and join.span.path == tree.path:
        edit = along(tree, finding, join, str(at))
        if edit is not None:
            yield Fix(f"join along dim={at}, the channels", (edit,), safety="unsafe", why=OTHER_RESULT)
        return
    if finding.remedy == ".transpose(1, 3)":  # which would exchange height and width as well
        yield from suffixed(tree, finding.span, ".permute(0, 3, 1, 2)", "put the channels second")
    elif finding.remedy:
        if operand.shape.rank == 3:  # of feature maps none but channels that stand last is meant
            yield from suffixed(tree, finding.span, finding.remedy, "swap the axes")
    elif operand.shape.dim(at).value is not None and node is not None:
        count = str(operand.shape.dim(at).value)
        name = _default_taken(finding, tree)
        if isinstance(node, cst.Integer):
            yield Fix(f"{count} channel{'' if count == '1' else 's'}", (tree.replace(node, count),))
        elif isinstance(node, cst.Call):
            if name:
                yield Fix(f"{name}={count}", (keyword(tree, node, name, count),))
        elif stage is not None and (code := in_words(tree, node, axis(operand, at), stage)) is not None:
            yield sized(tree, node, code, f"{code} channels")


def _joined_elsewhere(operand: Tensor, at: int, want: Dim | None) -> Stage | None:
    """A join along another axis than the channels, of parts that have as many channels together as are wanted."""
    join = next((step for step in trail.steps(operand) if short(step) not in KEEPS), None)
    if join is None or short(join) not in ("cat", "concat", "concatenate"):
        return None
    parts, dims = operands(join), ints(join.inputs.get("dim", 0))
    rank = join.out.shape.rank
    if dims is None or rank is None or dims[0] % rank == at or any(part.shape.rank != rank for part in parts):
        return None
    total = number(0)
    for part in parts:
        total = total + part.shape.dim(at)
    return join if total == want else None


def _default_taken(finding: Finding, tree: Tree) -> str:
    """The parameter whose default reaches the layer, where the finding blames the call that left it out."""
    stage = stage_of(finding)
    module = stage.module if stage is not None else None
    if module is None or module.created == finding.span:
        return ""
    given = [tree.expression(span) for span in module.param_spans.values() if span.path == tree.path]
    names = [node for node in given if isinstance(node, cst.Name)]
    function = tree.function(names[0]) if names else None
    params = function.params.params if function is not None else ()
    defaults = {param.name.value for param in params if param.default is not None}
    return next((node.value for node in names if node.value in defaults), "")


def truncated(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """``truncation=True, max_length=n`` for a tokenizer's call."""
    call = call_of(finding, tree)
    limit = finding.remedy
    if call is None or not limit.isdigit() or not ("tokenizer" in tree.code(call.func).lower() or tokenizes(call)):
        return
    given = {arg.keyword.value for arg in call.args if arg.keyword is not None}
    if not call.args or "truncation" in given:
        return
    edits = [tree.appended(call.args, "truncation=True" + ("" if "max_length" in given else f", max_length={limit}"))]
    yield Fix("truncate the text", tuple(edits), safety="unsafe", why="the end of long texts is left out")


def tokenizes(call: cst.Call) -> bool:
    """Whether a call has arguments that only tokenizers take."""
    options = {"return_tensors", "padding", "add_special_tokens", "return_attention_mask"}
    return any(arg.keyword is not None and arg.keyword.value in options for arg in call.args)
