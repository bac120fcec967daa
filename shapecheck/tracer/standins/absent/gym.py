"""gym, which gymnasium was before version 0.26: the same environments with the answers of then."""

from __future__ import annotations

import functools
from typing import Any

from shapecheck.tracer.standins.absent import gymnasium

__all__ = [*gymnasium.__all__]

make = functools.partial(gymnasium.make, old=True)
make_vec = functools.partial(gymnasium.make_vec, old=True)


def __getattr__(name: str) -> Any:
    return getattr(gymnasium, name)
