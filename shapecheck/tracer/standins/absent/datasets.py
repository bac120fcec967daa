"""datasets: tables that are made up, of the columns that well-known data sets have or that the script asks for."""

from __future__ import annotations

import csv
import functools
import re
from collections.abc import Sequence
from typing import Any

from shapecheck.tracer.standins.absent import session
from shapecheck.tracer.standins.columns import Columns, picture
from shapecheck.tracer.standins.rows import Dataset, DatasetDict, Feature, Features

__all__ = [
    "Audio", "ClassLabel", "Dataset", "DatasetDict", "Features", "Image", "IterableDataset", "Sequence", "Value",
    "concatenate_datasets", "disable_caching", "get_dataset_config_names", "get_dataset_split_names",
    "interleave_datasets", "load_dataset", "load_from_disk", "load_metric",
]  # fmt: skip

IterableDataset = Dataset
ClassLabel = Feature


class Value(Feature):
    """A column of plain values."""

    def __init__(self, dtype: str = "string", *args: Any, **options: Any) -> None:
        super().__init__()
        self.dtype = dtype


class Sequence(Feature):  # type: ignore[no-redef]  # noqa: F811
    """A column of lists."""

    def __init__(self, feature: Any = None, *args: Any, **options: Any) -> None:
        super().__init__()
        self.feature = feature if feature is not None else self


class Audio(Value):
    """A column of sounds."""


class Image(Value):
    """A column of images."""


def load_dataset(path: str, name: str | None = None, *args: Any, split: Any = None, **options: Any) -> Any:
    """A data set of made-up rows: one part if a split is named, else the usual parts."""
    columns = _known_columns(str(path), name)
    maker = Columns(session())
    usual = _usual_columns(maker.script)
    told = "" if columns else f", columns {usual.partition(':')[0].replace(' ', ' and ')}"
    session().assume(f"data set {path}: {maker.rows} made-up rows{told}")
    usual_only, columns = not columns, columns or usual
    if split is not None and not isinstance(split, (list, tuple)):
        return _part(columns, maker, _split_name(str(split)), usual_only)
    if isinstance(split, (list, tuple)):
        return [_part(columns, maker, _split_name(str(part)), usual_only) for part in split]
    files = options.get("data_files")
    parts = list(files) if isinstance(files, dict) else ["train"] if files else ["train", "validation", "test"]
    return DatasetDict({part: _part(columns, maker, part, usual_only) for part in parts})


def _usual_columns(script: str) -> str:
    """The columns of a data set that is not known: what the script's preprocessing is for, and its classes."""
    if "Tokenizer" not in script and re.search(r"ImageProcessor|AutoFeatureExtractor|FeatureExtractor", script):
        return "audio label:2" if re.search(r"\baudio\b|sampling_rate", script) else "image label:2"
    return "text label:2"


def load_from_disk(path: Any, *args: Any, **options: Any) -> Any:
    """A saved data set, made up."""
    return load_dataset(str(path))


def _split_name(split: str) -> str:
    return re.split(r"[\[+]", split)[0]


def _part(columns: str, maker: Columns, split: str, usual: bool = False) -> Dataset:
    made = Dataset(maker=maker, rows=maker.rows)
    made.split, made.usual = split, usual
    for word in columns.split():
        name, _, classes = word.partition(":")
        if classes.isdigit():
            count = int(classes)
            made.features[name] = Feature(num_classes=count)
            plain = maker.values(name, maker.rows)
            made._columns[name] = [_in_range(value, row, count) for row, value in enumerate(plain)]
        elif classes in ("image", "mask"):
            made.features[name] = Image()
            made._columns[name] = [picture("L" if classes == "mask" else "RGB") for _ in range(maker.rows)]
        elif classes == "float":
            made.features[name] = Value("float32")
            made._columns[name] = [0.5 * (row % 3) for row in range(maker.rows)]
        else:
            made.features[name] = Value()
            made._columns[name] = maker.values(name, maker.rows, classes=False)
    return made


def _in_range(value: Any, row: int, classes: int) -> Any:
    if isinstance(value, list):
        return [(row + i) % classes for i in range(len(value))]
    return row % classes


def _known_columns(path: str, name: str | None) -> str:
    """The columns of a well-known data set, with the number of classes: ``text label:2``; empty if it is not known."""
    known, owner = _table(), path.lower().rpartition("/")[0]
    if (f"{owner}/*", "") in known:
        return known[f"{owner}/*", ""]  # all of one owner's are alike
    short = path.rsplit("/", 1)[-1].lower()
    asked, plain = known.get((short, str(name or "").lower())), known.get((short, ""))
    return asked or plain or next((columns for (part, _), columns in known.items() if part == short), "")


@functools.cache
def _table() -> dict[tuple[str, str], str]:
    path = session().rules_dir / "data" / "datasets.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return {(row["dataset"], row["config"]): row["columns"] for row in csv.DictReader(file)}


def concatenate_datasets(dsets: Any, *args: Any, **options: Any) -> Dataset:
    """The rows of several tables."""
    tables: list[Dataset] = list(dsets)
    names = [name for name in tables[0].column_names if all(name in table.column_names for table in tables)]
    columns = {name: [value for table in tables for value in table.column(name)] for name in names}
    return tables[0]._with(columns, sum(len(table) for table in tables))


interleave_datasets = concatenate_datasets


def load_metric(path: str, *args: Any, **options: Any) -> Any:
    """A metric, from the time before the package evaluate."""
    from shapecheck.tracer.standins.absent import evaluate

    return evaluate.load(path)


def get_dataset_config_names(path: str, *args: Any, **options: Any) -> list[str]:
    """The names of a data set's configurations."""
    return ["default"]


def get_dataset_split_names(path: str, *args: Any, **options: Any) -> list[str]:
    """The names of a data set's parts."""
    return ["train", "validation", "test"]


def disable_caching() -> None:
    """Nothing is cached."""
