"""Modules that cells write (``%%writefile model.py``), read where they stand: in the text of the notebook. Pure.

There each of their lines is a comment (:func:`commented`). The tree of such a module has the lines and columns of that
text, so that what is found in it is found in the notebook.
"""

from __future__ import annotations

import ast
import os
import re
import warnings
from collections.abc import Iterator

from shapecheck.edits import lines_of
from shapecheck.notebook.text import parts

_WRITES = re.compile(r"%%(?:writefile|file)\s+(?:(?P<more>-a|--append)\s+)?(['\"]?)(?P<path>[^'\"\n]+?\.py)\2\s*$")
_SIGN = "# "


def commented(lines: list[str]) -> list[str] | None:
    """Comments in place of the lines of a cell that writes a module, from its first line on; None for other cells."""
    return [f"{_SIGN}{line}" for line in lines] if lines and _WRITES.match(lines[0].strip()) else None


def written(text: str) -> dict[str, ast.Module]:
    """The modules that the cells of a notebook's text write, by their paths as the cells have them; those that do not
    parse are left out."""
    return {path: tree for path, lines in _lines(text).items() if (tree := _tree(lines)) is not None}


def spelled_out(text: str) -> str:
    """The text of a notebook with the modules that its cells write as code, on the same lines."""
    own = {number: line for lines in _lines(text).values() for number, line in lines.items()}
    if not own:
        return text
    lines = enumerate(lines_of(text), 1)
    return "".join(f"{own[number]}\n" if number in own else line for number, line in lines)


def unread(text: str) -> Iterator[tuple[int, str]]:
    """The modules that do not parse: the first line of each, and what to say of it."""
    for path, lines in _lines(text).items():
        if _tree(lines) is None:
            yield min(lines), f"{path}, which this cell writes, is no Python"


def _lines(text: str) -> dict[str, dict[int, str]]:
    """The lines of each module that cells write, by their numbers in the text."""
    found: dict[str, dict[int, str]] = {}
    for part in parts(text):
        own = [line.rstrip("\r\n") for line in part.own]
        first = next((at for at, line in enumerate(own) if line.strip()), 0)
        told = _WRITES.match(own[first].strip()) if own else None
        if told is not None:
            path = os.path.normpath(told["path"])
            lines = {part.head + 1 + at: line for at, line in enumerate(own) if at > first}
            found[path] = found.get(path, {}) | lines if told["more"] else lines
    return found


def _tree(lines: dict[int, str]) -> ast.Module | None:
    """The tree of lines by their numbers, as far to the right as the comments have them."""
    last = max(lines, default=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            tree = ast.parse("\n".join(lines.get(number, "") for number in range(1, last + 1)) + "\n")
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None
    for node in _placed(tree):
        node.col_offset += len(_SIGN)
        node.end_col_offset = (node.end_col_offset or 0) + len(_SIGN)
    return tree


def _placed(tree: ast.Module) -> Iterator[ast.expr | ast.stmt]:
    """The nodes that have a place."""
    for node in ast.walk(tree):
        if hasattr(node, "col_offset"):
            yield node  # type: ignore[misc]
