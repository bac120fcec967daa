"""Shapes that the author wrote down: assertions, jaxtyping annotations, comments such as ``# shape: (batch, seq,
768)``."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from shapecheck.dims import UNKNOWN, Dim, number, symbol
from shapecheck.graph import Tensor
from shapecheck.interp.values import Builtin, Function, Int, Items, TensorValue, Unknown, Value
from shapecheck.places import Origin, Span
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


def noted(m: Interpreter, node: ast.stmt, value: Value) -> Value:
    """The value of an assignment, with the shape that a comment on its last line states."""
    words = m.home.notes.get(node.end_lineno or 0)
    if words is None:
        return value
    return _told(
        m, value, _shape(m, [word.strip() for word in words.split(",") if word.strip()], m.span(node)), "comment", node
    )


def annotated(m: Interpreter, note: ast.expr | None, value: Value, node: ast.AST) -> Value:
    """A value, with the shape that a jaxtyping annotation states (``Float[Tensor, "batch seq 768"]``)."""
    match note:
        case ast.Subscript(
            value=ast.Name() | ast.Attribute() as kind, slice=ast.Tuple(elts=[_, ast.Constant(value=str() as words)])
        ) if _of_jaxtyping(m.eval(kind)):
            return _told(m, value, _shape(m, words.split(), m.span(note)), "annotation", node)
    return value


def _of_jaxtyping(kind: Value) -> bool:
    """Whether this is jaxtyping's; ``Union[ndarray, "torch.Tensor"]`` is written the same and states no shape."""
    return isinstance(kind, Builtin) and kind.name.startswith("jaxtyping.")


def parameters(m: Interpreter, function: Function, bound: dict[str, Value]) -> None:
    """Apply the annotations of a function's parameters to its arguments."""
    spec = function.node.args
    for parameter in (*spec.posonlyargs, *spec.args, *spec.kwonlyargs):
        if isinstance(parameter.annotation, ast.Subscript):
            bound[parameter.arg] = annotated(m, parameter.annotation, bound[parameter.arg], parameter)


def _told(m: Interpreter, value: Value, shape: Shape, how: str, node: ast.AST) -> Value:
    if type(value) is Unknown:
        return TensorValue(Tensor(shape, span=m.span(node)))
    if type(value) is not TensorValue:
        return value
    m.event("state", node, tensor=value.tensor, stated=shape, how=how)
    return value if value.tensor.shape.rank is not None else TensorValue(replace(value.tensor, shape=shape))


def _shape(m: Interpreter, words: Iterable[str], span: Span) -> Shape:
    dims: list[Dim] = []
    open_at: int | None = None
    for word in words:
        if word.startswith(("...", "*")):
            open_at = len(dims)
        elif word.isdigit():
            dims.append(number(int(word), Origin("stated here", span)))
        elif word.isidentifier() and word != "_":
            function = m.activation.function
            key = (word, "stated", id(function.node) if function is not None else 0)
            dims.append(symbol(word, m.uids.setdefault(key, len(m.uids) + 1), Origin("stated here", span)))
        else:
            dims.append(UNKNOWN)
    return Shape(tuple(dims), open_at)
