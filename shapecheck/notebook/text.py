"""The text of a notebook: its code cells one under the other, each under a line that says which cell it is. Pure.

The line over a cell also carries those lines of the cell that are not what its author wrote (IPython's syntax, put in
Python), so that a text leads back to the cells by itself. Lines and columns of Python are those of the cell.
"""

from __future__ import annotations

import base64
import json
import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache

from shapecheck.edits import equal_start, lines_of, unified_diff
from shapecheck.errors import FixConflict

_HEAD = re.compile(
    r"(?:if True:  |(?:from __future__ import [^#;]*; )*)# %% \[cell (?P<number>\d+)\](?: (?P<own>[\w+/=]+))?[\r\n]*$"
)


_LEFT_OUT = re.compile(r"# \d+$")
"""What stands for a line that is left out (see :mod:`shapecheck.notebook.magics`): it has no columns of its own."""


@dataclass(frozen=True, slots=True)
class Part:
    """One cell of a text.

    Attributes:
        number: the cell, from 1 among all cells of the notebook.
        head: the line of the text over it.
        python: its lines in the text, with their ends.
        own: the same lines as its author wrote them.
    """

    number: int
    head: int
    python: tuple[str, ...]
    own: tuple[str, ...]

    @property
    def ended(self) -> bool:
        """Whether the author's last line has a line end."""
        return not self.own or self.own[-1].endswith(("\n", "\r"))


def joined(number: int, own: Sequence[str], python: Sequence[str], before: str = "") -> str:
    """The text of one cell: its own lines, and the Python for each of them (without line ends)."""
    lines = [f"# {at}" if _HEAD.match(line) else line for at, line in enumerate(python)]
    ends = [line[len(line.rstrip("\r\n")) :] for line in own]
    told = {at: line for at, line in enumerate(own) if line.rstrip("\r\n") != lines[at] or not ends[at]}
    payload = f" {base64.b64encode(json.dumps(told).encode()).decode()}" if told else ""
    body = "".join(line + (end or "\n") for line, end in zip(lines, ends, strict=True))
    return f"{before}# %% [cell {number}]{payload}\n{body}"


def cell_of(text: str, line: int) -> tuple[int, int] | None:
    """The cell that a line of the text stands in, and the line in that cell; both count from 1.

    A line over a cell belongs to the cell before. None where the text is not that of a notebook.
    """
    part = part_of(text, line)
    return None if part is None else (part.number, max(line - part.head, 1))


def column_of(part: Part, line: int, column: int) -> int:
    """The column that its author knows of a place in a cell's Python, by the line in the cell.

    They differ where Python had to begin elsewhere, as in ``%time for x in xs:``.
    """
    if not column or not 1 <= line <= len(part.python):
        return column
    python, own = part.python[line - 1].rstrip("\r\n"), part.own[line - 1].rstrip("\r\n")
    if _LEFT_OUT.match(python):
        return column
    same = equal_start(python[::-1], own[::-1])
    return column + len(own) - len(python) if column > len(python) - same else column


def part_of(text: str, line: int) -> Part | None:
    """The cell that a line of the text stands in; None where the text is not that of a notebook."""
    found = parts(text)
    return found[max(bisect_left(found, line, key=lambda part: part.head) - 1, 0)] if found else None


def cells(text: str) -> Iterator[tuple[int, str]]:
    """The number of each cell, and its text as its author wrote it."""
    return ((part.number, "".join(part.own)) for part in parts(text))


@lru_cache(maxsize=8)
def parts(text: str) -> tuple[Part, ...]:
    """The cells of a text, in order; none where it is not that of a notebook."""
    lines = lines_of(text)
    heads = [(at, match) for at, line in enumerate(lines) if (match := _HEAD.match(line)) is not None]
    if not heads or heads[0][0] != 0:
        return ()
    ends = [at for at, _ in heads[1:]] + [len(lines)]
    return tuple(_part(at, match, lines[at + 1 : end]) for (at, match), end in zip(heads, ends, strict=True))


def _part(head: int, match: re.Match[str], python: Sequence[str]) -> Part:
    own = list(python)
    if match["own"]:
        for at, line in json.loads(base64.b64decode(match["own"])).items():
            if int(at) < len(own):
                own[int(at)] = line
    return Part(int(match["number"]), head + 1, tuple(python), tuple(own))


def changes(before: str, after: str) -> dict[int, tuple[str, str]]:
    """The cells that differ between a text and the same text after edits: as their author wrote them, and as edited.

    Raises FixConflict where the edits leave the cells, or change a line that its author did not write as Python.
    """
    old, new = parts(before), _edited(after)
    if [part.number for part in old] != [number for number, _ in new]:
        raise FixConflict("an edit of a notebook changes more than the lines of its cells")
    return {
        part.number: ("".join(part.own), restored(part, lines))
        for part, (_, lines) in zip(old, new, strict=True)
        if lines != part.python
    }


def _edited(text: str) -> list[tuple[int, tuple[str, ...]]]:
    return [(part.number, part.python) for part in parts(text)]


def restored(part: Part, lines: Sequence[str]) -> str:
    """A cell as its author would have made the change.

    Raises FixConflict where a line is changed that its author did not write as Python.
    """
    head = equal_start(part.python, lines)
    tail = equal_start(part.python[head:][::-1], lines[head:][::-1])
    end, until = len(part.python) - tail, len(lines) - tail
    out = [*part.own[:head]]
    if _ambiguous(part, head, end):
        raise FixConflict("an edit lies between lines of a notebook that look the same to Python")
    matcher = SequenceMatcher(None, part.python[head:end], lines[head:until], autojunk=False)
    for tag, a, b, c, d in matcher.get_opcodes():
        first, last = head + a, head + b
        out += part.own[first:last] if tag == "equal" else _in_own_words(part, first, last, lines[head + c : head + d])
    out += part.own[end:]
    whole = "".join(map(_ended, out))
    return whole if part.ended else whole.removesuffix("\n")


def _ambiguous(part: Part, first: int, end: int) -> bool:
    """Whether two of the lines are the same in Python (``%time f()``, ``%prun f()``) and not to the author."""
    stretch = set(zip(part.python[first:end], map(_ended, part.own[first:end]), strict=True))
    return len(stretch) > len({python for python, _ in stretch})


def _ended(line: str) -> str:
    return line if line.endswith(("\n", "\r")) else line + "\n"


def _in_own_words(part: Part, first: int, end: int, lines: Sequence[str]) -> list[str]:
    """New lines in place of some of a cell's, what Python stands for in these put back into IPython's syntax."""
    out = list(lines)
    for at in range(first, end):
        python, own = part.python[at], _ended(part.own[at])
        if python == own:
            continue
        tail = equal_start(python[::-1], own[::-1])
        mine, theirs = python[: len(python) - tail], own[: len(own) - tail]
        known = mine if mine.strip() else re.sub(r"(\s*\S+).*", r"\1", python, flags=re.DOTALL)  # ``for``, say
        found = next((i for i, line in enumerate(out) if line.startswith(known)), None)
        if tail <= 1 or found is None:
            raise FixConflict("an edit changes a line of a notebook that is no Python")
        out[found] = theirs + out[found][len(mine) :]
    return out


def diff(path: str, before: str, after: str) -> str:
    """What changes in a notebook, cell by cell, as its author would see it."""
    changed: Mapping[int, tuple[str, str]] = changes(before, after)
    return "".join(unified_diff(f"{path}:cell {number}", old, new) for number, (old, new) in changed.items())
