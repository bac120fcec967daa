"""The hooks, with the real pre-commit and the real git, as a project meets them."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

pytestmark = pytest.mark.xdist_group("pre-commit")  # the hook's environment is built once

ROOT = Path(__file__).parents[1]
PACKAGE = ("shapecheck", "rules", "pyproject.toml", "README.md", "LICENSE", ".pre-commit-hooks.yaml")
SCRIPTS = ROOT / "fixtures" / "scripts"
BROKEN, MENDED = SCRIPTS / "module_cls_broken.py", SCRIPTS / "module_cls.py"
FINDING = "error[SHP101] unpooled-classifier"
PRE_COMMIT = (sys.executable, "-m", "pre_commit")
IDENTITY = (
    "user.name=A Tester",
    "user.email=tester@example.org",
    "init.defaultBranch=main",
    "protocol.file.allow=always",
)


@dataclass(frozen=True)
class Project:
    """A repository with pre-commit, and what its developers type."""

    home: Path
    hooks: Path
    cache: Path

    def git(self, *words: str, check: bool = True, cwd: Path | None = None) -> str:
        settings = [word for setting in IDENTITY for word in ("-c", setting)]
        return self._run("git", *settings, *words, check=check, cwd=cwd)

    def hook(self, name: str = "shapecheck", *words: str, check: bool = True, cwd: Path | None = None) -> str:
        return self._run(*PRE_COMMIT, "run", *filter(None, [name]), *words, check=check, cwd=cwd)

    def refused(self, *words: str) -> str:
        """What is said by a command of git that must fail."""
        with pytest.raises(subprocess.CalledProcessError) as why:
            self.git(*words)
        assert why.value.returncode == 1
        return str(why.value.output)

    def failing(self, *words: str, cwd: Path | None = None) -> str:
        """What is said by a run of hooks that must fail."""
        with pytest.raises(subprocess.CalledProcessError) as why:
            self.hook(*words, cwd=cwd)
        assert why.value.returncode == 1
        return str(why.value.output)

    def use(self, *lines: str) -> None:
        """Write and stage the project's settings of pre-commit: each line a hook, in YAML's flow style."""
        hooks = "".join(f"      - {line}\n" for line in lines)
        (self.home / ".pre-commit-config.yaml").write_text(
            f"repos:\n  - repo: {self.hooks.as_posix()}\n    rev: v1\n    hooks:\n{hooks}"
        )
        self.git("add", ".pre-commit-config.yaml")

    def add(self, source: Path, name: str) -> Path:
        """A copy of a script under a name, staged."""
        target = self.home / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)
        self.git("add", ".")
        return target

    def _run(self, *words: str, check: bool = True, cwd: Path | None = None) -> str:
        hidden = ("GIT_", "PYTHONPATH", "VIRTUAL_ENV", "CI")
        environment = {key: value for key, value in os.environ.items() if not key.startswith(hidden)}
        environment |= {
            "PRE_COMMIT_HOME": str(self.cache),
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_SYSTEM": os.devnull,
            "SHAPECHECK_CACHE_DIR": str(self.home.parent / "outcomes"),
            "CI": "1",  # no warm process stays behind
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), environment.get("PATH", "")]),
        }
        done = subprocess.run(
            words, cwd=cwd or self.home, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        if check and done.returncode:
            raise subprocess.CalledProcessError(done.returncode, words, done.stdout)
        return done.stdout


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with this checkout as the hooks' repository, and pre-commit's cache."""
    folder = tmp_path_factory.mktemp("workshop")
    for name in PACKAGE:
        here, there = ROOT / name, folder / "shapecheck" / name
        if here.is_dir():
            shutil.copytree(here, there, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            there.parent.mkdir(exist_ok=True)
            shutil.copy(here, there)
    hooks = Project(folder / "shapecheck", folder, folder)
    for words in ("init -q", "add .", "commit -q -m Release", "tag v1"):
        hooks.git(*words.split())
    return folder


@pytest.fixture
def start(workshop: Path, tmp_path: Path) -> Callable[[str], Project]:
    """Makes a repository under a name, with the static hook and a first commit."""

    def make(name: str) -> Project:
        project = Project(tmp_path / name, workshop / "shapecheck", workshop / "pre-commit")
        project.home.mkdir()
        project.git("init", "-q")
        project.use("{id: shapecheck}")
        project.git("commit", "-q", "-m", "Begin")
        return project

    return make


@pytest.fixture
def project(start: Callable[[str], Project]) -> Project:
    """A repository whose commits pass the hook."""
    made = start("project")
    made._run(*PRE_COMMIT, "install")
    return made


def test_a_broken_file_is_refused_and_the_mended_one_accepted(project: Project) -> None:
    project.add(BROKEN, "train.py")
    refused = project.refused("commit", "-m", "Train a classifier")
    assert FINDING in refused
    assert "train.py:27:" in refused

    project.add(MENDED, "train.py")
    project.git("commit", "-m", "Train a classifier")
    assert project.git("log", "-1", "--format=%s") == "Train a classifier\n"


def test_the_environment_of_the_static_hook_has_no_torch(project: Project) -> None:
    project.add(MENDED, "train.py")
    project.hook()
    installed = {path.name for path in project.cache.glob("repo*/py_env-*/lib/python*/site-packages/*")}
    assert {"shapecheck", "click"} <= installed
    assert not installed & {"torch", "transformers", "numpy"}


def test_a_fresh_clone_is_checked_whole(project: Project, tmp_path: Path) -> None:
    project.add(BROKEN, "src/train.py")
    project.add(MENDED, "src/mended.py")
    project.git("commit", "--no-verify", "-q", "-m", "Skip the hook")
    project.git("clone", "-q", "--bare", ".", str(tmp_path / "origin.git"))
    project.git("clone", "-q", str(tmp_path / "origin.git"), str(tmp_path / "clone"))
    told = project.failing("shapecheck", "--all-files", cwd=tmp_path / "clone")
    assert told.count(FINDING) == 1
    assert "src/train.py:27:" in told


def test_a_project_without_python_is_skipped(project: Project) -> None:
    project.add(ROOT / "LICENSE", "LICENSE")
    assert "(no files to check)Skipped" in project.hook()


def test_a_renamed_file_is_checked_under_its_new_name_and_a_deleted_one_not_at_all(project: Project) -> None:
    project.add(BROKEN, "old.py")
    project.git("commit", "--no-verify", "-q", "-m", "Add it")
    project.git("mv", "old.py", "new.py")
    told = project.refused("commit", "-m", "Rename it")
    assert "new.py:27:" in told
    assert "old.py" not in told
    project.git("rm", "-q", "--force", "new.py")
    project.git("commit", "-m", "Delete it")


def test_names_with_spaces_and_other_letters_are_checked(project: Project) -> None:
    project.add(BROKEN, "my models/größe & co.py")
    assert "my models/größe & co.py:27:" in project.failing("shapecheck")


def test_a_notebook_is_checked_and_mended_like_a_script(project: Project) -> None:
    cell = {"cell_type": "code", "id": "a", "metadata": {}, "execution_count": None, "outputs": []}
    notebook = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [{**cell, "source": BROKEN.read_text()}]}
    path = project.home / "train.ipynb"
    path.write_text(json.dumps(notebook, indent=1))
    project.git("add", ".")
    assert "train.ipynb:cell 1:27:" in project.failing("shapecheck")
    project.use("{id: shapecheck-fix, args: [--pooling, cls]}")
    assert "files were modified by this hook" in project.failing("shapecheck-fix")
    assert "hidden[:, 0]" in json.loads(path.read_text())["cells"][0]["source"]


def test_windows_line_ends_are_read_and_kept_by_the_fix(project: Project) -> None:
    script = project.home / "train.py"
    script.write_bytes(BROKEN.read_bytes().replace(b"\n", b"\r\n"))
    project.use("{id: shapecheck-fix, args: [--pooling, cls]}")
    project.git("-c", "core.autocrlf=false", "add", ".")
    assert "files were modified by this hook" in project.failing("shapecheck-fix")
    mended = script.read_bytes()
    assert b"hidden[:, 0]" in mended
    assert mended.count(b"\n") == mended.count(b"\r\n") > 0
    project.git("-c", "core.autocrlf=false", "add", ".")
    assert "Passed" in project.hook("shapecheck-fix")


def test_a_fix_that_is_a_choice_is_left_to_the_author(project: Project) -> None:
    script = project.add(BROKEN, "train.py")
    project.use("{id: shapecheck-fix}")
    assert FINDING in project.failing("shapecheck-fix")
    assert script.read_bytes() == BROKEN.read_bytes()


def test_what_the_settings_exclude_is_left_out_though_the_hook_names_it(project: Project) -> None:
    (project.home / "pyproject.toml").write_text('[tool.shapecheck]\nextend-exclude = ["old/"]\n')
    project.add(BROKEN, "old/train.py")
    project.git("commit", "-m", "Keep the old one")
    project.add(BROKEN, "new/train.py")
    told = project.failing("shapecheck", "--all-files")
    assert told.count(FINDING) == 1
    assert "new/train.py:27:" in told
    project.use("{id: shapecheck-fix, args: [--pooling, cls]}", "{id: shapecheck-run}")
    project.failing("shapecheck-fix", "--all-files")
    assert (project.home / "old" / "train.py").read_bytes() == BROKEN.read_bytes()
    project.git("add", ".")
    traced = project.hook("shapecheck-run", "--hook-stage", "manual", "--files", "old/train.py", "--verbose")
    assert "0 files" in traced


def test_what_pre_commit_excludes_is_not_named(project: Project) -> None:
    project.add(BROKEN, "old/train.py")
    project.use("{id: shapecheck, exclude: ^old/}")
    assert "(no files to check)Skipped" in project.hook()


def test_a_submodule_is_left_alone_and_is_checked_from_within(start: Callable[[str], Project], tmp_path: Path) -> None:
    library, project = start("library"), start("project")
    library.add(BROKEN, "layers.py")
    library.git("commit", "-q", "-m", "Add layers")
    project.git("submodule", "--quiet", "add", str(library.home), "vendor/library")
    project.add(MENDED, "train.py")
    assert "Passed" in project.hook("shapecheck", "--all-files")
    inside = project.failing("shapecheck", "--all-files", cwd=project.home / "vendor" / "library")
    assert "layers.py:27:" in inside


def test_parallel_batches_tell_what_one_process_tells_whatever_each_keeps_for_the_others(project: Project) -> None:
    for number in range(48):
        shutil.copy(BROKEN if number % 3 == 0 else MENDED, project.home / f"train_{number:02}.py")
    project.git("add", ".")

    def places(told: str) -> list[str]:
        return sorted(line.strip() for line in told.splitlines() if line.strip().startswith("-->"))

    project.use("{id: shapecheck, require_serial: false}")
    cold = project.failing("shapecheck")
    assert len(re.findall(r"^\d+ errors", cold, re.MULTILINE)) > 1, "one process took all the files"
    assert len(places(cold)) == 16
    assert places(project.failing("shapecheck")) == places(cold)
    project.use("{id: shapecheck}")
    alone = project.failing("shapecheck")
    assert "16 errors" in alone
    assert places(alone) == places(cold)
    project.use("{id: shapecheck, args: [--no-cache]}")
    assert places(project.failing("shapecheck")) == places(cold)


def test_a_wrong_setting_of_the_hook_is_said_and_fails(project: Project) -> None:
    project.add(MENDED, "train.py")
    project.use("{id: shapecheck, args: [--select, SHP777]}")
    told = project.failing("shapecheck")
    assert "exit code: 2" in told
    assert "SHP777" in told


def test_the_manual_hook_traces_each_script_under_the_projects_own_python(project: Project) -> None:
    venv.create(project.home / ".venv", symlinks=True)
    (packages,) = (project.home / ".venv").glob("lib/python*/site-packages")
    (packages / "tests.pth").write_text(f"import site; site.addsitedir({sysconfig.get_path('purelib')!r})\n")
    (project.home / ".gitignore").write_text(".venv\n")
    project.use("{id: shapecheck-run}")
    project.add(BROKEN, "train.py")
    project.add(MENDED, "mended.py")
    assert "stages of" not in project.hook(""), "a manual hook ran at a commit"
    told = project.failing("shapecheck-run", "--hook-stage", "manual")
    assert "stages of mended.py" in told
    assert "stages of train.py" in told
    assert told.count(FINDING) == 1
    assert "evidence: static and traced" in told
    assert "= fix, verified" in told
