"""Which frames are the user's, and where in the text they stand."""

from __future__ import annotations

import functools
import itertools
import linecache
import os
import sys
import sysconfig
from collections.abc import Iterator
from types import CodeType, FrameType
from typing import Any

from shapecheck.places import Span

_OWN = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
_LIBRARY = tuple(
    os.path.normcase(os.path.realpath(path)) + os.sep
    for path in {sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib"), _OWN}
    if path
)
_INSTALLED = (f"{os.sep}site-packages{os.sep}", f"{os.sep}dist-packages{os.sep}")


@functools.cache
def is_user_file(filename: str) -> bool:
    """Whether a file belongs to the project: not installed, not the standard library, not shapecheck, a real file."""
    if filename.startswith("<"):
        return False
    path = os.path.normcase(os.path.realpath(filename))
    return not path.startswith(_LIBRARY) and not any(part in path for part in _INSTALLED)


def user_frame(start: FrameType | None = None) -> FrameType | None:
    """The innermost frame that runs code of the project."""
    frame = start or sys._getframe(1)
    while frame is not None and not is_user_file(frame.f_code.co_filename):
        frame = frame.f_back  # type: ignore[assignment]
    return frame


def user_frames(start: FrameType | None) -> Iterator[FrameType]:
    """The project's frames, innermost first."""
    frame = user_frame(start)
    while frame is not None:
        yield frame
        frame = user_frame(frame.f_back) if frame.f_back else None


def span_of(frame: FrameType, lasti: int | None = None) -> Span:
    """The expression that a frame is evaluating (CPython 3.11 and later; before that its line only)."""
    return _span(frame.f_code, frame.f_lasti if lasti is None else lasti, frame.f_lineno if lasti is None else 0)


def span_at(code: CodeType, lasti: int, line: int) -> Span:
    """The expression at an instruction of a code object, as a traceback keeps it."""
    return _span(code, lasti, line)


@functools.lru_cache(maxsize=4096)
def _span(code: CodeType, lasti: int, line: int) -> Span:
    path = code.co_filename
    if sys.version_info < (3, 11):
        return Span(path, line)
    found = _positions(code)[lasti // 2]
    start, end, left, right = found
    if start is None or end is None or left is None or right is None:
        return Span(path, start or line)
    return Span(path, start, _column(path, start, left), end, _column(path, end, right))


@functools.lru_cache(maxsize=1024)
def _positions(code: CodeType) -> list[tuple[int | None, int | None, int | None, int | None]]:
    positions: Any = getattr(code, "co_positions")  # noqa: B009 - not there before CPython 3.11
    return list(positions())


def _column(path: str, line: int, offset: int) -> int:
    """A character column from 1, from CPython's offset in utf-8 bytes."""
    text = linecache.getline(path, line)
    if text.isascii():
        return offset + 1
    return len(text.encode()[:offset].decode(errors="ignore")) + 1


def function_name(frame: FrameType) -> str:
    """The qualified name of a frame's function; on CPython 3.10 without its class."""
    code = frame.f_code
    return getattr(code, "co_qualname", code.co_name)


Calls = list[tuple[Span, str]]


def context(frames: list[FrameType]) -> Calls:
    """The calls through which the innermost frame was reached, outermost first: span, and function entered."""
    return [(span_of(outer), function_name(inner)) for inner, outer in itertools.pairwise(frames)][::-1]
