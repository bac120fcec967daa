"""Modules that cells write (`%%writefile model.py`): read from the cell, and told by it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from shapecheck import notebook
from shapecheck.cli import cli
from shapecheck.edits import lines_of

MODEL = """\
%%writefile model.py
from torch import nn


class Sorter(nn.Module):
    def __init__(self):
        super().__init__()
        self.score = nn.Linear(512, 3)  # as wide as the pictures' encoder

    def forward(self, hidden):
        return self.score(hidden)
"""
USE = "import torch\nfrom model import Sorter\n\nscores = Sorter()(torch.zeros(8, 768))\n"


def made(path: Path, *cells: str) -> Path:
    told = [
        {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "source": lines_of(cell)}
        for cell in cells
    ]
    path.write_text(json.dumps({"cells": told, "metadata": {}, "nbformat": 4, "nbformat_minor": 4}))
    return path


def reported(command: str, path: Path, *options: str) -> dict[str, Any]:
    arguments = [command, "--output-format", "json", *options, str(path)]
    result = CliRunner().invoke(cli, arguments, standalone_mode=False)
    assert result.exception is None, result.output
    report: dict[str, Any] = json.loads(result.stdout)
    return report


def places(report: dict[str, Any]) -> list[tuple[str, int, int, int]]:
    return [(one["rule"], one["cell"], one["line"], one["column"]) for one in report["findings"]]


@pytest.mark.parametrize("command", ["check", "run"])
def test_a_fault_in_a_module_that_a_cell_writes_is_found_in_that_cell(tmp_path: Path, command: str) -> None:
    (tmp_path / "model.py").write_text("class Sorter: ...  # as an older cell wrote it")
    report = reported(command, made(tmp_path / "a.ipynb", MODEL, USE))
    assert places(report) == [("SHP201", 1, 8, 32)]
    assert {(one["cell"], one["line"]) for one in report["findings"][0]["related"]} == {(1, 11), (2, 4)}
    assert report["findings"][0]["evidence"] == (["static"] if command == "check" else ["static", "traced"])


@pytest.mark.parametrize("command", ["check", "run"])
def test_a_module_that_fits_is_silent(tmp_path: Path, command: str) -> None:
    report = reported(command, made(tmp_path / "a.ipynb", MODEL.replace("512", "768"), USE))
    assert (report["findings"], report["not_checked"]) == ([], [])
    if command == "run":
        assert report["trace"]["status"] == "completed"


def test_a_module_that_no_cell_imports_is_checked_as_its_file_would_be(tmp_path: Path) -> None:
    script = "%%writefile -a train.py\nimport torch\n"
    more = "%%writefile --append train.py\nscores = torch.nn.Linear(5, 2)(torch.zeros(3, 4))\n"
    assert places(reported("check", made(tmp_path / "a.ipynb", script, more))) == [("SHP201", 2, 2, 26)]


def test_a_script_that_is_written_into_a_folder_sees_what_stands_beside_it(tmp_path: Path) -> None:
    cells = [
        MODEL.replace("model.py", "parts/model.py"),
        f"%%writefile parts/train.py\n{USE}",
        "!python parts/train.py",
    ]
    report = reported("check", made(tmp_path / "a.ipynb", *cells))
    assert places(report) == [("SHP201", 1, 8, 32)]
    assert report["not_checked"] == []


def test_a_script_that_is_written_and_run_defines_its_names(tmp_path: Path) -> None:
    sizes = "%%file sizes.py\nimport torch\nHIDDEN = torch.zeros(8, 768)\n"
    report = reported("check", made(tmp_path / "a.ipynb", sizes, "%run sizes.py", "torch.nn.Linear(5, 2)(HIDDEN)"))
    assert places(report) == [("SHP201", 3, 1, 17)]


def test_a_comment_in_such_a_cell_silences(tmp_path: Path) -> None:
    quiet = MODEL.replace("# as wide", "# shapecheck: ignore[SHP201] -- as wide")
    report = reported("check", made(tmp_path / "a.ipynb", quiet, USE))
    assert places(report) == []
    assert [(one["line"], one["reason"]) for one in report["suppressed"]] == [(8, "as wide as the pictures' encoder")]


@pytest.mark.parametrize("command", ["check", "run"])
@pytest.mark.parametrize("use", ["from parts import model\nSorter = model.Sorter", "from parts.model import Sorter"])
def test_modules_may_be_written_into_a_folder_that_is_not_there(tmp_path: Path, command: str, use: str) -> None:
    cells = [MODEL.replace("model.py", "parts/model.py"), USE.replace("from model import Sorter", use)]
    report = reported(command, made(tmp_path / "a.ipynb", *cells))
    assert places(report) == [("SHP201", 1, 8, 32)]
    assert report["findings"][0]["evidence"] == (["static"] if command == "check" else ["static", "traced"])


def test_a_baseline_knows_such_a_finding_by_its_code(tmp_path: Path) -> None:
    known = tmp_path / "known.json"
    path = made(tmp_path / "a.ipynb", MODEL, USE)
    reported("check", path, "--baseline", str(known), "--update-baseline")
    (entry,) = json.loads(known.read_text())["findings"]
    assert (entry["scope"], entry["text"]) == ("Sorter.__init__", "self.score = nn.Linear(512, 3)")
    assert places(reported("check", path, "--baseline", str(known))) == []
    made(path, MODEL.replace("512", "640"), USE)
    assert places(reported("check", path, "--baseline", str(known))) == [("SHP201", 1, 8, 32)]


def test_an_idle_comment_in_such_a_cell_is_removed_and_nothing_else_changes(tmp_path: Path) -> None:
    idle = MODEL.replace("512", "768").replace("# as wide", "# shapecheck: ignore[SHP201] -- as wide")
    path = made(tmp_path / "a.ipynb", idle, USE)
    assert places(reported("check", path)) == [("SHP901", 1, 8, 41)]
    reported("check", path, "--fix")
    source = json.loads(path.read_text())["cells"][0]["source"]
    assert "".join(source) == MODEL.replace("512", "768").replace("  # as wide as the pictures' encoder", "")


def test_what_is_written_and_is_no_python_is_noted(tmp_path: Path) -> None:
    report = reported("check", made(tmp_path / "a.ipynb", "import torch", "%%writefile part.py\nx = (\n"))
    assert report["findings"] == []
    reasons = [(one["cell"], one["reason"]) for one in report["not_checked"]]
    assert reasons == [(2, "part.py, which this cell writes, is no Python")]


def test_the_text_leads_back_to_the_cells(tmp_path: Path) -> None:
    data = made(tmp_path / "a.ipynb", MODEL, USE, "%time for x in xs: f(x)").read_bytes()
    text = notebook.text_of(data)
    assert [cell for _, cell in notebook.cells(text)] == [MODEL, USE, "%time for x in xs: f(x)"]
    assert notebook.updated(data, text) == data
