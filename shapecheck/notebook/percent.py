"""Scripts in cells (``# %%``, as VS Code, Spyder and Jupytext write them) with raw magics, which Python would refuse.

Pure. Magics behind a comment sign are comments, and such scripts are as any other.
"""

from __future__ import annotations

import re
from itertools import pairwise

from shapecheck.edits import lines_of
from shapecheck.notebook import magics
from shapecheck.notebook.text import Part
from shapecheck.notebook.text import restored as restored_part

_MARK = re.compile(r"#\s?(?:%%|In\[)")
_RAW = re.compile(r"^[ \t]*[%!]|=[ \t]*[%!]", re.MULTILINE)


def plain(text: str) -> str:
    """A script with Python in place of its raw magics, line for line; any other text as it is."""
    if ("# %%" not in text and "#%%" not in text) or not _RAW.search(text):
        return text
    return "".join(_part(text).python)


def restored(before: str, text: str) -> str:
    """A script with edits made to its plain text. FixConflict where they change a line that is no Python."""
    if plain(before) == before:
        return text
    return restored_part(_part(before), lines_of(text))


def _part(text: str) -> Part:
    """The whole script: its lines as they stand in it, and as Python."""
    own = lines_of(text)
    if not any(map(_MARK.match, own)):
        return Part(0, 0, tuple(own), tuple(own))
    starts = [0, *(at for at, line in enumerate(own) if _MARK.match(line)), len(own)]
    python: list[str] = []
    for start, end in pairwise(starts):
        head = own[start : start + 1] if start and end > start else []
        python += head + _cell(own[start + len(head) : end])
    return Part(0, 0, tuple(python), tuple(own))


def _cell(own: list[str]) -> list[str]:
    made = magics.translated("".join(own))
    out = []
    for line, python in zip(own, made.lines, strict=True):
        body = line.rstrip("\r\n")
        left_out = python != body and python.lstrip().startswith(("pass  # ", "# "))
        indent = python[: len(python) - len(python.lstrip())]
        out.append((f"{indent}pass  # {body.strip()}" if left_out else python) + line[len(body) :])
    return out
