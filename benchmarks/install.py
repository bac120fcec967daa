"""What an installation without extras takes: a fresh virtual environment, and pre-commit's first install of the hook.

    python benchmarks/install.py

Everything is made anew in a temporary folder, from this checkout, by pip and pre-commit as they are set up; pip's cache
of downloads is used as it is. Sizes are what `du` counts (blocks on the disk), of a folder as a whole and of its parts.
"""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
PACKAGE = ("shapecheck", "rules", "pyproject.toml", "README.md", "LICENSE", ".pre-commit-hooks.yaml")
SCRIPT = ROOT / "fixtures" / "scripts" / "module_cls.py"
GIT = ["git", "-c", "user.name=bench", "-c", "user.email=bench@example.org", "-c", "protocol.file.allow=always"]


class Time(NamedTuple):
    """Seconds by the wall clock, and of the processor."""

    passed: float
    cpu: float

    def __str__(self) -> str:
        return f"{self.passed:5.1f} s ({self.cpu:.1f} CPU s)"


def timed(*words: str | Path, cwd: Path, **extra: str) -> Time:
    """What a command took; it must succeed."""
    started, before = time.perf_counter(), _cpu()
    hidden = ("VIRTUAL_ENV", "PYTHONPATH")
    environment = {key: value for key, value in os.environ.items() if key not in hidden} | extra
    done = subprocess.run([str(word) for word in words], cwd=cwd, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{words}: {done.stdout}{done.stderr}")
    return Time(time.perf_counter() - started, _cpu() - before)


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def size(folder: Path) -> float:
    """Megabytes (of 1024 KB) on the disk."""
    files = [path.lstat() for path in folder.rglob("*")] + [folder.lstat()]
    return sum({stat.st_ino: stat.st_blocks * 512 for stat in files}.values()) / 2**20


def parts(site: Path) -> list[str]:
    """The largest parts of an environment's packages, with their sizes."""
    sizes = sorted(((size(path), path.name) for path in site.iterdir() if path.is_dir()), reverse=True)
    return [f"{name} {megabytes:.1f}" for megabytes, name in sizes[:8]]


def environment(folder: Path) -> None:
    """A virtual environment with `pip install .`, and a first check in it."""
    made = timed(sys.executable, "-m", "venv", folder / "venv", cwd=folder)
    bare = size(folder / "venv")
    python = folder / "venv" / "bin" / "python"
    filled = timed(python, "-m", "pip", "install", "--quiet", ROOT, cwd=folder)
    took = Time(made.passed + filled.passed, made.cpu + filled.cpu)
    timed(python.parent / "shapecheck", "check", SCRIPT, cwd=folder)
    whole = size(folder / "venv")
    (site,) = (folder / "venv").glob("lib/python*/site-packages")
    print(f"pip install .      {took} {whole:6.1f} MB, of which {bare:.1f} the empty environment (pip)")
    print(f"  {', '.join(parts(site))}")


def hook(folder: Path) -> None:
    """pre-commit's first and second run of the static hook."""
    source, project = folder / "source", folder / "project"
    for name in PACKAGE:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        (source / name).parent.mkdir(exist_ok=True)
        copy(ROOT / name, source / name)
    project.mkdir()
    shutil.copy(SCRIPT, project / "train.py")
    settings = f"repos: [{{repo: {source}, rev: v1, hooks: [{{id: shapecheck}}]}}]\n"
    (project / ".pre-commit-config.yaml").write_text(settings)
    for home in (source, project):
        for words in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "begin"], ["tag", "v1"]):
            timed(*GIT, *words, cwd=home)
    run = [sys.executable, "-m", "pre_commit", "run", "shapecheck", "--all-files"]
    first, second = (timed(*run, cwd=project, PRE_COMMIT_HOME=str(folder / "cache")) for _ in range(2))
    (built,) = (folder / "cache").glob("repo*/py_env-*")
    print(f"pre-commit's hook  {first} {size(built):6.1f} MB; the next run {second}")
    print(f"  {', '.join(parts(next(built.glob('lib/python*/site-packages'))))}")


def main() -> None:
    """Measure both."""
    for measure in (environment, hook):
        with tempfile.TemporaryDirectory() as folder:
            measure(Path(folder))


if __name__ == "__main__":
    main()
