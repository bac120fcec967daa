"""Notebooks of a folder: is a cell Python to shapecheck where it is to IPython, and does each lead back to its bytes?

Usage: python benchmarks/notebooks.py FOLDER
"""

from __future__ import annotations

import ast
import sys
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

from IPython.core.inputtransformer2 import TransformerManager

from shapecheck import notebook
from shapecheck.errors import UnreadableSource
from shapecheck.notebook import document

IPYTHON = TransformerManager()


def is_python(cell: str) -> bool:
    """Whether Python parses what IPython's transformer makes of a cell."""
    try:
        ast.parse(IPYTHON.transform_cell(cell))
    except SyntaxError:
        return False
    return True


def differing(data: bytes, read: notebook.Notebook) -> Iterator[str]:
    """The cells of which the two judge differently, as their text."""
    broken = {place[0] for one in read.broken if (place := notebook.cell_of(read.text, one.line))}
    seen = {number for number, _ in notebook.cells(read.text)}
    for cell in document.load(data).cells:
        if cell.number in seen and is_python(cell.source) == (cell.number in broken):
            yield cell.source


def main(folder: str) -> None:
    """Print what differs, and the counts."""
    warnings.simplefilter("ignore")
    notebooks = cells = broken = moved = 0
    seconds = 0.0
    for path in sorted(Path(folder).rglob("*.ipynb")):
        data = path.read_bytes()
        started = time.process_time()
        try:
            read = notebook.read(data)
        except UnreadableSource as why:
            print(f"{path}:{why.line}:{why.column}: {why}")
            continue
        seconds += time.process_time() - started
        notebooks += 1
        cells += sum(1 for _ in notebook.cells(read.text))
        broken += len(read.broken)
        moved += notebook.updated(data, read.text) != data
        for source in differing(data, read):
            print(f"{path}: {source[:70]!r}")
    print(f"{notebooks} notebooks, {cells} cells, {broken} of them no Python; {moved} notebooks not led back to")
    print(f"read in {seconds:.1f} CPU s")


if __name__ == "__main__":
    main(sys.argv[1])
