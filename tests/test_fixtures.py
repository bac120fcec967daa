"""The training scripts of fixtures/: clean as they are, found with the pooling taken out, and mended by each pooling.

What shapecheck says is held against what PyTorch does, with checkpoints of true width and one layer.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from shapecheck.cli import cli

pytestmark = pytest.mark.xdist_group("fixtures")

HERE = Path(__file__).parent
SCRIPTS = HERE.parent / "fixtures" / "scripts"
BROKEN = sorted(path.stem for path in SCRIPTS.glob("*_broken.py"))
GOOD = sorted(path.stem for path in SCRIPTS.glob("*.py") if path.stem not in BROKEN)
POOLINGS = ("cls", "mean", "max", "last")


def expected(script: Path) -> list[tuple[str, int]]:
    """Rule and line of each ``# expect: SHPnnn`` comment."""
    lines = script.read_text().splitlines()
    return [(line.split("# expect: ")[1], at) for at, line in enumerate(lines, 1) if "# expect: " in line]


def check(*arguments: str | Path) -> tuple[int, str]:
    result = CliRunner().invoke(cli, ["check", *map(str, arguments)], standalone_mode=False)
    assert result.exception is None, result.output
    return result.return_value, result.stdout


@pytest.fixture(scope="session")
def patched(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], Path]:
    """Each broken script mended by `check --fix` with each pooling."""
    folder = tmp_path_factory.mktemp("patched")
    copies = {(name, pooling): folder / f"{name}_{pooling}.py" for name in BROKEN for pooling in POOLINGS}
    for (name, pooling), copy in copies.items():
        copy.write_bytes((SCRIPTS / f"{name}.py").read_bytes())
        check("--fix", "--pooling", pooling, copy)
    return copies


@pytest.fixture(scope="session")
def pytorch(patched: dict[tuple[str, str], Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What PyTorch made of every script, patched ones included, by file name."""
    folder = tmp_path_factory.mktemp("pytorch")
    environment = {
        **os.environ,
        "HF_HUB_CACHE": str(folder / "hub"),
        "HF_HUB_OFFLINE": "1",
        "OMP_NUM_THREADS": "1",
        "CUDA_VISIBLE_DEVICES": "",
    }
    scripts = [str(path) for path in (*sorted(SCRIPTS.glob("*.py")), *patched.values())]
    for command in (["tiny_hub.py", str(folder / "hub")], ["really.py", str(folder / "out.json"), *scripts]):
        done = subprocess.run(
            [sys.executable, str(HERE / command[0]), *command[1:]], env=environment, capture_output=True
        )
        assert done.returncode == 0, done.stderr.decode()
    return {Path(path).stem: ended["said"] for path, ended in json.loads((folder / "out.json").read_text()).items()}


@pytest.mark.parametrize("name", GOOD)
def test_a_pooled_script_runs_and_nothing_worse_than_an_info_is_said_of_it(name: str, pytorch: dict[str, str]) -> None:
    code, text = check("--output-format", "json", SCRIPTS / f"{name}.py")
    assert code == 0
    assert {finding["severity"] for finding in json.loads(text)["findings"]} <= {"info"}
    assert pytorch[name] == "ok"


@pytest.mark.parametrize("name", BROKEN)
def test_a_script_without_pooling_raises_and_is_found_at_its_root(name: str, pytorch: dict[str, str]) -> None:
    code, text = check("--output-format", "json", SCRIPTS / f"{name}.py")
    findings = json.loads(text)["findings"]
    assert code == 1
    assert [(finding["rule"], finding["line"]) for finding in findings] == expected(SCRIPTS / f"{name}.py")
    assert "Expected target size" in pytorch[name]


@pytest.mark.parametrize("pooling", POOLINGS)
@pytest.mark.parametrize("name", BROKEN)
def test_the_pooling_that_was_asked_for_makes_the_script_run(
    name: str, pooling: str, patched: dict[tuple[str, str], Path], pytorch: dict[str, str]
) -> None:
    assert patched[name, pooling].read_text() != (SCRIPTS / f"{name}.py").read_text()
    assert pytorch[f"{name}_{pooling}"] == "ok"


@pytest.mark.parametrize("name", BROKEN)
def test_a_mended_script_is_clean_and_mending_it_again_changes_nothing(
    name: str, patched: dict[tuple[str, str], Path]
) -> None:
    for pooling in POOLINGS:
        script = patched[name, pooling]
        before = script.read_bytes()
        assert check("--fix", "--pooling", pooling, script)[0] == 0
        assert script.read_bytes() == before


@pytest.mark.parametrize("name", BROKEN)
def test_without_a_pooling_nothing_is_written(name: str, tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    script.write_bytes((SCRIPTS / f"{name}.py").read_bytes())
    assert check("--fix", script)[0] == 1
    assert script.read_bytes() == (SCRIPTS / f"{name}.py").read_bytes()
