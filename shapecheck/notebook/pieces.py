"""Where IPython's own syntax stands in a cell: magics, shell lines, help and automatic parentheses.

The rules are those of IPython's ``TransformerManager``, with which the tests compare: only the start of a logical line
(or what follows its first ``=``) counts, so that a percent sign in an expression, a string or a comment means nothing.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

_TOKEN = re.compile(
    r"""
    (?P<comment> \#[^\n]* )
  | (?P<string> [bBfFrRtTuU]{0,2} (?: \"{3} (?: [^"\\] | \\. | "(?!"") )* (?: \"{3} | \Z )
                                    | '{3} (?: [^'\\] | \\. | '(?!'') )* (?: '{3} | \Z )
                                    | " (?: [^"\\\n] | \\. )* "?
                                    | ' (?: [^'\\\n] | \\. )* '? ) )
  | (?P<joined> \\\n )
  | (?P<newline> \n )
  | (?P<blank> [ \t\f\r]+ )
  | (?P<word> \w+ )
  | (?P<operator> [=!<>:+\-*@%&|^]= | (?: // | \*\* | << | >> ) =? | /= | -> | . )
    """,
    re.VERBOSE | re.DOTALL,
)
_LIKELY = re.compile(r"^[ \t\f]*[!?%,;/]|=[ \t\f]*(?:\\\n[ \t\f]*)*[!%]|\?[ \t\f]*(?:$|\\)", re.MULTILINE)
"""What a cell without any of IPython's syntax, as most are, does not have."""

_ESCAPES = frozenset("!?%,;/")
_DOUBLED = ("!!", "??")
_HELP = re.compile(r"(%{0,2}(?!\d)[\w*]+(\.(?!\d)[\w*]+|\[-?[0-9]+\])*)(\?\??)$")


@dataclass(frozen=True, slots=True)
class Piece:
    """One stretch of IPython's own syntax.

    Attributes:
        first, last: its lines, from 0; more than one where backslashes continue it.
        column: where its sign stands, from 0: after the indent, or after ``name =``.
        sign: ``%``, ``!``, ``!!``, ``?``, ``??``, ``,``, ``;``, ``/``; for ``name?`` the question mark at its end.
        body: what follows the sign, continued lines joined; for ``name?`` the name.
        assigned: whether it stands to the right of a ``=``.
    """

    first: int
    last: int
    column: int
    sign: str
    body: str
    assigned: bool = False


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    kind: str
    start: int


def pieces(lines: Sequence[str]) -> Iterator[Piece]:
    """The pieces of a cell (of which the lines are given, without their ends), in order."""
    text = "\n".join(lines)
    if not _LIKELY.search(text):
        return
    starts = [0, *accumulate(len(line) + 1 for line in lines)]
    at = 0
    while at < len(lines):
        told, last = _logical(text, starts[at])
        piece = _help(text, told) or _signed(lines, text, told)
        if piece is not None:
            yield piece
        at = 1 + (piece.last if piece is not None else bisect_right(starts, last) - 1)


def continued(lines: Sequence[str], first: int) -> int:
    """The last of the lines that backslashes join to one."""
    last = first
    while last + 1 < len(lines) and lines[last].endswith("\\"):
        last += 1
    return last


def _logical(text: str, start: int) -> tuple[list[_Token], int]:
    """The tokens of the logical line that starts at an offset, and the offset of its last character."""
    told: list[_Token] = []
    depth, end = 0, start
    for match in _TOKEN.finditer(text, start):
        kind, end = match.lastgroup or "", match.end() - 1
        if kind == "newline" and depth == 0:
            break
        if kind == "operator" and match[0] in "([{":
            depth += 1
        elif kind == "operator" and match[0] in ")]}":
            depth = max(depth - 1, 0)
        if kind not in ("blank", "joined", "newline"):
            told.append(_Token(match[0], kind, match.start()))
    return told, end


def _help(text: str, told: Sequence[_Token]) -> Piece | None:
    """``name?`` and ``name??``."""
    if len(told) < 2 or told[-1].text != "?":
        return None
    start, end = told[0].start, told[-1].start
    named = _HELP.search(text[start : end + 1])
    if named is None:
        return None
    return Piece(text.count("\n", 0, start), text.count("\n", 0, end), _column(text, start), named[3], named[1])


def _signed(lines: Sequence[str], text: str, told: Sequence[_Token]) -> Piece | None:
    """A line that begins with a sign, or assigns what a magic or a command gives."""
    if not told:
        return None
    if told[0].kind == "operator" and told[0].text in _ESCAPES:
        return _piece(lines, text, told[0])
    depth = 0
    for at, token in enumerate(told[:-1]):
        if token.text in ("(", "[", "{"):
            depth += 1
        elif token.text in (")", "]", "}"):
            depth = max(depth - 1, 0)
        elif token.text == "=" and depth == 0:
            sign, *rest = told[at + 1 :]
            named = sign.text == "%" and rest and rest[0].kind == "word" and not rest[0].text[0].isdigit()
            return _piece(lines, text, sign, assigned=True) if named or sign.text == "!" else None
    return None


def _piece(lines: Sequence[str], text: str, sign: _Token, assigned: bool = False) -> Piece:
    first, column = text.count("\n", 0, sign.start), _column(text, sign.start)
    last = continued(lines, first)
    parts = [lines[first][column:], *lines[first + 1 : last + 1]]
    line = " ".join([part.rstrip()[:-1] for part in parts[:-1]] + [parts[-1].rstrip()])
    mark = line[:2] if line[:2] in _DOUBLED and not assigned else line[:1]
    return Piece(first, last, column, mark, line[len(mark) :], assigned)


def _column(text: str, offset: int) -> int:
    return offset - (text.rfind("\n", 0, offset) + 1)
