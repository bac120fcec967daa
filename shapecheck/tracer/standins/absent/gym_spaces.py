"""The spaces of gymnasium: what observations and actions look like. Samples are zeros."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["Box", "Dict", "Discrete", "MultiBinary", "MultiDiscrete", "Space", "Tuple", "batched"]


class Space:
    """Arrays of a shape and a dtype."""

    shape: tuple[int, ...] = ()
    dtype: Any = "float32"

    def sample(self, *args: Any) -> Any:
        """Zeros."""
        import numpy

        return numpy.zeros(self.shape, dtype=self.dtype)

    def seed(self, *args: Any) -> None:
        """Nothing is random."""

    def contains(self, x: Any) -> bool:
        """Whatever it is."""
        return True

    __contains__ = contains


class Discrete(Space):
    """So many things to choose from."""

    dtype = "int64"

    def __init__(self, n: int, *args: Any, **options: Any) -> None:
        self.n, self.start = n, options.get("start", 0)

    def sample(self, *args: Any) -> Any:
        """The first of them."""
        return self.start


class Box(Space):
    """Numbers between bounds, of a shape; or of that of the bounds."""

    def __init__(self, low: Any = -1.0, high: Any = 1.0, shape: Any = None, dtype: Any = "float32", **options: Any):
        import numpy

        self.shape = tuple(shape) if shape is not None else numpy.broadcast(low, high).shape
        self.dtype = numpy.dtype(dtype)
        self.low = numpy.broadcast_to(numpy.asarray(low), self.shape).astype(self.dtype)
        self.high = numpy.broadcast_to(numpy.asarray(high), self.shape).astype(self.dtype)


class MultiDiscrete(Space):
    """Several choices at once."""

    dtype = "int64"

    def __init__(self, nvec: Any, *args: Any, **options: Any) -> None:
        import numpy

        self.nvec = numpy.asarray(nvec)
        self.shape = self.nvec.shape


class MultiBinary(Space):
    """Several answers of yes or no."""

    dtype = "int8"

    def __init__(self, n: Any, *args: Any, **options: Any) -> None:
        self.n, self.shape = n, (n,) if isinstance(n, int) else tuple(n)


class Dict(Space):
    """Spaces by name."""

    def __init__(self, spaces: Mapping[str, Any] | None = None, *args: Any, **more: Any) -> None:
        self.spaces = {**(spaces or {}), **more}

    def __getitem__(self, name: str) -> Any:
        return self.spaces[name]

    def sample(self, *args: Any) -> Any:
        """A sample of each."""
        return {name: space.sample() for name, space in self.spaces.items()}


class Tuple(Space):
    """Spaces in order."""

    def __init__(self, spaces: Sequence[Any], *args: Any, **options: Any) -> None:
        self.spaces = tuple(spaces)

    def __getitem__(self, at: int) -> Any:
        return self.spaces[at]

    def sample(self, *args: Any) -> Any:
        """A sample of each."""
        return tuple(space.sample() for space in self.spaces)


def batched(space: Any, count: int) -> Any:
    """The space of ``count`` samples at once."""
    if isinstance(space, Discrete):
        return MultiDiscrete([space.n] * count)
    if isinstance(space, Dict):
        return Dict({name: batched(part, count) for name, part in space.spaces.items()})
    return Box(shape=(count, *space.shape), dtype=space.dtype)
