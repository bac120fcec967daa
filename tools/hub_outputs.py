"""Writes rules/hub/outputs.csv: what every model class returns, measured.

Each class is built from small configs and run on the CPU: two configs and two sizes of input, all sizes distinct.
A size that follows the batch, the sequence or a config attribute in every run gets that name; a size that follows
nothing known gets ``?``. Which option makes a field appear is measured as well.

Run ``python tools/hub_outputs.py [CLASS ...]`` (some minutes for all); classes that cannot run are listed on stderr.
"""

from __future__ import annotations

import signal
import sys
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

warnings.simplefilter("ignore")

import torch  # noqa: E402
import transformers  # noqa: E402
from hub_classes import HUB, config_class, forward_parameters, model_classes, write  # noqa: E402
from hub_small import CONFIGS, INPUTS, Sizes, small_config, small_inputs, small_labels  # noqa: E402

transformers.logging.set_verbosity(50)
torch.set_num_threads(1)

SECONDS_PER_CLASS = 20
MAX_PARAMETERS = 30_000_000
OPTIONS = ("output_hidden_states", "output_attentions", "labels")


class TooSlow(Exception):
    """A class that took longer than it may."""


@dataclass
class Run:
    """One forward pass: the sizes that went in, the config's integers, and what came out."""

    sizes: dict[str, int]
    config: dict[str, int]
    output: Any


def integers(config: Any, prefix: str = "") -> dict[str, int]:
    """Every integer (and list of integers, element by element) of a config, sub-configs with dotted names."""
    mapped = {meant: name for name, meant in type(config).attribute_map.items()}
    found: dict[str, int] = {}
    for key, value in vars(config).items():
        name = prefix + mapped.get(key, key)
        if isinstance(value, transformers.PreTrainedConfig):
            found |= integers(value, f"{prefix}{key}.")
        elif isinstance(value, bool) or key.startswith("_") or key.endswith("_token_id"):
            continue
        elif isinstance(value, int):
            found[name] = value
        elif isinstance(value, (list, tuple)) and value and all(isinstance(v, int) for v in value):
            found |= {f"{name}[{i}]": v for i, v in enumerate(value)}
            found[f"{name}[-1]"] = value[-1]
    found[f"{prefix}num_labels"] = config.num_labels
    return found


def fields_of(output: Any) -> dict[str, Any]:
    """The fields of a model output in order, those that are None too."""
    if is_dataclass(output):
        return {f.name: getattr(output, f.name) for f in fields(output)}
    if isinstance(output, torch.Tensor):
        return {"out": output}
    raise TypeError(f"returns a {type(output).__name__}")


def shape_of(value: Any) -> Any:
    """A tensor's shape, a tuple of shapes, or the class name of anything else."""
    if isinstance(value, torch.Tensor):
        return tuple(value.shape)
    if isinstance(value, (tuple, list)):
        return [shape_of(v) for v in value]
    return type(value).__name__


# -- names for sizes


PREFERRED = (
    "hidden_size num_labels vocab_size num_attention_heads num_hidden_layers max_position_embeddings image_size "
    "projection_dim num_channels decoder_layers decoder_attention_heads"
).split()


def candidates(runs: list[Run]) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Expressions over input sizes and config attributes, simplest first, each with its value in every run."""
    sizes = {name: tuple(r.sizes[name] for r in runs) for name in runs[0].sizes if all(name in r.sizes for r in runs)}
    shared = [name for name in runs[0].config if all(name in r.config for r in runs)]
    shared.sort(key=lambda n: (PREFERRED.index(n) if n in PREFERRED else 99, n.count("."), "[" in n, len(n), n))
    attributes = {name: tuple(r.config[name] for r in runs) for name in shared}
    moving = {n: v for n, v in attributes.items() if len(set(v)) > 1}
    still = {n: v for n, v in attributes.items() if len(set(v)) == 1}
    names = sizes | moving
    yield from names.items()
    yield from ((str(n), (n,) * len(runs)) for n in (0, 1, 2))
    for k in (1, 2, -1, -2):
        yield from ((f"{n}{k:+d}", tuple(x + k for x in v)) for n, v in names.items())
    for k in (2, 3, 4, 8):
        yield from ((f"{k}*{n}", tuple(k * x for x in v)) for n, v in names.items())
    for k in (2, 4, 8, 16, 32):
        yield from ((f"{n}//{k}", tuple(x // k for x in v)) for n, v in names.items() if all(x % k == 0 for x in v))
    for a, left in sizes.items():
        for b, right in (names | {n: v for n, v in still.items() if v[0] > 1}).items():
            yield f"{a}*{b}", tuple(x * y for x, y in zip(left, right))
            yield f"{a}+{b}", tuple(x + y for x, y in zip(left, right))
    for size, per in (("image_size", "patch_size"), ("vision_config.image_size", "vision_config.patch_size")):
        if size in attributes and per in attributes and all(attributes[per]):
            side = tuple(x // y for x, y in zip(attributes[size], attributes[per]))
            for k in (0, 1, 2):
                yield f"({size}//{per})**2" + (f"+{k}" if k else ""), tuple(x * x + k for x in side)
            yield f"{size}//{per}", side
    yield from still.items()
    yield from ((str(n), (n,) * len(runs)) for n in range(3, 5000))


def named(values: tuple[int, ...], table: dict[tuple[int, ...], str]) -> str:
    """The simplest expression that gives these values in every run, or ``?``."""
    return table.get(values, "?")


def table_of(runs: list[Run]) -> dict[tuple[int, ...], str]:
    """Value of every run -> simplest expression."""
    table: dict[tuple[int, ...], str] = {}
    for text, values in candidates(runs):
        table.setdefault(values, text)
    return table


def template(shapes: list[Any], table: dict[tuple[int, ...], str]) -> tuple[str, str]:
    """(count, shape) of one field over all runs: ``("", "batch seq hidden_size")``, a tuple's with its length."""
    first = shapes[0]
    if any(type(s) is not type(first) for s in shapes):
        return "", "?"
    if isinstance(first, str):
        return "", f"<{first}>"
    if isinstance(first, tuple):
        if len({len(s) for s in shapes}) > 1:
            return "", "?"
        return "", " ".join(named(column, table) for column in zip(*shapes)) or "()"
    count = named(tuple(len(s) for s in shapes), table)
    elements = {template([s[i] for s in shapes], table)[1] for i in range(min(len(s) for s in shapes))}
    # What a tuple's first element is, the others are, or the tuple is not described.
    return count or "?", elements.pop() if len(elements) == 1 else "?"


# -- running


def alarm(seconds: int) -> None:
    """Raise TooSlow in this process after some seconds; 0 cancels."""

    def ring(*_: Any) -> None:
        raise TooSlow

    signal.signal(signal.SIGALRM, ring)
    signal.alarm(seconds)


def build(cls: type[Any], which: int, **kwargs: Any) -> Any:
    """A small model with random weights, in eval mode, with attention that can return its weights."""
    config = small_config(config_class(cls), which)
    config._attn_implementation = "eager"
    if "QuestionAnswering" in cls.__name__:
        config.num_labels = 2  # start and end; any other number raises
    with torch.device("meta"):
        count = sum(p.numel() for p in cls(config, **kwargs).parameters())
    if count > MAX_PARAMETERS:
        raise ValueError(f"still {count // 10**6} M parameters when small")
    torch.manual_seed(0)
    return cls(config, **kwargs).eval()


def run(model: Any, sizes: Sizes, **options: Any) -> Run:
    """One forward pass with the usual inputs of the class."""
    given = small_inputs(model, sizes)
    used = {name: n for name, n in sizes.items()}
    with torch.no_grad():
        output = model(**given, **options)
    return Run(used, integers(model.config), output)


def switches(model: Any, base: dict[str, Any], sizes: Sizes) -> dict[str, str]:
    """For each field that some option brings: that option."""
    found: dict[str, str] = {}
    for option in ("output_hidden_states", "output_attentions"):
        try:
            with_it = fields_of(run(model, sizes, **{option: True}).output)
        except Exception:
            continue
        found |= {f: option for f, v in with_it.items() if v is not None and base.get(f) is None}
    for labels in small_labels(model, sizes):
        try:
            with_it = fields_of(run(model, sizes, labels=labels).output)
        except Exception:
            continue
        found |= {f: "labels" for f, v in with_it.items() if v is not None and base.get(f) is None}
        break
    try:
        without = fields_of(run(model, sizes, use_cache=False).output)
        found |= {f: "use_cache" for f, v in base.items() if v is not None and without.get(f) is None}
    except Exception:
        pass
    return found


def measure(cls: type[Any]) -> list[dict[str, str]]:
    """The rows of one class."""
    models = [build(cls, which) for which in range(len(CONFIGS))]
    options: dict[str, Any] = {"output_hidden_states": True, "output_attentions": True}
    try:
        run(models[0], INPUTS[0], **options)
    except TypeError:
        options = {}
    runs = [run(models[i], INPUTS[j], **options) for i, j in ((0, 0), (0, 1), (1, 0))]
    outputs = [fields_of(r.output) for r in runs]
    plain = fields_of(run(models[0], INPUTS[0]).output)
    when = switches(models[0], plain, INPUTS[0])
    if any(f for f, v in plain.items() if f == "pooler_output" and v is not None) and takes_pooler_option(cls):
        when["pooler_output"] = "add_pooling_layer"
    table = table_of(runs)
    rows = []
    for name in outputs[0]:
        values = [o[name] for o in outputs]
        condition = when.get(name, "" if all(v is not None for v in values) else "other")
        count, shape = (
            template([shape_of(v) for v in values], table) if all(v is not None for v in values) else ("", "")
        )
        if condition == "labels" and name == "loss":
            count, shape = "", "()"
        rows.append(
            {
                "model_class": cls.__name__,
                "output_class": type(runs[0].output).__name__,
                "field": name,
                "when": condition,
                "count": count,
                "shape": shape,
                "dtype": str(values[0].dtype).removeprefix("torch.") if isinstance(values[0], torch.Tensor) else "",
            }
        )
    return rows


def takes_pooler_option(cls: type[Any]) -> bool:
    """Whether the constructor takes ``add_pooling_layer``."""
    import inspect

    return "add_pooling_layer" in inspect.signature(cls.__init__).parameters


def guarded(work: Callable[[type[Any]], list[dict[str, str]]], cls: type[Any]) -> list[dict[str, str]]:
    """The rows of one class; none, and a line on stderr, where it cannot be run."""
    alarm(SECONDS_PER_CLASS)
    try:
        return work(cls)
    except TooSlow:
        print(f"too slow: {cls.__name__}", file=sys.stderr)
    except Exception as reason:  # 2,000 classes of other people's code: whatever they raise is said and passed over
        print(
            f"not run: {cls.__name__}: {type(reason).__name__}: {' '.join(str(reason).split())[:160]}", file=sys.stderr
        )
    finally:
        alarm(0)
    return []


def main(wanted: list[str]) -> None:
    """Measure all classes, or print the rows of those named."""
    classes = [c for c in model_classes() if forward_parameters(c) and (not wanted or c.__name__ in wanted)]
    rows = [row for cls in classes for row in guarded(measure, cls)]
    if wanted:
        for row in rows:
            print(*row.values(), sep=" | ")
    else:
        write(HUB / "outputs.csv", rows)


if __name__ == "__main__":
    main(sys.argv[1:])
