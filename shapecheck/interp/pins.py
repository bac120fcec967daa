"""Which versions of transformers a project asks for: in 3 and before, models return plain tuples."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable

from shapecheck import disk

_FILES = r"(?i:requirements[\w.-]*\.txt|setup\.py|setup\.cfg|pyproject\.toml|environment\.ya?ml|Pipfile)"
_ASKED = re.compile(r"(?<![\w.-])transformers(?:\[[^\]]*\])?[\"' ]*((?:[=<>~^!]=?|,|[\d.*\"' ])+)")
_BOUND = re.compile(r"(===?|~=|<=|<|\^|=|!=|>=|>)[\"' ]*(\d+)(?:\.(\d+))?")
_LARGEST = 1_000_000


@disk.remembered(512)
def before_outputs(folders: tuple[str, ...]) -> bool:
    """Whether a project, by the files in these folders, wants a transformers before 4.0."""
    return any(_before_4(_text(path)) for folder in folders for path in _stating(folder))


def before_4(version: str) -> bool:
    """Whether a version (``3.5.1``) is before 4.0."""
    return int(re.split(r"\D", version, maxsplit=1)[0]) < 4


def _stating(folder: str) -> Iterable[str]:
    return (os.path.join(folder, name) for name in disk.names(folder, _FILES))


def _text(path: str) -> str:
    try:
        return disk.read(path)[:_LARGEST].decode("utf-8", "replace")
    except OSError:
        return ""


def _before_4(text: str) -> bool:
    return any(_ends_before_4(bound) for asked in _ASKED.finditer(text) for bound in _BOUND.finditer(asked[1]))


def _ends_before_4(bound: re.Match[str]) -> bool:
    """Whether one bound (``==3.0.2``, ``<4``, ``^3.1``) leaves no room for version 4."""
    kind, major, minor = bound[1], int(bound[2]), int(bound[3] or 0)
    if kind == "<":
        return (major, minor) <= (4, 0)
    return kind not in (">", ">=", "!=") and major < 4
