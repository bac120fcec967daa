"""Shapes that the author wrote down: assertions, jaxtyping annotations, comments such as ``# shape: (batch, seq,
768)``. Each is recorded as an event, and fills in what is not known of the tensor."""

from __future__ import annotations

import ast
import re
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from shapecheck.dims import UNKNOWN, Dim, Truth, number, symbol
from shapecheck.graph import Tensor
from shapecheck.interp.targets import assign, in_module
from shapecheck.interp.values import Builtin, Function, Int, Items, TensorValue, Unknown, Value
from shapecheck.ops.values import as_int
from shapecheck.places import Origin
from shapecheck.shapes import Shape, compare

if TYPE_CHECKING:
    from shapecheck.interp.machine import Interpreter

# -- assertions ------------------------------------------------------------------------------------------------------


def check_assertion(m: Interpreter, node: ast.Assert) -> None:
    """``assert x.shape == (2, 3)`` or ``assert x.size(1) == 3 and x.dim() == 2`` states something of a shape."""
    match node.test:
        case ast.BoolOp(op=ast.And(), values=tests):
            pass
        case test:
            tests = [test]
    for test in tests:
        match test:
            case ast.Compare(left=left, ops=[ast.Eq()], comparators=[right]):
                verdict = _asserted(m, left, right, test) or _asserted(m, right, left, test)
                if verdict is Truth.DIFFERENT:
                    return


def _asserted(m: Interpreter, place: ast.expr, said: ast.expr, test: ast.expr) -> Truth | None:
    """Whether ``place == said`` is true of a tensor's shape; None where it does not ask for one."""
    asked = _asked(place)
    if asked is None:
        return None
    subject, aspect = asked
    value = m.eval(subject)
    if type(value) is Unknown and in_module(m):
        value = TensorValue(Tensor(text=ast.unparse(subject)))
    stated = _stated(m, aspect, m.eval(said)) if type(value) is TensorValue else None
    if stated is None or type(value) is not TensorValue:
        return None
    if m.doubt() is None:
        m.event("state", test, tensor=value.tensor, stated=stated, how="assert")
    told = _with(value, stated)
    if told is not value and isinstance(subject, ast.Name):
        assign(m, subject, told, test)
    return compare(value.tensor.shape, stated)


def _asked(place: ast.expr) -> tuple[ast.expr, str | ast.expr] | None:
    """The expression whose shape is asked for, and what of it: ``shape``, ``rank``, or the index of an axis."""
    match place:
        case ast.Attribute(value=x, attr="shape") | ast.Call(func=ast.Attribute(value=x, attr="size"), args=[]):
            return x, "shape"
        case ast.Call(func=ast.Name(id="tuple" | "list"), args=[inner]):
            asked = _asked(inner)
            return asked if asked is not None and asked[1] == "shape" else None
        case ast.Subscript(value=ast.Attribute(value=x, attr="shape"), slice=index):
            return x, index
        case ast.Call(func=ast.Attribute(value=x, attr="size"), args=[index]):
            return x, index
        case ast.Attribute(value=x, attr="ndim") | ast.Call(func=ast.Attribute(value=x, attr="dim"), args=[]):
            return x, "rank"
        case ast.Call(func=ast.Name(id="len"), args=[ast.Attribute(value=x, attr="shape")]):
            return x, "rank"
    return None


def _stated(m: Interpreter, aspect: str | ast.expr, said: Value) -> Shape | None:
    if aspect == "rank":
        count = as_int(said.operand()) if type(said) is Int else None
        return Shape((UNKNOWN,) * count) if count is not None and 0 <= count <= 16 else None
    if isinstance(aspect, ast.expr):
        return _part(m, aspect, said)
    return Shape(tuple(_sizes(said.items))) if isinstance(said, Items) and said.items is not None else None


def _part(m: Interpreter, index: ast.expr, said: Value) -> Shape | None:
    """What ``x.shape[index] == said`` states: the sizes before or behind any number of other axes."""
    at = m.eval(index).operand()
    if isinstance(at, slice) and isinstance(said, Items) and said.items is not None:
        dims = tuple(_sizes(said.items))
        if at.start is None and at.step is None and as_int(at.stop) == len(dims):
            return Shape(dims, len(dims))
        return Shape(dims, 0) if at.stop is None and at.step is None and as_int(at.start) == -len(dims) else None
    axis = as_int(at)
    if axis is None or type(said) is not Int or not -16 <= axis <= 16:
        return None
    if axis < 0:
        return Shape((said.dim, *(UNKNOWN,) * (-axis - 1)), 0)
    return Shape((*(UNKNOWN,) * axis, said.dim), axis + 1)


def _sizes(items: Sequence[Value]) -> Iterator[Dim]:
    return (item.dim if type(item) is Int else UNKNOWN for item in items)


# -- comments and annotations ----------------------------------------------------------------------------------------


def noted(m: Interpreter, node: ast.stmt, value: Value) -> Value:
    """The value of an assignment or a return, with the shape that a comment on its last line states."""
    note = m.home.notes.get(node.end_lineno or 0)
    if note is None:
        return value
    text = str(note.value)
    parts = text.split(",") if "," in text else re.split(r"\s+x\s+", text)
    words = [word.strip() for word in parts if word.strip()]
    # Two comments may mean different sizes by one name: it holds on its line alone.
    return _told(m, value, _shape(m, words, note, (id(note), m.way, m.turns)), "comment", note, words)


def annotated(m: Interpreter, note: ast.expr | None, value: Value) -> Value:
    """A value, with the shape that a jaxtyping annotation states (``Float[Tensor, "batch seq 768"]``)."""
    words = _jaxtyping(m, note)
    if note is None or words is None:
        return value
    return _told(m, value, _shape(m, words, note, _call(m)), "annotation", note, words)


def parameters(m: Interpreter, function: Function, bound: dict[str, Value]) -> None:
    """Apply the annotations of a function's parameters to its arguments."""
    spec = function.node.args
    made_up = m.unused and len(m.context) <= 1  # an argument that nobody handed over is as the author says
    for parameter in (*spec.posonlyargs, *spec.args, *spec.kwonlyargs):
        if isinstance(parameter.annotation, (ast.Subscript, ast.BinOp)):
            value = Unknown() if made_up else bound[parameter.arg]
            told = annotated(m, parameter.annotation, value)
            if type(told) is TensorValue:
                bound[parameter.arg] = told


def _jaxtyping(m: Interpreter, note: ast.expr | None) -> list[str] | None:
    """The words of an annotation; None for one that is not jaxtyping's (``Union[ndarray, "torch.Tensor"]``)."""
    match note:
        case ast.BinOp(left=left, op=ast.BitOr(), right=ast.Constant(value=None)):
            return _jaxtyping(m, left)
        case ast.Subscript(
            value=ast.Name() | ast.Attribute() as kind, slice=ast.Tuple(elts=[_, ast.Constant(value=str() as words)])
        ):
            found = m.eval(kind)
            return words.split() if isinstance(found, Builtin) and found.name.startswith("jaxtyping.") else None
    return None


def _call(m: Interpreter) -> Hashable:
    function = m.activation.function
    return (id(function.node) if function is not None else 0, m.way)


def _told(m: Interpreter, value: Value, shape: Shape, how: str, node: ast.expr, words: Sequence[str]) -> Value:
    if type(value) is Unknown:
        return TensorValue(Tensor(shape, span=m.span(node)))
    if type(value) is not TensorValue:
        return value
    if m.doubt() is None:
        m.event("state", node, tensor=value.tensor, stated=shape, how=how, words=tuple(words))
    return _with(value, shape)


def _with(value: TensorValue, stated: Shape) -> TensorValue:
    """A tensor with what is not known of its shape filled in."""
    old = value.tensor.shape
    if old.rank is None and stated.rank is not None and len(old.dims) <= stated.rank:
        whole = Shape((*old.dims[: old.open_at], *(UNKNOWN,) * (stated.rank - len(old.dims)), *old.dims[old.open_at :]))
    else:
        whole = old
    if whole.rank is None or (stated.rank is not None and stated.rank != whole.rank):
        return value
    count = whole.rank
    known = [stated.dim(i) if stated.dim(i).known else stated.dim(i - count) for i in range(count)]
    dims = tuple(dim if dim.known else said for dim, said in zip(whole.dims, known, strict=True))
    if whole is old and all(a is b for a, b in zip(dims, old.dims, strict=True)):
        return value
    return TensorValue(replace(value.tensor, shape=Shape(dims)))


def _shape(m: Interpreter, words: Sequence[str], note: ast.expr, scope: Hashable) -> Shape:
    """The shape that words spell; its names stand for one size each within ``scope``."""
    origin = Origin("stated here", m.span(note))
    dims: list[Dim] = []
    open_at: int | None = None
    for word in words:
        if word.startswith(("...", "*")):
            open_at = len(dims)
        elif word.rpartition("=")[2].isdigit():
            dims.append(replace(number(int(word.rpartition("=")[2]), origin), status="assumed"))
        elif word.isidentifier() and word not in ("_", "None"):
            dims.append(symbol(word, m.uids.setdefault((word, "stated", scope), len(m.uids) + 1), origin))
        else:
            dims.append(UNKNOWN)
    return Shape(tuple(dims), open_at)
