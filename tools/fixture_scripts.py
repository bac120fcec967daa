"""Every script that the fixtures stand for: those that lie there, and those that their lists of faults make of them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests import test_projects  # noqa: E402
from tests.checks.test_faults import FAULTS  # noqa: E402

FIXTURES = ROOT / "fixtures"


def every(folder: Path) -> Iterator[Path]:
    """The scripts and notebooks of the fixtures, in their place; broken scripts and projects as copies in a folder."""
    for name in ("scripts", "rules", "faults"):
        yield from sorted((FIXTURES / name).rglob("*.py"))
    yield from sorted((FIXTURES / "notebooks").glob("*.ipynb"))
    for at, fault in enumerate(FAULTS):
        copy = folder / "faults" / f"{at:02}_{fault.rule}_{fault.script}"
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(fault.text, "utf-8")
        yield copy
    for name, fault in [*((name, "") for name in test_projects.ENTRIES), *test_projects.FAULTS]:
        project = test_projects.assembled(name, fault, folder / "projects" / (fault or "works") / name)
        yield project.folder / project.entry
