"""One row of a data frame."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from shapecheck.tracer.standins.tabular.index import is_list
from shapecheck.tracer.standins.tabular.series import Series


class Record(Mapping[str, Any]):
    """One row of a data frame: values by name, by attribute or by position.

    It is given the columns that are known, and a function that gives any: the frame's own.
    """

    def __init__(
        self, known: Mapping[Any, list[Any]], column: Callable[[Any], list[Any]], row: int, label: Any
    ) -> None:
        self._known, self._column, self._row = known, column, row
        self.name = self.Index = label

    def __getitem__(self, key: Any) -> Any:
        if is_list(key):
            return Series([self[name] for name in key], index=list(key))
        if isinstance(key, (int, slice)) and key not in self._known:
            return self.tolist()[key]
        return self._column(key)[self._row]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self._column(name)[self._row]

    @property
    def iloc(self) -> Any:
        """By position."""
        return self

    def tolist(self) -> list[Any]:
        """The values."""
        return [values[self._row] for values in self._known.values()]

    @property
    def values(self) -> Any:
        """The values as an array."""
        return Series(self.tolist()).values

    def to_dict(self) -> dict[str, Any]:
        """The values by name."""
        return {name: values[self._row] for name, values in self._known.items()}

    _asdict = to_dict
