"""Sizes as expressions over input sizes and config attributes: ``batch``, ``num_hidden_layers+1``, ``height/32``."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from functools import cache

from shapecheck.algebra import divided
from shapecheck.dims import UNKNOWN, Dim, number

Lookup = Callable[[str], Dim]

_HOLE = re.compile(r"\{([^{}]+)\}")


@cache
def _tree(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


def evaluate(text: str, lookup: Lookup) -> Dim:
    """The size that an expression stands for.

    ``lookup`` gives that of a name: ``seq``, ``text_config.hidden_size``, ``hidden_sizes[-1]``, ``frames(samples)``.
    ``/`` holds only where it comes out exactly; ``?`` is a size that is not known.
    """
    return UNKNOWN if text == "?" else _evaluate(_tree(text), lookup)


def _evaluate(node: ast.expr, lookup: Lookup) -> Dim:
    if isinstance(node, ast.Constant) and isinstance(node.value, int):
        return number(node.value)
    if not isinstance(node, ast.BinOp):
        return lookup(ast.unparse(node))
    left, right = _evaluate(node.left, lookup), _evaluate(node.right, lookup)
    match node.op:
        case ast.Pow():
            return left * left
        case ast.Add():
            return left + right
        case ast.Sub():
            return left - right
        case ast.Mult():
            return left * right
        case ast.FloorDiv():
            return left // right
        case _:
            return _exact(left, right)


def _exact(left: Dim, right: Dim) -> Dim:
    quotient = None if left.expr is None or right.expr is None else divided(left.expr, right.expr)
    return UNKNOWN if quotient is None else Dim(quotient, origin=left.origin)


def filled(message: str, lookup: Lookup) -> str:
    """A message with each ``{expression}`` replaced by its size; by the expression itself where that is not known."""

    def size(match: re.Match[str]) -> str:
        found = evaluate(match[1], lookup)
        return str(found) if found.known else match[1]

    return _HOLE.sub(size, message)
