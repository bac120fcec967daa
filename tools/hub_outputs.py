"""Writes rules/hub/outputs.csv: what every model class returns, measured.

Each class is built from small configs and run on the CPU: several configs and sizes of input, all sizes distinct.
A size that follows the batch, the sequence or a config attribute in every run gets that name; a size that follows
nothing known gets ``?``. Which option makes a field appear is measured as well.

Run ``python tools/hub_outputs.py [CLASS ...] [--types TYPE ...]`` (an hour for all); classes that cannot run are listed
on stderr.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

warnings.simplefilter("ignore")

import torch  # noqa: E402
import transformers  # noqa: E402
from hub_classes import pooler  # noqa: E402
from hub_measure import main  # noqa: E402
from hub_names import Names, integers  # noqa: E402
from hub_small import CONFIGS, INPUTS, RUNS, Sizes, resolved, small_config, small_inputs, small_labels, told  # noqa: E402

transformers.logging.set_verbosity(50)
torch.set_num_threads(1)

MAX_PARAMETERS = 60_000_000


@dataclass
class Run:
    """One forward pass: the sizes that went in, the config's integers, and what came out."""

    sizes: dict[str, int]
    config: dict[str, int]
    output: Any


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


def template(shapes: list[Any], names: Names) -> tuple[str, str]:
    """(count, shape) of one field over all runs: ``("", "batch seq hidden_size")``, a tuple's with its length."""
    first = shapes[0]
    if any(type(s) is not type(first) for s in shapes):
        return "", "?"
    if isinstance(first, str):
        return "", f"<{first}>"
    if isinstance(first, tuple):
        if len({len(s) for s in shapes}) > 1:
            return "", "?"
        return "", " ".join(names.of(column) for column in zip(*shapes, strict=True)) or "()"
    count = names.of(tuple(len(s) for s in shapes))
    elements = {template([s[i] for s in shapes], names)[1] for i in range(min(len(s) for s in shapes))}
    # What a tuple's first element is, the others are, or the tuple is not described.
    return count, elements.pop() if len(elements) == 1 else "?"


# -- running


def build(cls: type[Any], which: int, way: str, attention: str | None = "eager") -> Any:
    """A small model with random weights, in eval mode, with attention that can return its weights."""
    config = small_config(cls, which, way)
    config._attn_implementation = attention
    with torch.device("meta"):
        count = sum(p.numel() for p in cls(config).parameters())
    if count > MAX_PARAMETERS:
        raise ValueError(f"still {count // 10**6} M parameters when small")
    torch.manual_seed(0)
    return cls(config).eval()


def run(model: Any, sizes: Sizes, larger: bool = False, **options: Any) -> Run:
    """One forward pass with the usual inputs of the class."""
    sizes = resolved(model, sizes, larger)
    given = small_inputs(model, sizes)
    with torch.no_grad():
        output = model(**given, **options)
    return Run(told(model, sizes), integers(model.config), output)


def attempt(model: Any, sizes: Sizes, **options: Any) -> dict[str, Any]:
    """The fields of a run, none where it raises: a class need not know every option."""
    try:
        return fields_of(run(model, sizes, **options).output)
    except Exception:
        return {}


def new_fields(base: dict[str, Any], other: dict[str, Any]) -> list[str]:
    """The fields that are there in another run and not in the plain one."""
    return [name for name, value in other.items() if value is not None and base.get(name) is None]


def switches(model: Any, base: dict[str, Any], sizes: Sizes) -> dict[str, str]:
    """For each field that some option brings (or takes away): that option."""
    found: dict[str, str] = {}
    for option in ("output_hidden_states", "output_attentions"):
        found |= {
            f: option
            for f, v in attempt(model, sizes, **{option: True}).items()
            if v is not None and base.get(f) is None
        }
    for labels in small_labels(resolved(model, sizes)):
        new = [f for f, v in attempt(model, sizes, **labels).items() if v is not None and base.get(f) is None]
        if new:
            found |= dict.fromkeys(new, next(iter(labels)))
            break
    without = attempt(model, sizes, use_cache=False)
    found |= {f: "use_cache" for f, v in base.items() if v is not None and without and without.get(f) is None}
    return found


def measured(cls: type[Any], way: str) -> list[dict[str, str]]:
    """The rows of one class, its configs made small in one way."""
    models = [build(cls, which, way) for which in range(len(CONFIGS))]
    plain = fields_of(run(models[0], INPUTS[0]).output)
    options: dict[str, Any] = {"output_hidden_states": True, "output_attentions": True}
    if not attempt(models[0], INPUTS[0], **options):
        options = {}
    # An image of another size tells whether the config's size or the image's own is followed.
    larger = bool(attempt(models[0], INPUTS[1], larger=True))
    runs = [run(models[i], INPUTS[j], larger=larger and j == 1, **options) for i, j in RUNS]
    outputs = [fields_of(r.output) for r in runs]
    when = switches(models[0], plain, INPUTS[0])
    if plain.get("pooler_output") is not None and pooler(cls):
        when["pooler_output"] = "add_pooling_layer"
    names = Names([r.sizes for r in runs], [r.config for r in runs])
    return [row(cls, runs[0].output, name, [o[name] for o in outputs], when.get(name), names) for name in outputs[0]]


def row(cls: type[Any], output: Any, name: str, values: list[Any], when: str | None, names: Names) -> dict[str, str]:
    """One field as a row."""
    there = all(v is not None for v in values)
    count, shape = template([shape_of(v) for v in values], names) if there else ("", "")
    if name == "loss" and when:
        shape = "()"
    return {
        "model_class": cls.__name__,
        "output_class": type(output).__name__,
        "field": name,
        "when": when or ("" if there else "other"),
        "count": count,
        "shape": shape,
        "dtype": str(values[0].dtype).removeprefix("torch.") if isinstance(values[0], torch.Tensor) else "",
    }


if __name__ == "__main__":
    main("outputs", measured)
