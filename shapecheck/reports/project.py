"""Paths as the consumers of a report want them: below the root of the repository, with forward slashes."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote

from shapecheck.places import NOTEBOOK, Span
from shapecheck.results import Outcome

STDIN = "<stdin>"

_SETTINGS = ("pyproject.toml", "shapecheck.toml")


@dataclass(frozen=True, slots=True)
class Project:
    """The folder that paths are told from.

    Attributes:
        root: that folder, absolute.
        here: the folder that the outcome's own paths are relative to.
    """

    root: Path
    here: Path

    @classmethod
    def of(cls, outcome: Outcome, here: Path | None = None) -> Project:
        """The project of an outcome: the repository (or, outside of one, the nearest folder with settings) that holds
        the working directory and every file; else the one that holds every file; else the working directory."""
        here = Path(os.path.abspath(here or Path.cwd()))
        paths = [*outcome.entries, *(f.span.path for f in outcome.findings), *(f.path for f in outcome.failures)]
        files = [Path(os.path.abspath(here / path)) for path in paths if is_file_name(path)]
        own = _marked(here) or here
        if all(file.is_relative_to(own) for file in files):
            return cls(own, here)
        shared = Path(os.path.commonpath([file.parent for file in files])) if _one_drive(files) else here
        return cls(_marked(shared) or here, here)

    def path(self, path: str) -> str:
        """A path below the root, ``/`` between its parts; an absolute one for a file elsewhere."""
        if not is_file_name(path):
            return path
        full = Path(os.path.abspath(self.here / path))
        return (full.relative_to(self.root) if full.is_relative_to(self.root) else full).as_posix()

    def place(self, span: Span) -> str:
        """``src/train.py:8:19``, of a notebook ``train.ipynb:cell 3:8:19``."""
        return str(replace(span, path=self.path(span.path) or "-", column=span.column or 1))

    def uri(self, path: str) -> str:
        """The same as a URI reference, relative to the root's where the file is below it."""
        told = self.path(path)
        return Path(told).as_uri() if os.path.isabs(told) else quote(told)


def is_file_name(path: str) -> bool:
    """Whether a finding's path names a file: not where it stands in no file, or in a text from standard input."""
    return path not in ("", STDIN)


def mendable(path: str) -> bool:
    """Whether edits in a report fit the file as it is on disk: those of a notebook fit its cells' text."""
    return is_file_name(path) and not path.endswith(NOTEBOOK)


def _marked(folder: Path) -> Path | None:
    """The repository that a folder is in, else the nearest folder above it with settings."""
    folders = [folder, *folder.parents]
    repository = next((one for one in folders if (one / ".git").exists()), None)
    return repository or next((one for one in folders if any((one / name).is_file() for name in _SETTINGS)), None)


def _one_drive(files: Iterable[Path]) -> bool:
    return len({file.drive for file in files}) == 1
