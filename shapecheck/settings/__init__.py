"""The settings of each file: those of the nearest settings file, under what the command line says."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from functools import lru_cache
from itertools import count
from typing import Any

from shapecheck.errors import UsageError
from shapecheck.selection import Selection
from shapecheck.settings import files
from shapecheck.settings.keys import EXCLUDED, Key, Run, Settings, keys_of

__all__ = ["EXCLUDED", "NO_SETTINGS", "Key", "Lookup", "Run", "Settings", "keys_of"]

_CHOICE = ("select", "ignore", "extend_select")
_ADDED = ("ignore", "extend_select", "extend_exclude")
COMMAND_LINE, ENVIRONMENT = "command line", "environment"
_serial = count().__next__


@dataclass(frozen=True, slots=True)
class Lookup:
    """Finds the settings of files. It crosses the border between processes; what it has read is kept beside it.

    Attributes:
        config: the one settings file for everything, in place of the nearest ones.
        isolated: no settings files at all.
        given: what the command line says, by field of :class:`Settings`, ahead of what files say.
        surroundings: those of them that environment variables say.
        serial: files are read once for each lookup.
    """

    config: str | None = None
    isolated: bool = False
    given: tuple[tuple[str, Any], ...] = ()
    surroundings: frozenset[str] = frozenset()
    serial: int = field(default_factory=_serial)

    @classmethod
    def of_command(
        cls,
        given: Mapping[str, Any],
        config: str | None = None,
        isolated: bool = False,
        surroundings: frozenset[str] = frozenset(),
    ) -> Lookup:
        """From the command line: what was said there. UsageError where ``--config`` names no file."""
        if config is not None and isolated:
            raise UsageError("--config names the settings and --isolated asks for none: choose one")
        if config is not None and not os.path.isfile(config):
            raise UsageError(f"--config: there is no file {config}")
        return cls(config, isolated, tuple(given.items()), surroundings)

    def of(self, path: str | os.PathLike[str]) -> Settings:
        """The settings of a file. UsageError where its settings file is wrong."""
        return self.of_folder(os.path.dirname(os.path.abspath(path)))

    def of_folder(self, folder: str) -> Settings:
        """The settings of the files in a folder. UsageError where its settings file is wrong."""
        return _found(self, os.path.abspath(folder))

    def root_of(self, path: str | os.PathLike[str]) -> str:
        """The folder that the settings of a file are for: that of their file, else that of the command."""
        file = self.of(path).file
        return os.getcwd() if file is None or self.config is not None else os.path.dirname(file)

    def run_of(self, path: str | os.PathLike[str]) -> Run:
        """What a script is traced with: every table that it fits, the later ones over the earlier."""
        run = Run()
        for table in self.of(path).run:
            if table.paths is None or table.paths.ignores(os.path.abspath(path)):
                run = _over(run, table)
        return run

    def rules(self, path: str) -> Selection:
        """Which rules are on in a file."""
        return _rules(self, os.path.abspath(path))

    def key(self, path: str) -> str:
        """Of everything that the settings say about the findings in a file, a digest: the same in every process.

        The findings of one file depend on it, and on those of the files that it imports.
        """
        settings = self.of(path)
        told = (self.rules(path), settings.torch_version, settings.transformers_version, settings.pooling)
        return hashlib.sha256(repr(told).encode("utf-8", "surrogatepass")).hexdigest()


def _over(run: Run, table: Run) -> Run:
    """One table over another; variables and inputs are joined, one by one."""
    told = {one.name: value for one in fields(table) if (value := getattr(table, one.name)) is not None}
    for name in ("env", "inputs"):
        told[name] = tuple((dict(getattr(run, name)) | dict(getattr(table, name))).items())
    return replace(run, **told)


NO_SETTINGS = Lookup(isolated=True)
"""The defaults for every file."""


@lru_cache(maxsize=8192)
def _of_files(lookup: Lookup, folder: str) -> Settings:
    """What settings files say of a folder."""
    if lookup.isolated:
        return Settings()
    if lookup.config is not None:
        return _configured(lookup)
    above = None
    while folder != above:
        settings = _of_its_own(lookup, folder)
        if settings is not None:
            return settings
        folder, above = os.path.dirname(folder), folder
    return Settings()


@lru_cache(maxsize=8192)
def _of_its_own(lookup: Lookup, folder: str) -> Settings | None:
    path = files.in_folder(folder)
    return files.load(path) if path is not None else None


@lru_cache(maxsize=64)
def _configured(lookup: Lookup) -> Settings:
    """The settings of ``--config``, whose paths are relative to the folder of the command, as with ruff."""
    return files.load(os.path.abspath(str(lookup.config)), os.getcwd())


@lru_cache(maxsize=8192)
def _found(lookup: Lookup, folder: str) -> Settings:
    """The settings of a folder under what the command line says."""
    settings = _of_files(lookup, folder)
    given = dict(lookup.given)
    if "select" in given:  # a choice of rules on the command line takes the place of the file's
        given = dict.fromkeys(_CHOICE, ()) | given
    for key in _ADDED:
        if key in given and not (key in _CHOICE and "select" in given):
            given[key] = (*getattr(settings, key), *given[key])
    origins = dict(settings.origins)
    for key in given:
        joined = key in _ADDED and not (key in _CHOICE and "select" in given)
        origin = ENVIRONMENT if key in lookup.surroundings else COMMAND_LINE
        origins[key] = (*(origins.get(key, ()) if joined else ()), origin)
    return replace(settings, **given, origins=tuple(origins.items()))


@lru_cache(maxsize=8192)
def _rules(lookup: Lookup, path: str) -> Selection:
    """The rules of an absolute path: of its settings file, the command line over them, less what is off in it."""
    settings = _of_files(lookup, os.path.dirname(path))
    rules = Selection(settings.select, settings.ignore, settings.extend_select, severities=settings.severities)
    said = {key: value for key, value in lookup.given if key in _CHOICE}
    if "select" in said:  # that a rule is off is a choice of the file's as well
        rules = Selection(**said, severities=tuple(one for one in settings.severities if one[1] != "off"))
    elif said:
        rules = Selection(**said, severities=settings.severities, under=rules)
    off = tuple(code for ignored in settings.per_file_ignores if ignored.holds(path) for code in ignored.codes)
    return replace(rules, off=off)
