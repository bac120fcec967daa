"""torch.distributions: what is drawn from one, and how likely it is, by the shape of the parameters."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from shapecheck import ops
from shapecheck.graph import Tensor
from shapecheck.interp.library.registry import HANDLERS, Handler, take
from shapecheck.interp.values import Bound, CallArgs, Const, Int, Machine, Number, TensorValue, Unknown, Value
from shapecheck.ops.values import as_shape
from shapecheck.shapes import ANY, Conflict, Shape, broadcast

_PARAMETERS = {
    "Categorical": ("probs", "logits"),
    "Bernoulli": ("probs", "logits"),
    "Normal": ("loc", "scale"),
    "LogNormal": ("loc", "scale"),
    "Laplace": ("loc", "scale"),
    "Uniform": ("low", "high"),
    "Beta": ("concentration1", "concentration0"),
    "Gamma": ("concentration", "rate"),
    "Exponential": ("rate",),
    "Poisson": ("rate",),
}
"""Distributions of single numbers; Categorical alone uses up the last axis of its parameters."""


@dataclass(slots=True, eq=False)
class Distribution(Value):
    """One distribution for each number of ``batch``; ``base`` is the parameter that it was made of."""

    kind: str
    base: Tensor
    batch: Shape

    def attribute(self, name: str, machine: Machine, node: ast.AST) -> Value:
        if name in ("probs", "logits", "loc", "scale"):
            return TensorValue(self.base)
        if name in ("mean", "stddev", "variance", "mode"):
            return TensorValue(Tensor(self.batch, self.base.dtype))
        return Bound(self, name)

    def method(self, name: str, args: CallArgs, machine: Machine, node: ast.AST) -> Value:
        match name:
            case "sample" | "rsample":
                asked = take(args, "sample_shape").get("sample_shape")
                front = Shape(()) if asked is None else as_shape(asked.operand())
                whole = front.rank is not None and self.batch.rank is not None
                shape = Shape((*front.dims, *self.batch.dims)) if whole else ANY
                dtype = "int64" if self.kind == "Categorical" else self.base.dtype
                return self._gives(name, {}, ops.Result(ops.Spec(shape, dtype)), machine, node)
            case "entropy":
                return self._gives(name, {}, ops.Result(ops.Spec(self.batch, self.base.dtype)), machine, node)
            case "log_prob":
                return self._log_prob(take(args, "value").get("value"), machine, node)
        return Unknown()

    def _log_prob(self, value: Value | None, machine: Machine, node: ast.AST) -> Value:
        if not isinstance(value, TensorValue):
            return Unknown()
        joined = broadcast(value.tensor.shape, self.batch)
        outcome = joined if isinstance(joined, Conflict) else ops.Result(ops.Spec(joined, self.base.dtype))
        return self._gives("log_prob", {"value": value}, outcome, machine, node)

    def _gives(
        self, name: str, inputs: dict[str, Value], outcome: ops.Outcome, machine: Machine, node: ast.AST
    ) -> Value:
        op = f"torch.distributions.{self.kind}.{name}"
        return machine.record(op, {"input": TensorValue(self.base), **inputs}, {}, outcome, node)


def _parameter(value: Value) -> Tensor | None:
    """A parameter as a tensor; of a plain number, one without axes."""
    if isinstance(value, TensorValue):
        return value.tensor
    number = isinstance(value, (Number, Int)) or (isinstance(value, Const) and type(value.value) is float)
    return Tensor(Shape(()), "float32") if number else None


def _made(kind: str) -> Handler:
    def handler(args: CallArgs, machine: Machine, node: ast.AST) -> Value:
        taken = take(args, *_PARAMETERS[kind])
        given = [tensor for value in taken.values.values() if (tensor := _parameter(value)) is not None]
        if not args.exact or not given:
            return Unknown()
        batch: Shape | Conflict = broadcast(*[tensor.shape for tensor in given])
        if isinstance(batch, Conflict):
            return Unknown()
        if kind == "Categorical":
            batch = Shape(batch.dims[:-1]) if batch.rank else ANY
        return Distribution(kind, given[0], batch)

    return handler


for _kind in _PARAMETERS:
    HANDLERS[f"torch.distributions.{_kind}"] = _made(_kind)
