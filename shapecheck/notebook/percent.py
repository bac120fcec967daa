"""Scripts in cells (``# %%``, as VS Code, Spyder and Jupytext write them) with raw magics, which Python would refuse.

Pure. Magics behind a comment sign are comments, and such scripts are as any other.
"""

from __future__ import annotations

import re
from itertools import pairwise

from shapecheck.edits import lines_of
from shapecheck.notebook import magics
from shapecheck.notebook.text import Part, column_of, joined, parts
from shapecheck.notebook.text import restored as restored_part

_MARK = re.compile(r"#\s?(?:%%|In\[)")
_RAW = re.compile(r"^[ \t]*[%!]|=[ \t]*[%!]", re.MULTILINE)
_KIND = re.compile(r"\s*\[\w+\](?=\s|$)|\s+[\w.-]+=(?:\"[^\"]*\"|'[^']*'|\[[^\]]*\]|\{[^}]*\}|\S+)|^\s*In\[[\d ]*\]:?")
"""What a marker says beside its title: what kind of cell it is, Jupytext's ``key=value``, nbconvert's number."""

_END = "# %% [cell 0] "
"""How the line begins that stands below such a script, and leads back to what its author wrote, as over a cell."""


def plain(text: str) -> str:
    """A script with Python in place of its raw magics, line for line; any other text as it is."""
    if ("# %%" not in text and "#%%" not in text) or not _RAW.search(text):
        return text
    own = lines_of(text)
    python = _python(own)
    if python == [line.rstrip("\r\n") for line in own]:
        return text
    end, _, body = joined(0, own, python).partition("\n")
    return f"{body}{end}\n"


def section(text: str, line: int) -> str:
    """The cell of a script that a line stands in, ``cell 3: Training``, by its number among all cells and its title;
    "" where the text has no cells. What stands above the first marker is a cell if there is code in it."""
    lines = lines_of(text)
    marks = [at for at, marked in enumerate(lines) if _MARK.match(marked)]
    if not marks:
        return ""
    above = any(one.strip() and not one.startswith("#") for one in lines[: marks[0]])
    number = above + sum(at < line for at in marks)
    title = _title(lines[marks[number - above - 1]]) if number > above else ""
    return f"cell {max(number, 1)}: {title}" if title else f"cell {max(number, 1)}"


def _title(mark: str) -> str:
    return _KIND.sub("", re.sub(r"^#\s?(?:%%+)?", "", mark.rstrip())).strip()


def column(text: str, line: int, at: int) -> int:
    """The column that its author knows of a place in a text that :func:`plain` made."""
    part = _part(text)
    return at if part is None else column_of(part, line, at)


def own(text: str) -> str:
    """A script as its author wrote it, of a text that :func:`plain` made; any other text as it is."""
    part = _part(text)
    return text if part is None else "".join(part.own)


def restored(before: str, text: str) -> str:
    """A text that :func:`plain` made and that was edited since, as its author would have made the change.

    Raises FixConflict where a line is changed that is no Python.
    """
    part, edited = _part(before), _part(text)
    return text if part is None or edited is None else restored_part(part, edited.python)


def _part(text: str) -> Part | None:
    at = text.rfind(_END)
    if at < 0:
        return None
    found = parts(f"{text[at:]}{text[:at]}")
    return found[0] if len(found) == 1 else None


def _python(own: list[str]) -> list[str]:
    """The lines as Python, without their ends, cell by cell."""
    starts = [0, *(at for at, line in enumerate(own) if _MARK.match(line)), len(own)]
    if len(starts) == 2:
        return [line.rstrip("\r\n") for line in own]
    python: list[str] = []
    for start, end in pairwise(starts):
        head = [line.rstrip("\r\n") for line in own[start : start + 1]] if start and end > start else []
        python += head + _cell(own[start + len(head) : end])
    return python


def _cell(own: list[str]) -> list[str]:
    made = magics.translated("".join(own))
    out = []
    for line, python in zip(own, made.lines, strict=True):
        body = line.rstrip("\r\n")
        left_out = python != body and python.lstrip().startswith(("pass  # ", "# "))
        indent = python[: len(python) - len(python.lstrip())]
        out.append(f"{indent}pass  # {body.strip()}" if left_out else python)
    return out
