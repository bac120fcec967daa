"""The hook, with the real pre-commit: a broken file is refused with the finding shown, the mended one is accepted."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ("shapecheck", "rules", "pyproject.toml", "README.md", "LICENSE", ".pre-commit-hooks.yaml")
SCRIPTS = ROOT / "fixtures" / "scripts"


def run(*command: str | Path, cwd: Path, check: bool = True) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("GIT_", "PYTHONPATH"))}
    environment |= {
        "PRE_COMMIT_HOME": str(cwd.parent / "pre-commit"),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), environment.get("PATH", "")]),
    }
    identity = ["-c", "user.name=A Tester", "-c", "user.email=tester@example.org", "-c", "init.defaultBranch=main"]
    words = ["git", *identity, *map(str, command[1:])] if command[0] == "git" else [str(word) for word in command]
    done = subprocess.run(words, cwd=cwd, env=environment, capture_output=True, text=True)
    assert not check or done.returncode == 0, f"{words}\n{done.stdout}\n{done.stderr}"
    return done


@pytest.fixture
def hook(tmp_path: Path) -> Path:
    """This checkout as the hook's repository."""
    home = tmp_path / "shapecheck"
    home.mkdir()
    for name in PACKAGE:
        here, there = ROOT / name, home / name
        if here.is_dir():
            shutil.copytree(here, there, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(here, there)
    for command in (["init"], ["add", "."], ["commit", "-q", "-m", "A release"], ["tag", "v1"]):
        run("git", *command, cwd=home)
    return home


def test_the_hook_refuses_a_broken_file_and_accepts_the_mended_one(hook: Path, tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    run("git", "init", cwd=project)
    hooks = f"repos:\n  - repo: {hook.as_posix()}\n    rev: v1\n    hooks:\n      - id: shapecheck\n"
    (project / ".pre-commit-config.yaml").write_text(hooks)
    run(sys.executable, "-m", "pre_commit", "install", cwd=project)

    script = project / "train.py"
    shutil.copy(SCRIPTS / "module_cls_broken.py", script)
    run("git", "add", ".", cwd=project)
    refused = run("git", "commit", "-m", "Train a classifier", cwd=project, check=False)
    assert refused.returncode == 1
    assert "error[SHP101] unpooled-classifier" in refused.stdout + refused.stderr
    assert "train.py:27:" in refused.stdout + refused.stderr

    shutil.copy(SCRIPTS / "module_cls.py", script)
    run("git", "add", ".", cwd=project)
    run("git", "commit", "-m", "Train a classifier", cwd=project)
    assert run("git", "log", "--format=%s", cwd=project).stdout == "Train a classifier\n"
