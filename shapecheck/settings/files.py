"""Settings files: which one is nearest, what stands in it and in those that it extends, and what is wrong with it."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from shapecheck.errors import UsageError
from shapecheck.settings.keys import Settings, read
from shapecheck.settings.values import Wrong

if sys.version_info >= (3, 11):
    import tomllib
else:  # pragma: no cover
    import tomli as tomllib  # type: ignore[import-not-found, unused-ignore]

OWN = (".shapecheck.toml", "shapecheck.toml")
PROJECT = "pyproject.toml"
JOINED = frozenset({"extend_select", "extend_exclude", "run", "severities"})
"""Keys whose values in one file are joined with those of the files that it extends."""

_SECTION = ("tool", "shapecheck")
_LINE = re.compile(r" \(at line (\d+), column \d+\)$| \(at end of document\)$")


def in_folder(folder: str) -> str | None:
    """The settings file of one folder: its own file of settings first, else a pyproject.toml with a section."""
    for name in OWN:
        path = os.path.join(folder, name)
        if os.path.isfile(path):
            return path
    path = os.path.join(folder, PROJECT)
    try:
        with open(path, "rb") as file:
            text = file.read()
    except OSError:
        return None
    # Most projects have none for us: a search costs a hundredth of a parse, and their errors are not ours to tell.
    return path if b"shapecheck" in text and _section(path, _parsed(path, text)) is not None else None


def load(path: str, base: str | None = None) -> Settings:
    """The settings of a file, with those that it extends under them.

    Args:
        path: an absolute path.
        base: the folder that its patterns and paths are relative to; the file's own unless given.

    Raises:
        UsageError: a file that cannot be read, a key that is unknown, a value that does not fit, files that extend
            each other.
    """
    return replace(_load(path, base or os.path.dirname(path), ()), file=path)


def _load(path: str, base: str, extending: tuple[str, ...]) -> Settings:
    if os.path.realpath(path) in extending:
        raise UsageError(f"{shown(extending[-1])}: extend: {shown(path)} extends itself in a circle")
    text = _bytes(path, extending)
    table = _section(path, _parsed(path, text))
    if table is None:
        raise UsageError(f"{shown(path)} has no [tool.shapecheck]")
    try:
        found = read(table, Settings, base)
    except Wrong as why:
        raise UsageError(_told(path, text, why)) from why
    under = Settings()
    if found.get("extend") is not None:
        above = os.path.normpath(os.path.join(os.path.dirname(path), os.path.expanduser(table["extend"])))
        under = _load(above, os.path.dirname(above), (*extending, os.path.realpath(path)))
    return laid_over(under, found, path)


def laid_over(under: Settings, found: Mapping[str, Any], origin: str) -> Settings:
    """Settings with the values of some keys in place of theirs, or added to theirs where the key is one that adds."""
    new = dict(found)
    if "severities" in found:
        new["severities"] = tuple((dict(under.severities) | dict(found["severities"])).items())
    for key in ("extend_select", "extend_exclude", "run"):
        if key in found:
            new[key] = getattr(under, key) + found[key]
    return replace(under, **new, origins=with_origin(under, found, origin))


def with_origin(under: Settings, found: Mapping[str, Any], origin: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Where each key is set once the values of some are laid over others: several places where values are joined."""
    known = dict(under.origins)
    for key in found:
        known[key] = (*(known.get(key, ()) if key in JOINED else ()), origin)
    return tuple(known.items())


def _section(path: str, document: dict[str, Any]) -> dict[str, Any] | None:
    """The part of a document that is ours; None where there is none."""
    if os.path.basename(path) != PROJECT:
        return document
    part: Any = document
    for key in _SECTION:
        part = part.get(key) if isinstance(part, dict) else None
    if part is None or isinstance(part, dict):
        return part
    raise UsageError(f"{shown(path)}: tool.shapecheck: expected a table")


def _bytes(path: str, extending: tuple[str, ...]) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as why:
        where = f"{shown(extending[-1])}: extend: " if extending else ""
        raise UsageError(f"{where}cannot read {shown(path)}: {why.strerror}") from why


def _parsed(path: str, text: bytes) -> dict[str, Any]:
    try:
        document: dict[str, Any] = tomllib.loads(text.decode("utf-8"))
        return document
    except UnicodeDecodeError as why:
        bad = text.count(b"\n", 0, why.start) + 1
        raise UsageError(f"{shown(path)}:{bad}: not UTF-8 text, which TOML must be") from why
    except tomllib.TOMLDecodeError as why:
        place = _LINE.search(str(why))
        line = place[1] if place and place[1] else str(text.count(b"\n") + 1)
        reason = _LINE.sub("", str(why))
        raise UsageError(f"{shown(path)}:{line}: not TOML: {reason[:1].lower()}{reason[1:]}") from why
    except RecursionError as why:
        raise UsageError(f"{shown(path)}: not TOML that can be read: nested too deeply") from why


def line_in(path: str, keys: tuple[str | int, ...]) -> int | None:
    """The line of a settings file that sets a key; None where it does not."""
    return line_of(_bytes(path, ()).decode("utf-8"), _whole(path, keys))


def _whole(path: str, keys: tuple[str | int, ...]) -> tuple[str | int, ...]:
    return (*_SECTION, *keys) if os.path.basename(path) == PROJECT else keys


def _told(path: str, text: bytes, why: Wrong) -> str:
    keys = _whole(path, why.at)
    line = line_of(text.decode("utf-8"), keys)
    place = f"{shown(path)}:{line}" if line else shown(path)
    return f"{place}: {dotted(keys)}: {why}"


def dotted(keys: tuple[str | int, ...]) -> str:
    """``tool.shapecheck.run[0].timeout``."""
    words = "".join(f"[{key}]" if isinstance(key, int) else f".{quoted(key)}" for key in keys)
    return words.removeprefix(".")


def quoted(key: str) -> str:
    """A key as TOML has it."""
    return key if re.fullmatch(r"[\w-]+", key, re.ASCII) else '"' + key.replace('"', '\\"') + '"'


def shown(path: str) -> str:
    """A path as the user would type it: relative where that is shorter."""
    try:
        relative = os.path.relpath(path)
    except ValueError:  # another drive
        return path
    return relative if len(relative) < len(path) else path


def line_of(text: str, keys: tuple[str | int, ...]) -> int | None:
    """The first line of the statement that sets a key, or that opens it where it is a table.

    A beginning of a document that parses is a whole number of statements, so the first beginning that holds the key
    tells its statement, whatever notation it is written in.
    """
    lines = text.split("\n")
    low, high = 0, len(lines)
    while low < high:
        middle = (low + high) // 2
        cut, known = _longest(lines, middle)
        if known is not None and _holds(known, keys):
            high = cut
        else:
            low = middle + 1
    _, known = _longest(lines, low)
    return _longest(lines, low - 1)[0] + 1 if known is not None and _holds(known, keys) else None


def _longest(lines: list[str], count: int) -> tuple[int, dict[str, Any] | None]:
    """The longest beginning of at most so many lines that parses."""
    while count > 0:
        try:
            return count, tomllib.loads("\n".join(lines[:count]))
        except tomllib.TOMLDecodeError:
            count -= 1
    return 0, None


def _holds(part: Any, keys: tuple[str | int, ...]) -> bool:
    for key in keys:
        if isinstance(key, int):
            if not isinstance(part, list) or len(part) <= key:
                return False
            part = part[key]
        elif isinstance(part, dict) and key in part:
            part = part[key]
        else:
            return False
    return True
