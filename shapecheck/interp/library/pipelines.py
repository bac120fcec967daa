"""``transformers.pipeline``: the token features that one gives; what the others give holds no tensors."""

from __future__ import annotations

import ast
from functools import partial

from shapecheck import hub
from shapecheck.dims import UNKNOWN as UNKNOWN_DIM
from shapecheck.dims import Dim, number
from shapecheck.graph import Tensor
from shapecheck.interp.library.registry import handles, take
from shapecheck.interp.python.objects import Native
from shapecheck.interp.values import CallArgs, Const, Items, Machine, Number, TensorValue, Text, Unknown, Value
from shapecheck.shapes import Shape


@handles("transformers.pipeline")
def _pipeline(args: CallArgs, machine: Machine, node: ast.AST) -> Value:
    taken = take(args, "task", "model")
    name = taken.plain("model")
    if taken.plain("task") != "feature-extraction":
        return Native(lambda more, m, place: Unknown())
    config = hub.config(None, name) if isinstance(name, str) else None
    return Native(partial(_features, config.dim("hidden_size") if config is not None else UNKNOWN_DIM))


def _features(width: Dim, args: CallArgs, machine: Machine, node: ast.AST) -> Value:
    """One (1, seq, hidden) for each text: nested lists of numbers, or a tensor where ``return_tensors`` asks for it."""
    texts = args.positional[0] if args.positional else Unknown()
    length = machine.fresh("seq", node, "the number of tokens of the text")
    if args.keywords.get("return_tensors", Const(None)).truth() is True:
        one: Value = TensorValue(Tensor(Shape((number(1), length, width)), "float32", span=machine.span(node)))
    else:
        tokens = Items("list", None, Items("list", None, Number(), size=width), size=length)
        one = Items("list", [tokens])
    if isinstance(texts, Text) or isinstance(texts.operand(), str):
        return one
    if not isinstance(texts, Items):
        return Unknown()
    return Items("list", None if texts.items is None else [one] * len(texts.items), one, size=texts.length())
