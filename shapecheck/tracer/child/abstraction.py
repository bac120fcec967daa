"""Calling one operator with abstract operands, as PyTorch would with real ones.

An abstract kernel words its errors differently, cannot answer where a shape depends on numbers, and does not look
at ids and types; all are settled by running that one operator on real numbers.
"""

from __future__ import annotations

from typing import Any

import torch
from torch._subclasses.fake_tensor import (
    DataDependentOutputException,
    DynamicOutputShapeException,
    UnsupportedFakeTensorException,
    UnsupportedOperatorException,
)
from torch.utils._pytree import tree_flatten, tree_map

from shapecheck.tracer.child import replay, shortcuts
from shapecheck.tracer.child.fakes import is_fake, large_factory, tensors_in
from shapecheck.tracer.child.session import Session

_DEPENDS = (
    DataDependentOutputException,
    DynamicOutputShapeException,
    UnsupportedFakeTensorException,
    UnsupportedOperatorException,
)

_LOOKS_AT_IDS = (
    "cross_entropy",
    "nll_loss",
    "gather",
    "index_select",
    "scatter",
    "scatter_add",
    "take_along_dim",
    "multi_margin_loss",
    "multilabel_margin_loss",
    "ctc_loss",
)
"""Operators that refuse ids beyond an axis, which their abstract kernels let pass."""

_REFUSES_WHOLE_NUMBERS = ("binary_cross_entropy", "binary_cross_entropy_with_logits", "kl_div")
"""Operators that refuse operands of whole numbers, which their abstract kernels let pass."""

_FILLS = ("normal_", "uniform_", "fill_", "zero_", "erfinv_", "mul_", "add_", "clamp_", "bernoulli_", "exponential_")
"""Operators in place that, given numbers alone, leave an abstract tensor as it is."""

_ABSTRACT_IN_BFLOAT16 = ("_grouped_mm", "grouped_mm")
"""Operators (of mixtures of experts) whose abstract kernels take nothing but bfloat16."""


def call(session: Session, func: Any, args: Any, kwargs: Any) -> Any:
    """The operator's result; raises what PyTorch itself raises for operands of these shapes and ids."""
    made = None if session.concrete else large_factory(func, args, kwargs)
    if made is not None:
        return made
    leaves = list(tensors_in((args, kwargs)))
    if not any(is_fake(leaf) for leaf in leaves):
        return func(*args, **kwargs)
    name = getattr(func, "__name__", "")
    if name in _FILLS and _is_filled(leaves):
        return leaves[0]
    if name == "embedding":
        _check_ids(*args[:2], **{k: v for k, v in kwargs.items() if k in ("input", "weight")})
    elif name in _LOOKS_AT_IDS or (name == "__getitem__" and len(leaves) > 1):
        _check_for_real(func, *(_one_axis(args, kwargs) if name == "index_select" else (args, kwargs)))
    elif name in _REFUSES_WHOLE_NUMBERS and not all(leaf.is_floating_point() for leaf in leaves):
        _check_for_real(func, args, kwargs)
    short = shortcuts.result(name, args, kwargs)
    if short is not None:
        return short
    try:
        return _in_bfloat16(func, args, kwargs) if name in _ABSTRACT_IN_BFLOAT16 else func(*args, **kwargs)
    except _DEPENDS:
        return _settle(session, func, args, kwargs)
    except Exception as error:
        return _reworded(session, func, args, kwargs, error)


def _is_filled(operands: list[torch.Tensor]) -> bool:
    """Whether nothing but numbers goes into an abstract tensor, which has none: initialisers do little else."""
    (whole, *others) = operands
    return not others and not (whole.requires_grad and torch.is_grad_enabled())


def _in_bfloat16(func: Any, args: Any, kwargs: Any) -> Any:
    """The result of an operator whose abstract kernel refuses the dtypes that its CPU kernel takes."""
    floats = [leaf for leaf in tree_flatten((args, kwargs))[0] if is_fake(leaf) and leaf.is_floating_point()]
    taken = tree_map(lambda leaf: leaf.bfloat16() if any(leaf is one for one in floats) else leaf, (args, kwargs))
    return func(*taken[0], **taken[1]).to(floats[0].dtype)


def _check_ids(input: torch.Tensor, weight: torch.Tensor) -> None:
    """``embedding`` looks its ids up: beyond the table it raises."""
    if not is_fake(input) and input.numel() and not torch.is_floating_point(input):
        low, high = (int(n) for n in input.aminmax())
        if low < 0 or high >= weight.shape[0]:
            raise IndexError("index out of range in self")


def _check_for_real(func: Any, args: Any, kwargs: Any) -> None:
    try:
        replay.run(func, args, kwargs)
    except replay.TooLarge:
        return


def _one_axis(args: Any, kwargs: Any) -> tuple[Any, Any]:
    """The arguments of ``index_select`` with every axis cut to one but that which the ids look into.

    A model may select from large tensors in every layer (relative positions), and the other axes do not matter.
    """

    def cut(input: torch.Tensor, dim: int, index: torch.Tensor) -> tuple[Any, Any]:
        sizes = [1] * input.dim()
        sizes[dim] = input.shape[dim]
        return (torch.zeros(sizes), dim, index), {}

    try:
        return cut(*args, **kwargs)
    except (TypeError, IndexError):  # called wrongly, which PyTorch is to say
        return args, kwargs


def _settle(session: Session, func: Any, args: Any, kwargs: Any) -> Any:
    result, invented = replay.settled(func, args, kwargs)
    if invented:
        name = getattr(func, "__name__", "operator")
        session.invent(f"shape of {name}()", None)
        session.marks.invent(tensors_in(result))
    return _tracked(result, args, kwargs)


def _reworded(session: Session, func: Any, args: Any, kwargs: Any, error: Exception) -> Any:
    """What real operands give where the abstract kernel refused: PyTorch's own error, or a result after all."""
    if getattr(func, "__name__", "") == "backward":
        raise error
    try:
        result = replay.abstracted(replay.run(func, args, kwargs))
    except (replay.TooLarge, MemoryError):
        raise error from None
    session.assume(
        f"{getattr(func, '__name__', func)} was run on real numbers, its abstract form failed: {type(error).__name__}"
    )
    return _tracked(result, args, kwargs)


def _tracked(result: Any, args: Any, kwargs: Any) -> Any:
    """Let gradients be asked of a result that was made without a graph, as of its operands."""
    wanted = torch.is_grad_enabled() and any(
        isinstance(leaf, torch.Tensor) and leaf.requires_grad for leaf in tree_flatten((args, kwargs))[0]
    )
    for leaf in tree_flatten(result)[0] if wanted else ():
        if isinstance(leaf, torch.Tensor) and leaf.is_floating_point():
            leaf.requires_grad_(True)
    return result
