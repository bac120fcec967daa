"""gym, which gymnasium was before version 0.26: the same environments with the answers of then."""

from __future__ import annotations

import functools

from shapecheck.tracer.standins.absent import gymnasium
from shapecheck.tracer.standins.absent.gymnasium import Discrete, Env, Wrapper

__all__ = ["Discrete", "Env", "Wrapper", "make"]

make = functools.partial(gymnasium.make, old=True)
