"""Tracebacks as text, taken apart: the message, and the calls that led to it. Pure functions over strings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from shapecheck.places import Span

_FRAME = re.compile(r'^\s*(?:\[rank\d+\]:\s*)?File "(?P<path>[^"]+)", line (?P<line>\d+)(?:, in (?P<function>.+))?$')
_CELL = re.compile(r"^(?:Cell In\[\d+\]|Input In \[\d+\]|<ipython-input-[^>]+>)")
_ERROR = re.compile(
    r"^\s*(?:\[rank\d+\]:\s*)?(?:E\s+)?(?P<type>[A-Za-z_][\w.]*(?:Error|Exception|Interrupt|Assert\w*)): ?(?P<text>.*)$"
)
_ASSERT = re.compile(r"Assertion `[^`]+` failed")
_WRAPPED = re.compile(r"""got (?P<type>\w+(?:Error|Exception))\((?P<quote>['"])(?P<text>.*?)(?P=quote)\)""", re.DOTALL)
_NOISE = re.compile(r"^\s*(\[rank\d+\]:|E\s{2,})")
_NEXT = re.compile(r"^(Traceback \(most recent call last\)|During handling of|The above exception|\s+File \")")


@dataclass(frozen=True, slots=True)
class Report:
    """One error. ``messages`` are its own and, first, those that it wraps or that explain it (CUDA's assertions);
    ``frames`` the calls that led to it, outermost first; lines count from 1, columns are not known."""

    kind: str
    messages: tuple[str, ...]
    frames: tuple[Span, ...] = ()


def read(text: str) -> Report:
    """The last error of a text: a traceback, some lines of a log, or a bare message."""
    lines = text.splitlines()
    frames = tuple(
        Span(match["path"], int(match["line"])) for line in lines if (match := _FRAME.match(line)) is not None
    )
    kind, message = _last_error(lines)
    inner = [match["text"].encode().decode("unicode_escape") for match in _WRAPPED.finditer(message or text)]
    asserted = list(dict.fromkeys(_ASSERT.findall(text)))
    own = message if message is not None else text.strip()
    return Report(kind, tuple(dict.fromkeys([*asserted, *inner, own])), frames)


def _last_error(lines: list[str]) -> tuple[str, str | None]:
    """The type and the message of the last error that is named, with the lines that belong to it."""
    for at in range(len(lines) - 1, -1, -1):
        match = _ERROR.match(lines[at])
        if match is not None:
            return match["type"].rpartition(".")[2], "\n".join([match["text"], *_more(lines[at + 1 :])])
    return "", None


def _more(lines: list[str]) -> Iterator[str]:
    """The further lines of a message, up to what begins anew."""
    for line in lines:
        if _NEXT.match(line) or _CELL.match(line):
            return
        yield _NOISE.sub("", line)
