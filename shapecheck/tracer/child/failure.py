"""What went wrong: the operator, the user's line and call chain, and whether shapes are the reason."""

from __future__ import annotations

import linecache
import os
import re
from collections.abc import Iterator
from types import FrameType, TracebackType
from typing import Any

from shapecheck.places import Span
from shapecheck.tracer.child.frames import function_name, is_user_file, span_at
from shapecheck.tracer.child.guard import Refused
from shapecheck.tracer.child.session import Session

_NOT_SHAPES = re.compile(
    r"does not require grad|backward through the graph a second time|can't allocate memory|out of memory|"
    r"leaf Variable|'\w*Config' object has no attribute|modified by an inplace operation|not implemented for|"
    r"No such file|is not available|missing \d+ required|unexpected keyword argument|positional arguments? but",
    re.IGNORECASE,
)
_ABSTRACT = re.compile(
    r"meta tensor|meta device|'meta' device|fake tensor|FakeTensor|Cannot access data pointer|"
    r"data is not allocated yet",
    re.IGNORECASE,
)
_MEMORY = re.compile(r"can't allocate memory|Cannot allocate memory")
_OUTPUTS = re.compile(
    r"^'(tuple|str|NoneType|\w*Output\w*)' object has no attribute|^'NoneType' object is not subscriptable|"
    r"values to unpack|tuple index out of range|mat1 and mat2|size mismatch"
)
_MISMATCH = re.compile(r"ignore_mismatched_sizes|size mismatch")
_SHAPE_WORDS = re.compile(r"\b(shape|size|ndim|dim)\b")
_MODEL_CODE = (f"{os.sep}transformers{os.sep}", f"{os.sep}torch{os.sep}", f"{os.sep}sentence_transformers{os.sep}")


def record(session: Session, error: BaseException) -> dict[str, Any]:
    """The end record of a script that raised."""
    frames = list(steps(error.__traceback__))
    mine = [(frame, lasti, line) for frame, lasti, line in frames if is_user_file(frame.f_code.co_filename)]
    chain = [(span_at(frame.f_code, lasti, line), function_name(frame)) for frame, lasti, line in mine]
    span = chain[-1][0] if chain else None
    found = error.__dict__.get("shapecheck_op", {})
    last = frames[-1][0].f_code.co_filename if frames else ""
    return {
        "kind": "end",
        "status": "raised",
        "type": type(error).__name__,
        "message": str(error),
        "op": found.get("op", ""),
        "operands": found.get("operands", []),
        "span": span,
        "chain": chain,
        "certain": not (session.guessed or found.get("invented", False)),
        "memory": isinstance(error, MemoryError) or bool(_MEMORY.search(str(error))),
        "shape_reason": not of_abstraction(error) and is_shape_reason(session, error, span, last),
        "wording": _tells(error, last),
        "abstract": of_abstraction(error),
    }


def of_abstraction(error: BaseException) -> bool:
    """Whether an error speaks of what abstract tensors cannot do, and real ones can."""
    return type(error).__module__.startswith("torch._subclasses") or bool(_ABSTRACT.search(str(error)))


def speaks_of_other_things(error: BaseException) -> bool:
    """Whether an error is of a kind that shapes do not cause: a missing file, memory, gradients."""
    other = (Refused, ImportError, OSError, MemoryError, NotImplementedError)
    return isinstance(error, other) or bool(_NOT_SHAPES.search(str(error)))


def is_shape_reason(session: Session, error: BaseException, span: Span | None, raised_in: str) -> bool:
    """Whether an error speaks of shapes, or of what models and their outputs offer: not of the script's own affairs."""
    message = str(error)
    if speaks_of_other_things(error):
        return False
    found = error.__dict__.get("shapecheck_op")
    if found is not None:
        return bool(
            found["takes"]
        )  # an operator that was given neither tensors nor what a model returns: not its shape
    if _MISMATCH.search(message):
        return True
    if not isinstance(
        error, (ValueError, TypeError, IndexError, AttributeError, KeyError, RuntimeError, AssertionError)
    ):
        return False
    if any(part in raised_in for part in _MODEL_CODE):
        return session.stages > 0
    if span is None:
        return False
    if isinstance(error, AssertionError):
        return bool(_SHAPE_WORDS.search(linecache.getline(span.path, span.line)))
    return bool(_OUTPUTS.search(message)) and session.stages > 0


def _tells(error: BaseException, raised_in: str) -> bool:
    """Whether an error that is worded as one over shapes is about them: it came from tensors, or inside of a model."""
    if of_abstraction(error) or speaks_of_other_things(error):
        return False
    found = error.__dict__.get("shapecheck_op")
    if found is not None:
        return bool(found["takes"])
    return bool(error.__dict__.get("shapecheck_named")) or any(part in raised_in for part in _MODEL_CODE)


def steps(trace: TracebackType | None) -> Iterator[tuple[FrameType, int, int]]:
    """The frames of a traceback, outermost first, each with its last instruction and line."""
    while trace is not None:
        yield trace.tb_frame, trace.tb_lasti, trace.tb_lineno
        trace = trace.tb_next


def syntax_error(error: SyntaxError) -> dict[str, Any]:
    """The end record of a script that does not parse."""
    span = Span(error.filename or "", error.lineno or 1)
    return {
        "kind": "end",
        "status": "raised",
        "type": type(error).__name__,
        "message": error.msg,
        "span": span,
        "chain": [],
        "shape_reason": False,
    }
