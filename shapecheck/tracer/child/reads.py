"""Numbers read out of abstract tensors: answered plausibly, and written down as invented."""

from __future__ import annotations

import ast
import linecache
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

import torch

from shapecheck.tracer.child import arrays, numbers
from shapecheck.tracer.child.fakes import FakeTensor, is_fake
from shapecheck.tracer.child.frames import is_user_file
from shapecheck.tracer.child.replay import concrete
from shapecheck.tracer.child.session import Session
from shapecheck.tracer.standins.script import gives_up_with, gives_up_without

_READS = (
    "item",
    "tolist",
    "numpy",
    "__array__",
    "__float__",
    "__int__",
    "__index__",
    "__complex__",
    "__format__",
)
_FLOAT, _INT = 0.7, 1


def plausible(tensor: torch.Tensor) -> torch.Tensor:
    """A real tensor with numbers that an untrained model might give."""
    made = concrete(tensor.detach(), "random")
    if made.numel() == 1:
        made.fill_(_FLOAT if made.is_floating_point() else 0 if made.dtype is torch.bool else _INT)
    return made.requires_grad_(tensor.requires_grad)


def install(session: Session) -> None:
    """Answer every way in which a script may look at a tensor's numbers."""
    for name in (*_READS, "__contains__"):
        _patch(name, partial(_answering, session, name))
    _patch("__bool__", partial(_truth, session))
    for name in ("equal", "allclose"):
        _patch(name, partial(_compared, session, f".{name}()"))
        setattr(torch, name, _compared(session, f"torch.{name}()", getattr(torch, name)))


def _patch(name: str, make: Callable[[Any], Any]) -> None:
    owner: Any = FakeTensor if name in FakeTensor.__dict__ else torch.Tensor
    original = getattr(torch.Tensor, name)
    setattr(owner, name, make(original))


def _answering(session: Session, name: str, original: Any) -> Any:
    def read(self: torch.Tensor, *args: Any, **kwargs: Any) -> Any:
        if not is_fake(self):
            value = original(self, *args, **kwargs)
            return arrays.of_tensor(value, self) if name == "numpy" else value
        value = original(plausible(self), *args, **kwargs)
        session.invent(name if name.startswith("__") else f".{name}()", value)
        if name == "numpy":
            return arrays.of_tensor(value, self)
        # What Python calls by itself must give its own types; int(), float() and len() mark it where they are called.
        return numbers.listed(value, self.numel()) if name in ("item", "tolist") else value

    return read


def _truth(session: Session, original: Any) -> Any:
    def truth(self: torch.Tensor) -> bool:
        if not is_fake(self):
            return bool(original(self))
        original(plausible(self))  # raises as PyTorch does for more than one element
        asking = sys._getframe(1)
        place = asking.f_code.co_filename, asking.f_lineno
        if not is_user_file(place[0]):
            value = gives_up_without(*place)
        elif self.dtype is torch.bool:
            value = goes_on_if_true(*place)
        else:  # a count or a sum, which `.item()` says is not zero
            value = goes_on_if_true(*place) or not gives_up_with(*place)
        session.invent("bool()", value)
        return value

    return truth


def _compared(session: Session, name: str, original: Any) -> Any:
    def compared(self: torch.Tensor, other: torch.Tensor, *args: Any, **kwargs: Any) -> bool:
        if not is_fake(self) and not is_fake(other):
            return bool(original(self, other, *args, **kwargs))
        value = bool(original(concrete(self.detach()), concrete(other.detach()), *args, **kwargs))
        session.invent(name, value)
        return value

    return compared


def goes_on_if_true(path: str, line: int) -> bool:
    """Whether the statement at a line lets the script go on only where its condition holds (``assert c``)."""
    text = linecache.getline(path, line).strip()
    if text.startswith("assert"):
        return True
    try:
        statement = ast.parse(text + " pass" if text.endswith(":") else text).body[0]
    except (SyntaxError, IndexError):
        return False
    return (
        isinstance(statement, ast.If)
        and isinstance(statement.test, ast.UnaryOp)
        and isinstance(statement.test.op, ast.Not)
    )
