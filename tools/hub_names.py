"""Names for measured sizes: which input size or config attribute a number follows in every run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import transformers

Counts = dict[str, int]
Values = tuple[int, ...]

PREFERRED = (
    *("hidden_size", "num_labels", "vocab_size", "num_attention_heads", "num_hidden_layers", "max_position_embeddings"),
    *("image_size", "projection_dim", "num_channels", "decoder_layers", "decoder_attention_heads"),
)
"""Attributes that give their name first where several hold the same number."""


def integers(config: Any, prefix: str = "") -> Counts:
    """Every integer (and list of integers, element by element) of a config, sub-configs with dotted names."""
    mapped = {meant: name for name, meant in type(config).attribute_map.items()}
    found: Counts = {}
    for key, value in vars(config).items():
        name = prefix + mapped.get(key, key)
        if isinstance(value, transformers.PretrainedConfig):
            found |= integers(value, f"{prefix}{key}.")
        elif isinstance(value, bool) or key.startswith("_") or key.endswith("_token_id"):
            continue
        elif isinstance(value, int):
            found[name] = value
        elif isinstance(value, (list, tuple)) and value and all(type(v) is int for v in value):
            found |= {f"{name}[{i}]": v for i, v in enumerate(value)}
            found[f"{name}[-1]"] = value[-1]
    found[f"{prefix}num_labels"] = config.num_labels
    return found


class Names:
    """The simplest expression for the numbers that several runs gave.

    Args:
        sizes: the input sizes of each run, by name.
        configs: the config's integers in each run.
    """

    def __init__(self, sizes: list[Counts], configs: list[Counts]) -> None:
        self._runs = len(sizes)
        self._table: dict[Values, str] = {}
        for text, values in _expressions(_columns(sizes), _columns(configs), self._runs):
            self._table.setdefault(values, text)

    def of(self, values: Values) -> str:
        """An expression for one number per run, ``?`` where none is known."""
        if len(set(values)) == 1:
            return self._table.get(values, str(values[0]))
        return self._table.get(values, "?")


def _rank(name: str) -> tuple[object, ...]:
    preferred = PREFERRED.index(name) if name in PREFERRED else len(PREFERRED)
    return preferred, name.count("."), "[" in name, "[-1]" not in name, len(name), name


def _columns(runs: list[Counts]) -> dict[str, Values]:
    shared = [name for name in runs[0] if all(name in run for run in runs)]
    shared.sort(
        key=lambda n: (PREFERRED.index(n) if n in PREFERRED else 99, n.count("."), "[" in n, "[-1]" not in n, len(n), n)
    )
    return {name: tuple(run[name] for run in runs) for name in shared}


def _expressions(sizes: dict[str, Values], attributes: dict[str, Values], runs: int) -> Iterator[tuple[str, Values]]:
    """Expressions with their value in every run, simplest first."""
    moving = {n: v for n, v in attributes.items() if len(set(v)) > 1}
    still = _unmistakable({n: v for n, v in attributes.items() if len(set(v)) == 1 and v[0] > 8})
    names = sizes | moving
    yield from names.items()
    yield from ((str(n), (n,) * runs) for n in (0, 1, 2))
    yield from _patches(attributes)
    yield from _grid(sizes, attributes)
    for k in (1, 2, -1, -2):
        yield from ((f"{n}{k:+d}", tuple(x + k for x in v)) for n, v in names.items())
    for k in (2, 3, 4, 8):
        yield from ((f"{k}*{n}", tuple(k * x for x in v)) for n, v in names.items())
    for k in (2, 4, 8, 16, 32):
        yield from ((f"{n}/{k}", tuple(x // k for x in v)) for n, v in names.items() if all(x % k == 0 for x in v))
    yield from _frames(sizes, attributes)
    for a, left in sizes.items():
        for b, right in (names | still).items():
            yield f"{a}*{b}", tuple(x * y for x, y in zip(left, right, strict=True))
            yield f"{a}+{b}", tuple(x + y for x, y in zip(left, right, strict=True))
    yield from still.items()


def _unmistakable(still: dict[str, Values]) -> dict[str, Values]:
    """Attributes that no config made small, where one alone (or one of the usual names) holds its number."""
    holders: dict[Values, list[str]] = {}
    for name, values in still.items():
        holders.setdefault(values, []).append(name)
    return {ns[0]: v for v, ns in holders.items() if len({n.partition("[")[0] for n in ns}) == 1 or ns[0] in PREFERRED}


def _patches(attributes: dict[str, Values]) -> Iterator[tuple[str, Values]]:
    """The number of patches of an image, without and with the tokens that stand before them."""
    for part in ("", "vision_config."):
        size, per = attributes.get(f"{part}image_size"), attributes.get(f"{part}patch_size")
        if size and per and all(per):
            side = tuple(x // y for x, y in zip(size, per, strict=True))
            text = f"({part}image_size//{part}patch_size)"
            frames, tube = attributes.get(f"{part}num_frames"), attributes.get(f"{part}tubelet_size")
            if frames and tube:
                clips = tuple(x // y for x, y in zip(frames, tube, strict=True))
                yield (
                    f"{part}num_frames//{part}tubelet_size*{text}**2",
                    tuple(c * s * s for c, s in zip(clips, side, strict=True)),
                )
            yield from ((f"{text}**2" + (f"+{k}" if k else ""), tuple(x * x + k for x in side)) for k in (0, 1, 2))
            yield text, side


def _grid(sizes: dict[str, Values], attributes: dict[str, Values]) -> Iterator[tuple[str, Values]]:
    """Positions of a feature map that is some factor smaller than the image, in a row."""
    if "height" not in sizes or "width" not in sizes:
        return
    runs = len(sizes["height"])
    by = {"//patch_size": attributes["patch_size"]} if all(attributes.get("patch_size", (0,))) else {}
    by |= {f"/{k}": (k,) * runs for k in (4, 8, 16, 32)}
    for text, factors in by.items():
        sides = list(zip(sizes["height"], sizes["width"], factors, strict=True))
        if all(h % k == 0 and w % k == 0 for h, w, k in sides):
            cells = tuple(h // k * (w // k) for h, w, k in sides)
            yield f"height{text}*(width{text})", cells
            yield from ((f"height{text}*(width{text})+{n}", tuple(c + n for c in cells)) for n in (1, 2))


def _frames(sizes: dict[str, Values], attributes: dict[str, Values]) -> Iterator[tuple[str, Values]]:
    """What a stack of convolutions without padding leaves of a waveform."""
    if "samples" not in sizes or "conv_kernel[0]" not in attributes:
        return
    left = list(sizes["samples"])
    depth = sum(name.startswith("conv_kernel[") for name in attributes) - 1
    for layer in range(depth):
        kernel, stride = attributes[f"conv_kernel[{layer}]"], attributes[f"conv_stride[{layer}]"]
        left = [(n - k) // s + 1 for n, k, s in zip(left, kernel, stride, strict=True)]
    yield "frames(samples)", tuple(left)
