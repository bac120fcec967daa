"""Operators that models are made of, in one step: PyTorch's own abstract forms take up to two dozen for each.

A shortcut is taken only where the operands fit; in every other case PyTorch says itself what it makes of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from shapecheck.tracer.child.fakes import fake, is_fake


class _Made(torch.autograd.Function):  # type: ignore[misc]
    """A result of a given shape, whose gradients have the shapes of its operands."""

    @staticmethod
    def forward(ctx: Any, shape: tuple[int, ...], *operands: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(*operands)
        return fake(shape, operands[0].dtype)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        return None, *(torch.empty_like(operand) for operand in ctx.saved_tensors)


def result(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> torch.Tensor | None:
    """What an operator gives for abstract operands; None where it is not known here."""
    shape_of = _SHORTCUTS.get(name)
    if shape_of is None or torch.is_autocast_enabled("cpu") or torch._C._functorch.peek_interpreter_stack() is not None:
        return None
    with torch._C.DisableTorchFunction():
        try:
            shape, operands = shape_of(*args, **kwargs)
        except _Unusual:
            return None
        if not all(is_fake(operand) and operand.dtype == operands[0].dtype for operand in operands):
            return None
        made: torch.Tensor = _Made.apply(shape, *operands)
        return made


class _Unusual(Exception):
    """Operands that are left to PyTorch."""


def _linear(input: Any, weight: Any, bias: Any = None) -> tuple[tuple[int, ...], list[Any]]:
    """``(..., in)``, ``(out, in)`` and ``(out,)`` give ``(..., out)``."""
    if not input.dim() or weight.dim() != 2 or input.shape[-1] != weight.shape[1]:
        raise _Unusual
    if bias is not None and bias.shape != weight.shape[:1]:
        raise _Unusual
    return (*input.shape[:-1], weight.shape[0]), [input, weight, *([bias] if bias is not None else [])]


def _attention(
    query: Any, key: Any, value: Any, attn_mask: Any = None, dropout_p: float = 0.0, **options: Any
) -> tuple[tuple[int, ...], list[Any]]:
    """``(batch, heads, to, width)`` and twice ``(batch, heads, from, width)`` give the first's shape.

    A mask broadcasts to ``(batch, heads, to, from)``.
    """
    whole = [tensor.shape for tensor in (query, key, value)]
    if any(len(shape) != 4 for shape in whole) or options.get("enable_gqa"):
        raise _Unusual
    if whole[0][:2] != whole[1][:2] or whole[1] != whole[2] or whole[0][3] != whole[1][3]:
        raise _Unusual
    if attn_mask is not None:
        scores = (*whole[0][:3], whole[1][2])
        fits = all(have in (1, want) for have, want in zip(reversed(attn_mask.shape), reversed(scores), strict=False))
        plain = attn_mask.dtype in (torch.bool, query.dtype) and not attn_mask.requires_grad
        if options.get("is_causal") or attn_mask.dim() > 4 or not fits or not plain:
            raise _Unusual
    return tuple(whole[0]), [query, key, value]


_SHORTCUTS: dict[str, Callable[..., tuple[tuple[int, ...], list[Any]]]] = {
    "linear": _linear,
    "scaled_dot_product_attention": _attention,
}
