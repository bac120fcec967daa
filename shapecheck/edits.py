"""Text edits as they stand in a fix, applied to text: pure, and blind to Python."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence

from shapecheck.errors import FixConflict
from shapecheck.findings import Edit
from shapecheck.places import Span

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|\Z)")


def lines_of(text: str) -> list[str]:
    r"""The lines of a text with their ends, split as Python's parser does: at ``\n``, ``\r\n`` and ``\r`` only."""
    return [line for line in _LINE.findall(text) if line]


def equal_start(a: Sequence[str], b: Sequence[str]) -> int:
    """How many items two sequences have in common from the start."""
    shortest = min(len(a), len(b))
    return next((at for at in range(shortest) if a[at] != b[at]), shortest)


def edited(text: str, edits: Iterable[Edit]) -> str:
    """The text of one file after its edits, all given in the coordinates of the text as it is.

    Raises FixConflict where two edits overlap or one lies beyond the text. Equal edits count once; several
    insertions at one place are put in the order given.
    """
    starts = _line_starts(text)
    spans = [(*_offsets(edit.span, starts, len(text)), edit.text) for edit in dict.fromkeys(edits)]
    out: list[str] = []
    done = 0
    for start, end, new in sorted(spans, key=lambda span: span[:2]):
        if start < done or end < start:
            raise FixConflict("two edits of the same text overlap")
        out += [text[done:start], new]
        done = end
    return "".join([*out, text[done:]])


def _line_starts(text: str) -> list[int]:
    starts = [0]
    for line in lines_of(text):
        starts.append(starts[-1] + len(line))
    return starts


def _offsets(span: Span, starts: list[int], size: int) -> tuple[int, int]:
    if not (1 <= span.line <= span.end_line <= len(starts)):
        raise FixConflict(f"an edit lies beyond the end of {span.path}")
    start, end = starts[span.line - 1] + span.column - 1, starts[span.end_line - 1] + span.end_column - 1
    if not 0 <= start <= end <= size:
        raise FixConflict(f"an edit lies beyond the end of {span.path}")
    return start, end


def unified_diff(path: str, before: str, after: str) -> str:
    """What changes, in the form that ``git apply`` and ``patch -p1`` take; empty where nothing does."""
    out = []
    for line in difflib.unified_diff(lines_of(before), lines_of(after), f"a/{path}", f"b/{path}"):
        out.append(line if line.endswith(("\n", "\r")) else line + "\n\\ No newline at end of file\n")
    return "".join(out)
