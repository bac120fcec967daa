"""Inputs with which transformers is certain to raise, and its words (``rules/hub/raises.csv``, measured)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from shapecheck.algebra import lower, sub
from shapecheck.dims import Dim, Truth
from shapecheck.hub.configs import Config
from shapecheck.hub.inputs import axes, given, lookup_in, shape_of, sizes
from shapecheck.hub.models import ModelFacts
from shapecheck.hub.tables import Row, rows
from shapecheck.hub.templates import evaluate, filled
from shapecheck.shapes import Conflict, Shape

Inputs = Mapping[str, Any]

_INSTEAD_OF_DECODER_IDS = ("decoder_input_ids", "decoder_inputs_embeds", "labels", "encoder_outputs")


def conflict(model: ModelFacts, config: Config, inputs: Inputs) -> Conflict | None:
    """What a call is certain to raise, or None."""
    for row in rows("raises", model.cls):
        name, _, what = row["probe"].rpartition(" ")
        found = _PROBES[what](model, config, inputs, name, row) if name else _limit(model, config, inputs, row)
        if found is not None:
            return found
    return None


def _rank(model: ModelFacts, config: Config, inputs: Inputs, name: str, row: Row) -> Conflict | None:
    shape, words = shape_of(inputs.get(name)), axes(model, name)
    if shape is None or words is None or shape.rank is None:
        return None
    if shape.rank != len(words) + (1 if row["probe"].endswith("+1") else -1):
        return None
    known = {"seq": shape.dim(-1), "samples": shape.dim(-1), "height": shape.dim(-2), "width": shape.dim(-1)}
    if shape.rank > len(words):
        known["batch"] = shape.dim(0)
    return Conflict("rank", filled(row["text"], lookup_in(known, config)), left_name=name)


def _decoder(model: ModelFacts, config: Config, inputs: Inputs, name: str, row: Row) -> Conflict | None:
    main = shape_of(inputs.get(model.main_input))
    if main is None or any(given(inputs, other) is not False for other in _INSTEAD_OF_DECODER_IDS):
        return None
    return Conflict("parameter", row["text"], left_name="decoder_input_ids")


def _no_padding_token(model: ModelFacts, config: Config, inputs: Inputs, name: str, row: Row) -> Conflict | None:
    """A batch of more than one text, and a config that names no padding token: which token is the last is not told."""
    main = shape_of(inputs.get("input_ids"))
    rows_given = main.dim(0).value if main is not None and main.rank == 2 else None
    if rows_given is None or rows_given < 2 or not config.certain(name) or config.get(name)[0] is not None:
        return None
    return Conflict("parameter", row["text"], left_name="input_ids", right_name=name)


def _floats(model: ModelFacts, config: Config, inputs: Inputs, name: str, row: Row) -> Conflict | None:
    dtype = getattr(inputs.get(name), "dtype", None)
    if not isinstance(dtype, str) or not dtype.startswith("float"):
        return None
    return Conflict("dtype", filled(row["text"], lookup_in(sizes(model, inputs), config)), left_name=name)


def _channels(model: ModelFacts, config: Config, inputs: Inputs, name: str, row: Row) -> Conflict | None:
    shape = shape_of(inputs.get(name))
    where = _holder(config, "num_channels")
    if shape is None or shape.rank != 4 or not config.certain(where):
        return None
    left, right = shape.dim(1), config.dim(where)
    if left.compare(right) is not Truth.DIFFERENT:
        return None
    return Conflict("channels", _words(model, config, inputs, row, shape), left, right, name, "num_channels", 1)


def _size(model: ModelFacts, config: Config, inputs: Inputs, name: str, row: Row) -> Conflict | None:
    shape = shape_of(inputs.get(name))
    where = _holder(config, "image_size")
    if (
        shape is None
        or shape.rank != 4
        or not config.certain(where)
        or given(inputs, "interpolate_pos_encoding") is not False
    ):
        return None
    right = config.dim(where)
    for axis in (2, 3):
        if shape.dim(axis).compare(right) is Truth.DIFFERENT:
            words = _words(model, config, inputs, row, shape)
            return Conflict("parameter", words, shape.dim(axis), right, name, "image_size", axis)
    return None


def _limit(model: ModelFacts, config: Config, inputs: Inputs, row: Row) -> Conflict | None:
    """A text longer than the position table; only where the length is a number, or larger by all means."""
    shape, attribute = shape_of(inputs.get("input_ids")), row["error"].partition("-")[0]
    words = axes(model, "input_ids")
    if shape is None or words is None or shape.rank != len(words) or given(inputs, "position_ids") is not False:
        return None
    if not config.certain(attribute):
        return None
    known = sizes(model, inputs)
    limit = evaluate(row["error"], lookup_in(known, config))
    length = known.get("seq")
    if length is None or not _exceeds(length, limit):
        return None
    return Conflict(
        "index", filled(row["text"], lookup_in(known, config)), length, limit, "input_ids", attribute, len(words) - 1
    )


_PROBES: dict[str, Callable[[ModelFacts, Config, Inputs, str, Row], Conflict | None]] = {
    "rank-1": _rank,
    "rank+1": _rank,
    "missing": _decoder,
    "float": _floats,
    "channels": _channels,
    "size": _size,
    "unset": _no_padding_token,
}


def _exceeds(length: Dim, limit: Dim) -> bool:
    if length.value is not None and limit.value is not None:
        return length.value > limit.value
    return length.expr is not None and limit.expr is not None and lower(sub(length.expr, limit.expr)) > 0


def _holder(config: Config, name: str) -> str:
    """The attribute's full name: the vision part's where the model has parts."""
    return f"vision_config.{name}" if config.sub("vision_config") is not None else name


def _words(model: ModelFacts, config: Config, inputs: Inputs, row: Row, images: Shape) -> str:
    known = sizes(model, inputs) | dict(zip(("channels", "height", "width"), images.dims[1:], strict=False))
    return filled(row["text"], lookup_in(known, config))
