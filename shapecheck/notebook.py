"""Jupyter notebooks as Python text and back: the code cells in order, magics and shell lines put aside. Pure.

Each cell is headed by a comment line with its number among all cells, from 1, so that a place in the text names its
cell (ruff and VS Code count in the same way).
"""

from __future__ import annotations

import json
import re
from bisect import bisect_left
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from shapecheck.edits import lines_of
from shapecheck.errors import UnreadableSource
from shapecheck.places import NOTEBOOK as SUFFIX

__all__ = ["SUFFIX", "cell_of", "cells", "text_of", "updated"]

_HEAD = "# %% cell "
_ASIDE = "pass  # notebook: "
_CLOCK = "  # notebook %time"
_TIMED = re.compile(r"(\s*)%time\s+(\S.*)$")
_MAGIC = re.compile(r"(\s*)([%!?].*|\S.*\?)$")
_ASSIGNED = re.compile(r"(\s*)(\w[\w, ]*=\s*[%!].*)$")
_PYTHON_CELLS = ("time", "timeit", "capture", "prun", "script python", "python", "python3", "debug")
"""Cell magics under which a cell still holds Python."""


def text_of(data: bytes) -> str:
    """The code of a notebook as one text.

    Raises UnreadableSource where the bytes are no notebook.
    """
    notebook = _loaded(data)
    numbered = zip(_numbers(notebook), _sources(notebook), strict=True)
    return "".join(f"{_HEAD}{number}\n{_without_magics(source)}\n" for number, source in numbered)


def updated(data: bytes, text: str) -> bytes:
    """The notebook with its cells' code taken from a text that :func:`text_of` made, and that was edited since."""
    notebook = _loaded(data)
    parts = iter(re.split(rf"^{re.escape(_HEAD)}\d+\n", text, flags=re.MULTILINE)[1:])
    for cell in _code_cells(notebook):
        lines = [_with_magics(line) for line in next(parts, "").removesuffix("\n").splitlines(keepends=True)]
        cell["source"] = lines if isinstance(cell["source"], list) else "".join(lines)
    return (json.dumps(notebook, indent=1, ensure_ascii=False) + "\n").encode()


def cell_of(text: str, line: int) -> tuple[int, int] | None:
    """The cell that a line of the text stands in, and the line in that cell; both count from 1.

    A line that heads a cell belongs to the cell before. None where the text is not that of a notebook.
    """
    heads = _heads(text)
    at = bisect_left(heads, (line, 0)) - 1
    if not heads:
        return None
    first, number = heads[max(at, 0)]
    return number, max(line - first, 1)


def cells(text: str) -> Iterator[tuple[int, str]]:
    """The number of each cell, and its lines as the user sees them."""
    lines = lines_of(text)
    heads = _heads(text)
    for (first, number), (end, _) in zip(heads, [*heads[1:], (len(lines) + 1, 0)], strict=True):
        yield number, "".join(map(_with_magics, lines[first : end - 1]))


@lru_cache(maxsize=8)
def _heads(text: str) -> list[tuple[int, int]]:
    """The line of the text that heads each cell, and the cell's number."""
    return [(at, int(line.removeprefix(_HEAD))) for at, line in enumerate(lines_of(text), 1) if line.startswith(_HEAD)]


def _loaded(data: bytes) -> dict[str, Any]:
    try:
        notebook = json.loads(data)
    except ValueError as why:
        raise UnreadableSource("not a notebook: it holds no JSON") from why
    if not isinstance(notebook, dict) or not isinstance(notebook.get("cells"), list):
        raise UnreadableSource("not a notebook of version 4: it has no cells")
    return notebook


def _numbers(notebook: dict[str, Any]) -> Iterator[int]:
    known = list(map(id, _code_cells(notebook)))
    return (at for at, cell in enumerate(notebook["cells"], 1) if id(cell) in known)


def _code_cells(notebook: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for cell in notebook["cells"]:
        if isinstance(cell, dict) and cell.get("cell_type") == "code" and isinstance(cell.get("source"), (str, list)):
            yield cell


def _sources(notebook: dict[str, Any]) -> Iterator[str]:
    for cell in _code_cells(notebook):
        yield cell["source"] if isinstance(cell["source"], str) else "".join(map(str, cell["source"]))


def _without_magics(source: str) -> str:
    first, _, _ = source.lstrip().partition("\n")
    if first.startswith("%%") and not first[2:].strip().startswith(_PYTHON_CELLS):
        return "\n".join(_ASIDE + line if line else "" for line in source.split("\n"))
    return "\n".join(map(_line, source.split("\n")))


def _line(line: str) -> str:
    timed = _TIMED.match(line)
    if timed is not None:
        return f"{timed[1]}{timed[2]}{_CLOCK}"
    found = _MAGIC.match(line) or _ASSIGNED.match(line)
    if found is None or line.lstrip().startswith("#"):
        return line
    assigned = re.match(r"[\w, ]+=", found[2])
    names = f"{assigned[0]} None" if assigned else ""
    return f"{found[1]}{names}; {_ASIDE}{found[2]}" if names else f"{found[1]}{_ASIDE}{found[2]}"


def _with_magics(line: str) -> str:
    body = line.rstrip("\n")
    if body.endswith(_CLOCK):
        code = body.removesuffix(_CLOCK).lstrip()
        return f"{line[: len(line) - len(line.lstrip())]}%time {code}{line[len(body) :]}"
    start, aside, magic = line.partition(_ASIDE)
    return f"{start[: len(start) - len(start.lstrip())]}{magic}" if aside else line
