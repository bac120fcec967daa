"""pandas: data frames of files that are read, or made up where there is none."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

from shapecheck.tracer.standins.absent import session
from shapecheck.tracer.standins.columns import Columns
from shapecheck.tracer.standins.tabular.dataframe import DataFrame
from shapecheck.tracer.standins.tabular.index import Index
from shapecheck.tracer.standins.tabular.series import Series

__all__ = [
    "DataFrame", "Index", "Series", "concat", "factorize", "get_dummies", "isna", "isnull", "merge", "notna", "notnull",
    "read_csv", "read_excel", "read_feather", "read_json", "read_parquet", "read_pickle", "read_table",
]  # fmt: skip

_MOST_ROWS = 1000


def read_csv(
    file: Any = None, sep: Any = None, header: Any = 0, names: Any = None, usecols: Any = None, **options: Any
) -> DataFrame:
    """A file of separated values; made up if it is not there."""
    if not _is_there(file):
        return made_up(file, names or usecols)
    separator = sep or options.get("delimiter") or ","
    with Path(file).open(newline="", encoding=options.get("encoding") or "utf-8", errors="replace") as lines:
        rows = [row for _, row in zip(range(_MOST_ROWS + 1), csv.reader(lines, delimiter=separator), strict=False)]
    if names is None and header is not None and rows:
        names, rows = rows[0], rows[1:]
    return DataFrame([[_parsed(cell) for cell in row] for row in rows], columns=names)


def read_table(file: Any = None, sep: Any = "\t", **options: Any) -> DataFrame:
    """A file of values separated by tabs; made up if it is not there."""
    return read_csv(file, sep=sep, **options)


def read_json(file: Any = None, *args: Any, lines: bool = False, **options: Any) -> DataFrame:
    """A file of JSON; made up if it is not there."""
    if not _is_there(file):
        return made_up(file, None)
    text = Path(file).read_text(encoding="utf-8")
    return DataFrame(
        [json.loads(line) for line in text.splitlines()[:_MOST_ROWS] if line] if lines else json.loads(text)
    )


def read_excel(file: Any = None, *args: Any, names: Any = None, **options: Any) -> DataFrame:
    """A table that only pandas itself could read: made up."""
    return made_up(file, names)


read_parquet = read_pickle = read_feather = read_excel


def made_up(file: Any, names: Any) -> DataFrame:
    """A data frame whose columns are made up when they are asked for."""
    maker = Columns(session(), cells=True)
    session().assume(f"{file}: {maker.rows} made-up rows")
    known = [] if names is None or callable(names) else list(names)
    return DataFrame({name: maker.values(name) for name in known}, maker=maker, rows=maker.rows)


def concat(frames: Any, axis: Any = 0, ignore_index: bool = False, **options: Any) -> Any:
    """Frames or series below each other, or side by side."""
    parts = list(frames.values() if isinstance(frames, dict) else frames)
    if all(isinstance(part, Series) for part in parts) and axis == 0:
        return Series([value for part in parts for value in part])
    if axis in (1, "columns"):
        columns: dict[Any, Any] = {}
        for part in parts:
            columns |= {part.name: part.tolist()} if isinstance(part, Series) else part._columns
        return DataFrame(columns)
    names = list(dict.fromkeys(name for part in parts for name in part._columns))
    joined = {name: [value for part in parts for value in part._column(name)] for name in names}
    count = sum(len(part) for part in parts)
    return DataFrame(joined, maker=parts[0].maker if parts else None, rows=count)


def merge(left: DataFrame, right: DataFrame, *args: Any, **options: Any) -> DataFrame:
    """The columns of both, row by row."""
    return concat([left, right], axis=1)  # type: ignore[no-any-return]


def get_dummies(data: Any, *args: Any, **options: Any) -> DataFrame:
    """One column of zeros and ones for each value."""
    values = list(data)
    return DataFrame({value: [int(other == value) for other in values] for value in sorted(set(values))})


def factorize(values: Any, *args: Any, **options: Any) -> tuple[Any, Any]:
    """Values as numbers, and the values."""
    known = list(dict.fromkeys(values))
    return Series([known.index(value) for value in values]).values, Index(known)


def isna(value: Any) -> Any:
    """Whether a value is missing."""
    return value.isna() if isinstance(value, (Series, DataFrame)) else value is None or value != value


isnull = isna


def notna(value: Any) -> Any:
    """Whether a value is there."""
    return value.notna() if isinstance(value, Series) else not isna(value)


notnull = notna


def _is_there(file: Any) -> bool:
    return isinstance(file, (str, Path)) and Path(file).is_file()


def _parsed(cell: str) -> Any:
    for kind in (int, float):
        try:
            return kind(cell)
        except ValueError:
            continue
    return cell
