"""The interpreter, with a note of the tensor that each expression of the program was found to be."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from shapecheck.graph import Tensor
from shapecheck.interp.budget import Budget
from shapecheck.interp.machine import Interpreter
from shapecheck.interp.modules import Modules
from shapecheck.interp.values import TensorValue, Value
from shapecheck.places import Span
from shapecheck.syntax import Parsed


@dataclass(slots=True)
class Seen:
    """One expression: its text, and every tensor that it was, in order, one of each shape and dtype."""

    text: str
    tensors: list[Tensor] = field(default_factory=list)


class Watcher(Interpreter):
    """An interpreter that keeps what it saw in ``seen``, by place."""

    __slots__ = ("seen",)

    def __init__(self, modules: Modules, home: Parsed, budget: Budget) -> None:
        super().__init__(modules, home, budget)
        self.seen: dict[Span, Seen] = {}

    def eval(self, node: ast.expr) -> Value:
        """The value of an expression; a tensor is noted."""
        value = super().eval(node)
        if type(value) is TensorValue:
            seen = self.seen.setdefault(self.span(node), Seen(self.home.text(node)))
            tensor = value.tensor
            if not any(other.shape == tensor.shape and other.dtype == tensor.dtype for other in seen.tensors):
                seen.tensors.append(tensor)
        return value
