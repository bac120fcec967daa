"""What calling a transformers model returns: its fields in order, with their sizes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from shapecheck.hub import losses
from shapecheck.hub.configs import Config
from shapecheck.hub.inputs import given, lookup_in, sizes
from shapecheck.hub.models import ModelFacts, OutputField
from shapecheck.hub.raises import conflict
from shapecheck.hub.templates import Lookup, evaluate
from shapecheck.ops.values import UNKNOWN, NotKnown, Outcome, Result, Spec, is_tensor
from shapecheck.shapes import ANY, Conflict, Shape

_EXTRA_INPUTS = (
    "past_key_values",
    "encoder_outputs",
    "encoder_hidden_states",
    "mems",
    "bool_masked_pos",
    "prompt_embeds",
)
"""Inputs that change what the measured fields look like; with one of them only the first field's width is kept."""
_WITH_CACHES = frozenset({"past_key_values", "cross_attentions"})
_FIXED = re.compile(r"(height|width)/\d+$")
"""What the stages of a vision model leave of a picture, as measured with the usual ones."""


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
        ``Result`` of a dict in the order of the output class: field name -> Spec, tuple of Specs, None (a field that
        is not there), :class:`Opaque`, or UNKNOWN (whether it is there, or what it is, is not known). With
        ``return_dict=False`` a tuple of the fields that are there. ``Conflict`` only where the call is certain to
        raise.
    """
    options = options or {}
    raised = conflict(model, config, inputs)
    if raised is not None:
        return raised
    if not model.fields:
        return NotKnown(f"what {model.cls} returns is not in the tables")
    lookup = lookup_in(sizes(model, inputs), config)
    fields = {field.name: _value(field, config, inputs, options, lookup) for field in model.fields}
    raised = loss_conflict(model, config, inputs, fields)
    if raised is not None:
        return raised
    as_dict = switch("return_dict", config, inputs, options)
    if as_dict is UNKNOWN:
        return NotKnown("whether a model output or a tuple is returned is not known")
    if as_dict is not False:
        return Result(fields)
    if any(value is UNKNOWN for value in fields.values()):
        return NotKnown("which values the tuple holds is not known")
    return Result(tuple(value for value in fields.values() if value is not None))


def loss_conflict(model: ModelFacts, config: Config, inputs: Mapping[str, Any], fields: object) -> Conflict | None:
    """The labels do not fit the logits of the model's own loss; ``fields`` are its outputs by name."""
    labels, logits = inputs.get("labels"), fields.get("logits") if isinstance(fields, Mapping) else None
    kind = losses.kind_of(model.cls) if is_tensor(labels) and isinstance(logits, Spec) else ""
    outcome = losses.loss(kind, config, logits, labels) if kind else None  # type: ignore[arg-type]
    return outcome if isinstance(outcome, Conflict) else None


def switch(name: str, config: Config, inputs: Mapping[str, Any], options: Mapping[str, Any]) -> Any:
    """An option's value: of the call, else of the constructor, else of the config; None if nobody sets it."""
    for source in (inputs, options):
        if source.get(name) is not None:
            return source[name]
    return config.get(name)[0] if config.has(name) else None


def _value(
    field: OutputField, config: Config, inputs: Mapping[str, Any], options: Mapping[str, Any], lookup: Lookup
) -> Any:
    there = _present(field, config, inputs, options)
    if there is None:
        return UNKNOWN
    if not there:
        return None
    if not field.count:
        return _one(field, config, lookup, options)
    if field.count == "0":
        return UNKNOWN  # an empty tuple in version 5, None in version 4
    count = evaluate(field.count, lookup).value
    return UNKNOWN if count is None else (_one(field, config, lookup, options),) * count


def _present(field: OutputField, config: Config, inputs: Mapping[str, Any], options: Mapping[str, Any]) -> bool | None:
    """Whether a field is there; None where that cannot be told."""
    match field.when:
        case "":
            return True
        case "labels" | "start_positions" | "return_loss":
            return given(inputs, field.when)
        case "other":
            return _by_something_else(field, inputs)
        case "use_cache" | "add_pooling_layer":
            # What nobody sets is on: the classes have a pooler and a cache by default.
            wanted = switch(field.when, config, inputs, options)
            return True if wanted is None else None if wanted is UNKNOWN else bool(wanted)
        case "output_attentions":
            if switch(field.when, config, inputs, options) in (False, None):
                return False
            # The usual attention (sdpa) has no weights: an empty tuple in version 5, computed anew in version 4.
            return True if switch("attn_implementation", config, {}, options) == "eager" else None
        case _:
            wanted = switch(field.when, config, inputs, options)
            return None if wanted is UNKNOWN else bool(wanted)


def _by_something_else(field: OutputField, inputs: Mapping[str, Any]) -> bool | None:
    """For a field that no measured option brought: what goes with a cache comes with the inputs that make one, a loss
    with labels of any name and form, and what a config asks for (experts, aggregation) cannot be told."""
    if field.name in _WITH_CACHES:
        bringing: Iterable[str] = _EXTRA_INPUTS
    elif field.name.endswith("loss"):
        bringing = (*_EXTRA_INPUTS, *(name for name in inputs if "label" in name or name.endswith("_answer")))
    else:
        return None
    return None if any(given(inputs, name) is not False for name in bringing) else False


def _one(field: OutputField, config: Config, lookup: Lookup, options: Mapping[str, Any]) -> Any:
    if field.shape.startswith("<"):
        return Opaque(field.shape.strip("<>"))
    dtype = field.dtype or "float32"
    if dtype == "float32":
        dtype = options.get("dtype") or "float"
    if field.shape == "?":
        return Spec(ANY, dtype)
    texts = [] if field.shape == "()" else field.shape.split(" ")
    if config.restaged:
        texts = ["?" if _FIXED.match(text) else text for text in texts]
    return Spec(Shape(tuple(evaluate(text, lookup) for text in texts)), dtype)
