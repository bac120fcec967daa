"""Writes rules/hub/raises.csv: the usual wrong inputs with which a model class raises, and what it says.

Each class is built small (as in hub_outputs.py) and given every wrong input of :data:`PROBES`. A row is written where
it raises in two configs, with sizes in the message by name; ``limit`` rows say how long a text may be.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from hub_measure import main
from hub_names import Names, integers
from hub_outputs import build
from hub_small import INPUTS, Sizes, resolved, small_inputs, told

Given = dict[str, torch.Tensor]
Wrong = Callable[[Given], Given | None]

NUMBER = re.compile(r"\d+")


def belongs(key: str, name: str) -> bool:
    """Whether an input goes with another: the masks of a text with its ids."""
    return key == name or (name == "input_ids" and key in ("attention_mask", "token_type_ids"))


def changed(name: str, change: Callable[[torch.Tensor], torch.Tensor], masks: bool) -> Wrong:
    """One input with another rank; its masks changed likewise, or left out."""

    def make(given: Given) -> Given | None:
        if name not in given:
            return None
        kept = {k: v for k, v in given.items() if not belongs(k, name)}
        return kept | {k: change(v) for k, v in given.items() if k == name or (masks and belongs(k, name))}

    return make


def no_decoder(given: Given) -> Given | None:
    """Nothing for the decoder."""
    kept = {k: v for k, v in given.items() if not k.startswith("decoder_")}
    return kept if len(kept) < len(given) else None


def pixels(change: Callable[[torch.Tensor], torch.Tensor]) -> Wrong:
    """Images changed in some way."""

    def make(given: Given) -> Given | None:
        images = given.get("pixel_values")
        return None if images is None or images.dim() != 4 else given | {"pixel_values": change(images)}

    return make


def float_ids(given: Given) -> Given | None:
    """Token ids as floating-point numbers."""
    return given | {"input_ids": given["input_ids"].float()} if "input_ids" in given else None


RANKS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "rank-1": lambda tensor: tensor[0],
    "rank+1": lambda tensor: tensor.unsqueeze(1),
}
"""The first example alone; an axis of one behind the batch (a data set that keeps the tokenizer's batch axis)."""

PROBES: dict[str, tuple[Wrong, ...]] = {
    f"{name} {what}": (changed(name, change, True), changed(name, change, False))
    for name in ("input_ids", "pixel_values", "input_values", "input_features")
    for what, change in RANKS.items()
} | {
    "decoder missing": (no_decoder,),
    "input_ids float": (float_ids,),
    "pixel_values channels": (pixels(lambda t: torch.cat([t] * t.shape[2], dim=1)[:, : t.shape[2] // 2 + 1]),),
    "pixel_values size": (pixels(lambda t: t.repeat(1, 1, 2, 3)),),
}
"""Wrong inputs by name; a probe of several forms counts only if every form raises."""


def actual(sizes: Sizes, given: Given) -> Sizes:
    """The sizes with those of the images that are really given."""
    images = given.get("pixel_values")
    if images is None or images.dim() != 4:
        return sizes
    return sizes | dict(zip(("channels", "height", "width"), images.shape[1:], strict=True))


def error_of(model: Any, given: Given) -> str | None:
    """What the model says to these inputs, None if it takes them."""
    try:
        with torch.no_grad():
            model(**given)
    except Exception as error:
        return f"{type(error).__name__}: {' '.join(str(error).split())}"
    return None


def templated(messages: list[str], names: Names) -> str:
    """A message with its numbers as ``{expressions}``; as it is where the numbers cannot be told apart."""
    found = [NUMBER.findall(m) for m in messages]
    if len({len(numbers) for numbers in found}) != 1:
        return messages[0]
    columns = iter(list(zip(*found, strict=True)))

    def text(match: re.Match[str]) -> str:
        column = next(columns)
        return number_text(match.group(), names.of(tuple(int(n) for n in column)), len(set(column)) == 1)

    return NUMBER.sub(text, messages[0])


def number_text(number: str, expression: str, same: bool) -> str:
    """A number of a message: by name where it follows one; ranks and the like are small and stay."""
    return number if expression == "?" or expression.isdigit() or (same and int(number) < 6) else "{" + expression + "}"


@dataclass
class Subject:
    """A small model with sizes of inputs that suit it."""

    model: Any
    sizes: Sizes

    @property
    def good(self) -> Given:
        """Inputs that it takes."""
        return small_inputs(self.model, self.sizes)


def measured(cls: type[Any], way: str) -> list[dict[str, str]]:
    """The rows of one class, its configs made small in one way."""
    models = [build(cls, which, way, attention=None) for which in (0, 1)]
    subjects = [Subject(m, resolved(m, INPUTS[which])) for which, m in enumerate(models)]
    if any(error_of(s.model, s.good) for s in subjects):
        raise ValueError("does not run with its usual inputs")
    rows = [row for probe, forms in PROBES.items() for row in probed(cls, probe, forms, subjects)]
    return rows + list(without_padding_token(cls, subjects)) + list(limits(cls, subjects))


def probed(cls: type[Any], probe: str, forms: tuple[Wrong, ...], subjects: list[Subject]) -> Iterator[dict[str, str]]:
    """The row of one probe, if every form of it raises on every model; the first form's words."""
    said: list[str] = []
    wrong: list[Given] = []
    for form in reversed(forms):
        wrong = [made for s in subjects if (made := form(s.good)) is not None]
        said = [e for s, w in zip(subjects, wrong, strict=False) if (e := error_of(s.model, w)) is not None]
        if len(said) < len(subjects):
            return
    sizes = [actual(told(s.model, s.sizes), w) for s, w in zip(subjects, wrong, strict=True)]
    names = Names(sizes, [integers(s.model.config) for s in subjects])
    text = templated([message.partition(": ")[2] for message in said], names)
    yield {"model_class": cls.__name__, "probe": probe, "error": said[0].partition(": ")[0], "text": text}


def without_padding_token(cls: type[Any], subjects: list[Subject]) -> Iterator[dict[str, str]]:
    """What a model whose config names no padding token says to a batch, where it wants to know it."""
    said = []
    for subject in subjects:
        config = subject.model.config.get_text_config()
        if not hasattr(config, "pad_token_id"):
            return
        stated, config.pad_token_id = config.pad_token_id, None
        said.append(error_of(subject.model, subject.good) or "")
        config.pad_token_id = stated
    if all("padding token" in message for message in said):
        error, _, text = said[0].partition(": ")
        yield {"model_class": cls.__name__, "probe": "pad_token_id unset", "error": error, "text": text}


def limits(cls: type[Any], subjects: list[Subject]) -> Iterator[dict[str, str]]:
    """How many tokens a text may have, where there is an end to it, and what one token more says."""
    found = [f for s in subjects if (f := longest(s.model, s.sizes)) is not None]
    if len(found) < len(subjects):
        return
    configs = [integers(s.model.config) for s in subjects]
    limit = Names([{} for _ in subjects], configs).of(tuple(length for length, _ in found))
    if limit != "?" and not limit.isdigit():
        over = [told(s.model, s.sizes) | {"seq": f[0] + 1} for s, f in zip(subjects, found, strict=True)]
        text = templated([message.partition(": ")[2] for _, message in found], Names(over, configs))
        yield {"model_class": cls.__name__, "probe": "limit", "error": limit, "text": text}


def longest(model: Any, sizes: Sizes) -> tuple[int, str] | None:
    """The longest text that a model takes and what it says to a longer one; None if there is no end in sight."""
    positions = [v for k, v in integers(model.config).items() if "position" in k and v < 200]
    if not positions or "input_ids" not in small_inputs(model, sizes):
        return None
    said = None
    for length in range(max(positions) + 2, 8, -1):
        now = error_of(model, small_inputs(model, sizes | {"seq": length}))
        if now is None:
            return (length, said) if said else None
        said = now
    return None


if __name__ == "__main__":
    main("raises", measured)
