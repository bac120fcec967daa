"""A Trainer's evaluation: batches through the model, what it gives for all of them as arrays, ``compute_metrics``."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from shapecheck import ops
from shapecheck.dims import Dim
from shapecheck.interp.library.encodings import Encoding
from shapecheck.interp.library.numpy import ArrayValue, as_array
from shapecheck.interp.library.outputs import ModelOutput
from shapecheck.interp.values import (
    Batched,
    CallArgs,
    Const,
    Items,
    Iteration,
    Machine,
    Mapping,
    TensorValue,
    Unknown,
    Value,
)
from shapecheck.ops.values import as_int
from shapecheck.shapes import Shape

_ANSWERS = ("start_positions", "end_positions")


@dataclass(slots=True, eq=False)
class EvalPrediction(Value):
    """What ``compute_metrics`` is given: predictions and labels of all examples, by name or as a pair."""

    predictions: Value
    label_ids: Value

    def attribute(self, name: str, machine: Machine, node: ast.AST) -> Value:
        return {"predictions": self.predictions, "label_ids": self.label_ids}.get(name) or Unknown()

    def item(self, key: Value, machine: Machine, node: ast.AST) -> Value:
        index = as_int(key.operand())
        return {0: self.predictions, 1: self.label_ids}.get(index or 0, Unknown()) if index is not None else Unknown()

    def iterate(self, machine: Machine, node: ast.AST) -> Iteration:
        return Iteration([self.predictions, self.label_ids], Unknown())


@dataclass(frozen=True, slots=True)
class Gathered:
    """Where what single batches gave is put together: the ``count`` examples of each, ``all`` of the data set."""

    machine: Machine
    node: ast.AST
    count: Dim
    all: Dim

    def of(self, value: Value) -> Value:
        """The array for all examples; a tuple of them for a tuple. (A Trainer pads the batches to one length.)"""
        if isinstance(value, Items) and value.items is not None:
            return Items("tuple", [self.of(item) for item in value.items])
        if not isinstance(value, TensorValue):
            return Unknown()
        shape = value.tensor.shape
        if not shape.rank:
            return Unknown()
        rest = [dim if isinstance(dim.expr, int) else self._longest(dim) for dim in shape.dims[1:]]
        outcome = ops.Result(ops.Spec(Shape((self.all, *rest)), value.tensor.dtype))
        parts = Items("list", None, value, batched=Batched(self.count, self.all))
        made = as_array(self.machine.record("numpy.concatenate", {"tensors": parts}, {}, outcome, self.node))
        if isinstance(made, ArrayValue):
            made.tensor.role, made.tensor.text = value.tensor.role, value.tensor.text
        return made

    def _longest(self, dim: Dim) -> Dim:
        return (
            self.machine.fresh(f"longest {dim}", self.node, f"the largest {dim} of all batches") if dim.known else dim
        )


def measured(given: dict[str, Value], output: Value, batch: Value, where: Gathered, labels: list[str] | None) -> None:
    """Call ``compute_metrics`` with what the model gave, where the batches have labels; ``labels`` are their names."""
    metrics = given.get("compute_metrics")
    wanted = _labels(batch, labels)
    outputs = _logits(output)
    if metrics is None or (isinstance(metrics, Const) and metrics.value is None) or wanted is None or outputs is None:
        return
    first = given.get("preprocess_logits_for_metrics")
    if first is not None:
        outputs = where.machine.call(first, CallArgs([outputs, wanted], nodes=[None, None]), where.node)
    prediction = EvalPrediction(where.of(outputs), where.of(wanted))
    where.machine.call(metrics, CallArgs([prediction], nodes=[None]), where.node)


def _logits(output: Value) -> Value | None:
    """What a Trainer takes for the predictions: all but the loss."""
    match output:
        case ModelOutput(maybe=maybe) if not maybe:
            parts = [value for name, value in output.fields.items() if name not in ("loss", "past_key_values")]
        case Mapping(complete=True):
            parts = [value for name, value in output.items.items() if name != "loss"]
        case Items(kind="tuple" | "list", items=list() as listed) if listed:
            parts = listed[1:]
        case _:
            return None
    return parts[0] if len(parts) == 1 else Items("tuple", parts)


def _labels(batch: Value, names: list[str] | None) -> Value | None:
    fields = batch.fields if isinstance(batch, Encoding) else batch.items if isinstance(batch, Mapping) else {}
    if not names or not all(isinstance(fields.get(name), TensorValue) for name in names):
        return None
    parts: list[Value] = [fields[name] for name in names]
    return parts[0] if len(parts) == 1 else Items("tuple", parts)


def label_names(parameters: list[str] | None, model: str) -> list[str] | None:
    """The labels among a model's parameters, as a Trainer finds them."""
    if parameters is None:
        return None
    asked = "QuestionAnswering" in model
    return [name for name in parameters if "label" in name or (asked and name in _ANSWERS)]
