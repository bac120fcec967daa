"""Running one operator again on real numbers: for PyTorch's own words, and where abstraction does not do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import torch
from torch.utils._pytree import tree_flatten, tree_map

from shapecheck.tracer.child.fakes import fake, is_fake

Fill = Literal["zeros", "ones", "random"]

LIMIT = 1 << 28
"""Elements of all operands together beyond which no operator is run for real."""

_TOUCHED = 1 << 22
"""Elements beyond which memory is reserved but not written: kernels check shapes before they read."""


class TooLarge(Exception):
    """The operands are too large to run the operator for real."""


def concrete(value: Any, fill: Fill = "zeros") -> Any:
    """A real tensor of the same shape, strides and dtype in place of an abstract one; other values as they are."""
    if not is_fake(value):
        return value.clone() if isinstance(value, torch.Tensor) and not value.requires_grad else value
    made = torch.empty_strided(tuple(value.shape), value.stride(), dtype=value.dtype)
    if made.numel() <= _TOUCHED:
        _write(made, fill)
    return made.requires_grad_(value.requires_grad and value.is_leaf)


def _write(tensor: torch.Tensor, fill: Fill) -> None:
    if fill == "random" and tensor.dtype is not torch.bool:
        generator = torch.Generator().manual_seed(tensor.numel())
        if tensor.is_floating_point() or tensor.is_complex():
            tensor.normal_(generator=generator)
        else:
            tensor.random_(0, 2, generator=generator)
    elif fill == "random":
        tensor.copy_(torch.arange(tensor.numel()).remainder(2).bool().view(tensor.shape))
    else:
        tensor.fill_(1 if fill == "ones" else 0)


def run(func: Callable[..., Any], args: Any, kwargs: Any, fill: Fill = "zeros") -> Any:
    """What the operator itself does with real operands; raises what PyTorch raises.

    What is one tensor stays one: attention does otherwise where its key is its value.

    Raises:
        TooLarge: the operands would not fit.
    """
    leaves = [leaf for leaf in tree_flatten((args, kwargs))[0] if isinstance(leaf, torch.Tensor)]
    if sum(leaf.numel() for leaf in leaves) > LIMIT:
        raise TooLarge
    real = {id(leaf): concrete(leaf, fill) for leaf in leaves}
    real_args, real_kwargs = tree_map(lambda leaf: real.get(id(leaf), leaf), (args, kwargs))
    with torch.no_grad():
        return func(*real_args, **real_kwargs)


def abstracted(result: Any) -> Any:
    """The result of a real run as the traced script gets it: floats abstract, ids and masks real."""
    return tree_map(
        lambda leaf: fake(leaf) if isinstance(leaf, torch.Tensor) and leaf.is_floating_point() else leaf, result
    )


def settled(func: Callable[..., Any], args: Any, kwargs: Any) -> tuple[Any, bool]:
    """The result where its shape depends on numbers, and whether made-up numbers decided that shape.

    Raises:
        TooLarge: the operands would not fit.
    """
    results = [run(func, args, kwargs, fill) for fill in ("zeros", "ones", "random")]
    shapes = {str([tuple(t.shape) for t in tree_flatten(r)[0] if isinstance(t, torch.Tensor)]) for r in results}
    return abstracted(results[-1]), len(shapes) > 1
