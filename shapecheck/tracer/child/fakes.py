"""Abstract tensors: a shape, a dtype and strides, without numbers."""

from __future__ import annotations

import functools
import logging

import torch
from torch._subclasses.fake_tensor import FakeTensor, FakeTensorMode

__all__ = ["FakeTensor", "fake", "fake_mode", "is_fake"]


@functools.lru_cache(maxsize=1)
def fake_mode() -> FakeTensorMode:
    """The one mode that all abstract tensors belong to. It is never entered: operators find it by their operands."""
    logging.getLogger("torch._subclasses.fake_tensor").setLevel(logging.CRITICAL)
    return FakeTensorMode(allow_non_fake_inputs=True)


def is_fake(value: object) -> bool:
    """Whether a value is an abstract tensor (parameters included)."""
    return isinstance(value, FakeTensor)


def fake(like: torch.Tensor | tuple[int, ...], dtype: torch.dtype | None = None) -> torch.Tensor:
    """An abstract tensor on the CPU, like another one (shape, strides and dtype) or of a shape."""
    if isinstance(like, torch.Tensor):
        if isinstance(like, FakeTensor) and dtype in (None, like.dtype):
            return like
        meta = torch.empty_strided(like.shape, like.stride(), dtype=dtype or like.dtype, device="meta")
    else:
        meta = torch.empty(tuple(like), dtype=dtype or torch.get_default_dtype(), device="meta")
    return FakeTensor(fake_mode(), meta, torch.device("cpu"))
