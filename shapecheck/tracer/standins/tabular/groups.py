"""The parts of a data frame by the values of a column."""

from __future__ import annotations

import sys
from typing import Any

from shapecheck.tracer.standins.tabular.series import Series


class Groups(list[Any]):
    """Values of a column (or parts of a frame) by group."""

    def __getitem__(self, key: Any) -> Any:
        return Groups((name, part[key]) for name, part in self)

    def apply(self, how: Any, *args: Any, **options: Any) -> Series:
        """Each group through a function."""
        return Series([how(part) for _, part in self], index=[name for name, _ in self])

    agg = aggregate = transform = apply

    def size(self) -> Series:
        """The rows of each group."""
        return self.apply(len)

    count = nunique = ngroup = size  # type: ignore[assignment]

    def get_group(self, name: Any) -> Any:
        """One group."""
        return dict(self)[name]

    def head(self, n: int = 5) -> Any:
        """The first rows of each group, together in a frame."""
        from shapecheck.tracer.standins.tabular.dataframe import DataFrame  # which makes groups itself

        parts = [part.head(n) for _, part in self]
        names = dict.fromkeys(name for part in parts for name in part)
        return DataFrame({name: [value for part in parts for value in part[name]] for name in names})

    def sample(self, n: int | None = None, frac: float | None = None, **options: Any) -> Any:
        """Some rows of each group, together in a frame."""
        return Groups((name, part.sample(n, frac)) for name, part in self).head(sys.maxsize)

    def first(self) -> Series:
        """The first value of each group."""
        return self.apply(lambda part: part.iloc[0])

    last = first
