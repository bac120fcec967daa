"""Notebooks as Jupyter, VS Code and Colab write them: the fault is found in its cell, and mended in the file."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import nbformat
import pytest
from click.testing import CliRunner

from shapecheck.cli import cli

HERE = Path(__file__).parents[2]
FIXTURES = HERE / "fixtures" / "notebooks"
SCHEMA = json.loads((HERE / "docs" / "schema.json").read_text())
FAULTS = {
    "jupyter_reviews": ("SHP101", 4, 9, 27),
    "vscode_digits": ("SHP216", 3, 5, 31),
    "colab_large": ("SHP207", 5, 3, 49),
}
"""The rule, and cell, line and column, of the one fault of each broken notebook."""


def reported(command: str, path: Path) -> dict[str, Any]:
    result = CliRunner().invoke(cli, [command, "--output-format", "json", str(path)], standalone_mode=False)
    assert result.exception is None, result.output
    report: dict[str, Any] = json.loads(result.stdout)
    jsonschema.Draft202012Validator(SCHEMA).validate(report)
    return report


@pytest.mark.parametrize("command", ["check", "run"])
@pytest.mark.parametrize("name", FAULTS)
def test_the_fault_of_a_notebook_is_found_in_its_cell(name: str, command: str) -> None:
    broken = reported(command, FIXTURES / f"{name}_broken.ipynb")
    found = [tuple(one[key] for key in ("rule", "cell", "line", "column")) for one in broken["findings"]]
    assert found == [FAULTS[name]]
    assert reported(command, FIXTURES / f"{name}_mended.ipynb")["findings"] == []


@pytest.mark.parametrize("name", FAULTS)
def test_a_fix_writes_the_notebook_as_its_editor_would(name: str, tmp_path: Path) -> None:
    path = tmp_path / "a.ipynb"
    path.write_bytes((FIXTURES / f"{name}_broken.ipynb").read_bytes())
    result = CliRunner().invoke(cli, ["check", "--fix", "--pooling", "cls", str(path)], standalone_mode=False)
    assert result.exception is None, result.output
    assert path.read_bytes() == (FIXTURES / f"{name}_mended.ipynb").read_bytes()


@pytest.mark.parametrize("path", sorted(FIXTURES.iterdir()), ids=lambda path: path.name)
def test_a_fixture_is_a_valid_notebook(path: Path) -> None:
    nbformat.validate(nbformat.read(path, as_version=4))


def test_a_diff_shows_each_cell_as_its_author_sees_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(FIXTURES)
    result = CliRunner().invoke(cli, ["check", "--diff", "vscode_digits_broken.ipynb"], standalone_mode=False)
    head, other, *lines = result.stdout.splitlines()
    assert head == "--- a/vscode_digits_broken.ipynb:cell 3"
    assert other == "+++ b/vscode_digits_broken.ipynb:cell 3"
    assert [line for line in lines if line[0] in "+-"] == [
        "-        self.head = nn.Linear(1568, 10)",
        "+        self.head = nn.Linear(392, 10)",
    ]


IN_IPYTHON = """\
import json, sys
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance(colors="NoColor")
for cell in json.load(open(sys.argv[1]))["cells"]:
    if cell["cell_type"] == "code" and "vscode" not in cell["metadata"]:
        done = shell.run_cell("".join(cell["source"]))
        if not done.success:
            print("RAISED", done.error_in_exec)
print("SHAPE", tuple(shell.user_ns["scores"].shape) if "scores" in shell.user_ns else None)
"""


@pytest.mark.parametrize("which", ["broken", "mended"])
def test_ipython_itself_agrees(which: str, tmp_path: Path) -> None:
    path = FIXTURES / f"vscode_digits_{which}.ipynb"
    done = subprocess.run([sys.executable, "-c", IN_IPYTHON, str(path)], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    report = reported("run", path)
    told = [line for line in done.stdout.splitlines() if line.startswith(("RAISED", "SHAPE"))]
    if which == "broken":
        assert told == ["RAISED " + report["trace"]["error"]["message"], "SHAPE None"]
    else:
        (last,) = (stage for stage in report["stages"] if stage["module"] == "head")
        assert told == [f"SHAPE {tuple(last['outputs']['out']['sizes'])}"]
