"""Row and column names, and what picks rows by them or by position."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any


class Index(list[Any]):
    """Row or column names."""

    @property
    def values(self) -> list[Any]:
        """The names."""
        return list(self)

    def tolist(self) -> list[Any]:
        """The names."""
        return list(self)

    to_list = tolist

    def get_loc(self, name: Any) -> int:
        """The position of a name."""
        return self.index(name)


class At:
    """``frame.iloc[...]`` and its like."""

    def __init__(self, get: Callable[[Any], Any], put: Callable[[Any, Any], None] | None = None) -> None:
        self._get, self._put = get, put

    def __getitem__(self, key: Any) -> Any:
        return self._get(key)

    def __setitem__(self, key: Any, value: Any) -> None:
        if self._put is not None:
            self._put(key, value)


def is_list(value: Any) -> bool:
    """Whether a value holds several values."""
    several = hasattr(value, "__array__") and getattr(value, "shape", None) != ()  # numpy's numbers have it too
    return several or isinstance(value, (list, tuple, set, range))


def chosen(values: Sequence[Any], key: Any) -> list[Any]:
    """The values at some positions, or where a list of verdicts holds."""
    picks = list(key)
    if picks and isinstance(picks[0], bool):
        return [value for value, keep in zip(values, picks, strict=False) if keep]
    return [values[int(i)] for i in picks]


def position(index: list[Any], key: Any) -> int:
    """Where a row label stands."""
    return index.index(key) if key in index else int(key)


def sampled(items: list[Any], n: int | None, frac: float | None) -> list[Any]:
    """Some items, in another order."""
    count = n if n is not None else int(len(items) * frac) if frac is not None else 1
    return random.Random(0).sample(items, min(count, len(items)))
