"""Tables of rows in memory that behave like Hugging Face's ``Dataset``, with columns made up on demand."""

from __future__ import annotations

import importlib
import random
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import torch

from shapecheck.tracer.child.frames import is_user_file
from shapecheck.tracer.standins.script import gives_up_without

if TYPE_CHECKING:
    from shapecheck.tracer.standins.columns import Columns

Transform = Callable[[Any], Any]


class Dataset(torch.utils.data.Dataset[Any]):  # type: ignore[misc]
    """Columns of equal length.

    Attributes:
        features: what each column holds, as far as known.
        split: the name of the part (``train``), if it has one.
    """

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
        return _Names(self) if self._maker is not None else list(self._columns)

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
            return _formatted(self.column(key), self._format)
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
            return _Row(self, row)
        return {name: _formatted(self.column(name)[row], self._format) for name in self._shown or self.column_names}

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
        return _Rows(self, rows)

    def _batch(self, rows: Sequence[int]) -> dict[str, Any]:
        if self._transform is not None:
            return dict(self._transform(self._plain(rows)))
        if self._maker is not None and self._format is None and self._shown is None:
            return self._plain(rows)
        if self._format == "pandas":
            frame: dict[str, Any] = importlib.import_module("pandas").DataFrame(dict(self._plain(rows)))
            return frame
        names = self._shown or self.column_names
        return {name: _formatted([self.column(name)[row] for row in rows], self._format) for name in names}

    # other tables from it

    def _with(self, columns: Mapping[str, Sequence[Any]], rows: int | None = None) -> Dataset:
        made = Dataset(columns, maker=self._maker, features=self.features, rows=self._rows if rows is None else rows)
        made._format, made._transform, made.split = self._format, self._transform, self.split
        made._shown = [name for name in self._shown if name in columns] if self._shown else None
        return made

    def map(
        self,
        function: Callable[..., Any] | None = None,
        with_indices: bool = False,
        with_rank: bool = False,
        input_columns: str | list[str] | None = None,
        batched: bool = False,
        batch_size: int | None = 1000,
        remove_columns: str | Sequence[str] | None = None,
        fn_kwargs: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> Dataset:
        """Each row (or batch) through a function; what it returns is added to the columns.

        Where a batch of made-up rows comes to fewer (texts joined and cut into long blocks), it is given once more as
        long as a real one, the rows over and over.
        """

        def mapped(rows: Sequence[int]) -> Any:
            given: Any = self._plain(rows) if batched else _Row(self, rows[0])
            inputs = [given] if input_columns is None else [given[name] for name in _names(input_columns)]
            extra = [list(rows) if batched else rows[0]] if with_indices else []
            extra += [0] if with_rank else []
            return function(*inputs, *extra, **(fn_kwargs or {})) if function else None

        step = (batch_size or max(self._rows, 1)) if batched else 1
        results = [mapped(range(start, min(start + step, self._rows))) for start in range(0, self._rows, step)]
        kept = {name: values for name, values in self._columns.items() if name not in _names(remove_columns)}
        new = _collected(results, batched)
        if new and batched and self._maker is not None and len(next(iter(new.values()))) < self._rows < step:
            new = _collected([mapped([row % self._rows for row in range(step)])], batched)
        rows_now = len(next(iter(new.values()))) if new else self._rows
        if rows_now != self._rows:
            kept = {}
        return self._with({**kept, **new}, rows_now)

    def filter(
        self, function: Any = None, with_indices: bool = False, input_columns: Any = None, **options: Any
    ) -> Dataset:
        """The rows that a function keeps; all of them where the made-up values keep none."""
        batched = options.get("batched", False)
        if batched:
            verdicts = list(function(self._plain(range(self._rows))))
        else:
            verdicts = []
            for row in range(self._rows):
                given: Any = _Row(self, row)
                inputs = [given] if input_columns is None else [given[name] for name in _names(input_columns)]
                verdicts.append(function(*inputs, *([row] if with_indices else [])))
        rows = [row for row, keep in enumerate(verdicts) if keep]
        return self.select(rows if rows or self._maker is None else range(self._rows))

    def select(self, indices: Iterable[int], **options: Any) -> Dataset:
        """Some rows; of made-up data at most as many as there are."""
        rows = [int(row) for row in indices]
        if self._maker is not None:
            rows = [row for row in rows if row < self._rows] or list(range(self._rows))
        return self._with({name: [values[row] for row in rows] for name, values in self._columns.items()}, len(rows))

    def shuffle(self, *args: Any, seed: int | None = None, **options: Any) -> Dataset:
        """The rows in another order."""
        rows = list(range(self._rows))
        random.Random(seed or 0).shuffle(rows)
        return self.select(rows)

    def train_test_split(
        self, test_size: float | None = None, train_size: float | None = None, shuffle: bool = True, **options: Any
    ) -> DatasetDict:
        """Two parts, ``train`` and ``test``."""
        if test_size is None:
            test_size = 0.25 if train_size is None else (1 - train_size if train_size < 1 else self._rows - train_size)
        tests = int(test_size * self._rows + 0.5) if test_size < 1 else int(test_size)
        tests = min(max(tests, 1), max(self._rows - 1, 1))
        whole = self.shuffle() if shuffle else self
        split = self._rows - tests
        return DatasetDict(train=whole.select(range(split)), test=whole.select(range(split, self._rows)))

    def shard(self, num_shards: int, index: int, **options: Any) -> Dataset:
        """Every so-many-th row."""
        return self.select(range(index, self._rows, num_shards))

    def take(self, n: int) -> Dataset:
        """The first rows."""
        return self.select(range(min(n, self._rows)))

    def skip(self, n: int) -> Dataset:
        """All but the first rows."""
        return self.select(range(min(n, self._rows - 1), self._rows))

    def sort(self, *args: Any, **options: Any) -> Dataset:
        """The rows."""
        return self._with(self._columns)

    flatten = flatten_indices = cast = class_encode_column = sort

    def cast_column(self, column: str, feature: Any, **options: Any) -> Dataset:
        """With another feature for a column."""
        made = self._with(self._columns)
        made.features[column] = feature
        return made

    def rename_columns(self, column_mapping: Mapping[str, str], **options: Any) -> Dataset:
        """With other names."""
        for name in column_mapping:
            if self._maker is not None:
                self.column(name)
        made = self._with({column_mapping.get(name, name): values for name, values in self._columns.items()})
        made.features = Features({column_mapping.get(name, name): value for name, value in self.features.items()})
        return made

    def rename_column(self, original_column_name: str, new_column_name: str, **options: Any) -> Dataset:
        """With another name for one column."""
        return self.rename_columns({original_column_name: new_column_name})

    def remove_columns(self, column_names: str | Sequence[str], **options: Any) -> Dataset:
        """Without some columns."""
        gone = _names(column_names)
        return self._with({name: values for name, values in self._columns.items() if name not in gone})

    def select_columns(self, column_names: str | Sequence[str], **options: Any) -> Dataset:
        """With some columns only."""
        return self._with({name: self.column(name) for name in _names(column_names)})

    def add_column(self, name: str, column: Sequence[Any], **options: Any) -> Dataset:
        """With one more column."""
        return self._with({**self._columns, name: list(column)})

    def unique(self, column: str) -> list[Any]:
        """The different values of a column."""
        return list(dict.fromkeys(self.column(column)))

    # how rows are given

    def set_format(self, type: str | None = None, columns: Sequence[str] | None = None, **options: Any) -> None:
        """Give rows as torch tensors or numpy arrays, some columns only."""
        self._format = {"pt": "torch", "np": "numpy"}.get(type or "", type)
        self._shown = [name for name in _names(columns) if self.column(name) is not None] or None
        self._transform = None

    def with_format(self, type: str | None = None, columns: Sequence[str] | None = None, **options: Any) -> Dataset:
        """The same rows, given otherwise."""
        made = self._with(self._columns)
        made.set_format(type, columns)
        return made

    def reset_format(self) -> None:
        """Give rows as plain values."""
        self.set_format()

    def set_transform(self, transform: Transform, *args: Any, **options: Any) -> None:
        """Give rows as a function of batches makes them."""
        self._transform = transform

    def with_transform(self, transform: Transform, *args: Any, **options: Any) -> Dataset:
        """The same rows, through a function of batches."""
        made = self._with(self._columns)
        made.set_transform(transform)
        return made

    def to_dict(self, *args: Any, **options: Any) -> dict[str, list[Any]]:
        """The columns."""
        return {name: list(values) for name, values in self._columns.items()}

    def to_list(self) -> list[dict[str, Any]]:
        """The rows."""
        return [{name: values[row] for name, values in self._columns.items()} for row in range(self._rows)]

    def to_pandas(self, *args: Any, **options: Any) -> Any:
        """A data frame of the columns."""
        return importlib.import_module("pandas").DataFrame(self.to_dict())

    def save_to_disk(self, *args: Any, **options: Any) -> None:
        """Nothing is written."""

    push_to_hub = to_csv = to_json = to_parquet = set_epoch = save_to_disk

    # where it comes from

    @classmethod
    def from_dict(cls, mapping: Mapping[str, Sequence[Any]], *args: Any, **options: Any) -> Dataset:
        """A table of these columns."""
        return Dataset(mapping)

    @classmethod
    def from_list(cls, mapping: Sequence[Mapping[str, Any]], *args: Any, **options: Any) -> Dataset:
        """A table of these rows."""
        return Dataset({name: [row.get(name) for row in mapping] for name in (mapping[0] if mapping else ())})

    @classmethod
    def from_pandas(cls, df: Any, *args: Any, **options: Any) -> Dataset:
        """A table of a data frame's columns."""
        return Dataset(
            {str(name): list(df[name]) for name in df.columns}, maker=getattr(df, "maker", None), rows=len(df)
        )

    @classmethod
    def from_generator(
        cls, generator: Callable[..., Any], *args: Any, gen_kwargs: Any = None, **options: Any
    ) -> Dataset:
        """A table of the rows that a function yields."""
        return cls.from_list(list(generator(**(gen_kwargs or {}))))


class DatasetDict(dict[str, Any]):
    """Tables by the name of their part; what is done to it is done to each. A missing part is made like the others."""

    def __missing__(self, name: str) -> Any:
        first = next(iter(self.values()), None)
        if first is None or first._maker is None:
            raise KeyError(name)
        self[name] = first._with(first._columns)
        return self[name]

    @property
    def column_names(self) -> dict[str, list[str]]:
        """The columns of each part."""
        return {name: part.column_names for name, part in self.items()}

    @property
    def num_rows(self) -> dict[str, int]:
        """The rows of each part."""
        return {name: len(part) for name, part in self.items()}

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or not hasattr(Dataset, name):
            raise AttributeError(name)

        def each(*args: Any, **kwargs: Any) -> Any:
            results = {part: getattr(value, name)(*args, **kwargs) for part, value in self.items()}
            return DatasetDict(results) if any(value is not None for value in results.values()) else None

        return each


class _Names(list[str]):
    """The columns of made-up data; one that the script would end without is there as well."""

    def __init__(self, table: Dataset) -> None:
        super().__init__(table._columns)
        self._table = table

    def __contains__(self, name: object) -> bool:
        asking = sys._getframe(1)
        if super().__contains__(name) or not isinstance(name, str):
            return super().__contains__(name)
        wanted = is_user_file(asking.f_code.co_filename) and gives_up_without(
            asking.f_code.co_filename, asking.f_lineno
        )
        if wanted:
            self._table.column(name)
            self.append(name)
        return wanted


class Features(dict[str, Any]):
    """What columns hold; a column that is not known holds plain values."""

    def __missing__(self, name: str) -> Any:
        self[name] = Feature()
        return self[name]


class Feature:
    """What a column holds: plain values, or one of so many classes; ``feature`` is what a list of it holds."""

    def __init__(self, names: Sequence[str] | None = None, num_classes: int = 2, **options: Any) -> None:
        self.names = list(names or (f"class_{i}" for i in range(num_classes)))
        self.num_classes = len(self.names)
        self.feature = self
        self.dtype = "int64"

    def str2int(self, value: Any) -> Any:
        """The number of a class, or of each."""
        return self.names.index(value) if isinstance(value, str) else [self.names.index(part) for part in value]

    def int2str(self, value: Any) -> Any:
        """The name of a class, or of each."""
        return self.names[value] if isinstance(value, int) else [self.names[part] for part in value]


class _Row(dict[str, Any]):
    """One row; columns that nobody made yet are made when they are asked for."""

    def __init__(self, table: Dataset, row: int) -> None:
        super().__init__({name: values[row] for name, values in table._columns.items()})
        self._table, self._row = table, row

    def __missing__(self, name: str) -> Any:
        self[name] = self._table.column(name)[self._row]
        return self[name]


class _Rows(dict[str, list[Any]]):
    """Several rows by column; columns that nobody made yet are made when they are asked for."""

    def __init__(self, table: Dataset, rows: Sequence[int]) -> None:
        super().__init__({name: [values[row] for row in rows] for name, values in table._columns.items()})
        self._table, self._numbers = table, rows

    def __missing__(self, name: str) -> list[Any]:
        column = self._table.column(name)
        self[name] = [column[row] for row in self._numbers]
        return self[name]


def _names(names: str | Sequence[str] | None) -> list[str]:
    return [names] if isinstance(names, str) else list(names or ())


def _collected(results: list[Any], batched: bool) -> dict[str, list[Any]]:
    """The columns of what a mapped function returned, row by row or batch by batch."""
    given = [result for result in results if hasattr(result, "items")]
    columns: dict[str, list[Any]] = {name: [] for result in given[:1] for name in result}
    for result in given:
        for name in columns:
            value = _plain_value(result[name])
            columns[name] += list(value) if batched else [value]
    return columns


def _plain_value(value: Any) -> Any:
    """Tables keep no tensors: they become lists, as in Arrow."""
    if isinstance(value, torch.Tensor) or type(value).__module__ == "numpy":
        return value.tolist()
    if isinstance(value, (list, tuple)) and value and isinstance(value[0], torch.Tensor):
        return [part.tolist() for part in value]
    return value


def _formatted(value: Any, kind: str | None) -> Any:
    if kind == "torch":
        return as_tensor(value)
    if kind == "numpy":
        import numpy

        return numpy.asarray(value)
    return value


def as_tensor(value: Any) -> Any:
    """A value as ``with_format("torch")`` gives it: strings stay, ragged lists become lists of tensors."""
    if isinstance(value, str) or value is None or isinstance(value, torch.Tensor):
        return value
    if isinstance(value, dict):
        return {key: as_tensor(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)) and any(isinstance(part, (str, dict)) or part is None for part in value):
        return [as_tensor(part) for part in value]
    try:
        made = torch.tensor(value)
    except (TypeError, ValueError):
        return [as_tensor(part) for part in value] if isinstance(value, (list, tuple)) else value
    return made.float() if made.dtype == torch.float64 else made
