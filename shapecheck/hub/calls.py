"""What calling a transformers model returns: its fields in order, with their sizes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from shapecheck import dims
from shapecheck.dims import Dim
from shapecheck.hub.configs import Config
from shapecheck.hub.inputs import given, sizes
from shapecheck.hub.models import ModelFacts, OutputField
from shapecheck.hub.raises import conflict
from shapecheck.hub.templates import evaluate
from shapecheck.ops.values import UNKNOWN, NotKnown, Outcome, Result, Spec
from shapecheck.shapes import ANY, Shape

_EXTRA_INPUTS = (
    "past_key_values",
    "encoder_outputs",
    "encoder_hidden_states",
    "mems",
    "bool_masked_pos",
    "prompt_embeds",
)
"""Inputs that change what the measured fields look like; with one of them only the first field's width is kept."""


@dataclass(frozen=True, slots=True)
class Opaque:
    """A field that is there but is no tensor: ``Opaque("DynamicCache")``."""

    kind: str


def call(
    model: ModelFacts, config: Config, inputs: Mapping[str, Any], options: Mapping[str, Any] | None = None
) -> Outcome:
    """What ``model(**inputs)`` gives.

    Args:
        model: the class.
        config: its config.
        inputs: the call's arguments by parameter name: tensors, Python values, or UNKNOWN.
        options: what the constructor was given (``add_pooling_layer``), and ``dtype``.

    Returns:
        ``Result`` of a dict: field name -> Spec, tuple of Specs, None (a field that is not there), :class:`Opaque`,
        or UNKNOWN (whether it is there, or what it is, is not known), in the output class's order. With
        ``return_dict=False`` a tuple of the fields that are there. ``Conflict`` only where the call is certain to raise.
    """
    options = options or {}
    raised = conflict(model, config, inputs)
    if raised is not None:
        return raised
    if not model.fields:
        return NotKnown(f"what {model.cls} returns is not in the tables")
    fields = {field.name: _value(field, model, config, inputs, options) for field in model.fields}
    as_dict = switch("return_dict", config, inputs, options)
    if as_dict is UNKNOWN:
        return NotKnown("whether a model output or a tuple is returned is not known")
    if as_dict is not False:
        return Result(fields)
    if any(value is UNKNOWN for value in fields.values()):
        return NotKnown("which values the tuple holds is not known")
    return Result(tuple(value for value in fields.values() if value is not None))


def switch(name: str, config: Config, inputs: Mapping[str, Any], options: Mapping[str, Any]) -> Any:
    """An option's value: that of the call if it has one, else of the constructor, else of the config."""
    for source in (inputs, options):
        if source.get(name) is not None:
            return source[name]
    value = config.get(name)[0]
    return True if value is UNKNOWN and name == "return_dict" else value


def _value(
    field: OutputField, model: ModelFacts, config: Config, inputs: Mapping[str, Any], options: Mapping[str, Any]
) -> Any:
    there = _present(field, config, inputs, options)
    if there is None:
        return UNKNOWN
    if not there:
        return None
    lookup = lookup_of(model, config, inputs)
    if not field.count:
        return _one(field, lookup, options)
    count = evaluate(field.count, lookup).value
    return UNKNOWN if count is None else (_one(field, lookup, options),) * count


def _present(field: OutputField, config: Config, inputs: Mapping[str, Any], options: Mapping[str, Any]) -> bool | None:
    if not field.when:
        return True
    if field.when == "labels":
        return given(inputs, "labels")
    if field.when == "other":
        return None if any(given(inputs, name) is not False for name in _EXTRA_INPUTS) else False
    wanted = switch(field.when, config, inputs, options)
    if wanted is UNKNOWN or wanted is None:
        # What nobody sets is as the classes have it: a pooler and a cache, no hidden states and no attentions.
        return (
            field.when in ("add_pooling_layer", "use_cache")
            if wanted is None or field.when == "add_pooling_layer"
            else None
        )
    return bool(wanted)


def _one(field: OutputField, lookup: Callable[[str], Dim], options: Mapping[str, Any]) -> Any:
    if field.shape.startswith("<"):
        return Opaque(field.shape.strip("<>"))
    dtype = field.dtype or "float32"
    if dtype == "float32":
        dtype = options.get("dtype") or "float"
    if field.shape == "?":
        return Spec(ANY, dtype)
    texts = [] if field.shape == "()" else field.shape.split(" ")
    return Spec(Shape(tuple(evaluate(text, lookup) for text in texts)), dtype)


def lookup_of(model: ModelFacts, config: Config, inputs: Mapping[str, Any]) -> Callable[[str], Dim]:
    """What a name in a template stands for: a size of the inputs, else a config attribute."""
    known = sizes(model, inputs)
    input_words = ("batch", "seq", "decoder_seq", "choices", "channels", "height", "width", "samples", "frames")

    def lookup(name: str) -> Dim:
        if name in input_words:
            return known.get(name, dims.UNKNOWN)
        return config.dim(name)

    return lookup
