"""The settings in force in plain values, each with the places that it comes from: what ``shapecheck config`` prints."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, fields
from functools import cache
from typing import Any

from shapecheck.gitignore import Patterns
from shapecheck.settings import COMMAND_LINE, ENVIRONMENT, EXCLUDED, Lookup, Run, files, keys_of
from shapecheck.settings.values import Ignored


@dataclass(frozen=True, slots=True)
class Told:
    """One key.

    Attributes:
        value: as a settings file has it, in the types of JSON.
        words: the value where it is not set and no value would say it: ``the project's own``.
        places: what sets it, the strongest last: a file with its line, or words without one; empty for the default.
    """

    key: str
    value: Any
    words: str = ""
    places: tuple[tuple[str, int | None], ...] = ()

    @property
    def origin(self) -> str:
        """The places in words."""
        words = (f"{place}:{line}" if line else place for place, line in self.places)
        return ", ".join(words) or "default"


def told(lookup: Lookup, path: str) -> Iterator[Told]:
    """Every key as it holds for a file or the files of a folder. UsageError where a settings file is wrong."""
    of_files = lookup.of_folder(path) if os.path.isdir(path) else lookup.of(path)
    of_command = lookup.of_folder(os.getcwd())
    for key, known in keys_of().items():
        settings = of_command if known.everywhere else of_files
        name = key.replace("-", "_")
        places = tuple(_place(file, key) for file in dict(settings.origins).get(name, ()))
        value = _plain(getattr(settings, name))
        if name == "exclude" and value is None:
            value = list(EXCLUDED)
        if not value and known.kind.words.startswith("a table"):
            value = {}
        yield Told(key, value, "" if places or value not in (None, [], {}) else known.default, places)


def _place(origin: str, key: str) -> tuple[str, int | None]:
    return (origin, None) if origin in (COMMAND_LINE, ENVIRONMENT) else (files.shown(origin), _line(origin, key))


@cache
def _line(file: str, key: str) -> int | None:
    return files.line_in(file, (key,))


def _plain(value: Any) -> Any:
    """A value as it is written in a settings file."""
    if isinstance(value, Patterns):
        return list(value.lines)
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if not isinstance(value, tuple):
        return value
    first = value[0] if value else None
    if isinstance(first, Run):
        return [_table(table) for table in value]
    if isinstance(first, Patterns):
        return [line for patterns in value for line in patterns.lines]
    if isinstance(first, Ignored):
        return {ignored.pattern: list(ignored.codes) for ignored in value}
    return dict(value) if isinstance(first, tuple) else list(value)


def _table(run: Run) -> dict[str, Any]:
    values = ((one, getattr(run, one.name)) for one in fields(run))
    return {one.name: _plain(value) for one, value in values if value != one.default}


def toml(value: Any) -> str:
    """A plain value on one line of TOML."""
    if isinstance(value, dict):
        inside = ", ".join(f"{files.quoted(key)} = {toml(one)}" for key, one in value.items())
        return f"{{ {inside} }}" if inside else "{}"
    if isinstance(value, list):
        return f"[{', '.join(map(toml, value))}]"
    return json.dumps(value, ensure_ascii=False)
