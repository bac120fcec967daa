"""What libraries mean to the interpreter: torch, transformers and friends, by dotted name.

``lookup`` answers what calling a named thing gives, ``constant`` what a name stands for, ``base_class`` and
``inherited`` what classes of the program have from library classes. Names are given as they are imported; aliases
(``torch.nn.modules.linear.Linear``, ``transformers.models.bert.modeling_bert.BertModel``) are resolved here.
"""

from __future__ import annotations

import re
from functools import cache
from importlib import import_module

from shapecheck import ops
from shapecheck.interp.library.registry import CONSTANTS, HANDLERS, Handler
from shapecheck.interp.values import Value

__all__ = ["Handler", "base_class", "constant", "inherited", "lookup"]

_FAMILIES = (
    "factories",
    "containers",
    "data",
    "training",
    "lightning_trainer",
    "numpy",
    "misc",
    "generators",
    "distributions",
    "sequences",
    "hf_datasets",
    "packages",
    "pipelines",
    "stored",
    "frames",
)
_ALIASES = {
    "numpy.core": "numpy",
    "torch.nn.parallel.data_parallel": "torch.nn.parallel",
    "torch.nn.modules.container": "torch.nn",
    "torch.nn.parameter": "torch.nn",
    "torch.distributions.categorical": "torch.distributions",
    "torch.distributions.normal": "torch.distributions",
    "torch.utils.data.dataset": "torch.utils.data",
    "torch.utils.data.dataloader": "torch.utils.data",
    "tqdm.autonotebook": "tqdm.auto",
}
"""Modules whose names stand under another one too."""


@cache
def _loaded() -> bool:
    """Import the families, which fill the table."""
    for family in _FAMILIES:
        import_module(f"shapecheck.interp.library.{family}")
    return True


@cache
def resolved(name: str) -> str:
    """A dotted name under which the table knows a thing."""
    if name.startswith("transformers."):
        return _transformers(name)
    head, _, last = name.rpartition(".")
    return f"{_ALIASES[head]}.{last}" if head in _ALIASES else name


def _transformers(name: str) -> str:
    """``transformers.models.bert.BertModel.from_pretrained`` is ``transformers.BertModel.from_pretrained``."""
    found = re.fullmatch(r"transformers\.(?:[a-z_0-9]+\.)*([A-Z]\w*(?:\.\w+)?|default_data_collator)", name)
    return f"transformers.{found[1]}" if found else name


def lookup(name: str) -> Handler | None:
    """What calling a named thing of a library gives; None if it is not known."""
    _loaded()
    name = resolved(name)
    return HANDLERS.get(name) or _by_family(name)


@cache
def _by_family(name: str) -> Handler | None:
    if name.startswith("transformers."):
        return _of_transformers(name.removeprefix("transformers."))
    canonical = ops.canonical(name)
    if canonical is not None:
        return _of_torch(canonical)
    from shapecheck.interp.library import misc, packages, training, vision

    return training.lookup(name) or packages.lookup(name) or vision.lookup(name) or misc.lookup(name)


def _of_torch(canonical: str) -> Handler:
    """A module's constructor, or an operator."""
    from shapecheck.interp.library import modules

    if canonical.rpartition(".")[2][:1].isupper() and not canonical.startswith("torch.Tensor."):
        return lambda args, machine, node: modules.construct(canonical, args, machine, node)
    return lambda args, machine, node: machine.operator(canonical, args, node)


def _of_transformers(name: str) -> Handler | None:
    from shapecheck.interp.library import (
        collators,
        configs,
        made_outputs,
        models,
        processors,
        tokenizers,
        trainer,
        training,
    )

    for family in (configs, tokenizers, processors, models, collators, trainer, made_outputs):
        found: Handler | None = family.lookup(name)
        if found is not None:
            return found
    return training.lookup(f"transformers.{name}")


def constant(name: str) -> Value | None:
    """A named thing of a library that is not called (``torch.float32``, ``math.pi``); None if it is not known."""
    _loaded()
    return CONSTANTS.get(resolved(name))


from shapecheck.interp.library.inherited import base_class, inherited  # noqa: E402 - they need the table above
