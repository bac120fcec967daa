"""Rows and column names of a table whose columns are made when they are asked for.

Each is given the columns that are known and a function that gives any: the table's own.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from shapecheck.tracer.child.frames import is_user_file
from shapecheck.tracer.standins.script import gives_up_without

Columns = Mapping[str, list[Any]]
Column = Callable[[str], list[Any]]


class ColumnNames(list[str]):
    """The columns of made-up data; one that the script would end without is there as well."""

    def __init__(self, known: Columns, column: Column) -> None:
        super().__init__(known)
        self._column = column

    def __contains__(self, name: object) -> bool:
        asking = sys._getframe(1)
        if super().__contains__(name) or not isinstance(name, str):
            return super().__contains__(name)
        wanted = is_user_file(asking.f_code.co_filename) and gives_up_without(
            asking.f_code.co_filename, asking.f_lineno
        )
        if wanted:
            self._column(name)
            self.append(name)
        return wanted


class Row(dict[str, Any]):
    """One row; columns that nobody made yet are made when they are asked for."""

    def __init__(self, known: Columns, column: Column, row: int) -> None:
        super().__init__({name: values[row] for name, values in known.items()})
        self._column, self._row = column, row

    def __missing__(self, name: str) -> Any:
        self[name] = self._column(name)[self._row]
        return self[name]


class Rows(dict[str, list[Any]]):
    """Several rows by column; columns that nobody made yet are made when they are asked for."""

    def __init__(self, known: Columns, column: Column, rows: Sequence[int]) -> None:
        super().__init__({name: [values[row] for row in rows] for name, values in known.items()})
        self._column, self._rows = column, rows

    def __missing__(self, name: str) -> list[Any]:
        values = self._column(name)
        self[name] = [values[row] for row in self._rows]
        return self[name]
