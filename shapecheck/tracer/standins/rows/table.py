"""A table of rows in memory: its columns, some of them made up when they are asked for, and how its rows are given."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import torch

from shapecheck.tracer.standins.rows.features import Features
from shapecheck.tracer.standins.rows.values import formatted
from shapecheck.tracer.standins.rows.views import ColumnNames, Row, Rows

if TYPE_CHECKING:
    from shapecheck.tracer.standins.columns import Columns

Transform = Callable[[Any], Any]


class Table(torch.utils.data.Dataset[Any]):  # type: ignore[misc]
    """Columns of equal length.

    Attributes:
        features: what each column holds, as far as known.
        split: the name of the part (``train``), if it has one.
        usual: whether its columns are those that an unknown data set usually has.
    """

    usual = False

    def __init__(
        self,
        columns: Mapping[str, Sequence[Any]] | None = None,
        *,
        maker: Columns | None = None,
        features: Mapping[str, Any] | None = None,
        rows: int | None = None,
    ) -> None:
        self._columns: dict[str, list[Any]] = {name: list(values) for name, values in (columns or {}).items()}
        self._maker = maker
        self._rows = rows if rows is not None else len(next(iter(self._columns.values()), ()))
        self._format: str | None = None
        self._shown: list[str] | None = None
        self._transform: Transform | None = None
        self.features: dict[str, Any] = Features(features or {})
        self.split: str | None = None
        self.info = self

    # what is in it

    @property
    def column_names(self) -> list[str]:
        """The columns that are there so far."""
        return ColumnNames(self._columns, self.column) if self._maker is not None else list(self._columns)

    @property
    def num_rows(self) -> int:
        """The number of rows."""
        return self._rows

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self._rows, len(self._columns)

    @property
    def format(self) -> dict[str, Any]:
        """How rows are given."""
        return {"type": self._format, "format_kwargs": {}, "columns": self._shown or self.column_names}

    def __len__(self) -> int:
        return self._rows

    def column(self, name: str) -> list[Any]:
        """The values of a column; made up if it is missing and the data are not there."""
        if name not in self._columns:
            if self._maker is None:
                raise KeyError(f"Column {name} not in the dataset. Current columns in the dataset: {self.column_names}")
            self._columns[name] = self._maker.values(name, self._rows)
        return self._columns[name]

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, str):
            return formatted(self.column(key), self._format)
        if isinstance(key, slice):
            return self._batch(range(self._rows)[key])
        if isinstance(key, Iterable):
            return self._batch([int(row) for row in key])
        row = int(key)
        if not -self._rows <= row < self._rows:
            raise IndexError(f"Index {row} out of range for dataset of size {self._rows}.")
        if self._transform is not None:
            return {name: values[0] for name, values in self._transform(self._plain([row])).items()}
        if self._maker is not None and self._format is None and self._shown is None:
            return Row(self._columns, self.column, row)
        return {name: formatted(self.column(name)[row], self._format) for name in self._shown or self.column_names}

    def __getitems__(self, rows: list[int]) -> list[Any]:
        return [self[row] for row in rows]

    def __iter__(self) -> Iterator[Any]:
        return (self[row] for row in range(self._rows))

    def iter(self, batch_size: int, drop_last_batch: bool = False) -> Iterator[Any]:
        """Batches as dicts of lists."""
        for start in range(0, self._rows, batch_size):
            if start + batch_size <= self._rows or not drop_last_batch:
                yield self._batch(range(start, min(start + batch_size, self._rows)))

    def _plain(self, rows: Sequence[int]) -> dict[str, list[Any]]:
        return Rows(self._columns, self.column, rows)

    def _batch(self, rows: Sequence[int]) -> dict[str, Any]:
        if self._transform is not None:
            return dict(self._transform(self._plain(rows)))
        if self._maker is not None and self._format is None and self._shown is None:
            return self._plain(rows)
        if self._format == "pandas":
            frame: dict[str, Any] = importlib.import_module("pandas").DataFrame(dict(self._plain(rows)))
            return frame
        names = self._shown or self.column_names
        return {name: formatted([self.column(name)[row] for row in rows], self._format) for name in names}

    # how rows are given

    def set_format(self, type: str | None = None, columns: Sequence[str] | None = None, **options: Any) -> None:
        """Give rows as torch tensors or numpy arrays, some columns only."""
        self._format = {"pt": "torch", "np": "numpy"}.get(type or "", type)
        self._shown = [name for name in listed(columns) if self.column(name) is not None] or None
        self._transform = None

    def reset_format(self) -> None:
        """Give rows as plain values."""
        self.set_format()

    def set_transform(self, transform: Transform, *args: Any, **options: Any) -> None:
        """Give rows as a function of batches makes them."""
        self._transform = transform

    def to_dict(self, *args: Any, **options: Any) -> dict[str, list[Any]]:
        """The columns."""
        return {name: list(values) for name, values in self._columns.items()}

    def to_list(self) -> list[dict[str, Any]]:
        """The rows."""
        return [{name: values[row] for name, values in self._columns.items()} for row in range(self._rows)]

    def to_pandas(self, *args: Any, **options: Any) -> Any:
        """A data frame of the columns."""
        return importlib.import_module("pandas").DataFrame(self.to_dict())


def listed(names: str | Sequence[str] | None) -> list[str]:
    """Names of columns, given as one or as several."""
    return [names] if isinstance(names, str) else list(names or ())
