"""The comments of a Python text, the statement that each stands in, and the lines at whose end one may stand. Pure."""

from __future__ import annotations

import io
import tokenize
from dataclasses import dataclass, field

from shapecheck.edits import lines_of

_BEGIN_F_STRING = {getattr(tokenize, name, None) for name in ("FSTRING_START", "TSTRING_START")}
_END_F_STRING = {getattr(tokenize, name, None) for name in ("FSTRING_END", "TSTRING_END")}


@dataclass(frozen=True, slots=True)
class Comment:
    """One comment.

    Attributes:
        text: from the ``#`` to the end of the line.
        line, column: where the ``#`` stands, counted from 1.
        first, last: the lines on which the logical line around it begins and ends (for the head of an ``if`` or a
            ``def`` that is the head alone); its own line where it stands between statements.
        before: what stands before it on its line.
    """

    text: str
    line: int
    column: int
    first: int
    last: int
    before: str


@dataclass(slots=True)
class Layout:
    """Where comments are and where they may be.

    Attributes:
        statements: the first and the last line of each logical line, in order.
        open_ends: the lines at whose end a comment may stand: those that no string and no backslash leads on from.
    """

    comments: list[Comment] = field(default_factory=list)
    statements: list[tuple[int, int]] = field(default_factory=list)
    open_ends: set[int] = field(default_factory=set)

    def statement(self, line: int) -> tuple[int, int]:
        """The first and last line of the logical line that a line belongs to; the line itself where it is in none."""
        return next((lines for lines in self.statements if lines[0] <= line <= lines[1]), (line, line))


def layout(text: str) -> Layout:
    """What a text's tokens say, up to the first place that Python cannot tokenize: what stands before that counts."""
    found = Layout()
    lines = lines_of(text)
    pending: list[tuple[int, int, str]] = []
    first = within = 0
    try:
        for token in tokenize.generate_tokens(io.StringIO(text, newline=None).readline):
            row, column = token.start
            if token.type == tokenize.COMMENT:
                pending.append((row, column, token.string))
            elif token.type in (tokenize.NEWLINE, tokenize.NL):
                if not within:
                    found.open_ends.add(row)
                if token.type == tokenize.NL and first:
                    continue
                if first:
                    found.statements.append((first, row))
                found.comments += [_comment(held, lines, (first or row, row)) for held in pending]
                pending, first = [], 0
            elif token.type not in (tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER):
                first = first or row
                within += (token.type in _BEGIN_F_STRING) - (token.type in _END_F_STRING)
    except (tokenize.TokenError, SyntaxError):
        pass
    found.comments += [_comment(held, lines, (held[0], held[0])) for held in pending]
    return found


def _comment(held: tuple[int, int, str], lines: list[str], statement: tuple[int, int]) -> Comment:
    row, column, text = held
    return Comment(text, row, column + 1, *statement, lines[row - 1][:column])
