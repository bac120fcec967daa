"""ModelOutputs that the program makes itself: ``SequenceClassifierOutput(logits=...)``, and classes of its own."""

from __future__ import annotations

import ast

from shapecheck.interp.library.outputs import ModelOutput, stage_of
from shapecheck.interp.library.registry import Handler, take
from shapecheck.interp.values import CallArgs, Const, Instance, Machine, Unknown, Value

_ORDER = (
    "loss",
    "ctc_loss",
    "last_hidden_state",
    "start_logits",
    "end_logits",
    "prediction_logits",
    "seq_relationship_logits",
    "logits",
    "pooler_output",
    "past_key_values",
    "decoder_hidden_states",
    "decoder_attentions",
    "cross_attentions",
    "encoder_last_hidden_state",
    "encoder_hidden_states",
    "encoder_attentions",
    "hidden_states",
    "attentions",
)
"""The order of the fields in transformers' output classes; what is not among them stands behind, as it was given."""


def made(cls: str, args: CallArgs, machine: Machine, node: ast.AST) -> Value:
    """``SequenceClassifierOutput(loss=loss, logits=logits)``: fields that are None are absent."""
    if not args.exact:
        return Unknown()
    taken = take(args, *_leading(cls)).values
    names = sorted(taken, key=lambda name: _ORDER.index(name) if name in _ORDER else len(_ORDER))
    fields = {name: taken[name] for name in names if not _is_none(taken[name])}
    maybe = frozenset(name for name, value in fields.items() if isinstance(value, Unknown))
    return ModelOutput(
        cls, fields, (*names, *(n for n in _ORDER if n not in names)), stage_of(list(fields.values())), maybe
    )


def _leading(cls: str) -> tuple[str, ...]:
    """The first fields of a class, for arguments that are given by position."""
    base = cls.startswith(("BaseModelOutput", "MoeModelOutput", "Seq2SeqModelOutput"))
    return ("last_hidden_state",) if base else ("loss", "logits")


def _is_none(value: Value) -> bool:
    return isinstance(value, Const) and value.value is None


def of_instance(instance: Instance) -> ModelOutput:
    """An instance of a class of the program that derives from ModelOutput, as an output."""
    public = {name: value for name, value in instance.attributes.items() if not name.startswith("<")}
    fields = {name: value for name, value in public.items() if not _is_none(value)}
    maybe = frozenset(name for name, value in fields.items() if isinstance(value, Unknown))
    return ModelOutput(instance.cls.name, fields, tuple(public), stage_of(list(fields.values())), maybe)


def lookup(name: str) -> Handler | None:
    """The output classes by name, without ``transformers.``."""
    if name.partition(".")[2] or "Output" not in name or not name[:1].isupper():
        return None
    return lambda args, machine, node: made(name, args, machine, node)
