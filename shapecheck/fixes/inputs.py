"""Fixes of what a tokenizer or a model is asked for."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from shapecheck import vocabulary
from shapecheck.dims import Dim
from shapecheck.findings import Edit, Finding, Fix
from shapecheck.fixes.calls import call_of, keyword, start_of, tokenizes
from shapecheck.fixes.simple import operand, stage_of, suffixed
from shapecheck.fixes.tree import Tree, after
from shapecheck.graph import ShapeGraph, Tensor


def padded(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """``padding=True`` for a tokenizer's call; for one of a single text the length that all are brought to."""
    call = call_of(finding, tree)
    if call is not None and finding.remedy:
        cut = [] if _named(call, "truncation") else [keyword(tree, call, "truncation", "True")]
        length = keyword(tree, call, "padding", f'"{finding.remedy}"')
        yield Fix("pad every text to one length", tuple([length, *cut] if _named(call, "padding") else [*cut, length]))
    elif call is not None:
        yield Fix("pad the texts to one length", (keyword(tree, call, "padding", "True"),))


def _named(call: cst.Call, name: str) -> bool:
    return any(arg.keyword is not None and arg.keyword.value == name for arg in call.args)


def as_tensors(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """``return_tensors="pt"`` for a tokenizer's call."""
    call = call_of(finding, tree)
    if call is not None and finding.span != finding.symptom and (call.args or tokenizes(call)):
        yield Fix("ask for tensors", (keyword(tree, call, "return_tensors", '"pt"'),))


def padding_token(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """``tokenizer.pad_token = tokenizer.eos_token`` before a call; ``pad_token_id`` for a model's config behind it."""
    call = call_of(finding, tree)
    if call is None:
        return
    why = "another token may be meant for padding"
    if finding.stage is None:
        name = _tokenizer(tree, call)
        edit = tree.before(call, f"{name}.pad_token = {name}.eos_token") if name else None
        if edit is not None:
            yield Fix("pad with the end-of-text token", (edit,), safety="unsafe", why=why)
        return
    assign = tree.parent(call)
    if isinstance(assign, cst.Assign) and len(assign.targets) == 1:
        model = tree.code(assign.targets[0].target)
        edit = tree.below(tree.span(assign), f"{model}.config.pad_token_id = {model}.config.eos_token_id")
        yield Fix("pad with the end-of-text token", (edit,), safety="unsafe", why=why)


def _tokenizer(tree: Tree, call: cst.Call) -> str:
    """The expression for the tokenizer that a call is one of."""
    func = call.func
    if isinstance(func, cst.Attribute) and func.attr.value in ("batch_encode_plus", "encode_plus", "__call__"):
        func = func.value
    return tree.code(func) if isinstance(func, (cst.Name, cst.Attribute)) else ""


def as_embeddings(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """``encoder(features)`` to ``encoder(inputs_embeds=features)``."""
    stage = stage_of(finding)
    call = tree.call(stage.span) if stage is not None else None
    given = tree.expression(finding.span)
    arg = next((a for a in call.args if a.value is given), None) if call is not None else None
    if arg is None or arg.star:
        return
    if arg.keyword is not None:
        yield Fix("pass vectors as inputs_embeds", (tree.replace(arg.keyword, "inputs_embeds"),))
    elif call is not None and len([a for a in call.args if a.keyword is None]) == 1:
        spot = start_of(tree.span(arg.value))
        yield Fix("pass vectors as inputs_embeds", (Edit(spot, "inputs_embeds="),))


def asked_for(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """``output_hidden_states=True`` for a model's call."""
    call, asked = call_of(finding, tree), finding.remedy
    if call is not None and asked:
        yield Fix(f"{asked}=True", (keyword(tree, call, asked, "True"),))


def last_layer_alone(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """``model.classifier = ...`` to ``model.classifier.out_proj = ...``."""
    for assign in tree.all(cst.Assign):
        target = assign.targets[0].target
        if tree.span(assign).line == finding.span.line and isinstance(target, cst.Attribute):
            why = "the head's first layer stays"
            yield Fix(
                "replace the head's last layer", (after(tree.span(target), ".out_proj"),), safety="unsafe", why=why
            )


def as_ids(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """``scores`` to ``scores.argmax(dim=-1)`` where the last axis has a score for each word; else numbers to ids."""
    stage, given = stage_of(finding), operand(finding, "input")
    entries = vocabulary.given(stage, "num_embeddings") if stage is not None else None
    if given is None or not (given[0].dtype or "").startswith(("float", "bfloat")):
        return
    scores, span = given
    if scores.shape.rank and isinstance(entries, Dim) and entries.known and scores.shape.dim(-1) == entries:
        why = "the word of the best score is one choice, a weighted sum of the vectors another"
        yield from suffixed(tree, span, ".argmax(dim=-1)", "take the best word: argmax(dim=-1)", "unsafe", why)
    else:
        yield from suffixed(tree, span, ".long()", "make whole numbers of them", "unsafe", "they may be no ids at all")


def fixed_length(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """``padding="max_length", truncation=True, max_length=n`` for the one call that pads the texts of a file."""
    calls = [call for call in tree.all(cst.Call) if tokenizes(call) and "padding" in _keywords(call)]
    if len(calls) != 1 or not finding.remedy or calls[0].args[-1].star:
        return
    (call,) = calls
    given = _keywords(call)
    wanted = {"padding": '"max_length"', "truncation": "True", "max_length": finding.remedy}
    new = ", ".join(f"{name}={code}" for name, code in wanted.items() if name not in given)
    edits = [tree.replace(given[name], code) for name, code in wanted.items() if name in given]
    edits += [tree.appended(call.args, new)] if new else []
    why = "long texts are cut; a pooling does without a fixed length"
    yield Fix(f"make every text {finding.remedy} tokens long", tuple(edits), safety="unsafe", why=why)


def _keywords(call: cst.Call) -> dict[str, cst.BaseExpression]:
    return {arg.keyword.value: arg.value for arg in call.args if arg.keyword is not None}


def class_of_row(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """One-hot rows to class ids, where they are handed over."""
    node = tree.expression(finding.span)
    labels = finding.tensor if isinstance(finding.tensor, Tensor) else None
    if node is not None and labels is not None and labels.shape.rank == 2:
        code = tree.code(node) if isinstance(node, (cst.Name, cst.Attribute, cst.Subscript, cst.Call)) else None
        if code is not None:
            yield Fix("take the class ids: argmax(dim=1)", (after(tree.span(node), ".argmax(dim=1)"),))
