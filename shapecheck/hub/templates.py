"""Sizes as expressions over input sizes and config attributes: ``batch``, ``num_hidden_layers+1``, ``seq//2``."""

from __future__ import annotations

import ast
from collections.abc import Callable
from functools import cache

from shapecheck.dims import UNKNOWN, Dim, number

Lookup = Callable[[str], Dim]


@cache
def _tree(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


def evaluate(text: str, lookup: Lookup) -> Dim:
    """The size that an expression stands for; ``lookup`` gives that of a name (``seq``, ``text_config.hidden_size``)."""
    return UNKNOWN if text == "?" else _evaluate(_tree(text), lookup)


def _evaluate(node: ast.expr, lookup: Lookup) -> Dim:
    if isinstance(node, ast.Constant) and isinstance(node.value, int):
        return number(node.value)
    if not isinstance(node, ast.BinOp):
        return lookup(ast.unparse(node))
    left = _evaluate(node.left, lookup)
    if isinstance(node.op, ast.Pow):
        return left * left
    right = _evaluate(node.right, lookup)
    if isinstance(node.op, ast.Add):
        return left + right
    if isinstance(node.op, ast.Sub):
        return left - right
    return left * right if isinstance(node.op, ast.Mult) else left // right
