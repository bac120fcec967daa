"""Hugging Face's ``Dataset`` and ``DatasetDict``: tables that are made of other tables, or of what else there is."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from shapecheck.tracer.standins.passing import Passing
from shapecheck.tracer.standins.rows.features import Features
from shapecheck.tracer.standins.rows.table import Table, Transform, listed
from shapecheck.tracer.standins.rows.values import collected
from shapecheck.tracer.standins.rows.views import Row


class Dataset(Passing, Table):
    """A table with the methods of Hugging Face's; of made-up data none of them leaves nothing."""

    def _with(self, columns: Mapping[str, Sequence[Any]], rows: int | None = None) -> Dataset:
        made = Dataset(columns, maker=self._maker, features=self.features, rows=self._rows if rows is None else rows)
        made._format, made._transform, made.split = self._format, self._transform, self.split
        made.usual = self.usual
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
            given: Any = self._plain(rows) if batched else Row(self._columns, self.column, rows[0])
            inputs = [given] if input_columns is None else [given[name] for name in listed(input_columns)]
            extra = [list(rows) if batched else rows[0]] if with_indices else []
            extra += [0] if with_rank else []
            return function(*inputs, *extra, **(fn_kwargs or {})) if function else None

        step = (batch_size or max(self._rows, 1)) if batched else 1
        results = [mapped(range(start, min(start + step, self._rows))) for start in range(0, self._rows, step)]
        kept = {name: values for name, values in self._columns.items() if name not in listed(remove_columns)}
        new = collected(results, batched)
        if new and batched and self._maker is not None and len(next(iter(new.values()))) < self._rows < step:
            new = collected([mapped([row % self._rows for row in range(step)])], batched)
        rows_now = len(next(iter(new.values()))) if new else self._rows
        if rows_now != self._rows:
            kept = {}
        if self.usual and "labels" in new and not self._speaks_of("label"):
            kept.pop("label", None)
        return self._with({**kept, **new}, rows_now)

    def _speaks_of(self, name: str) -> bool:
        """Whether the script asks for a column by its name."""
        return self._maker is None or f'"{name}"' in self._maker.script.replace("'", '"')

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
                given: Any = Row(self._columns, self.column, row)
                inputs = [given] if input_columns is None else [given[name] for name in listed(input_columns)]
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
        gone = listed(column_names)
        return self._with({name: values for name, values in self._columns.items() if name not in gone})

    def select_columns(self, column_names: str | Sequence[str], **options: Any) -> Dataset:
        """With some columns only."""
        return self._with({name: self.column(name) for name in listed(column_names)})

    def add_column(self, name: str, column: Sequence[Any], **options: Any) -> Dataset:
        """With one more column."""
        return self._with({**self._columns, name: list(column)})

    def unique(self, column: str) -> list[Any]:
        """The different values of a column."""
        return list(dict.fromkeys(self.column(column)))

    def with_format(self, type: str | None = None, columns: Sequence[str] | None = None, **options: Any) -> Dataset:
        """The same rows, given otherwise."""
        made = self._with(self._columns)
        made.set_format(type, columns)
        return made

    def with_transform(self, transform: Transform, *args: Any, **options: Any) -> Dataset:
        """The same rows, through a function of batches."""
        made = self._with(self._columns)
        made.set_transform(transform)
        return made

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


class DatasetDict(Passing, dict[str, Any]):
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
