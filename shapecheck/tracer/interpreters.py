"""Which Python runs the script: the project's own, so that it finds what the script imports."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path

from shapecheck.errors import TraceUnavailable

_BINARIES = (("bin", "python"), ("Scripts", "python.exe"))
_MARKS = ("pyproject.toml", ".git")


def choose(asked: str | None, script: Path, environment: Mapping[str, str] = os.environ) -> str:
    """The interpreter: the one asked for, else ``VIRTUAL_ENV``, else the project's ``.venv`` or ``venv``, else our own.

    An environment made for shapecheck alone (pre-commit activates one for each hook, and sets ``VIRTUAL_ENV`` to it) is
    not the project's: where ours has no torch, it comes last, after one that was activated before it.

    Raises:
        TraceUnavailable: the one asked for does not exist.
    """
    if asked is not None:
        found = shutil.which(asked) or _inside(Path(asked))
        if found is None:
            raise TraceUnavailable(f"there is no Python at {asked}")
        return found
    able = find_spec("torch") is not None
    for folder in _environments(script, environment, able):
        found = _inside(folder) if able or not _ours(folder) else None
        if found is not None:
            return found
    return sys.executable


def _environments(script: Path, environment: Mapping[str, str], able: bool) -> Iterator[Path]:
    if environment.get("VIRTUAL_ENV"):
        yield Path(environment["VIRTUAL_ENV"])
    for folder in _up_to_the_root(script):
        yield folder / ".venv"
        yield folder / "venv"
    if not able:
        if environment.get("CONDA_PREFIX"):
            yield Path(environment["CONDA_PREFIX"])
        onward = [Path(folder).parent for folder in environment.get("PATH", "").split(os.pathsep) if folder]
        yield from (folder for folder in onward if (folder / "pyvenv.cfg").is_file())


def _up_to_the_root(script: Path) -> list[Path]:
    """The folders of a script up to the root of its project, which a pyproject.toml or a repository marks."""
    folders = list(script.resolve().parents)
    marked = (i for i, folder in enumerate(folders) if any((folder / name).exists() for name in _MARKS))
    return folders[: next(marked, -1) + 1]


def _ours(environment: Path) -> bool:
    return environment.resolve() == Path(sys.prefix).resolve()


def _inside(environment: Path) -> str | None:
    for parts in _BINARIES:
        binary = environment.joinpath(*parts)
        if binary.is_file():
            return str(binary)
    return None


_ASK = """
import importlib.metadata, json, platform, sys
def version(name):
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None
print(json.dumps({"python": platform.python_version(), **{name: version(name) for name in sys.argv[1:]}}))
"""


def installed(python: str, packages: tuple[str, ...] = ("torch", "transformers")) -> dict[str, str | None]:
    """The version of an interpreter, under ``python``, and of packages in it, none of which is imported; None for one
    that is not installed, nothing but Nones for an interpreter that does not start."""
    try:
        # In its own folder, as a script named json.py in this one would be imported instead of the library.
        done = subprocess.run(
            [python, "-c", _ASK, *packages], cwd=Path(python).parent, capture_output=True, text=True, timeout=20
        )
        found: dict[str, str | None] = json.loads(done.stdout)
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return dict.fromkeys(("python", *packages))
    return found
