"""Which Python runs the script: the project's own, so that it finds what the script imports."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from shapecheck.errors import TraceUnavailable

_BINARIES = (("bin", "python"), ("Scripts", "python.exe"))


def choose(asked: str | None, script: Path, environment: Mapping[str, str] = os.environ) -> str:
    """The interpreter: the one asked for, else ``VIRTUAL_ENV``, else ``.venv`` or ``venv`` beside the nearest
    pyproject.toml, else our own.

    Raises:
        TraceUnavailable: the one asked for does not exist.
    """
    if asked is not None:
        found = shutil.which(asked) or _inside(Path(asked))
        if found is None:
            raise TraceUnavailable(f"there is no Python at {asked}")
        return found
    for folder in _environments(script, environment):
        found = _inside(folder)
        if found is not None:
            return found
    return sys.executable


def _environments(script: Path, environment: Mapping[str, str]) -> Iterator[Path]:
    if environment.get("VIRTUAL_ENV"):
        yield Path(environment["VIRTUAL_ENV"])
    for folder in script.resolve().parents:
        if (folder / "pyproject.toml").is_file():
            yield folder / ".venv"
            yield folder / "venv"
            return


def _inside(environment: Path) -> str | None:
    for parts in _BINARIES:
        binary = environment.joinpath(*parts)
        if binary.is_file():
            return str(binary)
    return None
