"""Which Python runs a script."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from shapecheck.errors import TraceUnavailable
from shapecheck.tracer.interpreters import choose


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "src").mkdir()
    (tmp_path / "pyproject.toml").write_text("")
    script = tmp_path / "src" / "train.py"
    script.write_text("")
    return script


def environment(folder: Path) -> str:
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python").write_text("")
    return str(folder / "bin" / "python")


def test_the_one_asked_for_comes_first(project: Path) -> None:
    assert choose(sys.executable, project, {"VIRTUAL_ENV": "/elsewhere"}) == sys.executable


def test_an_environment_folder_may_be_asked_for(project: Path, tmp_path: Path) -> None:
    python = environment(tmp_path / "env")
    assert choose(str(tmp_path / "env"), project, {}) == python


def test_the_active_environment_comes_before_the_projects(project: Path, tmp_path: Path) -> None:
    environment(project.parents[1] / ".venv")
    active = environment(tmp_path / "active")
    assert choose(None, project, {"VIRTUAL_ENV": str(tmp_path / "active")}) == active


@pytest.mark.parametrize("name", [".venv", "venv"])
def test_the_projects_environment_is_found_beside_its_pyproject(project: Path, name: str) -> None:
    python = environment(project.parents[1] / name)
    assert choose(None, project, {}) == python


def test_our_own_python_is_the_last_resort(tmp_path: Path) -> None:
    assert choose(None, tmp_path / "train.py", {}) == sys.executable


def test_one_that_is_not_there_is_said(project: Path) -> None:
    with pytest.raises(TraceUnavailable, match="there is no Python at /nowhere"):
        choose("/nowhere", project, {})
