"""Jupyter notebooks as Python text and back: the code cells in order as one program, IPython's syntax made Python.

Pure. ``document`` reads the JSON, ``magics`` (with ``pieces``) makes Python of a cell, ``text`` puts the cells together
and finds a line's cell again, ``modules`` reads the modules that cells write, ``writing`` puts changed lines back into
the JSON.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from shapecheck.edits import lines_of
from shapecheck.notebook import document, magics, modules, text, writing
from shapecheck.notebook.document import Cell
from shapecheck.notebook.magics import Translation
from shapecheck.notebook.modules import spelled_out, written
from shapecheck.notebook.percent import column, own, plain, restored, section
from shapecheck.notebook.text import cell_of, cells, changes, column_of, diff, part_of
from shapecheck.places import NOTEBOOK as SUFFIX

__all__ = [
    "SUFFIX",
    "Broken",
    "Notebook",
    "cell_of",
    "cells",
    "changes",
    "column",
    "column_of",
    "diff",
    "own",
    "part_of",
    "plain",
    "read",
    "restored",
    "section",
    "spelled_out",
    "text_of",
    "updated",
    "written",
]

_FUTURE = re.compile(r"from\s+__future__\s+import\s+[\w\s,]+$")

_SKIPPED = {"skip", "skip-execution"}
"""Tags of cells that their author leaves out."""

_OTHER_KERNELS = ("ir", "julia", "scala", "javascript", "deno", "xcpp", "bash", "sas", "octave", "rust", "sos")
"""Kernels by the start of their names, for notebooks that do not say their language."""


@dataclass(frozen=True, slots=True)
class Broken:
    """A cell that is no Python: what is wrong, where in the notebook's text, and the cell's Python by itself."""

    message: str
    line: int
    column: int
    python: str


@dataclass(frozen=True, slots=True)
class Notebook:
    """A notebook as a program.

    Attributes:
        text: the code cells in order, see :mod:`shapecheck.notebook.text`; of a broken cell only comments.
        broken: the cells that are no Python.
        notes: what was left out though it may matter: the line of the text, and the reason.
        executed: the numbers under which the cells were executed, where that was in another order than they stand.
    """

    text: str
    broken: tuple[Broken, ...] = ()
    notes: tuple[tuple[int, str], ...] = ()
    executed: tuple[int, ...] = ()


def text_of(data: bytes) -> str:
    """The code of a notebook as one text. UnreadableSource where the bytes are no notebook."""
    return read(data).text


def updated(data: bytes, text: str) -> bytes:
    """The notebook with its cells' code taken from a text that :func:`text_of` made, and that was edited since.

    Every byte outside of the strings of changed lines stays. FixConflict where the edits cannot be put into the cells.
    """
    changed = {number: new for number, (_, new) in changes(text_of(data), text).items()}
    return writing.rewritten(document.load(data), changed)


def read(data: bytes) -> Notebook:
    """Read a notebook. UnreadableSource where the bytes are no notebook of format 4."""
    loaded = document.load(data)
    language = _language(loaded.metadata)
    if language is not None:
        return Notebook("", notes=((1, f"a notebook in {language}"),))
    code = [(cell, magics.translated(cell.source)) for cell in loaded.cells if _counts(cell)]
    return _Program(code).notebook()


class _Program:
    """The cells put together."""

    def __init__(self, code: list[tuple[Cell, Translation]]) -> None:
        self.code = code
        self.parts: list[str] = []
        self.broken: list[Broken] = []
        self.notes: list[tuple[int, str]] = []
        self.lines = 0

    def notebook(self) -> Notebook:
        """All of it."""
        futures = "".join(f"{line}; " for _, made in self.code for line in _futures(made))
        for at, (cell, made) in enumerate(self.code):
            self._add(cell, made, futures if at == 0 else "")
        order = [cell.count for cell, _ in self.code if cell.count is not None]
        whole = "".join(self.parts)
        notes = sorted([*self.notes, *modules.unread(whole)])
        return Notebook(whole, tuple(self.broken), tuple(notes), _out_of_order(order))

    def _add(self, cell: Cell, made: Translation, before: str) -> None:
        head = self.lines + 1
        wrong = made.wrong()
        python = made.lines if wrong is None else magics.blank(made.lines)
        if wrong is not None:
            line, column = getattr(wrong, "lineno", None) or 2, getattr(wrong, "offset", None) or 1
            line = min(max(line - 1, 1), max(len(made.lines), 1))
            told = getattr(wrong, "msg", str(wrong))
            self.broken.append(Broken(told, head + line, column, "\n".join([*made.lines, ""])))
        self.notes += [(head + 1 + line, why) for line, why in made.notes]
        indented = made.indented and wrong is None and not before
        own = lines_of(cell.source)
        self.parts.append(text.joined(cell.number, own, python, "if True:  " if indented else before))
        self.lines += 1 + len(own)


def _futures(made: Translation) -> Iterator[str]:
    """The imports from ``__future__`` of a cell, taken out of it: they must stand at the start of a program."""
    for at, line in enumerate(made.lines):
        if _FUTURE.match(line):
            made.lines[at] = magics.aside(at)
            yield line.strip()


def _counts(cell: Cell) -> bool:
    """Whether a cell is part of the program."""
    tags, code = cell.metadata.get("tags"), cell.metadata.get("vscode")
    other = isinstance(code, dict) and code.get("languageId", "python") != "python"
    return cell.kind == "code" and not other and not (isinstance(tags, list) and _SKIPPED & {str(tag) for tag in tags})


def _language(metadata: dict[str, Any]) -> str | None:
    """The language of a notebook that is not in Python."""
    info, kernel = metadata.get("language_info"), metadata.get("kernelspec")
    info, kernel = info if isinstance(info, dict) else {}, kernel if isinstance(kernel, dict) else {}
    said = info.get("name") or kernel.get("language")
    if isinstance(said, str):
        return None if "python" in said.lower() else said
    name = str(kernel.get("name", "")).lower()
    return str(kernel.get("display_name") or name) if name.startswith(_OTHER_KERNELS) and "python" not in name else None


def _out_of_order(order: list[int]) -> tuple[int, ...]:
    return () if all(a <= b for a, b in pairwise(order)) else tuple(order)
