"""Who calls a torch function, and by which public name."""

from __future__ import annotations

import os
from types import FrameType
from typing import Any

import torch

from shapecheck.tracer.child import training

_TORCH = os.path.dirname(torch.__file__)
_THIN = (
    training.__file__,
    os.path.join(_TORCH, "overrides.py"),
    os.path.join(_TORCH, "functional.py"),
    os.path.join(_TORCH, "nn", "functional.py"),
    os.path.join(_TORCH, "_tensor.py"),
    os.path.join(_TORCH, "_jit_internal.py"),
)
"""Python functions of torch that only hand on to an operator: who called *them* is the caller."""


def caller_of(frame: FrameType | None) -> FrameType | None:
    """Who called a torch function: torch's own thin wrappers do not count."""
    while frame is not None and frame.f_code.co_filename in _THIN:
        frame = frame.f_back
    return frame


def function_op(func: Any) -> str:
    """The public name of a torch function or method (``torch.cat``, ``torch.Tensor.view``)."""
    name = getattr(func, "__name__", str(func))
    if name == "__get__":
        return f"torch.Tensor.{func.__self__.__name__}"
    owner = getattr(func, "__objclass__", None)
    home = getattr(func, "__module__", None) or ""
    if owner is not None or home == "torch._tensor":
        return f"torch.Tensor.{name}"
    if home in ("torch._C._nn", "torch.nn.functional"):
        return f"torch.nn.functional.{name}"
    if home in ("torch", "torch.functional", "torch._C", "torch._VF"):
        return f"torch.{name}"
    home = (
        home.replace("torch._C._linalg", "torch.linalg")
        .replace("torch._C._fft", "torch.fft")
        .replace("torch._C._special", "torch.special")
    )
    return f"{home}.{name.removeprefix('linalg_').removeprefix('fft_').removeprefix('special_')}" if home else name
