"""Every script that the tests stand on: the fixtures, what their lists of faults make of them, the rules' examples."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from shapecheck import rulebook
from tests import test_projects
from tests.checks.test_faults import FAULTS
from tests.fixture_scripts import expected, once, really

FIXTURES = Path(__file__).parent.parent / "fixtures"

Place = tuple[str, str | None, int | None]
"""The rule, the file and the line of a finding; None for any file or line."""


@dataclass(frozen=True)
class Subject:
    """One script.

    Attributes:
        name: what it is: ``rules/SHP101/bad_class.py``, ``examples/SHP101_instead.py``.
        path: where it lies; None for one that is to be written.
        text: what it says, where it has to be written.
        expected: the findings that it is there to show; none for a script that works.
        fault: a copy of a project's: the project and the fault in it (empty for none).
    """

    name: str
    path: Path | None = None
    text: str = ""
    expected: tuple[Place, ...] = ()
    fault: tuple[str, str] | None = None

    @property
    def family(self) -> str:
        """What it is tested together with: a hundred of the rules, or a folder of fixtures."""
        folder, _, name = self.name.partition("/")
        return name[:4] if folder in ("rules", "examples") else folder

    def at(self, folder: Path) -> tuple[Path, tuple[Place, ...]]:
        """The script, written to a folder where it does not lie among the fixtures; and the findings in it."""
        if self.fault is not None:
            project = test_projects.assembled(*self.fault, folder / "_".join(("project", *self.fault)))
            places = ((rule, str(project.folder / file), line) for rule, file, line in project.expected)
            return project.folder / project.entry, tuple(places)
        if self.path is not None:
            return self.path, self.expected
        copy = folder / self.name
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(self.text, "utf-8")
        return copy, self.expected


def every() -> Iterator[Subject]:
    """All of them, notebooks excepted."""
    for kind in ("rules", "scripts", "faults"):
        for path in sorted((FIXTURES / kind).rglob("*.py")):
            places = ((rule, None, line) for rule, line in expected(path.read_text("utf-8")))
            yield Subject(path.relative_to(FIXTURES).as_posix(), path, expected=tuple(places))
    for at, fault in enumerate(FAULTS):
        first = (fault.rule, None, None if fault.elsewhere else fault.line)
        others = ((rule, None, None) for rule in fault.also.split())
        yield Subject(f"faults/{at:02}_{fault.rule}_{fault.script}", text=fault.text, expected=(first, *others))
    for name, broken in [*((name, "") for name in test_projects.ENTRIES), *test_projects.FAULTS]:
        yield Subject(f"projects/{name}_{broken}".rstrip("_"), fault=(name, broken))
    for code in rulebook.codes():
        rule = rulebook.rule(code)
        if not code.startswith("SHP9"):  # these are of shapecheck itself
            claim = f"# wrong: {rule.wrong}\n" if rule.wrong else ""
            yield Subject(f"examples/{code}.py", text=rule.example + claim, expected=((code, None, None),))
            yield Subject(f"examples/{code}_instead.py", text=rule.use_instead + claim)


def not_installed(said: dict[str, Any]) -> bool:
    """Whether a script with a Trainer ended because accelerate is missing here (a trace has a stand-in for it)."""
    return str(said["raised"]).startswith("ImportError: Using the `Trainer` with `PyTorch` requires `accelerate")


def ended(factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """How each of them really ended (see ``really.py``), by its name: run once for all processes of the tests."""

    def run(folder: Path) -> str:
        placed = {subject.name: subject.at(folder)[0] for subject in every()}
        said = really(placed.values(), folder)
        return json.dumps({name: said[path] for name, path in placed.items()})

    outcomes: dict[str, dict[str, Any]] = json.loads(once(factory, "subjects", run))
    return outcomes
