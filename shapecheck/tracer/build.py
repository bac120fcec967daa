"""From the child's records to the ShapeGraph."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from shapecheck import hub, ops
from shapecheck.algebra import Expr
from shapecheck.dims import Dim, Status
from shapecheck.graph import Event, Frame, Module, NotChecked, ShapeGraph, Stage, Tensor
from shapecheck.ops.weights import STATE_DICT
from shapecheck.places import Span
from shapecheck.shapes import Shape
from shapecheck.tracer import origins
from shapecheck.tracer import text as texts
from shapecheck.tracer.text import Text

Record = dict[str, Any]

_OPERATORS = {
    "add": "add",
    "sub": "sub",
    "rsub": "rsub",
    "mul": "mul",
    "div": "div",
    "truediv": "div",
    "floordiv": "floor_divide",
    "mod": "remainder",
    "matmul": "matmul",
    "pow": "pow",
    "neg": "neg",
    "abs": "abs",
    "invert": "bitwise_not",
    "and": "bitwise_and",
    "or": "bitwise_or",
    "xor": "bitwise_xor",
    **{name: name for name in ("eq", "ne", "lt", "le", "gt", "ge")},
}
"""Python's operators (``__add__``, ``__radd__``, ``__iadd__``) as the functions that they stand for."""

_REFLECTED = re.compile(r"torch\.Tensor\.__r(sub|div|truediv|pow|matmul|floordiv)__")


class Builder:
    """Makes a graph of one run.

    Args:
        text_of: the text of a file by the path that the child names, None where it cannot be read.
        shown: the path by which the user knows a file.
        axes: what two traces say of each tensor's axes, by number; see :func:`shapecheck.tracer.naming.names`.
    """

    def __init__(
        self,
        text_of: Callable[[str], Text | None],
        shown: Callable[[str], str],
        axes: Mapping[int, tuple[Expr | None, ...]],
    ) -> None:
        self.graph = ShapeGraph("traced")
        self._text_of, self._shown, self._axes = text_of, shown, axes
        self._tensors: dict[int, Tensor] = {}
        self._modules: dict[int, Module] = {}
        self._stages: list[Stage] = []

    def add(self, record: Record) -> None:
        """Take in one record of kind ``stage`` or ``event``; others are not for the graph."""
        if record["kind"] == "stage":
            self._add_stage(record)
        elif record["kind"] == "event" and record["span"] is not None:
            data = {key: self.value(item) for key, item in record["data"].items()}
            if record["event"] == "load_state":
                data["entries"] = [self._entry(entry, self.span(record["span"])) for entry in data["entries"]]
            if data.get("of") == "shape":
                data |= self._shape_of(data["tensor"])
            self.graph.add(
                Event(record["event"], self.span(record["span"]), data, self.context(record.get("context", [])))
            )

    def _add_stage(self, record: Record) -> None:
        op = canonical(record["op"])
        span = self.span(record["span"])
        module = self._module(record["module"]) if "module" in record else None
        args = [self.value(item) for item in record["args"]]
        kwargs = {key: self.value(item) for key, item in record["kwargs"].items()}
        stage = Stage(op, span, self._inputs(op, module, args, kwargs), module=module)
        stage.context = self.context(record["context"])
        stage.guard = frozenset(record["guard"])
        stage.within = record.get("within", "")
        stage.message = record.get("message")
        text = None if stage.within else self._text_of(record["span"][0])
        node = text.node(replace(span, path=text.source.path)) if text is not None else None
        if text is not None:
            self._read_text(stage, text, node, record, list(kwargs))
        stage.outputs = {name: self._tensor(item, new=True) for name, item in record["outputs"].items()}
        for tensor in stage.outputs.values():
            tensor.span = span
        if len(stage.outputs) == 1 and text is not None:
            stage.out.text = text.target(node)
        origins.of_outputs(stage)
        self._stages.append(stage)
        self.graph.add(stage)

    def _inputs(self, op: str, module: Module | None, args: list[Any], kwargs: dict[str, Any]) -> dict[str, Any]:
        if module is not None:
            return kwargs
        given = {name: value for name, value in kwargs.items() if value is not None}
        return ops.bind(op, args, given) or {**{str(i): a for i, a in enumerate(args)}, **given}

    def _read_text(self, stage: Stage, text: Text, node: Any, record: Record, given: list[str]) -> None:
        """Operands' spans, and how the user names them."""
        raw = record["op"]

        def bind(args: list[Any], kwargs: dict[str, Any]) -> dict[str, Any] | None:
            if stage.module is not None:
                return {**dict(zip(given, args, strict=False)), **kwargs}
            if raw.startswith("torch.Tensor."):
                args = texts.with_receiver(text, node, args)
            if _REFLECTED.match(raw) or texts.is_reflected(node):
                args = args[::-1]
            bound = ops.bind(stage.op, args, kwargs)
            return bound if bound is not None else {**{str(i): a for i, a in enumerate(args)}, **kwargs}

        spans = texts.operands(text, node, bind)
        stage.input_spans = {name: replace(s, path=stage.span.path) for name, s in spans.items()}
        for name, place in spans.items():
            tensor = stage.inputs.get(name)
            if isinstance(tensor, Tensor) and not tensor.text:
                tensor.text = text.at(place)

    def _shape_of(self, tensor: Any) -> dict[str, Any]:
        """The tensor whose shape is unpacked, told by the place of its expression where it has no name; its axes."""
        if isinstance(tensor, Span):
            made = (stage.out for stage in reversed(self._stages) if stage.span == tensor and stage.outputs)
            tensor = next(made, None)
        return {"tensor": tensor, "rank": tensor.shape.rank if isinstance(tensor, Tensor) else None}

    @staticmethod
    def _entry(entry: tuple[Any, ...], span: Span) -> tuple[Any, ...]:
        """An entry of a state dict: its name, what was saved and the model's own, each of them from its layer."""
        name, own, *sides = entry
        for tensor, layer in zip(sides[::2], sides[1::2], strict=True):
            if isinstance(layer, Module):
                tensor.producer = Stage(STATE_DICT, span, {"name": own}, module=layer)
        return name, *sides[::2]

    # -- values ------------------------------------------------------------------------------------------------

    def value(self, item: Any) -> Any:
        """A recorded value: a Tensor, Module, Stage, plain value, or UNKNOWN."""
        if not isinstance(item, dict):
            return item
        if "t" in item:
            return self._tensor(item)
        if "m" in item:
            return self._module(item)
        if "stage" in item:
            return self._stages[item["stage"]] if item["stage"] < len(self._stages) else None
        for kind, make in (("list", list), ("tuple", tuple)):
            if kind in item:
                return make(self.value(part) for part in item[kind])
        if "dict" in item:
            return {key: self.value(part) for key, part in item["dict"].items()}
        if "slice" in item:
            return slice(*(self.value(part) for part in item["slice"]))
        if "span" in item:
            return self.span(item["span"])
        if "ellipsis" in item:
            return Ellipsis
        return item.get("dtype", ops.UNKNOWN)

    def _tensor(self, item: Record, new: bool = False) -> Tensor:
        found = self._tensors.get(item["t"])
        if found is not None and not new:
            return found
        status: Status = item.get("status", "observed")
        axes = self._axes.get(item["t"], tuple(item["sizes"]))
        dims = tuple(Dim(expr, size=size, status=status) for expr, size in zip(axes, item["sizes"], strict=True))
        tensor = Tensor(
            Shape(dims),
            item["dtype"],
            item.get("role"),
            item.get("padding"),
            low=item.get("low"),
            high=item.get("high"),
        )
        self._tensors[item["t"]] = tensor
        return tensor

    def _module(self, item: Record) -> Module:
        module = self._modules.setdefault(item["m"], Module(item.get("kind", "")))
        if "kind" in item:
            module.kind, module.path = item["kind"], item["path"]
            module.created = self.span(item["created"]) if item["created"] else None
            module.context = self.context(item["context"])
            given = {
                name: self.value(part) if isinstance(part, dict) else part for name, part in item["params"].items()
            }
            module.params = model_facts(module.kind, given)
            origins.of_config(module)
            self._read_constructor(module, item)
        return module

    def _read_constructor(self, module: Module, item: Record) -> None:
        text = self._text_of(item["created"][0]) if item["created"] else None
        if text is None or module.created is None:
            return
        node = text.node(replace(module.created, path=text.source.path))

        def bind(args: list[Any], kwargs: dict[str, Any]) -> dict[str, Any] | None:
            bound = ops.construct(module.kind, args, kwargs)
            return bound if isinstance(bound, dict) else None

        spans = texts.operands(text, node, bind)
        module.param_spans = {name: replace(s, path=module.created.path) for name, s in spans.items()}

    # -- places ------------------------------------------------------------------------------------------------

    def span(self, item: list[Any]) -> Span:
        """A place in the file as the user names it."""
        return Span(self._shown(item[0]), *item[1:])

    def context(self, items: list[Any]) -> tuple[Frame, ...]:
        """A chain of calls."""
        return tuple(Frame(self.span(span), function) for span, function in items)

    def not_checked(self, span: Span, reason: str) -> None:
        """Note a place that the trace did not show."""
        self.graph.not_checked.append(NotChecked(span, reason))


def canonical(op: str) -> str:
    """The one name of an operator; Python's own operators as functions."""
    head, _, last = op.rpartition(".")
    if head == "torch.Tensor" and last.startswith("__"):
        word = last.strip("_")
        function = _OPERATORS.get(word) or _OPERATORS.get(word[1:] if word[0] in "ri" else "")
        op = f"torch.{function}" if function else op
    return ops.canonical(op) or op


def model_facts(kind: str, params: Record) -> dict[str, Any]:
    """Constructor parameters with sizes as dims; of a transformers model also what the tables say of it."""
    found: dict[str, Any] = origins.as_dims(params)
    facts = hub.model(kind.removeprefix("transformers.")) if kind.startswith("transformers.") else None
    if facts is not None and "model_type" in params:
        known = hub.checkpoint(params["checkpoint"]) if params.get("checkpoint") else None
        found |= {"causal": facts.causal, "head": facts.head, "is_encoder_decoder": facts.is_encoder_decoder}
        found["default_pooling"] = known.default_pooling if known else ""
        found.setdefault("pooler", facts.pooler if facts.pooler != "option" else True)
    return found
