"""Tables of numbers in files that are not there, as numpy reads them."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shapecheck.tracer.standins.made_up_words import SIZE
from shapecheck.tracer.standins.patching import patch_function

if TYPE_CHECKING:
    from shapecheck.tracer.standins.files import Files

_WIDTH, _EMBEDDED = 12, 100
_MOST_ROWS = 5000
_LABELS = re.compile(r"(^|_)(y|labels?|targets?|classes)(_|$)", re.I)
_VECTORS = re.compile(r"embed|vector|glove|(^|_)emb(_|$)", re.I)


def patch_readers(numpy: Any, files: Files) -> None:
    """Answer for files that are not there: what was saved to them, else a made-up table."""

    def reading(make: Callable[..., Any]) -> Callable[..., Any]:
        def patched(original: Callable[..., Any]) -> Callable[..., Any]:
            def read(file: Any, *args: Any, **options: Any) -> Any:
                if files.is_there(file):
                    return original(file, *args, **options)
                saved = files.saved_at(file)
                return make(numpy, files, str(os.fspath(file)), *args, **options) if saved is None else saved

            return read

        return patched

    for name in ("loadtxt", "genfromtxt"):
        patch_function(numpy, name, reading(_table))
    patch_function(numpy, "load", reading(_loaded))
    patch_function(numpy, "fromfile", reading(_flat))


def _table(numpy: Any, files: Files, file: str, dtype: Any = float, *args: Any, **options: Any) -> Any:
    """(rows, columns): row numbers, then zeros and ones; what the options leave of it."""
    rows, columns = _rows(files), _width(files.reader)
    if options.get("max_rows"):
        rows = min(rows, int(options["max_rows"]))
    kept = options.get("usecols")
    wanted = [kept] if isinstance(kept, int) else range(columns) if kept is None else list(kept)
    if _LABELS.search(Path(file).stem) and kept is None:
        wanted = [1]
    kind = numpy.dtype(str if dtype is None else dtype)
    named = kind.kind in "iuOSU"  # a column of numbers of rows, else all of them are measured
    cells = [[row if named and column == 0 else (row + column) % 2 for column in wanted] for row in range(rows)]
    shown = f"{rows} rows" + ("" if len(wanted) == 1 else f" and {len(wanted)} columns")
    files.session.guess(f"{file} is not there: a made-up table of {shown}", number=True)
    made = numpy.array(cells).astype(kind).reshape(rows, -1)
    made = made[:, 0] if len(wanted) == 1 and options.get("ndmin", 0) < 2 else made
    return made.T if options.get("unpack") else made


def _loaded(numpy: Any, files: Files, file: str, *args: Any, **options: Any) -> Any:
    return _Arrays(numpy, files) if file.endswith(".npz") else _array(numpy, files, Path(file).stem, file)


def _flat(numpy: Any, files: Files, file: str, dtype: Any = float, *args: Any, **options: Any) -> Any:
    rows = _rows(files)
    files.session.guess(f"{file} is not there: {rows} made-up numbers", number=True)
    return numpy.zeros(rows, dtype=dtype)


def _array(numpy: Any, files: Files, name: str, file: str) -> Any:
    """An array by its name: class ids, a table of word vectors, or a table of measurements."""
    if _LABELS.search(name):
        shape, made = f"{_rows(files)} class ids", numpy.arange(_rows(files)) % 2
    elif _VECTORS.search(name):
        shape, made = f"{SIZE} vectors of {_EMBEDDED}", numpy.zeros((SIZE, _EMBEDDED), dtype=numpy.float32)
    else:
        rows, columns = _rows(files), _width(files.reader)
        shape, made = f"a table of {rows} by {columns}", numpy.zeros((rows, columns), dtype=numpy.float32)
    files.session.guess(f"{file} is not there: {name} is made up, {shape}", number=True)
    return made


class _Arrays(dict[str, Any]):
    """What an .npz file that is not there holds: any array that is asked for."""

    def __init__(self, numpy: Any, files: Files) -> None:
        super().__init__()
        self._numpy, self._source = numpy, files

    def __missing__(self, name: str) -> Any:
        self[name] = _array(self._numpy, self._source, name, f"{name} of an .npz file")
        return self[name]

    def __enter__(self) -> _Arrays:
        return self

    def __exit__(self, *error: object) -> None:
        return None

    @property
    def files(self) -> list[str]:
        """Names of arrays."""
        return list(self) or ["arr_0"]


def _rows(files: Files) -> int:
    """Enough rows for the parts that the script cuts off by number (``index[:1000]``), and for a few batches."""
    beyond = max((bound for bound in _bounds(files.reader) if bound <= _MOST_ROWS), default=0)
    return beyond + files.columns.rows


def _width(reader: str) -> int:
    """The columns that the script names by number, and no fewer than a few."""
    return max(_WIDTH, *_columns(reader), 0)


def _bounds(text: str) -> Iterator[int]:
    """The numbers that bound slices of one axis: ``x[:1000]``."""
    for node in _subscripts(text):
        if isinstance(node.slice, ast.Slice):
            yield from _numbers(node.slice.lower, node.slice.upper)


def _columns(text: str) -> Iterator[int]:
    """How many columns ``x[:, 3]`` and ``x[:, 0:8]`` need."""
    for node in _subscripts(text):
        if isinstance(node.slice, ast.Tuple) and len(node.slice.elts) == 2:
            match node.slice.elts[1]:
                case ast.Slice(lower=lower, upper=upper):
                    yield from (number + (bound is lower) for bound in (lower, upper) for number in _numbers(bound))
                case ast.List(elts=parts):
                    yield from (number + 1 for number in _numbers(*parts))
                case index:
                    yield from (number + 1 for number in _numbers(index))


def _numbers(*parts: ast.expr | None) -> Iterator[int]:
    for part in parts:
        if isinstance(part, ast.Constant) and isinstance(part.value, int) and part.value >= 0:
            yield part.value


def _subscripts(text: str) -> Iterator[ast.Subscript]:
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Subscript):
            yield node
