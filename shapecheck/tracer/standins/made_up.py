"""What a file that is not there holds: lines of text, records with any field."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shapecheck import hub
from shapecheck.tracer.standins.layouts import Kind, Layout, layout
from shapecheck.tracer.standins.made_up_words import speaks_of_words, vocabulary, words

if TYPE_CHECKING:
    from shapecheck.tracer.standins.columns import Columns

_LISTS = frozenset(
    """
    data paragraphs qas examples items entries annotations images records results train dev test validation documents
    instances turns conversations messages rows
    """.split()
)
_NAMED = re.compile(r"(^|[-_])(id|idx|index|int)_?(2|to)_?[a-z]")
_NUMBERED = re.compile(r"[a-z]_?(2|to)_?(id|idx|index|int)s?($|[-_])")
_SETTINGS = (".yaml", ".yml", ".toml")
_CLASSES = 3
_VECTORS = re.compile(r"glove|fasttext|word2vec|wiki.*vec|\bcc\.|embeddings?\b|\.vec$", re.I)
_WIDTH = re.compile(r"(\d{2,4})d?(?=\.|_|-|$)")
_USUAL_WIDTH = 300


def _is_word_list(name: str) -> bool:
    """Whether a file lists a vocabulary, a word a line: ``vocab.txt``."""
    path = Path(name.lower())
    return path.suffix in (".txt", "") and "vocab" in path.stem


def _config(name: str) -> dict[str, Any] | None:
    """The config of a model that a file's name and folder promise (``bert_pretrain/config.json``), and of which."""
    path = Path(name)
    if path.suffix.lower() != ".json" or not path.stem.lower().endswith("config"):
        return None
    checkpoint = hub.checkpoint(path.parent.name)
    kind = checkpoint.model_type if checkpoint else hub.named_type(f"{path.parent.name} {path.stem}")
    known = hub.config(kind) if kind else None
    if known is None:
        return None
    fields = checkpoint.fields if checkpoint else {}
    return {**known.cls.defaults, **fields, "_name": checkpoint.name if checkpoint else kind}


class Record(dict[str, Any]):
    """One record; a field that is asked for is made up by its name."""

    def __init__(self, columns: Columns, row: int) -> None:
        super().__init__()
        self._columns, self._row = columns, row

    def __missing__(self, name: Any) -> Any:
        made: Any = Records(self._columns) if name in _LISTS else self._columns.value(str(name), self._row)
        if name == "answers" and isinstance(made, dict):
            made = Answers(made)
        if hasattr(made, "getpixel") or hasattr(made, "get_all_samples"):  # a file of text can but name them
            made = f"{name}_{self._row}{'.png' if hasattr(made, 'getpixel') else '.wav'}"
        self[name] = made
        return made

    def get(self, name: Any, default: Any = None) -> Any:
        """A field; made up as any other."""
        return self[name]

    def __contains__(self, name: Any) -> bool:
        return True


class Answers(list[dict[str, Any]]):
    """The answers of a question as SQuAD's own files list them; asked for a field, all of them have it in a list."""

    def __init__(self, fields: dict[str, list[Any]]) -> None:
        super().__init__({name: values[row] for name, values in fields.items()} for row in range(1))

    def __getitem__(self, key: Any) -> Any:
        return [answer[key] for answer in self] if isinstance(key, str) else super().__getitem__(key)


class CsvRecord(Record):
    """One row of a file of separated values: every field is text."""

    def __missing__(self, name: Any) -> Any:
        self[name] = made = str(self._columns.value(str(name), self._row))
        return made


class CsvRows:
    """The rows of such a file, by column."""

    fieldnames = ("text", "label")

    def __init__(self, columns: Columns) -> None:
        self._rows = (CsvRecord(columns, row) for row in range(columns.rows))

    def __iter__(self) -> Iterator[CsvRecord]:
        return self._rows

    def __next__(self) -> CsvRecord:
        return next(self._rows)


class Records(list[Any]):
    """A list of records that can be asked for a field as well, as nested JSON often is."""

    def __init__(self, columns: Columns) -> None:
        super().__init__(Record(columns, row) for row in range(columns.rows))
        self._fields = Record(columns, 0)

    def __getitem__(self, key: Any) -> Any:
        return self._fields[key] if isinstance(key, str) else super().__getitem__(key)

    def get(self, key: Any, default: Any = None) -> Any:
        """A field."""
        return self[key]

    def keys(self) -> list[str]:
        """Names of entries."""
        return [str(row) for row in range(len(self))]

    def values(self) -> list[Any]:
        """The records."""
        return list(self)

    def items(self) -> Iterator[tuple[str, Any]]:
        """Names and records."""
        return iter(zip(self.keys(), self.values(), strict=True))


class JsonLine(str):
    """A line of JSON: a record for ``json.loads``."""

    record: Any


def _lines(suffix: str, columns: Columns, reader: str, line: int | None) -> Iterator[str]:
    """Rows of text, with fields as the script takes them apart, or a text and a label where it says no more."""
    separator = {".csv": ",", ".tsv": "\t"}.get(suffix) or ("\t" if "\\t" in reader else None)
    found = layout(reader, line, separator)
    if found is None and separator is None:
        yield from map(columns.text, range(columns.rows))
        return
    found = found or Layout(separator or "", {1: "label"}, 2)
    if found.count <= 2 and not found.kinds:
        found = Layout(found.separator, {1: "label"}, 2)
    if suffix == ".csv":
        yield found.separator.join(["text", "label", *(f"column_{n}" for n in range(2, found.count))][: found.count])
    for row in range(columns.rows):
        yield found.separator.join(_field(found.kind(number), columns, row) for number in range(found.count))


def _vectors(stem: str, columns: Columns) -> list[str]:
    """A line for each word, with as many numbers as the file's name says: ``glove.6B.100d.txt``."""
    said = _WIDTH.findall(stem)
    width = int(said[-1]) if said else _USUAL_WIDTH
    columns.assume(f"{stem} is not there: made-up vectors of {width} numbers")
    numbers = " ".join(["0.1"] * width)
    return [f"{word} {numbers}" for word in words()]


def _field(kind: Kind, columns: Columns, row: int) -> str:
    if kind == "ids":
        return " ".join(str((row + i) % _CLASSES) for i in range(columns.length))
    if kind == "float":
        return str(0.5 * (row % 3))
    if kind == "text":
        return columns.text(row)
    label = columns.value("label", row)
    return str(int(label) if kind == "class" else label)


class MadeUpText(io.StringIO):
    """A text file: a row a line; separated fields where the name or the script says so, records of JSON otherwise."""

    def __init__(self, name: str, columns: Columns, reader: str, line: int | None = None) -> None:
        suffix = Path(name).suffix.lower()
        self._columns, self._json = columns, suffix in (".json", ".jsonl", *_SETTINGS)
        if _is_word_list(name):
            columns.guess_vocabulary(name)
            lines = words()
        elif suffix in (".txt", ".vec") and _VECTORS.search(Path(name).name):
            lines = _vectors(Path(name).stem, columns)
        elif self._json:
            lines = [columns.text(row) for row in range(columns.rows)]
        else:
            lines = list(_lines(suffix, columns, reader, line))
        super().__init__("".join(f"{line}\n" for line in lines))
        self.name = name

    def __iter__(self) -> Iterator[Any]:
        return (self._line(row, line) for row, line in enumerate(self.getvalue().splitlines(keepends=True)))

    def read(self, size: int | None = -1, /) -> str:
        """What is left of the text; as JSON it is what :meth:`parsed` gives."""
        made = JsonLine(super().read(size))
        if self._json:
            made.record = self.parsed()
        return made

    def readlines(self, hint: int | None = -1, /) -> list[Any]:
        """All lines."""
        return list(self)

    def parsed(self) -> Any:
        """What the file holds as JSON or as a pickle: what its name promises (a model's config, a vocabulary, class
        names by number), else records.
        """
        if Path(self.name).suffix.lower() in _SETTINGS:
            return self._columns.settings(self.name)
        config = _config(self.name)
        if config is not None:
            self._columns.assume(f"{self.name} is taken for the config of {config['_name']}")
            return {key: value for key, value in config.items() if key != "_name"}
        name = Path(self.name).stem.lower()
        if speaks_of_words(name):
            self._columns.guess_vocabulary(self.name)
            return vocabulary(name)
        if _NUMBERED.search(name):
            return {f"label_{i}": i for i in range(_CLASSES)}
        if _NAMED.search(name):
            return {str(i): f"label_{i}" for i in range(_CLASSES)}
        return Records(self._columns)

    def _line(self, row: int, line: str) -> str:
        if not self._json:
            return line
        made = JsonLine(line)
        made.record = Record(self._columns, row)
        return made
