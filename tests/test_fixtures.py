"""The training scripts of fixtures/: clean as they are, found with the pooling taken out, and mended by each pooling.

What shapecheck says is held against what PyTorch does, with checkpoints of true width and one layer.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from shapecheck.cli import cli
from tests.fixture_scripts import expected, really

pytestmark = pytest.mark.xdist_group("fixtures")

HERE = Path(__file__).parent
SCRIPTS = HERE.parent / "fixtures" / "scripts"
BROKEN = sorted(path.stem for path in SCRIPTS.glob("*_broken.py"))
GOOD = sorted(path.stem for path in SCRIPTS.glob("*.py") if path.stem not in BROKEN)
POOLINGS = ("cls", "mean", "max", "last")


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
def pytorch(patched: dict[tuple[str, str], Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, str | None]:
    """What PyTorch raised, or None, in every script, patched ones included, by file name."""
    folder = tmp_path_factory.mktemp("pytorch")
    said = really([*sorted(SCRIPTS.glob("*.py")), *patched.values()], folder)
    return {path.stem: ended["raised"] for path, ended in said.items()}


@pytest.mark.parametrize("name", GOOD)
def test_a_pooled_script_runs_and_nothing_worse_than_an_info_is_said_of_it(
    name: str, pytorch: dict[str, str | None]
) -> None:
    code, text = check("--output-format", "json", SCRIPTS / f"{name}.py")
    assert code == 0
    assert {finding["severity"] for finding in json.loads(text)["findings"]} <= {"info"}
    assert pytorch[name] is None


@pytest.mark.parametrize("name", BROKEN)
def test_a_script_without_pooling_raises_and_is_found_at_its_root(name: str, pytorch: dict[str, str | None]) -> None:
    code, text = check("--output-format", "json", SCRIPTS / f"{name}.py")
    findings = json.loads(text)["findings"]
    assert code == 1
    assert [(finding["rule"], finding["line"]) for finding in findings] == expected(
        (SCRIPTS / f"{name}.py").read_text()
    )
    assert "Expected target size" in str(pytorch[name])


@pytest.mark.parametrize("pooling", POOLINGS)
@pytest.mark.parametrize("name", BROKEN)
def test_the_pooling_that_was_asked_for_makes_the_script_run(
    name: str, pooling: str, patched: dict[tuple[str, str], Path], pytorch: dict[str, str | None]
) -> None:
    assert patched[name, pooling].read_text() != (SCRIPTS / f"{name}.py").read_text()
    assert pytorch[f"{name}_{pooling}"] is None


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
