"""What raised outside any operator: what a model or a tensor gave was misread by the script, or a layer not built.

Python's own errors name neither the tensor nor the model; the values in the frame that raised do.
"""

from __future__ import annotations

import ast
import inspect
import linecache
from collections.abc import Iterator, Mapping
from types import FrameType
from typing import Any

import torch

from shapecheck.places import Span
from shapecheck.source import Source
from shapecheck.tracer.child import arrays, failure, modules
from shapecheck.tracer.child.describe import describe
from shapecheck.tracer.child.frames import context, is_user_file, span_at, user_frames
from shapecheck.tracer.child.session import Session
from shapecheck.tracer.text import Text


def report(session: Session, error: BaseException) -> None:
    """Send what a script's last error is about, where it is one of these."""
    steps = list(failure.steps(error.__traceback__))
    mine = [at for at, (frame, _, _) in enumerate(steps) if is_user_file(frame.f_code.co_filename)]
    if not mine:
        return
    frame, lasti, line = steps[mine[-1]]
    span = span_at(frame.f_code, lasti, line)
    below = [step for step, _, _ in steps[mine[-1] + 1 :]]
    if below:
        _unbuilt(session, error, span, frame, below[0])
    elif isinstance(error, AttributeError):
        _field_of_tuple(session, error, span)
    elif isinstance(error, IndexError):
        _beyond(session, span, {**frame.f_globals, **frame.f_locals})
    elif isinstance(error, ValueError) and "values to unpack" in str(error):
        _unpacked(session, span, {**frame.f_globals, **frame.f_locals})
    _raised(session, error, [span_at(f.f_code, at, no) for f, at, no in (steps[k] for k in mine)], frame)


def _raised(session: Session, error: BaseException, chain: list[Span], frame: FrameType) -> None:
    """What the script ended with, and the tensors and arrays that the raising line names."""
    named = dict(_named(chain[-1], {**frame.f_globals, **frame.f_locals}))
    error.__dict__["shapecheck_named"] = bool(named)
    words = {"type": type(error).__name__, "message": str(error)}
    session.event_at(chain[-1], "raised", **words, named=named, chain=chain)


def _named(span: Span, names: Mapping[str, Any]) -> Iterator[tuple[str, torch.Tensor]]:
    """The tensors that an expression names, the first of several, and arrays as tensors of their shape; of what is
    unpacked, what gave it."""
    text = text_of(span.path)
    node = text.node(span)
    if node is None or isinstance(getattr(node, "ctx", None), ast.Store):
        made = (one.value for one in text.assignments if one.lineno <= span.line <= (one.end_lineno or 0))
        span = next(map(text.span, made), span)
    for part in text.within(span):
        value = value_of(part, names) if isinstance(part, (ast.Name, ast.Attribute)) else None
        tensor = value if isinstance(value, torch.Tensor) else arrays.shadow(value)
        if tensor is not None:
            yield ast.unparse(part), tensor
        elif isinstance(value, (tuple, list)) and value and all(isinstance(one, torch.Tensor) for one in value):
            yield f"{ast.unparse(part)}[0]", value[0]
        elif type(value).__module__ == "numpy" and getattr(value, "shape", None):
            yield ast.unparse(part), torch.empty(value.shape, device="meta")  # type: ignore[union-attr]


def _unbuilt(session: Session, error: BaseException, span: Span, caller: FrameType, made: FrameType) -> None:
    """A layer of torch whose constructor refuses what it is given: a stage with the constructor's arguments."""
    code = made.f_code
    layer = made.f_locals.get("self")
    if code.co_name != "__init__" or not isinstance(layer, torch.nn.Module):
        return
    kind = modules.kind(layer)
    if not kind.startswith("torch.nn.") or not isinstance(error, (AssertionError, ValueError)):
        return
    names = code.co_varnames[1 : code.co_argcount + code.co_kwonlyargcount]
    record = {
        "kind": "stage",
        "op": kind,
        "span": span,
        "args": [],
        "kwargs": {name: describe(session, made.f_locals[name]) for name in names if name in made.f_locals},
        "outputs": {},
        "context": context(list(user_frames(caller))),
        "guard": [],
        "message": str(error),
    }
    session.send_stage(record, None)


def _field_of_tuple(session: Session, error: AttributeError, span: Span) -> None:
    if isinstance(error.obj, tuple) and not isinstance(error.obj, torch.Size):
        fields = session.fields_of(error.obj)
        data = {"of": "tuple", "name": error.name, "fields": fields, "missing": True, "stage": error.obj}
        session.event_at(span, "attribute", **data)


def _beyond(session: Session, span: Span, names: Mapping[str, Any]) -> None:
    """An index beyond the end of a tuple that a model gave: its hidden states say, or all of its outputs."""
    node = text_of(span.path).node(span)
    if not isinstance(node, ast.Subscript):
        return
    given, index = value_of(node.value, names), value_of(node.slice, names)
    if not isinstance(given, tuple) or not isinstance(index, int):
        return
    fields = session.fields_of(given)
    if fields:
        session.event_at(span, "index", index=index, fields=fields, missing=True, stage=given)
    elif session.field_of_output(given):
        field = session.field_of_output(given)
        session.event_at(span, "beyond", index=index, count=len(given), field=field, stage=given)


def _unpacked(session: Session, span: Span, names: Mapping[str, Any]) -> None:
    """A shape unpacked into another number of names than it has axes. The tensor, or where its expression stands."""
    text = text_of(span.path)
    here = [node for node in text.assignments if node.lineno <= span.line <= (node.end_lineno or 0)]
    if len(here) != 1 or not isinstance(here[0].targets[0], (ast.Tuple, ast.List)):
        return
    source, into = here[0].value, here[0].targets[0].elts
    if isinstance(source, ast.Call) and isinstance(source.func, ast.Attribute) and source.func.attr == "size":
        shaped: ast.expr | None = source.func.value if not source.args + source.keywords else None
    else:
        shaped = source.value if isinstance(source, ast.Attribute) and source.attr == "shape" else None
    if shaped is None or any(isinstance(name, ast.Starred) for name in into):
        return
    tensor = value_of(shaped, names)
    found = tensor if isinstance(tensor, torch.Tensor) else text.span(shaped)
    session.event_at(text.span(here[0]), "unpack", of="shape", count=len(into), starred=False, tensor=found)


def returned_by(model: type) -> Span | None:
    """Where the one ``return`` of a model's own ``forward`` stands; None where there are more, or it is a library's."""
    code = getattr(inspect.unwrap(model.forward), "__code__", None)  # type: ignore[attr-defined]
    if code is None or not is_user_file(code.co_filename):
        return None
    text = text_of(code.co_filename)
    made = [
        part
        for node in ast.walk(ast.parse(text.source.text))
        if isinstance(node, ast.FunctionDef) and node.name == code.co_name
        if min([node.lineno, *(part.lineno for part in node.decorator_list)]) == code.co_firstlineno
        for part in ast.walk(node)
        if isinstance(part, ast.Return)
    ]
    return text.span(made[0]) if len(made) == 1 else None


def text_of(path: str) -> Text:
    """A file's text, as the interpreter keeps it for tracebacks."""
    return Text(Source(path, "".join(linecache.getlines(path))))


def value_of(node: ast.AST, names: Mapping[str, Any]) -> Any:
    """What a name, an attribute, a constant, or a list of these stands for; None for what would have to be computed."""
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Name):
        return names.get(node.id)
    if isinstance(node, ast.Attribute):
        return getattr(value_of(node.value, names), node.attr, None)
    if isinstance(node, (ast.List, ast.Tuple)):
        return [value_of(item, names) for item in node.elts]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        number = value_of(node.operand, names)
        return -number if isinstance(number, (int, float)) else None
    return None
