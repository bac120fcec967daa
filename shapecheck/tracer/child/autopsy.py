"""The operator that raised, with its operands, told from a traceback alone: nothing was recorded beforehand."""

from __future__ import annotations

import ast
import inspect
import itertools
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import FrameType
from typing import Any

import torch

from shapecheck.places import Span
from shapecheck.resources import rules_dir
from shapecheck.tracer.child import failure, modules
from shapecheck.tracer.child.describe import describe
from shapecheck.tracer.child.frames import function_name, is_user_file, span_at
from shapecheck.tracer.child.misread import text_of, value_of
from shapecheck.tracer.child.names import function_op
from shapecheck.tracer.child.session import Session, Sizes
from shapecheck.tracer.child.stream import arrived

Record = dict[str, Any]
Step = tuple[FrameType, int, int]

_TORCH = os.path.dirname(torch.__file__)
_OPERATORS = {
    ast.Add: "add",
    ast.Sub: "sub",
    ast.Mult: "mul",
    ast.Div: "truediv",
    ast.MatMult: "matmul",
    ast.Pow: "pow",
}
"""Python's operators by the methods that torch has for them."""


def chain(error: BaseException) -> list[Span]:
    """Where the user's frames stand, outermost first; none for an error that has nothing to do with shapes."""
    return [] if failure.speaks_of_other_things(error) else [span for span, _ in _calls(error)]


def failed_stage(error: BaseException) -> Record | None:
    """A stage record of the call on the user's innermost line, None where no tensor is at hand there."""
    steps = list(_steps(error))
    last = max(at for at, step in enumerate(steps) if _mine(step))
    frame, lasti, line = steps[last]
    span = span_at(frame.f_code, lasti, line)
    session = Session(Path(span.path), Sizes(), lambda record: None, Path(), rules_dir(), concrete=True)
    called = _called(session, span, frame, steps[last + 1 :])
    if called is None:
        return None
    record = {
        "kind": "stage",
        "span": span,
        "args": [],
        "kwargs": {},
        "outputs": {},
        "context": [(outer[0], inner[1]) for outer, inner in itertools.pairwise(_calls(error))],
        "guard": [],
        "message": str(error),
        **called,
    }
    return arrived(record)


def _calls(error: BaseException) -> list[tuple[Span, str]]:
    mine = [step for step in _steps(error) if _mine(step)]
    return [(span_at(frame.f_code, lasti, line), function_name(frame)) for frame, lasti, line in mine]


def _steps(error: BaseException) -> Iterator[Step]:
    """The whole stack, outermost first: a traceback begins where the exception was caught."""
    first = error.__traceback__.tb_frame.f_back if error.__traceback__ is not None else None
    outer = []
    while first is not None:
        outer.append((first, first.f_lasti, first.f_lineno))
        first = first.f_back
    yield from reversed(outer)
    yield from failure.steps(error.__traceback__)


def _mine(step: Step) -> bool:
    return is_user_file(step[0].f_code.co_filename)


def _called(session: Session, span: Span, frame: FrameType, below: list[Step]) -> Record | None:
    """What the user's line called: a module or a Python function of torch (they have frames), or an operator."""
    for step, _, _ in below:
        module = step.f_locals.get("self")
        if step.f_code.co_name == "_call_impl" and isinstance(module, torch.nn.Module):
            return _module(session, module, step, _construction(span, frame, module))
    for step, _, _ in below:
        if step.f_code.co_filename.startswith(_TORCH) and step.f_globals.get(step.f_code.co_name):
            return _function(session, step)
    return _operator(session, span, {**frame.f_globals, **frame.f_locals})


def _construction(span: Span, frame: FrameType, module: torch.nn.Module) -> Span | None:
    """Where a module that is an attribute of the user's object is made: what is assigned to ``self.head`` in its class.

    None where the attribute is assigned more than once, or the module hangs deeper.
    """
    owner = frame.f_locals.get("self")
    names = [name for name, part in getattr(owner, "_modules", {}).items() if part is module]
    text = text_of(span.path)
    made = [
        text.span(node.value)
        for node in ast.walk(ast.parse(text.source.text))
        if isinstance(node, ast.Assign) and [f"self.{name}" for name in names] == [ast.unparse(t) for t in node.targets]
    ]
    return made[0] if len(made) == 1 else None


def _module(session: Session, module: torch.nn.Module, step: FrameType, created: Span | None) -> Record | None:
    args, kwargs = step.f_locals.get("args", ()), step.f_locals.get("kwargs", {})
    names = list(inspect.signature(module.forward).parameters)
    given = {**dict(zip(names, args, strict=False)), **kwargs}
    if not _tensors(given):
        return None
    described = {name: describe(session, value) for name, value in given.items()}
    record = {**session.modules.record(module), "created": created}
    return {"op": modules.kind(module), "kwargs": described, "module": record}


def _function(session: Session, step: FrameType) -> Record | None:
    function = step.f_globals[step.f_code.co_name]
    given = {name: step.f_locals[name] for name in step.f_code.co_varnames[: step.f_code.co_argcount]}
    if not _tensors(given):
        return None
    return {"op": function_op(function), "kwargs": {name: describe(session, value) for name, value in given.items()}}


def _operator(session: Session, span: Span, names: Mapping[str, Any]) -> Record | None:
    """An operator without a Python frame: its operands are looked up by the names that the text gives them."""
    node = _node(span)
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
        op, operands, given = f"torch.Tensor.__{_OPERATORS[type(node.op)]}__", [node.left, node.right], []
    elif isinstance(node, ast.Call):
        function = value_of(node.func, names)
        if function is None:
            return None
        receiver = [node.func.value] if isinstance(getattr(function, "__self__", None), torch.Tensor) else []  # type: ignore[attr-defined]
        op = function_op(function) if not receiver else f"torch.Tensor.{function.__name__}"
        operands, given = [*receiver, *node.args], node.keywords
    else:
        return None
    args = [value_of(operand, names) for operand in operands]
    kwargs = {keyword.arg: value_of(keyword.value, names) for keyword in given if keyword.arg}
    if not _tensors({"args": args, **kwargs}):
        return None
    return {
        "op": op,
        "args": [describe(session, value) for value in args],
        "kwargs": {name: describe(session, value) for name, value in kwargs.items()},
    }


def _node(span: Span) -> ast.AST | None:
    return text_of(span.path).node(span)


def _tensors(given: Mapping[str, Any]) -> bool:
    leaves = torch.utils._pytree.tree_leaves(dict(given))
    return any(isinstance(leaf, torch.Tensor) for leaf in leaves)
