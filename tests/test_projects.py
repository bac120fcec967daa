"""Projects of several files: a fault in one file and the crash in another, in both directions of import.

``fixtures/projects/NAME`` is a project that works; ``faults.toml`` beside it lists what breaks one of its files, with
``# expect:`` at the line. What is said is held against where PyTorch raises.
"""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from shapecheck.cli import cli
from tests.fixture_scripts import expected, really

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

pytestmark = pytest.mark.xdist_group("projects")

HERE = Path(__file__).parent
PROJECTS = HERE.parent / "fixtures" / "projects"
ENTRIES = {"triage": "train.py", "keywords": "keywords/train.py"}
LISTED = {(row["project"], row["name"]): row for row in tomllib.loads((PROJECTS / "faults.toml").read_text())["fault"]}
FAULTS = list(LISTED)
TRACED = [("triage", "width"), ("keywords", "one_direction")]


@dataclass(frozen=True)
class Project:
    """A project as it lies on the disk, and its expected finding: rule, file and line."""

    folder: Path
    entry: str
    expected: list[tuple[str, str, int]]


def assembled(name: str, fault: str, folder: Path) -> Project:
    shutil.copytree(PROJECTS / name, folder, ignore=shutil.ignore_patterns("__pycache__"))
    if not fault:
        return Project(folder, ENTRIES[name], [])
    file = LISTED[name, fault]["file"]
    text = (folder / file).read_text()
    for old, new in LISTED[name, fault]["edits"]:
        assert text.count(old) == 1, f"{file} does not hold this once: {old}"
        text = text.replace(old, new)
    (folder / file).write_text(text)
    return Project(folder, ENTRIES[name], [(rule, file, line) for rule, line in expected(text)])


@pytest.fixture(scope="session")
def projects(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], Project]:
    """Every project, as it works (the fault is empty) and with each fault."""
    home = tmp_path_factory.mktemp("projects")
    wanted = [*((name, "") for name in ENTRIES), *FAULTS]
    return {(name, fault): assembled(name, fault, home / (fault or "works") / name) for name, fault in wanted}


@pytest.fixture(scope="session")
def pytorch(
    projects: dict[tuple[str, str], Project], tmp_path_factory: pytest.TempPathFactory
) -> dict[tuple[str, str], dict[str, Any]]:
    """How each project really ended."""
    entries = {key: project.folder / project.entry for key, project in projects.items()}
    said = really(entries.values(), tmp_path_factory.mktemp("pytorch"))
    return {key: said[entry] for key, entry in entries.items()}


def report(project: Project, command: str, target: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The JSON report on a project, made from within it."""
    monkeypatch.chdir(project.folder)
    arguments = [command, "--output-format", "json", target]
    result = CliRunner().invoke(cli, arguments, standalone_mode=False)
    assert result.exception is None, result.output
    return json.loads(result.stdout)


def places(said: dict[str, Any]) -> list[tuple[str, str, int]]:
    return [(finding["rule"], finding["path"], finding["line"]) for finding in said["findings"]]


@pytest.mark.parametrize("name", ENTRIES)
@pytest.mark.parametrize("target", ["", "."])
def test_a_project_that_works_gets_no_finding(
    name: str,
    target: str,
    projects: dict[tuple[str, str], Project],
    pytorch: dict[tuple[str, str], dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    project = projects[name, ""]
    assert pytorch[name, ""] == {"raised": None, "raised_at": [], "wrong": None}
    assert report(project, "check", target or project.entry, monkeypatch)["findings"] == []


@pytest.mark.parametrize(("name", "fault"), FAULTS)
@pytest.mark.parametrize("target", ["", "."], ids=["entry", "folder"])
def test_a_fault_is_found_once_at_its_root_and_the_file_that_raises_is_named(
    name: str,
    fault: str,
    target: str,
    projects: dict[tuple[str, str], Project],
    pytorch: dict[tuple[str, str], dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    project = projects[name, fault]
    said = report(project, "check", target or project.entry, monkeypatch)
    assert places(said) == project.expected
    path, line = pytorch[name, fault]["raised_at"][-1]
    crash = (Path(path).relative_to(project.folder).as_posix(), line)
    assert crash in [(place["path"], place["line"]) for place in said["findings"][0]["related"]]
    assert crash[0] != said["findings"][0]["path"]


@pytest.mark.parametrize(("name", "fault"), TRACED)
def test_a_trace_of_the_entry_confirms_the_finding_and_its_fix(
    name: str, fault: str, projects: dict[tuple[str, str], Project], monkeypatch: pytest.MonkeyPatch
) -> None:
    project = projects[name, fault]
    said = report(project, "run", project.entry, monkeypatch)
    assert places(said) == project.expected
    (finding,) = said["findings"]
    assert finding["evidence"] == ["static", "traced"]
    assert finding["fixes"][0]["verified"] is True


def test_the_faults_lie_in_both_directions_of_import(
    projects: dict[tuple[str, str], Project], pytorch: dict[tuple[str, str], dict[str, Any]]
) -> None:
    outwards = {
        pytorch[key]["raised_at"][-1][0].endswith(("loop.py", "losses.py", "train.py"))
        for key in projects
        if key in FAULTS
    }
    assert outwards == {True, False}
