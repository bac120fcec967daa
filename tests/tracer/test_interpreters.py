"""Which Python runs a script."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from shapecheck.errors import TraceUnavailable
from shapecheck.tracer import interpreters
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


def test_the_projects_environment_is_found_at_the_root_of_a_repository_without_a_pyproject(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "src").mkdir()
    python = environment(tmp_path / ".venv")
    assert choose(None, tmp_path / "src" / "train.py", {}) == python


def without_torch(monkeypatch: pytest.MonkeyPatch, ours: Path) -> None:
    """Let shapecheck live in an environment of its own, as pre-commit and pipx install it."""
    monkeypatch.setattr(interpreters, "find_spec", lambda name: None)
    monkeypatch.setattr(sys, "prefix", str(ours))


def test_an_environment_that_was_made_for_shapecheck_is_not_the_projects(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment(tmp_path / "hook")
    without_torch(monkeypatch, tmp_path / "hook")
    active = {"VIRTUAL_ENV": str(tmp_path / "hook")}
    assert choose(None, project, active) == sys.executable
    python = environment(project.parents[1] / ".venv")
    assert choose(None, project, active) == python


def test_an_environment_that_was_active_before_that_of_a_hook_is_found(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hook, before = environment(tmp_path / "hook"), environment(tmp_path / "before")
    for python in (hook, before):
        (Path(python).parents[1] / "pyvenv.cfg").write_text("")
    without_torch(monkeypatch, tmp_path / "hook")
    path = ":".join(str(Path(python).parent) for python in (hook, before))
    assert choose(None, project, {"VIRTUAL_ENV": str(tmp_path / "hook"), "PATH": path}) == before


def test_our_own_python_is_the_last_resort(tmp_path: Path) -> None:
    assert choose(None, tmp_path / "train.py", {}) == sys.executable


def test_one_that_is_not_there_is_said(project: Path) -> None:
    with pytest.raises(TraceUnavailable, match="there is no Python at /nowhere"):
        choose("/nowhere", project, {})
