"""Shapes that the author wrote down: assertions, and comments such as ``# shape: (batch, seq, 768)``."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from shapecheck.interp.values import Int, Items, TensorValue, Value
from shapecheck.shapes import Shape

if TYPE_CHECKING:
    from shapecheck.interp.machine import Interpreter


def check_assertion(m: Interpreter, node: ast.Assert) -> None:
    """``assert x.shape == (2, 3)`` states the shape of ``x``."""
    match node.test:
        case ast.Compare(left=left, ops=[ast.Eq()], comparators=[right]):
            for place, stated in ((left, right), (right, left)):
                tensor = _shape_of(m, place)
                if tensor is None:
                    continue
                shape = _stated(m.eval(stated))
                if shape is not None:
                    m.event("state", node.test, tensor=tensor.tensor, stated=shape, how="assert")
                return


def _shape_of(m: Interpreter, place: ast.expr) -> TensorValue | None:
    match place:
        case ast.Attribute(value=inner, attr="shape") | ast.Call(func=ast.Attribute(value=inner, attr="size"), args=[]):
            value = m.eval(inner)
            return value if type(value) is TensorValue else None
    return None


def _stated(value: Value) -> Shape | None:
    if not isinstance(value, Items) or value.items is None:
        return None
    dims = [item.dim for item in value.items if type(item) is Int]
    return Shape(tuple(dims)) if len(dims) == len(value.items) else None


