"""What a server is made of: the packages of its interpreter, and shapecheck's own files."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

from shapecheck.resources import rules_dir

_PACKAGE = Path(__file__).resolve().parents[2]
_INSTALLED = ("site-packages", "dist-packages")


def stamp() -> tuple[int, ...]:
    """Numbers that change when a package is installed or removed, or when a file of the traced side is edited."""
    return tuple(_times())


def _times() -> Iterator[int]:
    for folder in sys.path:
        if folder.rstrip(os.sep).endswith(_INSTALLED):
            yield _changed(folder)
    for folder in (*(str(_PACKAGE / part) for part in ("tracer", "hub", "ops")), str(rules_dir() / "hub")):
        files = [os.path.join(place, name) for place, _, names in os.walk(folder) for name in names]
        text = [path for path in files if path.endswith((".py", ".csv", ".toml"))]
        yield len(text)
        yield max(map(_changed, text), default=0)


def _changed(path: str) -> int:
    try:
        return os.stat(path).st_mtime_ns
    except OSError:
        return 0
