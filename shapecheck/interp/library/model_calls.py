"""Calling a transformers model: its inputs by name, what it returns, and what a replaced head makes of that."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from shapecheck import hub, ops
from shapecheck.dims import Truth
from shapecheck.graph import Tensor
from shapecheck.interp.library.outputs import ModelOutput, OutputTuple, PerLayer, stage_of, with_roles
from shapecheck.interp.library.registry import Opaque, Taken, spans, take
from shapecheck.interp.library.rows import Rows
from shapecheck.interp.values import CallArgs, Items, Machine, Mapping, TensorValue, Unknown, Value
from shapecheck.ops.values import as_dim
from shapecheck.shapes import ANY, Conflict, Shape

if TYPE_CHECKING:
    from shapecheck.interp.library.pretrained import PretrainedModel


_PER_LAYER = ("hidden_states", "encoder_hidden_states", "decoder_hidden_states")
_LISTED = ("input_ids", "inputs_embeds", "pixel_values", "input_values")


def forward(model: PretrainedModel, args: CallArgs, machine: Machine, node: ast.AST) -> Value:
    """Call a model: positional arguments by the order of its forward's parameters."""
    facts, config = model.facts, model.config.config
    assert facts is not None and config is not None
    names = [name for name in facts.forward_params if not name.startswith("*")]
    if len(args.positional) > len(names):
        return machine.not_checked(node, f"more arguments than {facts.cls}.forward takes")
    taken = take(args, *names)
    inputs: dict[str, Any] = {} if args.exact else dict.fromkeys(names, ops.UNKNOWN)
    inputs |= {name: value.operand() for name, value in taken.values.items()}
    listed = next((name for name in _LISTED if isinstance(taken.get(name), Rows)), None)
    if listed is not None:
        return _given_lists(model, taken, listed, machine, node)
    outcome = hub.call(facts, config, inputs, model.options)
    if isinstance(outcome, ops.Result):
        value = _adapted(model, outcome.value, inputs, machine, node)
        outcome = hub.loss_conflict(facts, config, inputs, value) or ops.Result(value)
    returned = _without_opaque(outcome.value) if isinstance(outcome, ops.Result) else None
    given = machine.record(
        f"transformers.{facts.cls}",
        taken.values,
        spans(taken, machine),
        ops.Result(returned) if returned is not None else outcome,
        node,
        model.module,
    )
    if not isinstance(outcome, ops.Result):
        return given
    source = inputs.get(facts.main_input)
    return _output(facts, outcome.value, given, source if isinstance(source, Tensor) else None)


def _given_lists(model: PretrainedModel, taken: Taken, name: str, machine: Machine, node: ast.AST) -> Value:
    """A tokenizer's lists where tensors are wanted."""
    values = {key: TensorValue(v.tensor) if isinstance(v, Rows) else v for key, v in taken.values.items()}
    raised = Conflict("dtype", "'list' object has no attribute 'size'", left_name=name)
    return machine.record(model.module.kind, values, spans(taken, machine), raised, node, model.module)


class Features(ModelOutput):
    """What ``get_text_features`` gives: an output with the projected ``pooler_output`` under transformers 5, a tensor
    before; so only that field is known."""

    __slots__ = ()

    def attribute(self, name: str, machine: Machine, node: ast.AST) -> Value:
        return self.fields.get(name, Unknown())

    def item(self, key: Value, machine: Machine, node: ast.AST) -> Value:
        return Unknown()

    def operate(self, op: str, other: Value, swapped: bool, machine: Machine, node: ast.AST) -> Value:
        return Unknown()


def features(model: PretrainedModel, name: str, args: CallArgs, machine: Machine, node: ast.AST) -> Value:
    """``model.get_text_features(...)``: one projected vector for each text or image."""
    first = next((v for v in (*args.positional, *args.keywords.values()) if isinstance(v, TensorValue)), None)
    if first is None or model.config.get("projection_dim").operand() is ops.UNKNOWN:
        return Unknown()
    taken = take(args, "pixel_values" if name == "get_image_features" else "input_ids")
    shape = Shape((first.tensor.shape.dim(0), model.config.dim("projection_dim")))
    outcome = ops.Result({"pooler_output": ops.Spec(shape, "float")})
    given = machine.record(
        f"{model.module.kind}.{name}", taken.values, spans(taken, machine), outcome, node, model.module
    )
    fields = dict(given.items) if isinstance(given, Mapping) else {}
    with_roles(fields, None)
    return Features("BaseModelOutputWithPooling", fields, tuple(fields), stage_of(list(fields.values())))


def _output(facts: hub.ModelFacts, value: Any, given: Value, source: Tensor | None) -> Value:
    """The value that the program sees for the recorded results."""
    if isinstance(value, tuple):
        values = list(given.items or ()) if isinstance(given, Items) else [Unknown() for _ in value]
        names = [field.name for field in facts.fields]
        with_roles(dict(zip(names, values, strict=False)), source)
        return OutputTuple(values, names[: len(values)], stage_of(values))
    recorded = given.items if isinstance(given, Mapping) else {}
    fields: dict[str, Value] = {}
    for name, content in value.items():
        if content is None:
            continue
        found = recorded.get(name, Unknown())
        if name in _PER_LAYER and isinstance(found, Items):
            found = PerLayer("tuple", found.items)
        fields[name] = Opaque(content.kind) if isinstance(content, hub.Opaque) else found
    with_roles(fields, source)
    maybe = frozenset(name for name, content in value.items() if content is ops.UNKNOWN)
    return ModelOutput(facts.output_class, fields, tuple(value), stage_of(list(fields.values())), maybe)


def _without_opaque(value: Any) -> Any:
    """The part of a model's results that are tensors: what a stage can hold."""
    if isinstance(value, dict):
        return {name: content for name, content in value.items() if isinstance(content, (ops.Spec, tuple))}
    return tuple(ops.UNKNOWN if isinstance(content, hub.Opaque) else content for content in value)


def _of_every_token(
    model: PretrainedModel, new: Value, inputs: dict[str, Any], machine: Machine, node: ast.AST
) -> ops.Spec:
    """The scores of a layer in the place of a head that pools for itself: it gets (batch, seq, hidden)."""
    ids = inputs.get("input_ids")
    if not isinstance(ids, Tensor) or ids.shape.rank != 2:
        return ops.Spec(ANY, "float")
    features = Tensor(Shape((*ids.shape.dims, model.config.dim("hidden_size"))), "float")
    made = machine.call(new, CallArgs([TensorValue(features)], nodes=[None]), node)
    return ops.Spec(made.tensor.shape if isinstance(made, TensorValue) else ANY, "float")


def _adapted(model: PretrainedModel, value: Any, inputs: dict[str, Any], machine: Machine, node: ast.AST) -> Any:
    """The results with the logits of a head that the program put in place of the model's own."""
    logits = value.get("logits") if isinstance(value, dict) else None
    if not isinstance(logits, ops.Spec) or not model.replaced:
        return value
    assert model.facts is not None and model.config.config is not None
    own = hub.module_children(model.facts, model.config.config)
    for path, new in model.replaced.items():
        kind, params = own.get(path, ("", {}))
        if kind == "torch.nn.Linear":
            if as_dim(params.get("out_features")).compare(logits.shape.dim(-1)) is not Truth.EQUAL:
                continue
            features = Tensor(logits.shape.replaced(-1, as_dim(params.get("in_features"))), logits.dtype)
            made = machine.call(new, CallArgs([TensorValue(features)], nodes=[None]), node)
            return {
                **value,
                "logits": ops.Spec(made.tensor.shape if isinstance(made, TensorValue) else ANY, logits.dtype),
            }
        if hub.pools_in_its_head(model.facts.cls, path):
            return {**value, "logits": _of_every_token(model, new, inputs, machine, node)}
        if "." not in path:
            return {**value, "logits": ops.Spec(ANY, logits.dtype)}
    return value
