"""Source lines with marks under them, in the manner of rustc."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from shapecheck.places import Span
from shapecheck.reports.paint import Paint

_TAB = "    "
_UNPRINTABLE = "\N{REPLACEMENT CHARACTER}"


@dataclass(frozen=True, slots=True)
class Mark:
    """A span to underline, with a few words beside the line: ``^`` for the root cause, ``-`` for what bears on it."""

    span: Span
    label: str
    root: bool = False


def gutter(marks: Sequence[Mark]) -> int:
    """How many digits the line numbers of these marks need (two at least, so that blocks line up)."""
    return max(2, *(len(str(mark.span.line)) for mark in marks))


def snippet(lines: Sequence[str], marks: Sequence[Mark], width: int, paint: Paint) -> list[str]:
    """The marked lines of one file in order, the line before the root cause for context, and the marks.

    ``lines`` is the file's text by lines; marks beyond its end are left out; ``width`` is that of the gutter.
    """
    marks = [mark for mark in marks if 1 <= mark.span.line <= len(lines)]
    shown = {mark.span.line for mark in marks}
    before = {mark.span.line - 1 for mark in marks if mark.root}
    shown |= {number for number in before if number and lines[number - 1].strip()}
    bar = paint(f" {'':>{width}} |", "blue")
    out = [bar]
    for number in sorted(shown):
        text = lines[number - 1].rstrip("\r\n")
        out.append(f"{paint(f' {number:>{width}} |', 'blue')} {_expanded(text)}".rstrip())
        out += [
            f"{bar} {_underline(text, mark, paint)}"
            for mark in sorted(marks, key=lambda mark: not mark.root)
            if mark.span.line == number
        ]
    return out


def _underline(text: str, mark: Mark, paint: Paint) -> str:
    start, end = _columns(text, mark.span)
    indent = " " * columns_wide(text[:start])
    line = ("^" if mark.root else "-") * max(1, columns_wide(text[start:end]))
    styles = ("bold", "red") if mark.root else ("blue",)
    return indent + paint(f"{line} {mark.label}".rstrip(), *styles)


def _columns(text: str, span: Span) -> tuple[int, int]:
    """Start and end of the underline, counted from 0; the whole statement where only the line is known."""
    if not span.exact:
        stripped = text.strip()
        start = text.find(stripped)
        return start, start + len(stripped)
    one_line = span.end_line in (0, span.line)
    end = span.end_column - 1 if one_line and span.end_column else len(text.rstrip())
    return span.column - 1, max(end, span.column)


def _expanded(text: str) -> str:
    """Tabs as blanks and control characters as a sign, so that marks stand where they should."""
    return "".join(char if char.isprintable() else _TAB if char == "\t" else _UNPRINTABLE for char in text)


def columns_wide(text: str) -> int:
    """How many terminal columns a text fills."""
    return sum(_width(char) for char in _expanded(text))


def _width(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
