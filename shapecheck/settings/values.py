"""The values that keys of a settings file take: how each is read, and what is said of one that does not fit."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from shapecheck import inputs
from shapecheck.errors import UsageError
from shapecheck.findings import SEVERITIES
from shapecheck.gitignore import Patterns
from shapecheck.selection import nearest, prefixes

POOLINGS = ("cls", "mean", "max", "last", "pooler")
OUTPUT_FORMATS = (
    "full",
    "concise",
    "json",
    "github",
    "gitlab",
    "sarif",
    "junit",
    "rdjson",
    "markdown",
    "text",
)
"""The last one is an older name of the first."""
LEAST_SECONDS, LEAST_MEGABYTES = 0.1, 64

_AT_START = ("PYTHON", "LD_", "DYLD_")
"""Variables that would change the process which imports torch for all scripts, outside of the guard around each."""

_VERSION = re.compile(r"\d+(\.\d+)*((a|b|rc)\d+)?(\.post\d+)?(\.dev\d+)?(\+[\w.]+)?")


class Wrong(Exception):
    """A value that does not fit: the sentence for the user, and the keys that lead to it from where it was read."""

    def __init__(self, sentence: str, *at: str | int) -> None:
        super().__init__(sentence)
        self.at = at

    def under(self, *keys: str | int) -> Wrong:
        """The same, seen from further out."""
        return Wrong(str(self), *keys, *self.at)


class Kind(NamedTuple):
    """A kind of values: ``words`` for it, and how to ``read`` one, paths in it relative to a folder.

    ``read`` raises Wrong for a value of another kind.
    """

    words: str
    read: Callable[[Any, str], Any]


class Ignored(NamedTuple):
    """Rules that are off in the files that a pattern fits, or in all others (a pattern that begins with ``!``)."""

    files: Patterns
    others: bool
    codes: tuple[str, ...]
    pattern: str

    def holds(self, path: str) -> bool:
        """Whether the rules are off in the file of an absolute path."""
        return self.files.ignores(path) != self.others


def _expected(words: str, value: Any) -> Wrong:
    return Wrong(f"expected {words}, not {shown(value)}")


def shown(value: Any) -> str:
    """A value in the notation of TOML, as far as it goes, cut where it is long."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _simple(words: str, fits: Callable[[Any], bool]) -> Kind:
    def read(value: Any, base: str) -> Any:
        if not fits(value):
            raise _expected(words, value)
        return value

    return Kind(words, read)


def _choice(*known: str) -> Kind:
    words = f"one of {', '.join(known)}"

    def read(value: Any, base: str) -> str:
        if value not in known:
            raise Wrong(f"expected {words}, not {shown(value)}{nearest(str(value), known)}")
        return str(value)

    return Kind(words, read)


def _number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip()) and "\0" not in value


def _list(words: str, fits: Callable[[Any], bool]) -> Callable[[Any], tuple[Any, ...]]:
    def read(value: Any) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise _expected(words, value)
        for number, item in enumerate(value):
            if not fits(item):
                raise _expected(words, item).under(number)
        return tuple(value)

    return read


def _table(words: str, value: Any) -> Iterator[tuple[str, Any]]:
    if not isinstance(value, dict):
        raise _expected(words, value)
    yield from value.items()


_CODES = "a list of rule codes or beginnings of codes"
_PATTERNS = "a list of patterns as in .gitignore"


def _codes(value: Any, base: str) -> tuple[str, ...]:
    try:
        return prefixes(_list(_CODES, _text)(value))
    except UsageError as why:
        raise Wrong(str(why)) from why


def _patterns(value: Any, base: str) -> Patterns:
    return Patterns.of(base, _list(_PATTERNS, _text)(value))


def _ignores(value: Any, base: str) -> tuple[Ignored, ...]:
    found = []
    for pattern, codes in _table(IGNORES.words, value):
        others = pattern.startswith("!")
        files = Patterns.of(base, [pattern[others:]])
        if not files.patterns:
            raise _expected("a pattern as in .gitignore", pattern).under(pattern)
        try:
            found.append(Ignored(files, others, _codes(codes, base), pattern))
        except Wrong as why:
            raise why.under(pattern) from why
    return tuple(found)


def _severities(value: Any, base: str) -> tuple[tuple[str, str], ...]:
    found = []
    for code, severity in _table(SEVERITIES_OF_CODES.words, value):
        try:
            found.append((_codes([code], base)[0], _SEVERITY.read(severity, base)))
        except Wrong as why:
            raise why.under(code) from why
    return tuple(found)


def _path(value: Any, base: str) -> str:
    if not _text(value):
        raise _expected(PATH.words, value)
    return os.path.normpath(os.path.join(base, os.path.expanduser(value)))


def _program(value: Any, base: str) -> str:
    """A path where there is a slash in it, else a name to look for."""
    if not _text(value):
        raise _expected(PROGRAM.words, value)
    expanded = os.path.expanduser(value)
    return os.path.join(base, expanded) if os.path.basename(expanded) != expanded else expanded


def _environment(value: Any, base: str) -> tuple[tuple[str, str], ...]:
    pairs = tuple(_table(ENVIRONMENT.words, value))
    for name, text in pairs:
        if not name or "=" in name or not isinstance(text, str) or "\0" in name + text:
            raise _expected("a text, under the name of a variable", text).under(name)
        if name.startswith(_AT_START):
            raise Wrong("it is read when Python starts, before the script: set it where shapecheck is called", name)
    return pairs


def _inputs(value: Any, base: str) -> tuple[tuple[str, str], ...]:
    pairs = tuple(_table(INPUTS.words, value))
    for name, given in pairs:
        if not name.isidentifier():
            raise Wrong(f"expected the name of an input, not {shown(name)}")
        if not isinstance(given, (str, int, float, bool)):
            raise _expected('a dtype with sizes ("int64[batch,16]") or a plain value', given).under(name)
        try:
            inputs.parse(str(given))
        except UsageError as why:
            raise Wrong(str(why), name) from why
    return tuple((name, str(given)) for name, given in pairs)


_SEVERITY = _choice(*SEVERITIES, "off")

CODES = Kind(_CODES, _codes)
PATTERNS = Kind(_PATTERNS, _patterns)
MORE_PATTERNS = Kind(_PATTERNS, lambda value, base: (_patterns(value, base),))
IGNORES = Kind("a table of patterns and lists of rule codes", _ignores)
SEVERITIES_OF_CODES = Kind("a table of rule codes and severities", _severities)
SWITCH = _simple("true or false", lambda value: isinstance(value, bool))
VERSION = _simple(
    'a version such as "4.57"', lambda value: isinstance(value, str) and _VERSION.fullmatch(value) is not None
)
POOLING = _choice(*POOLINGS)
FAIL_ON = _choice(*SEVERITIES)
OUTPUT_FORMAT = _choice(*OUTPUT_FORMATS)
COUNT = _simple("a whole number of 0 or more", lambda value: _whole(value) and value >= 0)
SECONDS = _simple(
    f"a number of seconds of {LEAST_SECONDS} or more", lambda value: _number(value) and value >= LEAST_SECONDS
)
MEGABYTES = _simple(
    f"a whole number of megabytes of {LEAST_MEGABYTES} or more",
    lambda value: _whole(value) and value >= LEAST_MEGABYTES,
)
TEXTS = Kind("a list of texts", lambda value, base: _list("a list of texts", lambda item: isinstance(item, str))(value))
PATH = Kind("a path", _path)
PROGRAM = Kind("a path, or the name of a program", _program)
ENVIRONMENT = Kind("a table of variables and texts", _environment)
INPUTS = Kind("a table of inputs", _inputs)
