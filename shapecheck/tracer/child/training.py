"""Backward passes and optimizer steps without numbers: a gradient has the shape of its parameter, and that is all."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch.overrides import handle_torch_function, has_torch_function_unary

from shapecheck.tracer.child.fakes import fake, is_fake

_OWN = ("torch.optim.", "transformers.")


def install() -> None:
    """Let ``backward`` and the optimizers of torch and transformers do at once what would show no shape."""
    _short_backward()
    _short_steps()


def _short_backward() -> None:
    original = torch.Tensor.backward

    @functools.wraps(original)
    def backward(self: torch.Tensor, gradient: Any = None, *args: Any, **kwargs: Any) -> Any:
        if has_torch_function_unary(self):
            return handle_torch_function(backward, (self,), self, gradient, *args, **kwargs)
        if not is_fake(self) or not self.requires_grad or kwargs.get("create_graph"):
            return original(self, gradient, *args, **kwargs)
        if gradient is None and self.numel() != 1:
            raise RuntimeError("grad can be implicitly created only for scalar outputs")
        with torch.no_grad():
            for leaf in leaves(self):
                if leaf.grad is None:
                    leaf.grad = fake(leaf.detach()) if is_fake(leaf) else torch.zeros_like(leaf)
        return None

    torch.Tensor.backward = backward


def leaves(tensor: torch.Tensor) -> Iterator[torch.Tensor]:
    """The leaves of a tensor's autograd graph that gather gradients."""
    seen: set[Any] = set()
    waiting: list[Any] = [tensor.grad_fn]
    if tensor.grad_fn is None:
        yield tensor
    while waiting:
        node = waiting.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        variable = getattr(node, "variable", None)
        if variable is not None:
            yield variable
        waiting += [following for following, _ in node.next_functions]


def _short_steps() -> None:
    original: Callable[..., None] = torch.optim.Optimizer.__init__
    shortened: set[type] = set()

    def init(self: torch.optim.Optimizer, *args: Any, **kwargs: Any) -> None:
        owner: Any = next(cls for cls in type(self).__mro__ if "step" in cls.__dict__)
        if owner.__module__.startswith(_OWN) and owner is not torch.optim.Optimizer and owner not in shortened:
            shortened.add(owner)
            owner.step = step
        original(self, *args, **kwargs)

    torch.optim.Optimizer.__init__ = init


def step(self: torch.optim.Optimizer, closure: Callable[[], Any] | None = None) -> Any:
    """An optimizer step that changes no number; the closure is run, as torch does."""
    if closure is None:
        return None
    with torch.enable_grad():
        return closure()
