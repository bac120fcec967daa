"""The distribution: what is in it, and that it works installed from a wheel, from the sdist, and editable."""

from __future__ import annotations

import email
import os
import subprocess
import sys
import tarfile
import venv
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

pytestmark = pytest.mark.xdist_group("packaging")  # built and installed once

ROOT = Path(__file__).parents[1]

LOOK = """
import importlib.util, sys
import shapecheck
from shapecheck import resources, rulebook
print(shapecheck.__version__)
print(resources.rules_dir())
print(len(rulebook.codes()))
for name in ("rules", "tests", "fixtures", "tools", "benchmarks", "torch"):
    print(name, importlib.util.find_spec(name))
"""


def run(*command: str | Path, cwd: Path | None = None) -> str:
    environment = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "VIRTUAL_ENV")}
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, cwd=cwd, env=environment)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A wheel and an sdist of this checkout."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--wheel", "--sdist", "--outdir", folder, ROOT)
    (wheel,), (sdist,) = folder.glob("*.whl"), folder.glob("*.tar.gz")
    return {"wheel": wheel, "sdist": sdist}


def test_the_wheel_holds_the_package_with_its_rules_and_nothing_else(built: dict[str, Path]) -> None:
    names = zipfile.ZipFile(built["wheel"]).namelist()
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"shapecheck"}
    assert "shapecheck/py.typed" in names
    assert "shapecheck/_rules/SHP101-unpooled-classifier.md" in names
    for folder in ("ops", "hub"):
        assert any(name.startswith(f"shapecheck/_rules/{folder}/") for name in names)
    assert not any("__pycache__" in name for name in names)


def test_the_wheel_says_what_it_is_and_needs_no_torch(built: dict[str, Path]) -> None:
    wheel = zipfile.ZipFile(built["wheel"])
    (path,) = (name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
    metadata = email.message_from_bytes(wheel.read(path))
    assert metadata["Name"] == "torch-shapecheck"
    assert metadata["License-Expression"] == "Apache-2.0"
    always = {line for line in metadata.get_all("Requires-Dist", []) if ";" not in line}
    assert {line.split(">")[0] for line in always} == {"click", "libcst"}
    assert set(metadata.get_all("Provides-Extra", [])) == {"trace", "dev", "docs"}


def test_the_sdist_holds_what_belongs_in_it(built: dict[str, Path]) -> None:
    with tarfile.open(built["sdist"]) as archive:
        names = archive.getnames()
    tops = {name.split("/")[1] for name in names if "/" in name}
    assert {"shapecheck", "rules", "tests", "pyproject.toml", "README.md", "LICENSE", "PKG-INFO"} <= tops
    assert not any(top.startswith(".") and top != ".gitignore" for top in tops)
    assert not any("__pycache__" in name or name.endswith(".pyc") for name in names)


@pytest.fixture(scope="session")
def install(built: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Gives the Python of a fresh environment with the distribution of a kind, and nothing else, in it."""

    @cache
    def make(kind: str) -> Path:
        home = tmp_path_factory.mktemp(kind) / "venv"
        venv.create(home, symlinks=os.name != "nt", with_pip=True)
        python = home / ("Scripts" if os.name == "nt" else "bin") / "python"
        what = ["--editable", ROOT] if kind == "editable" else [built[kind]]
        run(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *what)
        return python

    return make


@pytest.mark.parametrize("kind", ["wheel", "sdist", "editable"])
def test_an_installed_package_finds_its_rules_and_leaves_no_other_package_behind(
    kind: str, install: Callable[[str], Path], tmp_path: Path
) -> None:
    python = install(kind)
    version, rules, count, *others = run(python, "-c", LOOK, cwd=tmp_path).splitlines()
    home = ROOT if kind == "editable" else python.parents[1]
    assert Path(rules).resolve().is_relative_to(home.resolve())
    assert int(count) == len(list((ROOT / "rules").glob("SHP*.md")))
    assert all(line.endswith(" None") for line in others), others
    assert run(python.parent / "shapecheck", "--version", cwd=tmp_path).startswith(f"shapecheck {version}\nPython ")
    (tmp_path / "fine.py").write_text("import torch\nprint(torch.zeros(2, 3).sum(dim=1))\n")
    run(python.parent / "shapecheck", "check", "fine.py", cwd=tmp_path)


def test_an_environment_without_extras_takes_less_than_60_megabytes(
    install: Callable[[str], Path], tmp_path: Path
) -> None:
    python = install("wheel")
    (tmp_path / "broken.py").write_text("import torch\nlayer = torch.nn.Linear(768, 5)\nlayer(torch.zeros(8, 512))\n")
    checked = [str(python.parent / "shapecheck"), "check", "broken.py"]
    done = subprocess.run(checked, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1
    assert "error[SHP201]" in done.stdout
    # Blocks on the disk as `du` counts them: compiled files, pip and, before Python 3.12, setuptools are among them.
    blocks = {stat.st_ino: stat.st_blocks for path in python.parents[1].rglob("*") for stat in [path.lstat()]}
    assert sum(blocks.values()) * 512 < 60 * 2**20
