"""Data frames without pandas: columns as lists, made up on demand where the data are not there."""

from __future__ import annotations

import operator
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from shapecheck.tracer.standins.absorb import Absorbing
from shapecheck.tracer.standins.tabular.groups import Groups
from shapecheck.tracer.standins.tabular.index import At, Index, is_list, position, sampled
from shapecheck.tracer.standins.tabular.kinds import Kinds
from shapecheck.tracer.standins.tabular.record import Record
from shapecheck.tracer.standins.tabular.series import ARITHMETIC, SUMMARIES, Series

if TYPE_CHECKING:
    from shapecheck.tracer.standins.columns import Columns


class DataFrame(Kinds):
    """Columns of equal length; where ``maker`` is set, a column that is missing is made up."""

    def __init__(
        self,
        data: Any = None,
        index: Any = None,
        columns: Any = None,
        maker: Columns | None = None,
        rows: int = 0,
        **options: Any,
    ) -> None:
        self.__dict__["maker"] = maker
        self.__dict__["_columns"] = _columns_of(data, columns)
        count = len(next(iter(self._columns.values()), ())) or rows
        self.__dict__["index"] = Index(index if index is not None else range(count))

    def _with(self, columns: Mapping[Any, Sequence[Any]], index: Any = None) -> DataFrame:
        return DataFrame(dict(columns), index=self.index if index is None else index, maker=self.maker)

    def _rows(self, rows: Sequence[int]) -> DataFrame:
        columns = {name: [values[row] for row in rows] for name, values in self._columns.items()}
        return self._with(columns, [self.index[row] for row in rows])

    def _column(self, name: Any) -> list[Any]:
        if name not in self._columns:
            if self.maker is None:
                raise KeyError(name)
            self._columns[name] = self.maker.values(name, len(self.index))
        found: list[Any] = self._columns[name]
        return found

    @property
    def columns(self) -> Index:
        """The names of the columns."""
        return Index(self._columns)

    def _rename_all(self, names: Sequence[Any]) -> None:
        values = [*self._columns.values()]
        values += [self.maker.values(name, len(self)) for name in list(names)[len(values) :]] if self.maker else []
        self.__dict__["_columns"] = dict(zip(names, values, strict=False))

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return len(self.index), len(self._columns)

    @property
    def values(self) -> Any:
        """The values as an array of rows."""
        import numpy

        rows = list(zip(*self._columns.values(), strict=False))
        mixed = any(isinstance(value, str) for row in rows[:1] for value in row)
        return numpy.array(rows, dtype=object if mixed else None)

    def to_numpy(self, *args: Any, **options: Any) -> Any:
        """The values as an array of rows."""
        return self.values

    def __len__(self) -> int:
        return len(self.index)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._columns)

    def __contains__(self, name: Any) -> bool:
        return name in self._columns or self.maker is not None

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, slice):
            return self._rows(range(len(self))[key])
        if is_list(key):
            chosen = list(key)
            if chosen and isinstance(chosen[0], bool):
                return self._rows([row for row, keep in enumerate(chosen) if keep])
            return self._with({name: self._column(name) for name in chosen})
        return Series(self._column(key), self.index, key, made_up=self.maker is not None)

    def __setitem__(self, key: Any, value: Any) -> None:
        count = len(self.index)
        self._columns[key] = list(value) if is_list(value) else [value] * count
        if not count:
            self.__dict__["index"] = Index(range(len(self._columns[key])))

    def __delitem__(self, key: Any) -> None:
        self._columns.pop(key, None)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if name in self._columns:
            return self[name]
        if name in _UNCHANGED:
            return lambda *args, **options: self._with(self._columns)
        if name in _NOTHING:
            return lambda *args, **options: None
        if name in SUMMARIES and self._columns:
            return lambda *args, **options: self._summed_up(SUMMARIES[name])
        if self.maker is not None:
            return self[name]
        return Absorbing(f"DataFrame.{name}")

    def _summed_up(self, how: Callable[[list[Any]], Any]) -> Series:
        """One value for each column of numbers, by its name."""
        numbers = {n: values for n, values in self._columns.items() if not any(isinstance(v, str) for v in values)}
        return Series([how(values) for values in numbers.values()], list(numbers))

    def _combined(self, other: Any, how: Callable[[Any, Any], Any]) -> DataFrame:
        """Each column with that of the same name in a frame, or with its value in a row of such names, or a number."""
        made = {}
        for name in list(self._columns):
            if isinstance(other, (DataFrame, Series)):
                part = other[name] if name in other else 0.0  # noqa: SIM401 - neither has a `get` that knows its columns
            else:
                part = other
            made[name] = list(how(self[name], part))
        return self._with(made)

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "columns":
            self._rename_all(value)
        else:
            self[name] = value

    @property
    def iloc(self) -> Any:
        """Rows (and columns) by position."""
        return At(
            lambda key: self._at(key, by_position=True), lambda key, value: self._put(key, value, by_position=True)
        )

    @property
    def loc(self) -> Any:
        """Rows (and columns) by name."""
        return At(
            lambda key: self._at(key, by_position=False), lambda key, value: self._put(key, value, by_position=False)
        )

    at = loc
    iat = iloc

    def _at(self, key: Any, by_position: bool) -> Any:
        rows, names = key if isinstance(key, tuple) else (key, None)
        if names is not None:
            if by_position:
                names = self._names_at(names)
            part = self if isinstance(rows, slice) and rows == slice(None) else self._at(rows, by_position)
            return part[names]
        if isinstance(rows, slice):
            return self._rows(range(len(self))[rows])
        if is_list(rows):
            chosen = list(rows)
            if chosen and isinstance(chosen[0], bool):
                return self[chosen]
            return self._rows([row if by_position else position(self.index, row) for row in map(int, chosen)])
        return self._row(int(rows) if by_position else position(self.index, rows))

    def _put(self, key: Any, value: Any, by_position: bool) -> None:
        rows, names = key if isinstance(key, tuple) else (key, list(self._columns))
        if by_position and key is not names:
            names = self._names_at(names)
        for name in names if isinstance(names, list) else [names]:
            if isinstance(rows, slice) and rows == slice(None):
                self[name] = value
                continue
            chosen = rows if isinstance(rows, (slice, str)) or is_list(rows) else [rows]
            places = [self.index.index(label) for label in list(self._at(chosen, by_position).index)]
            new = list(value) if is_list(value) else [value] * len(places)
            column = (
                self._column(name)
                if name in self._columns or self.maker
                else self._columns.setdefault(name, [None] * len(self))
            )
            for place, item in zip(places, new, strict=False):
                column[place] = item

    def _names_at(self, positions: Any) -> Any:
        """The columns at some positions; of made-up data a text and a label, if none is known yet."""
        if self.maker is not None and not self._columns:
            for name in ("text", "label"):
                self._column(name)
        names = list(self._columns)
        return [names[i] for i in positions] if is_list(positions) else names[positions]

    def _row(self, row: int) -> Record:
        at = row if row >= 0 else len(self) + row
        return Record(self._columns, self._column, at, self.index[at])

    def iterrows(self) -> Iterator[tuple[Any, Any]]:
        """Row labels and rows."""
        return ((label, self._row(row)) for row, label in enumerate(self.index))

    def itertuples(self, *args: Any, **options: Any) -> Iterator[Any]:
        """Rows."""
        return (self._row(row) for row in range(len(self)))

    def apply(self, how: Any, axis: Any = 0, **options: Any) -> Any:
        """Each row (or column) through a function."""
        if axis in (1, "columns"):
            return Series([how(self._row(row)) for row in range(len(self))], self.index)
        return self._with({name: list(how(self[name])) for name in list(self._columns)})

    progress_apply = apply

    def head(self, n: int = 5) -> DataFrame:
        """The first rows."""
        return self._rows(range(len(self))[:n])

    def tail(self, n: int = 5) -> DataFrame:
        """The last rows."""
        return self._rows(range(len(self))[-n:])

    def sample(self, n: int | None = None, frac: float | None = None, **options: Any) -> DataFrame:
        """Some rows."""
        return self._rows(sampled(list(range(len(self))), n, frac))

    def query(self, expr: str, *args: Any, **options: Any) -> DataFrame:
        """The rows that a condition on their columns holds for; all of them where it is one that is not understood."""
        from_caller = dict(sys._getframe(1).f_locals)
        condition = compile(expr.replace("@", "").replace("`", "").strip(), "<query>", "eval")
        try:
            return self._rows([row for row in range(len(self)) if eval(condition, from_caller, self._row(row))])
        except (NameError, TypeError, ValueError, AttributeError):
            return self._rows(range(len(self)))

    def reset_index(self, *args: Any, **options: Any) -> DataFrame:
        """Rows numbered anew."""
        return self._with(self._columns, range(len(self)))

    def drop(self, labels: Any = None, axis: Any = 0, index: Any = None, columns: Any = None, **options: Any) -> Any:
        """Without some columns or rows."""
        if columns is None and axis in (1, "columns"):
            columns = labels
        if columns is not None:
            gone = [columns] if isinstance(columns, str) else list(columns)
            return self._with({name: values for name, values in self._columns.items() if name not in gone})
        rows = labels if index is None else index
        lost = set(rows) if is_list(rows) else {rows}
        return self._rows([row for row, label in enumerate(self.index) if label not in lost])

    def rename(self, mapper: Any = None, columns: Mapping[Any, Any] | None = None, **options: Any) -> DataFrame:
        """With other names for columns."""
        names = columns or (mapper if isinstance(mapper, Mapping) else {})
        for name in names:
            if self.maker is not None:
                self._column(name)
        renamed = {names.get(name, name): values for name, values in self._columns.items()}
        if options.get("inplace"):
            self.__dict__["_columns"] = renamed
        return self._with(renamed)

    def assign(self, **columns: Any) -> DataFrame:
        """With more columns."""
        made = self._with(self._columns)
        for name, value in columns.items():
            made[name] = value(made) if callable(value) else value
        return made

    def to_dict(self, orient: str = "dict", *args: Any, **options: Any) -> Any:
        """The rows or the columns as plain values."""
        if orient == "records":
            return [self._row(row).to_dict() for row in range(len(self))]
        if orient == "list":
            return {name: list(values) for name, values in self._columns.items()}
        return {name: dict(zip(self.index, values, strict=False)) for name, values in self._columns.items()}

    def isnull(self) -> DataFrame:
        """Which values are missing."""
        return self._with({name: [value is None for value in values] for name, values in self._columns.items()})

    isna = isnull

    def groupby(self, by: Any, *args: Any, **options: Any) -> Groups:
        """The rows of each value of a column."""
        keys = list(self[by if isinstance(by, str) else next(iter(by))])
        return Groups((key, self._rows([row for row, k in enumerate(keys) if k == key])) for key in dict.fromkeys(keys))


def _add_operators() -> None:
    def plain(how: Callable[[Any, Any], Any]) -> Any:
        return lambda self, other: self._combined(other, how)

    def swapped(how: Callable[[Any, Any], Any]) -> Any:
        return lambda self, other: self._combined(other, lambda a, b: how(b, a))

    for name in ARITHMETIC:
        setattr(DataFrame, f"__{name}__", plain(getattr(operator, name)))
        setattr(DataFrame, f"__r{name}__", swapped(getattr(operator, name)))


_add_operators()


_UNCHANGED = frozenset(
    """
    copy dropna fillna drop_duplicates sort_values sort_index astype query replace infer_objects set_index clip round
    abs applymap transform where mask ffill bfill interpolate reindex rename_axis convert_dtypes truncate diff shift
    cumsum pct_change rank
    """.split()
)
_NOTHING = frozenset("info describe to_csv to_json to_excel to_pickle to_parquet hist plot insert".split())


def _columns_of(data: Any, columns: Any) -> dict[Any, list[Any]]:
    if data is None:
        return {name: [] for name in columns if columns is not None} if columns is not None else {}
    if isinstance(data, DataFrame):
        return {name: list(values) for name, values in data._columns.items()}
    if isinstance(data, Mapping):
        count = max((len(v) for v in data.values() if is_list(v)), default=1)
        return {name: list(v) if is_list(v) else [v] * count for name, v in data.items()}
    rows = list(data)
    if rows and isinstance(rows[0], Mapping):
        return {name: [row.get(name) for row in rows] for name in rows[0]}
    names = list(columns) if columns is not None else list(range(len(rows[0]) if rows and is_list(rows[0]) else 1))
    return {name: [row[i] if is_list(row) else row for row in rows] for i, name in enumerate(names)}
