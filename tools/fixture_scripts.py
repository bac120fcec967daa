"""Every script that the fixtures stand for: those that lie there, and those that their lists of faults make of them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests import subjects  # noqa: E402


def every(folder: Path) -> Iterator[Path]:
    """The scripts and notebooks of the fixtures, in their place; broken copies and the rules' examples in a folder."""
    yield from (subject.at(folder)[0] for subject in subjects.every())
    yield from sorted((subjects.FIXTURES / "notebooks").glob("*.ipynb"))
