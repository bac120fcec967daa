"""Working scripts broken in one place: PyTorch raises or computes something else, and `check` points at the place."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from shapecheck import rulebook
from tests.fixture_scripts import found, really

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

pytestmark = pytest.mark.xdist_group("faults")

HERE = Path(__file__).parent
FOLDER = HERE.parent.parent / "fixtures" / "faults"
SCRIPTS = sorted(FOLDER.glob("*.py"))


@dataclass(frozen=True)
class Fault:
    """A line of the list: ``old``, which stands once in a script, replaced by ``new``."""

    script: str
    old: str
    new: str
    rule: str
    wrong: str = ""
    elsewhere: bool = False
    unseen: str = ""
    also: str = ""

    @property
    def text(self) -> str:
        """The broken script, with what shows a silent fault."""
        whole = (FOLDER / self.script).read_text()
        assert whole.count(self.old) == 1, f"{self.script} does not hold this once: {self.old}"
        return whole.replace(self.old, self.new) + (f"# wrong: {self.wrong}\n" if self.wrong else "")

    @property
    def working(self) -> str:
        """The script as it works, with the same claim."""
        return f"{(FOLDER / self.script).read_text()}# wrong: {self.wrong}\n"

    @property
    def line(self) -> int:
        """Where it was broken."""
        whole = (FOLDER / self.script).read_text()
        return whole[: whole.index(self.old)].count("\n") + 1


FAULTS = [Fault(**row) for row in tomllib.loads((FOLDER / "faults.toml").read_text())["fault"]]
NAMES = [f"{fault.rule}-{fault.script}-{at}" for at, fault in enumerate(FAULTS)]


@pytest.fixture(scope="session")
def pytorch(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, object]]:
    """What PyTorch made of every script and of every broken copy of it."""
    folder = tmp_path_factory.mktemp("faults")
    copies = {f"{at}_{fault.script}": fault.text for at, fault in enumerate(FAULTS)}
    copies |= {path.name: path.read_text() for path in SCRIPTS}
    copies |= {f"{at}_working_{fault.script}": fault.working for at, fault in enumerate(FAULTS) if fault.wrong}
    for name, text in copies.items():
        (folder / name).write_text(text)
    said = really([folder / name for name in copies], folder)
    return {path.name: outcome for path, outcome in said.items()}


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_a_working_script_runs_and_has_no_finding(path: Path, pytorch: dict[str, dict[str, object]]) -> None:
    assert pytorch[path.name]["raised"] is None
    assert [finding for finding in found(str(path), path.read_text()) if finding.severity != "info"] == []


@pytest.mark.parametrize(("at", "fault"), list(enumerate(FAULTS)), ids=NAMES)
def test_a_fault_is_one(at: int, fault: Fault, pytorch: dict[str, dict[str, object]]) -> None:
    said = pytorch[f"{at}_{fault.script}"]
    assert said["wrong"] is True if fault.wrong else said["raised"] is not None
    if fault.wrong:
        assert pytorch[f"{at}_working_{fault.script}"]["wrong"] is False
    assert fault.rule in rulebook.codes()


@pytest.mark.parametrize("fault", FAULTS, ids=NAMES)
def test_a_fault_is_found_where_it_was_made(fault: Fault) -> None:
    findings = [f for f in found(fault.script, fault.text) if f.severity != "info" or fault.wrong]
    if fault.unseen:
        assert findings == []
        return
    assert [finding.rule for finding in findings] == [fault.rule, *fault.also.split()]
    assert (findings[0].span.line == fault.line) is not fault.elsewhere


def test_there_are_at_least_sixty_and_nearly_all_are_found() -> None:
    assert len(FAULTS) >= 60
    assert sum(bool(fault.unseen) for fault in FAULTS) <= len(FAULTS) // 30
