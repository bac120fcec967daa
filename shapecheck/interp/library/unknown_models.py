"""Auto classes over a checkpoint that is not known: what every text model of the kind returns, with names for sizes."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from shapecheck import ops
from shapecheck.interp.library.outputs import ModelOutput, stage_of, with_roles
from shapecheck.interp.library.registry import spans, take
from shapecheck.interp.values import CallArgs, Const, Items, Iteration, Machine, Mapping, TensorValue, Unknown, Value
from shapecheck.ops.values import as_int
from shapecheck.shapes import Shape

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapecheck.interp.library.pretrained import PretrainedModel

_FIELDS: dict[str, dict[str, tuple[str, ...]]] = {
    "AutoModel": {"last_hidden_state": ("batch", "seq", "hidden_size"), "pooler_output": ("batch", "hidden_size")},
    "AutoModelForSequenceClassification": {"logits": ("batch", "num_labels")},
    "AutoModelForTokenClassification": {"logits": ("batch", "seq", "num_labels")},
    "AutoModelForMaskedLM": {"logits": ("batch", "seq", "vocab_size")},
    "AutoModelForCausalLM": {"logits": ("batch", "seq", "vocab_size")},
    "AutoModelForQuestionAnswering": {"start_logits": ("batch", "seq"), "end_logits": ("batch", "seq")},
}
"""The fields of the outputs, as inputs' axes and config attributes; a pooler may be missing."""

_NOT_TEXT = (
    "decoder_input_ids",
    "decoder_inputs_embeds",
    "inputs_embeds",
    "pixel_values",
    "input_values",
    "input_features",
)


class SomeOutput(ModelOutput):
    """The output of a model whose class is not known: what it lacks is not known either."""

    __slots__ = ()

    def attribute(self, name: str, machine: Machine, node: ast.AST) -> Value:
        return self.fields.get(name) or Unknown()

    def item(self, key: Value, machine: Machine, node: ast.AST) -> Value:
        asked = key.operand()
        if isinstance(asked, str):
            return self.fields.get(asked) or Unknown()
        first = next(iter(self.fields.values()), None)
        return first if as_int(asked) == 0 and first is not None else Unknown()

    def unpack(self, count: int, starred: bool, machine: Machine, node: ast.AST) -> Sequence[Value] | None:
        return None

    def iterate(self, machine: Machine, node: ast.AST) -> Iteration:
        return Iteration(None, Unknown())

    def method(self, name: str, args: CallArgs, machine: Machine, node: ast.AST) -> Value:
        return Items("tuple", None) if name == "to_tuple" else Unknown()


def call(model: PretrainedModel, args: CallArgs, machine: Machine, node: ast.AST) -> Value | None:
    """What an Auto class's model returns for token ids; None where it is not certain to be a text model's output."""
    cls = model.module.kind.rpartition(".")[2]
    templates = _FIELDS.get(cls)
    taken = take(args, "input_ids")
    ids = taken.get("input_ids")
    if templates is None or not isinstance(ids, TensorValue) or ids.tensor.shape.rank != 2:
        return None
    if taken.plain("return_dict", True) is not True or any(name in taken.values for name in _NOT_TEXT):
        return None
    batch, seq = ids.tensor.shape.dims
    sizes = {"batch": batch, "seq": seq}
    specs = {
        name: ops.Spec(Shape(tuple(sizes.get(axis) or model.config.dim(axis) for axis in axes)), "float")
        for name, axes in templates.items()
    }
    labels = taken.get("labels")
    if labels is not None and not isinstance(labels, Const):
        if not isinstance(labels, TensorValue):
            return None
        specs = {"loss": ops.Spec(Shape(()), "float"), **specs}
    given = machine.record(
        f"transformers.{cls}", taken.values, spans(taken, machine), ops.Result(specs), node, model.module
    )
    fields = dict(given.items) if isinstance(given, Mapping) else {}
    with_roles(fields, ids.tensor)
    return SomeOutput("ModelOutput", fields, tuple(fields), stage_of(list(fields.values())))
