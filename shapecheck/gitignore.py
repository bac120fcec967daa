"""The patterns of .gitignore files, as git itself matches them: byte by byte, later ones winning. Pure.

The reference is git's ``dir.c`` (which part of a path a pattern is held against) and ``wildmatch.c`` (wildcards).
Git is followed where its manual is silent: a class that is not closed, or a backslash at the end, never matches;
``foo**/bar`` is cut at the first wildcard, so that its ``**`` crosses folders.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

_SPECIAL = re.compile(rb"[*?\[\\]")
_NEVER = rb"(?!)"

_CLASSES = {
    b"alnum": rb"0-9A-Za-z",
    b"alpha": rb"A-Za-z",
    b"blank": rb"\t ",
    b"cntrl": rb"\x00-\x1f\x7f",
    b"digit": rb"0-9",
    b"graph": rb"\x21-\x7e",
    b"lower": rb"a-z",
    b"print": rb"\x20-\x7e",
    b"punct": rb"\x21-\x2f\x3a-\x40\x5b-\x60\x7b-\x7e",
    b"space": rb"\t-\r ",
    b"upper": rb"A-Z",
    b"xdigit": rb"0-9A-Fa-f",
}
"""The bytes that the named classes (``[[:alpha:]]``) hold."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """Lines of a .gitignore file that stand together and are of one kind.

    Attributes:
        literal: what a name, or a path below the file's folder, must be one of.
        regex: or must match as a whole; None where no line has wildcards.
        negated: what it matches is taken back in.
        folders_only: they ended with a slash.
        by_name: they hold no other slash, and are held against the last part of a path.
    """

    literal: frozenset[bytes]
    regex: re.Pattern[bytes] | None = None
    negated: bool = False
    folders_only: bool = False
    by_name: bool = False

    def matches(self, path: bytes, folder: bool) -> bool:
        """Whether a path (with slashes, relative to the patterns' folder) is meant by one of the lines."""
        if self.folders_only and not folder:
            return False
        part = path.rpartition(b"/")[2] if self.by_name else path
        return part in self.literal or (self.regex is not None and self.regex.fullmatch(part) is not None)


@dataclass(frozen=True, slots=True)
class Patterns:
    """Patterns that stand in one place, their lines, and the folder (an absolute path) that they are relative to."""

    base: str
    patterns: tuple[Pattern, ...] = ()
    lines: tuple[str, ...] = ()

    @classmethod
    def of(cls, base: str, lines: Iterable[str | bytes], ignore_case: bool = False) -> Patterns:
        """Patterns from lines; blank ones and comments say nothing."""
        texts = tuple(map(os.fsdecode, lines))
        return cls(base, tuple(_joined((_written(os.fsencode(line)) for line in texts), ignore_case)), texts)

    @classmethod
    def of_file(cls, base: str, data: bytes, ignore_case: bool = False) -> Patterns:
        """Patterns from what a .gitignore file holds."""
        data = data.removeprefix(b"\xef\xbb\xbf")
        return cls.of(base, (line.removesuffix(b"\r") for line in data.split(b"\n")), ignore_case)

    def verdict(self, path: str, folder: bool) -> bool | None:
        """Whether an absolute path itself is ignored (True) or taken back in (False); None where no pattern fits it.

        What holds for the folders above it is for the caller to ask.
        """
        if not self.patterns:
            return None
        inside = os.fsencode(_below(path, self.base))
        return next((not p.negated for p in reversed(self.patterns) if p.matches(inside, folder)), None)

    def ignores(self, path: str, folder: bool = False) -> bool:
        """Whether an absolute path is ignored, by itself or with one of the folders between it and the base."""
        return any(self.verdict(part, folder or part != path) for part in _from(self.base, path))


def _below(path: str, base: str) -> str:
    """A path relative to a folder, with slashes."""
    inside = path[len(base) :] if path.startswith(base) else ""
    if inside[:1] == os.sep or base.endswith(os.sep) and inside:
        return inside.lstrip(os.sep).replace(os.sep, "/")
    return os.path.relpath(path, base).replace(os.sep, "/")


def _from(base: str, path: str) -> Iterator[str]:
    """The folders between a base and a path, from the top, and the path itself."""
    above = []
    while (up := os.path.dirname(path)) != path:
        above.append(path)
        if up == base:
            break
        path = up
    return reversed(above)


class _Written(NamedTuple):
    """A line taken apart: its glob, and the attributes of :class:`Pattern`."""

    glob: bytes
    how: tuple[bool, bool, bool]


def _written(line: bytes) -> _Written | None:
    text = _trimmed(line)
    if not text or text.startswith(b"#"):
        return None
    negated = text.startswith(b"!")
    text = text[negated:]
    folders_only = text.endswith(b"/")
    text = text[: len(text) - folders_only]
    return _Written(text.removeprefix(b"/"), (negated, folders_only, b"/" not in text))


def _joined(lines: Iterable[_Written | None], ignore_case: bool) -> Iterator[Pattern]:
    """Neighbours of one kind as one pattern: a long list is looked through at once."""
    for how, group in groupby((line for line in lines if line is not None), key=lambda line: line.how):
        globs = [line.glob for line in group]
        literal = frozenset() if ignore_case else frozenset(glob for glob in globs if not _SPECIAL.search(glob))
        others = b"|".join(translated(glob) for glob in globs if glob not in literal)
        flags = re.DOTALL | (re.IGNORECASE if ignore_case else 0)
        yield Pattern(literal, re.compile(others, flags) if others else None, *how)


def _trimmed(line: bytes) -> bytes:
    """A line without the spaces at its end, those after a backslash kept."""
    end = at = 0
    while at < len(line):
        if line[at : at + 1] == b"\\":
            at += 1
        if line[at : at + 1] != b" " or line[at - 1 : at] == b"\\":
            end = at + 1
        at += 1
    return line[:end]


def translated(glob: bytes) -> bytes:
    """A regular expression for a whole pattern; one that matches nothing where the pattern is malformed."""
    first = _SPECIAL.search(glob)
    at = start = first.start() if first else len(glob)
    parts = [re.escape(glob[:at])]
    while at < len(glob):
        char = glob[at : at + 1]
        if char == b"*":
            at, part = _stars(glob, at, start)
        elif char == b"[":
            found = _class(glob, at + 1)
            if found is None:
                return _NEVER
            at, part = found
        elif char == b"?":
            at, part = at + 1, b"[^/]"
        else:
            at += char == b"\\"
            if at == len(glob):
                return _NEVER
            part = re.escape(glob[at : at + 1])
            at += 1
        parts.append(part)
    return b"".join(parts)


def _stars(glob: bytes, at: int, start: int) -> tuple[int, bytes]:
    """One star or several: where they end, and what they match. ``start`` is where the literal beginning ends."""
    end = at
    while glob[end : end + 1] == b"*":
        end += 1
    before, after = at == start or glob[at - 1 : at] == b"/", glob[end : end + 2]
    if end - at == 1 or not before or not (after[:1] in (b"", b"/") or after == b"\\/"):
        return end, b"[^/]*"
    return (end + 1, b"(?:.*/)?") if after[:1] == b"/" else (end, b".*")


def _class(glob: bytes, at: int) -> tuple[int, bytes] | None:
    """A bracket expression from behind its bracket: where it ends, and what it matches; None where it does not end."""
    negated = glob[at : at + 1] in (b"!", b"^")
    at += negated
    held: list[bytes] = []
    previous = b""
    first = True
    while first or glob[at : at + 1] != b"]":
        first = False
        char = glob[at : at + 1]
        if char == b"[" and glob[at + 1 : at + 2] == b":" and (named := _named(glob, at)) is not None:
            at, members = named
            if not members:
                return None
            held.append(members)
            previous = b""
            continue
        if char == b"-" and previous and glob[at + 1 : at + 2] not in (b"", b"]"):
            at += 1
            at += glob[at : at + 1] == b"\\"
            last = glob[at : at + 1]
            if last and previous <= last:
                held.append(b"\\x%02x-\\x%02x" % (previous[0], last[0]))
            previous = b""
        else:
            at += char == b"\\"
            last = previous = glob[at : at + 1]
            if last:
                held.append(b"\\x%02x" % last[0])
        if not last:
            return None
        at += 1
    members = b"".join(held)
    if negated:
        return at + 1, b"[^/%s]" % members
    return at + 1, b"(?!/)[%s]" % members if members else _NEVER


def _named(glob: bytes, at: int) -> tuple[int, bytes] | None:
    """A named class: where it ends and its members, none for an unknown name; None where it is no named class."""
    end = glob.find(b"]", at + 2)
    if end == -1:
        return len(glob), b""
    if end == at + 2 or glob[end - 1 : end] != b":":
        return None
    return end + 1, _CLASSES.get(glob[at + 2 : end - 1], b"")
