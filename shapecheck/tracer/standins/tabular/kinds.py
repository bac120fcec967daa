"""What is said of a data frame's columns: their names, dtypes and kinds."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from shapecheck.tracer.standins.tabular.index import is_list
from shapecheck.tracer.standins.tabular.series import Series

_WORDS = ("object", "str", "string", "category")


class Kinds:
    """Methods of a data frame with its columns in ``_columns``."""

    _columns: dict[Any, list[Any]]
    _with: Callable[..., Any]

    @property
    def empty(self) -> bool:
        """Whether there is nothing in it."""
        return not any(self._columns.values())

    @property
    def dtypes(self) -> Series:
        """The dtype of each column."""
        return Series([Series(values).dtype for values in self._columns.values()], index=list(self._columns))

    def items(self) -> Any:
        """Names and columns."""
        return ((name, self[name]) for name in list(self._columns))  # type: ignore[index]

    def pop(self, name: Any) -> Any:
        """A column, which is gone then."""
        found = self[name]  # type: ignore[index]
        del self._columns[name]
        return found

    def select_dtypes(self, include: Any = None, exclude: Any = None) -> Any:
        """The columns of some kinds: numbers or words."""
        chosen = include if include is not None else exclude
        names = [getattr(kind, "__name__", str(kind)) for kind in (chosen if is_list(chosen) else [chosen])]
        words = any(name in _WORDS for name in names) is (include is not None)
        return self._with({name: values for name, values in self._columns.items() if _is_words(values) is words})

    def filter(self, items: Any = None, like: Any = None, regex: Any = None, **options: Any) -> Any:
        """The columns of some names."""
        if items is not None:
            return self[list(items)]  # type: ignore[index]
        found = [name for name in self._columns if (like and like in str(name)) or (regex and re.search(regex, name))]
        return self._with({name: self._columns[name] for name in found})

    def nunique(self, *args: Any, **options: Any) -> Any:
        """How many different values each column has."""
        return Series([len(set(values)) for values in self._columns.values()], index=list(self._columns))


def _is_words(values: Sequence[Any]) -> bool:
    return any(isinstance(value, str) for value in values[:1])
