"""Hand-made ShapeGraphs: one line per stage, each on a line of its own of an imagined script."""

from __future__ import annotations

from typing import Any

from shapecheck.dims import Dim
from shapecheck.graph import Event, Frame, Module, ShapeGraph, Stage, Tensor
from shapecheck.places import Origin, Span
from shapecheck.shapes import Conflict, of

Size = int | str | Dim


class Script:
    """Builds a graph; every stage stands on the line that it is given, columns 1 to 40."""

    def __init__(self) -> None:
        self.graph = ShapeGraph("static")

    def tensor(self, *sizes: Size, line: int = 1, **attributes: Any) -> Tensor:
        """An input."""
        return Tensor(of(*sizes), span=span(line, 1, 9), **attributes)

    def stage(
        self,
        op: str,
        inputs: dict[str, Any],
        shape: tuple[Size, ...] = (),
        *,
        line: int,
        field: str = "out",
        text: str = "",
        module: Module | None = None,
        conflict: Conflict | None = None,
        context: tuple[Frame, ...] = (),
        message: str | None = None,
    ) -> Tensor:
        """One operator application and its output, of which ``text`` is the name."""
        out = Tensor(of(*shape), span=span(line), text=text)
        stage = Stage(
            op,
            span(line),
            inputs,
            input_spans={name: span(line, 20, 30) for name in inputs},
            outputs={} if conflict or message else {field: out},
            module=module,
            conflict=conflict,
            context=context,
            message=message,
        )
        self.graph.add(stage)
        return out

    def bert(self, ids: Tensor, *, line: int = 5, hidden: Size = 768, **params: Any) -> Tensor:
        """The last_hidden_state of an encoder."""
        width = hidden if isinstance(hidden, Dim) else size(hidden, "the hidden size of bert-base-uncased", 2)
        return self.stage(
            "transformers.BertModel",
            {"input_ids": ids, **params},
            (ids.shape.dim(0), ids.shape.dim(1), width),
            line=line,
            field="last_hidden_state",
            module=Module("transformers.BertModel", created=span(2)),
        )

    def linear(self, x: Tensor, wants: Size, gives: Size, *, line: int, created: int, **more: Any) -> Tensor:
        """A Linear built on line ``created``."""
        module = Module(
            "torch.nn.Linear",
            params={"in_features": of(wants).dims[0], "out_features": of(gives).dims[0]},
            created=span(created),
            param_spans={"in_features": span(created, 11, 14), "out_features": span(created, 16, 18)},
            context=more.pop("built_in", ()),
        )
        shape = (*x.shape.dims[:-1], gives)
        return self.stage("torch.nn.Linear", {"input": x}, shape, line=line, module=module, **more)

    def event(self, kind: str, line: int, **data: Any) -> None:
        """An event."""
        self.graph.add(Event(kind, span(line), data))


def span(line: int, column: int = 1, end: int = 40, path: str = "train.py") -> Span:
    """A stretch of one line."""
    return Span(path, line, column, line, end)


def size(value: Size, why: str, line: int) -> Dim:
    """A size with an origin."""
    return of(value).dims[0].at(Origin(why, span(line)))


def inner(left: Size, right: Size) -> Conflict:
    """What a Linear raises."""
    a, b = of(left, right).dims
    return Conflict(
        "inner", f"mat1 and mat2 shapes cannot be multiplied (8x{a} and {b}x5)", a, b, "input", "in_features"
    )
