"""What else could stand at one place of a call or of a layer's constructor: the edits that a repair is made of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations, permutations
from typing import Any

from shapecheck.checks.counted import VIEWS
from shapecheck.dims import Dim, number
from shapecheck.flow import PAIR_LOSSES
from shapecheck.graph import Module, Stage
from shapecheck.places import Span
from shapecheck.rerun import Instead
from shapecheck.shapes import Shape
from shapecheck.trail import made
from shapecheck.vocabulary import (
    CONVOLUTIONS,
    RECURRENT,
    REDUCTIONS,
    axis,
    axis_word,
    given,
    ints,
    key_parts,
    main,
    short,
)
from shapecheck.vocabulary import words as names

_PICKS = names("topk kthvalue cosine_similarity normalize")
ALONG = REDUCTIONS | _PICKS | names("cat concat concatenate stack unsqueeze index_select select chunk split")
ONE_MORE = names("stack unsqueeze")
JOINS = names("cat concat concatenate stack")
_PARTS = names("chunk split")
_USUAL = {"cosine_similarity": 1, "normalize": 1, "topk": -1, "kthvalue": -1}
_PADS = names("pad_sequence pad_packed_sequence")
_SEQUENCES = RECURRENT | names("MultiheadAttention Transformer TransformerEncoderLayer TransformerDecoderLayer")
_STACKS = {"TransformerEncoder": "encoder_layer", "TransformerDecoder": "decoder_layer"}
_ADDS = ("add", "add_", "__iadd__")
_LONGEST_VIEW = 4
_MAPS = 4
"""The axes of a batch of feature maps."""


@dataclass(frozen=True, slots=True)
class Edit:
    """One place written differently.

    Attributes:
        step: the stage whose call, or whose layer's constructor, it is in.
        parameter: what is written there; ``value``: what would be instead.
        was, now: both forms as they stand in the text; ``remedy`` what a fix writes.
        effort: 0 for what is most often the reason, 1 for what seldom is.
        built: whether the place is the layer's constructor.
    """

    step: Stage
    parameter: str
    value: Any
    was: str
    now: str
    remedy: str = ""
    effort: int = 0
    built: bool = False

    def change(self, stage: Stage) -> Instead | None:
        """What a stage is given instead: at each place that the same text makes."""
        if not self.built:
            same = stage.span == self.step.span and stage.op == self.step.op
            return Instead({self.parameter: self.value}) if same else None
        if self.parameter != "batch_first":
            return Instead(params={self.parameter: self.value}) if stage.module is self.step.module else None
        layer = _takes_flag(stage)
        mine = _takes_flag(self.step)
        if layer is None or mine is None or layer.created != mine.created or stage.module is None:
            return None
        if layer is stage.module:
            return Instead(params={"batch_first": self.value})
        return Instead(params={_STACKS[short(stage)]: replace(layer, params={**layer.params, "batch_first": True})})

    @property
    def place(self) -> Span:
        """The text that it changes."""
        if self.built:
            layer = _takes_flag(self.step) if self.parameter == "batch_first" else self.step.module
            created = layer.created if layer is not None else None
            return created or self.step.span
        place = self.step.input_spans.get(self.parameter)
        whole = self.parameter in ("size", "shape", "dims")
        return place if place is not None and place.exact and not whole else self.step.span


def of_call(step: Stage) -> Iterator[Edit]:
    """What else could stand in one place of a call."""
    name, operand = short(step), main(step)
    rank = operand.shape.rank if operand is not None else None
    if rank is None:
        return
    if name == "__getitem__":
        yield from _indices(step, rank)
    elif name in _PADS:
        first = given(step, "batch_first") is True
        yield Edit(step, "batch_first", not first, f"batch_first={first}", f"batch_first={not first}", str(not first))
    elif name in VIEWS:
        yield from _orders(step)
    elif name == "permute":
        yield from _permuted(step)
    elif name == "rearrange":
        yield from _rearranged(step)
    elif name in ALONG:
        yield from _axes(step, rank + (name in ONE_MORE))


def of_layer(step: Stage, failing: Stage) -> Iterator[Edit]:
    """What else a layer could have been built with: ``batch_first``; windows of another size, for a loss that compares
    maps, and of another stride, for two that are added. (Maps that are joined differ for the size of the picture.)"""
    layer = _takes_flag(step)
    if layer is not None and layer.params.get("batch_first") is False and "batch_first" not in layer.param_spans:
        yield Edit(step, "batch_first", True, "", "batch_first=True", built=True)
    added, compared = short(failing) in _ADDS, short(failing) in PAIR_LOSSES
    if step.module is not None and short(step) in CONVOLUTIONS and (added or compared):
        yield from (edit for edit in _windows(step, step.module) if compared or edit.parameter == "stride")


def _takes_flag(step: Stage) -> Module | None:
    """The layer whose constructor takes ``batch_first``: of a stack, the one that is stacked."""
    if step.module is None or short(step) not in _SEQUENCES | _STACKS.keys():
        return None
    layer = step.module.params.get(_STACKS.get(short(step), ""), step.module)
    return layer if isinstance(layer, Module) else None


def _windows(step: Stage, layer: Module) -> Iterator[Edit]:
    for parameter, others in (
        ("stride", (1, 2)),
        ("kernel_size", (-1, 1)),
        ("padding", (-1, 1)),
        ("output_padding", (1,)),
    ):
        values = ints(layer.params.get(parameter))
        if values is None or len(set(values)) != 1:
            continue
        written = parameter in layer.param_spans
        if written and parameter == "stride":
            continue  # somebody chose it
        for other in others:
            value = other if parameter == "stride" else values[0] + other
            if value != values[0] and value >= (parameter in ("stride", "kernel_size")):
                was, now = f"{parameter}={values[0]}", f"{parameter}={value}"
                yield Edit(step, parameter, number(value), was, now, effort=1 + written, built=True)


def _axes(step: Stage, rank: int) -> Iterator[Edit]:
    parameter = "axis" if "axis" in step.inputs else "dim"
    name = short(step)
    stated = step.inputs.get(parameter, 0 if name not in REDUCTIONS else None)
    dims = ints(_USUAL.get(name) if stated is None else stated)
    if dims is None or len(dims) != 1 or not rank:
        return
    at = dims[0] % rank
    if at and name in JOINS - ONE_MORE:
        return  # somebody chose it; an axis of its own is what a join without one lacks
    operand = main(step)
    if name in _PARTS and operand is not None and short(made(axis(operand, at)).stage) in JOINS:
        return  # it takes apart what was joined along this axis
    for index in range(rank):
        if index != at:
            value = -1 if index == rank - 1 and rank > 2 else index
            # To sum over the batch, or to join below each other, is hardly ever what was meant.
            seldom = index == 0 and name in REDUCTIONS | JOINS | _PICKS
            was, now = f"{axis_word(step)}={dims[0]}", f"{axis_word(step)}={value}"
            yield Edit(step, parameter, number(index), was, now, str(value), int(seldom))
    if rank == _MAPS and at > 1 and name in REDUCTIONS:
        both = (number(2), number(3))
        was, now = f"{axis_word(step)}={dims[0]}", f"{axis_word(step)}=(2, 3)"
        yield Edit(step, parameter, both, was, now, "(2, 3)")


def _indices(step: Stage, rank: int) -> Iterator[Edit]:
    """``x[0]`` for ``x[:, 0]``, and the place of ``None`` in ``x[:, None]``."""
    parts = key_parts(step)
    told = [part for part in parts if part != slice(None)]
    if len(told) != 1 or not (told[0] is None or _number(told[0]) is not None):
        return
    at, what = parts.index(told[0]), told[0]
    for index in range(rank + (what is None)):
        key = (slice(None),) * index + (what,)
        if index != at:
            now = ", ".join([":"] * index + ["None" if what is None else str(_number(what))])
            was = ", ".join(":" if part == slice(None) else str(part) for part in parts)
            yield Edit(step, "key", key, f"[{was}]", f"[{now}]", now)


def _number(part: Any) -> int | None:
    value = part.value if isinstance(part, Dim) else part
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _orders(step: Stage) -> Iterator[Edit]:
    """The sizes of a view in another order; the axes that it leaves alone, from the first on, stay where they are."""
    parameter = "size" if "size" in step.inputs else "shape"
    sizes = step.inputs.get(parameter)
    if not isinstance(sizes, (tuple, list)) or not 2 <= len(sizes) <= _LONGEST_VIEW:
        return
    before = main(step)
    kept = _kept(before.shape, step.out.shape) if before is not None else 0
    for rest in permutations(range(kept, len(sizes))):
        order = (*range(kept), *rest)
        moved = tuple(sizes[index] for index in order)
        if moved != tuple(sizes):
            was, now = (", ".join(map(str, part)) for part in (sizes, moved))
            yield Edit(step, parameter, moved, f"({was})", f"({now})", "order " + " ".join(map(str, order)))


def _kept(before: Shape, after: Shape) -> int:
    """How many axes, from the first on, are the same in both."""
    pairs = zip(before.dims, after.dims, strict=False)
    return next((index for index, (a, b) in enumerate(pairs) if a != b), min(len(before.dims), len(after.dims)))


def _permuted(step: Stage) -> Iterator[Edit]:
    dims = ints(step.inputs.get("dims"))
    if dims is not None:
        for moved in _swapped(dims):
            yield Edit(step, "dims", tuple(map(number, moved)), f"permute{dims}", f"permute{moved}", effort=1)


def _rearranged(step: Stage) -> Iterator[Edit]:
    """Two axes of an einops pattern exchanged: ``b h n d -> b n (h d)`` for ``b h n d -> b h (n d)``."""
    pattern = step.inputs.get("pattern")
    if not isinstance(pattern, str) or pattern.count("->") != 1:
        return
    left, right = pattern.split("->")
    words = right.replace("(", " ( ").replace(")", " ) ").split()
    at = [index for index, word in enumerate(words) if word not in ("(", ")", "...", "1")]
    for moved in _swapped(tuple(words[index] for index in at)):
        new = list(words)
        for index, word in zip(at, moved, strict=True):
            new[index] = word
        text = f"{left.strip()} -> {' '.join(new).replace('( ', '(').replace(' )', ')')}"
        yield Edit(step, "pattern", text, f"{pattern!r}", f"{text!r}", f'"{text}"')


def _swapped(items: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    for one, other in combinations(range(len(items)), 2):
        moved = list(items)
        moved[one], moved[other] = moved[other], moved[one]
        yield tuple(moved)
