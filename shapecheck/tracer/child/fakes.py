"""Abstract tensors: a shape, a dtype and strides, without numbers.

The mix: parameters are abstract, and with them every float activation; token ids, masks, buffers and constants
stay real, so that code which looks at *them* runs as it is.
"""

from __future__ import annotations

import functools
import logging
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch._subclasses.fake_tensor import FakeTensor, FakeTensorMode

from shapecheck.tracer.child import compiler

__all__ = ["FakeTensor", "fake", "fake_mode", "install", "is_fake", "large_factory", "tensors_in"]

LARGE = 1 << 22
"""Floats from a factory beyond this many elements are abstract too: they cost memory and carry no meaning."""

_FACTORIES = ("empty", "zeros", "ones", "full", "rand", "randn", "normal", "empty_strided")


@functools.lru_cache(maxsize=1)
def fake_mode() -> FakeTensorMode:
    """The one mode that all abstract tensors belong to. It is never entered: operators find it by their operands."""
    return FakeTensorMode(allow_non_fake_inputs=True)


def is_fake(value: object) -> bool:
    """Whether a value is an abstract tensor (parameters included)."""
    return isinstance(value, FakeTensor)


def tensors_in(value: Any) -> Iterator[torch.Tensor]:
    """The tensors among an operator's operands, lists and dicts looked into (torch's own pytrees take longer)."""
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, (tuple, list)):
        for part in value:
            yield from tensors_in(part)
    elif isinstance(value, dict):
        for part in value.values():
            yield from tensors_in(part)


def fake(like: torch.Tensor | tuple[int, ...], dtype: torch.dtype | None = None) -> torch.Tensor:
    """An abstract tensor on the CPU, like another one (shape, strides and dtype) or of a shape."""
    if isinstance(like, torch.Tensor):
        if isinstance(like, FakeTensor) and dtype in (None, like.dtype):
            return like
        meta = torch.empty_strided(like.shape, like.stride(), dtype=dtype or like.dtype, device="meta")
    else:
        meta = torch.empty(tuple(like), dtype=dtype or torch.get_default_dtype(), device="meta")
    return FakeTensor(fake_mode(), meta, torch.device("cpu"))


def large_factory(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> torch.Tensor | None:
    """An abstract tensor in place of a large float one that a factory is about to make, else None."""
    if getattr(func, "__name__", "") not in _FACTORIES or kwargs.get("out") is not None:
        return None
    if str(kwargs.get("device", "cpu")) == "meta":
        return None
    sizes = kwargs.get("size", args[0] if args and isinstance(args[0], (list, tuple)) else args)
    if not isinstance(sizes, (list, tuple)) or not all(isinstance(n, int) for n in sizes):
        return None
    numel = 1
    for size in sizes:
        numel *= size
    if numel <= LARGE:
        return None
    made = func(*args, **{**kwargs, "device": "meta"})
    if not made.is_floating_point():
        return None
    return fake(made.detach()).requires_grad_(made.requires_grad)


def install(carried: Callable[[torch.Tensor, torch.Tensor], None]) -> None:
    """Make parameters abstract from now on, and let modules change dtype without numbers to convert.

    ``carried(tensor, parameter)`` is told what each parameter is made of.
    """
    compiler.leave_unloaded()
    logging.getLogger("torch._subclasses.fake_tensor").setLevel(logging.CRITICAL + 1)
    warnings.filterwarnings("ignore", message="Accessing the data pointer of FakeTensor")
    _abstract_parameters(torch.nn.Parameter, carried)
    torch.nn.Module._apply = _apply
    truncated = getattr(torch.nn.init, "_no_grad_trunc_normal_", None)
    if truncated is not None:
        # It draws until the numbers lie within bounds; an abstract tensor has none to look at.
        torch.nn.init._no_grad_trunc_normal_ = lambda tensor, *args, **kwargs: (
            tensor if is_fake(tensor) else truncated(tensor, *args, **kwargs)
        )


def _abstract_parameters(cls: Any, carried: Callable[[torch.Tensor, torch.Tensor], None]) -> None:
    original = cls.__new__

    def new(kind: Any, data: Any = None, requires_grad: bool = True, **kwargs: Any) -> Any:
        with torch._C.DisableTorchFunction():  # nobody records how a parameter comes to be, and there are hundreds
            concrete = _concrete_float(data)
            made = fake(data) if concrete else data
            if kind is cls and concrete:
                made._is_param = True  # as the original does; it would detach what nobody else holds
                made.requires_grad_(requires_grad)
        if not (kind is cls and concrete):
            made = original(kind, made, requires_grad, **kwargs)
        if data is not None:
            carried(data, made)
        return made

    cls.__new__ = new


def _concrete_float(data: Any) -> bool:
    return (
        type(data) in (torch.Tensor, torch.nn.Parameter)
        and data.is_floating_point()
        and data.device.type != "meta"
        and data.layout is torch.strided
    )


def _apply(self: torch.nn.Module, fn: Callable[[torch.Tensor], torch.Tensor], recurse: bool = True) -> torch.nn.Module:
    """``Module._apply`` (``half``, ``to(dtype)`` ...) that keeps each parameter the object that it is.

    torch swaps abstract parameters for new ones, which it refuses where anything holds a weak reference.
    """
    if recurse:
        for child in self.children():
            child._apply(fn)
    for name, parameter in self._parameters.items():
        if parameter is None:
            continue
        with torch.no_grad():
            applied = fn(parameter)
        if applied.device.type == "meta" or parameter.device.type == "meta":
            self._parameters[name] = torch.nn.Parameter(applied, parameter.requires_grad)
        elif applied is not parameter:
            parameter.data = applied if is_fake(applied) == is_fake(parameter) else fake(applied)
        if parameter.grad is not None:
            with torch.no_grad():
                parameter.grad.data = fn(parameter.grad)
    for name, buffer in self._buffers.items():
        if buffer is not None:
            self._buffers[name] = fn(buffer)
    return self
