"""Source lines with marks under them, in the manner of rustc."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from shapecheck.places import Span
from shapecheck.reports.paint import Paint
from shapecheck.reports.width import columns_wide, expanded, folded, window

_LEAST_ROOM = 24
"""Columns for code or words below which nothing is cut or folded any more."""
_BESIDE = 4
"""Columns kept free on either side of what is marked, for the dots that say that a line is cut."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A span to underline, with a few words beside the line: ``^`` for the root cause, ``-`` for what bears on it."""

    span: Span
    label: str
    root: bool = False


def gutter(marks: Sequence[Mark]) -> int:
    """How many digits the line numbers of these marks need (two at least, so that blocks line up)."""
    return max(2, *(len(str(mark.span.line)) for mark in marks))


def snippet(
    lines: Sequence[str], marks: Sequence[Mark], width: int, paint: Paint, columns: int | None = None
) -> list[str]:
    """The marked lines of one file in order, the line before the root cause for context, and the marks.

    ``lines`` is the file's text by lines; marks beyond its end are left out; ``width`` is that of the gutter;
    ``columns`` how many the terminal has, where longer lines must be cut: to what is marked, on each line.
    """
    marks = [mark for mark in marks if 1 <= mark.span.line <= len(lines)]
    shown = {mark.span.line for mark in marks}
    before = {mark.span.line - 1 for mark in marks if mark.root}
    shown |= {number for number in before if number and lines[number - 1].strip()}
    bar = paint(f" {'':>{width}} |", "blue")
    room = None if columns is None else max(_LEAST_ROOM, columns - width - 4)
    out = [bar]
    for number in sorted(shown):
        text = lines[number - 1].rstrip("\r\n")
        here = sorted((mark for mark in marks if mark.span.line == number), key=lambda mark: not mark.root)
        for code, below in _views(text, here, room, paint):
            out.append(f"{paint(f' {number:>{width}} |', 'blue')} {code}".rstrip())
            out += [f"{bar} {line}" for line in below]
    return out


def _views(text: str, marks: list[Mark], room: int | None, paint: Paint) -> Iterator[tuple[str, list[str]]]:
    """A line with what stands below it; where it is too long for all of its marks, a part of it for each."""
    if room is None or columns_wide(text) <= room:
        yield (
            expanded(text),
            [line for mark in marks for line in _underline(mark, *_columns(text, mark.span), room, paint)],
        )
        return
    if not marks:
        yield window(text, 0, room), []
    while marks:
        start = _start(*_columns(text, marks[0].span), room)
        inside = [mark for mark in marks if mark is marks[0] or _visible(*_columns(text, mark.span), start, room)]
        below = [
            line
            for mark in inside
            for line in _underline(mark, *_clipped(*_columns(text, mark.span), start, room), room, paint)
        ]
        yield window(text, start, room), below
        marks = [mark for mark in marks if mark not in inside]


def _start(left: int, right: int, room: int) -> int:
    """The first column to show: the line's own where what is marked ends in time, else as near to it as possible."""
    if right <= room - _BESIDE:
        return 0
    return max(0, min(left - _BESIDE, right + _BESIDE - room) if right - left <= room - 2 * _BESIDE else left - _BESIDE)


def _visible(left: int, right: int, start: int, room: int) -> bool:
    return start <= left and right <= start + room - _BESIDE


def _clipped(left: int, right: int, start: int, room: int) -> tuple[int, int]:
    return max(0, left - start), min(right - start, room)


def _underline(mark: Mark, left: int, right: int, room: int | None, paint: Paint) -> list[str]:
    """The underline of columns ``left`` to ``right``, its label beside it, or below where there is no room."""
    line = ("^" if mark.root else "-") * max(1, right - left)
    styles = ("bold", "red") if mark.root else ("blue",)
    beside = f"{line} {mark.label}".rstrip()
    if room is None or left + columns_wide(beside) <= room:
        return [" " * left + paint(beside, *styles)]
    indent = max(0, min(left, room - _LEAST_ROOM))
    words = folded(mark.label, room - indent)
    return [" " * left + paint(line, *styles), *(" " * indent + paint(part, *styles) for part in words)]


def _columns(text: str, span: Span) -> tuple[int, int]:
    """Where the underline starts and ends, in columns from 0; the whole statement where only the line is known."""
    start, end = _characters(text, span)
    left = columns_wide(text[:start])
    return left, left + max(1, columns_wide(text[start:end]))


def _characters(text: str, span: Span) -> tuple[int, int]:
    if not span.exact:
        stripped = text.strip()
        start = text.find(stripped)
        return start, start + len(stripped)
    one_line = span.end_line in (0, span.line)
    end = span.end_column - 1 if one_line and span.end_column else len(text.rstrip())
    return span.column - 1, max(end, span.column)
