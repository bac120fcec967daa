"""Where things stand in source files: spans, and the origins of sizes."""

from __future__ import annotations

from dataclasses import dataclass

NOTEBOOK = ".ipynb"
"""How the name of a notebook ends."""


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A stretch of one file. Lines and columns count characters from 1; the end is exclusive.

    A column of 0 means that only the line is known (CPython 3.10 keeps no columns at run time).
    In a report, and nowhere else, a span of a notebook names its cell and counts lines in it (see
    :func:`shapecheck.cells.presented`); everywhere else lines count through the text of all cells, and ``cell`` is 0.
    """

    path: str
    line: int
    column: int = 0
    end_line: int = 0
    end_column: int = 0
    cell: int = 0

    def __str__(self) -> str:
        return f"{self.where}:{self.line}:{self.column}" if self.column else f"{self.where}:{self.line}"

    @property
    def where(self) -> str:
        """What the line counts in: the file, of a notebook the cell (``train.ipynb:cell 3``)."""
        return f"{self.path}:cell {self.cell}" if self.cell else self.path

    @property
    def told(self) -> str:
        """The line in words, for prose. In a notebook ``notebook line 12``, which a report turns into a cell's line."""
        return f"notebook line {self.line}" if self.path.endswith(NOTEBOOK) else f"line {self.line}"

    @property
    def exact(self) -> bool:
        """Whether the columns are known too."""
        return self.column > 0

    def covers(self, other: Span) -> bool:
        """Whether ``other`` lies within this span (of the same file), judged by lines where columns are missing."""
        if self.path != other.path:
            return False
        if not (self.exact and other.exact):
            return self.line <= other.line <= (self.end_line or self.line)
        return (self.line, self.column) <= (other.line, other.column) and (other.end_line, other.end_column) <= (
            self.end_line,
            self.end_column,
        )


@dataclass(frozen=True, slots=True)
class Origin:
    """Why a size is what it is, in words that finish the sentence "768 is ...", and where that was decided.

    >>> str(Origin("the hidden size of bert-base-uncased", Span("train.py", 9)))
    'the hidden size of bert-base-uncased, line 9'
    """

    text: str
    span: Span | None = None

    def __str__(self) -> str:
        return f"{self.text}, {self.span.told}" if self.span else self.text
