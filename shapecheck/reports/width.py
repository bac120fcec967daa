"""How wide text is on a terminal, and how it is made to fit one: tabs, wide letters, few columns, few characters."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

_TAB = "    "
_UNPRINTABLE = "\N{REPLACEMENT CHARACTER}"
_AS_EMOJI = "\N{VARIATION SELECTOR-16}"
"""Makes the letter before it two columns wide on some terminals and one on others: better left out."""
_CUT = "..."
_UNBROKEN = re.compile(r"(?:\([^()]*\)|\[[^][]*\]|\S)+")
_LONGEST_SHAPE = 28


def expanded(text: str) -> str:
    """Tabs as blanks and control characters as a sign, so that marks stand where they should."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_shown(char) for char in text if char != _AS_EMOJI)


def _shown(char: str) -> str:
    return char if char.isprintable() else _TAB if char == "\t" else _UNPRINTABLE


def columns_wide(text: str) -> int:
    """How many terminal columns a text fills."""
    text = expanded(text)
    return len(text) if text.isascii() else sum(map(_width, text))


def _width(char: str) -> int:
    if unicodedata.category(char) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def folded(text: str, columns: int | None, first: str = "", rest: str = "") -> list[str]:
    """A text as lines of at most ``columns`` columns, broken at blanks, the first one headed by ``first``, the others
    by ``rest``. A word that is longer stays whole, and so does a shape, ``(batch, seq, 768)``, where it can."""
    if columns is None:
        return [first + text]
    lines = [first]
    empty = True
    for word in _words(text):
        if not empty and columns_wide(lines[-1]) + 1 + columns_wide(word) > columns:
            lines.append(rest)
            empty = True
        lines[-1] += word if empty else f" {word}"
        empty = False
    return lines


def _words(text: str) -> Iterator[str]:
    """What a line is not broken within: words, and what stands in brackets if that is short."""
    for match in _UNBROKEN.finditer(text):
        yield from [match[0]] if columns_wide(match[0]) <= _LONGEST_SHAPE else match[0].split()


def window(text: str, start: int, room: int) -> str:
    """The ``room`` columns of a line from column ``start`` (from 0) on, with dots where something is cut off.

    What stands at column c of the line stands at column c - start of the window.
    """
    text = expanded(text)
    whole = columns_wide(text)
    left = start + len(_CUT) if start > 0 else 0
    right = start + room - len(_CUT) if whole > start + room else whole
    out, at = _CUT if start > 0 else "", 0
    for char in text:
        wide = _width(char)
        if at >= left and at + wide <= right:
            out += char
        elif at < left < at + wide or at < right < at + wide:  # half of a wide letter
            out += " "
        at += wide
    return out + (_CUT if right < whole else "")


def legible(text: str, encoding: str) -> str:
    """A text in which every character that an encoding lacks is a question mark for each column that it fills."""
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return "".join(_encodable(char, encoding) for char in text)
    return text


def _encodable(char: str, encoding: str) -> str:
    try:
        char.encode(encoding)
    except UnicodeEncodeError:
        return "?" * _width(char)
    return char
