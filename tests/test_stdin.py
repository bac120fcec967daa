"""`shapecheck check -`: a text comes in, a report or the mended text goes out, as bytes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.saying import BROKEN, FINE, write

ROOT = Path(__file__).parents[1]
MENDED = BROKEN.replace("768, 5", "512, 5")


def piped(text: str | bytes, *arguments: str | Path, folder: Path) -> subprocess.CompletedProcess[bytes]:
    data = text if isinstance(text, bytes) else text.encode()
    return subprocess.run(
        [sys.executable, "-m", "shapecheck", "check", "-", *map(str, arguments)],
        input=data,
        capture_output=True,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"},
    )


def notebook(*cells: str) -> str:
    made = [{"cell_type": "code", "source": c, "metadata": {}, "outputs": [], "execution_count": 1} for c in cells]
    return json.dumps({"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, indent=1) + "\n"


def test_fix_prints_the_whole_text_and_reports_beside_it(tmp_path: Path) -> None:
    done = piped(BROKEN, "--fix", "--stdin-filename", "src/train.py", folder=tmp_path)
    assert (done.returncode, done.stdout.decode()) == (0, MENDED)
    assert b"fixed src/train.py: " in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_fix_leaves_the_file_of_that_name_alone(tmp_path: Path) -> None:
    script = write(str(tmp_path / "train.py"), FINE)
    assert piped(BROKEN, "--fix", "--stdin-filename", "train.py", folder=tmp_path).stdout.decode() == MENDED
    assert script.read_text() == FINE


def test_diff_prints_the_diff_alone(tmp_path: Path) -> None:
    done = piped(BROKEN, "--diff", "--stdin-filename", "train.py", folder=tmp_path)
    assert (done.returncode, done.stderr) == (1, b"")
    write(str(tmp_path / "train.py"), BROKEN)
    subprocess.run(["git", "apply", "-"], input=done.stdout, check=True, cwd=tmp_path)
    assert (tmp_path / "train.py").read_text() == MENDED


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (FINE.encode(), 0),
        (b"", 0),
        (b"x = (\n", 1),
        (b"name = '\xe9'\n", 1),
        (b"\xef\xbb\xbfx = 1\r\n\r\ny = 2", 0),
        (b"x = 1\ry = 2\r", 0),
    ],
    ids=["fine", "empty", "no Python", "no text", "byte order mark", "carriage returns"],
)
def test_what_is_not_changed_is_printed_byte_for_byte(data: bytes, code: int, tmp_path: Path) -> None:
    done = piped(data, "--fix", folder=tmp_path)
    assert (done.returncode, done.stdout) == (code, data)


@pytest.mark.parametrize(
    ("head", "encoding"), [(b"\xef\xbb\xbf", "utf-8"), (b"# -*- coding: latin-1 -*-\r\n", "latin-1")]
)
def test_fix_keeps_byte_order_mark_line_ends_and_encoding(head: bytes, encoding: str, tmp_path: Path) -> None:
    def data(text: str) -> bytes:
        return head + ("name = 'René'\n" + text).replace("\n", "\r\n").encode(encoding)

    assert piped(data(BROKEN), "--fix", folder=tmp_path).stdout == data(MENDED)


def test_what_is_left_after_a_fix_decides_the_exit_code(tmp_path: Path) -> None:
    unpooled = (ROOT / "fixtures" / "scripts" / "module_cls_broken.py").read_bytes()
    done = piped(unpooled, "--fix", "--stdin-filename", "train.py", folder=tmp_path)
    assert (done.returncode, done.stdout) == (1, unpooled)
    assert b"error[SHP101]" in done.stderr


def test_the_report_goes_to_a_file_where_one_is_named(tmp_path: Path) -> None:
    done = piped(BROKEN, "--fix", "--output-format", "json", "--output-file", "report.json", folder=tmp_path)
    assert (done.stdout.decode(), done.stderr) == (MENDED, b"")
    assert json.loads((tmp_path / "report.json").read_text())["findings"] == []


def test_a_json_report_stands_beside_the_text(tmp_path: Path) -> None:
    done = piped(BROKEN, "--fix", "--output-format", "json", folder=tmp_path)
    assert done.stdout.decode() == MENDED
    assert json.loads(done.stderr)["findings"] == []


def test_a_notebook_is_printed_as_a_notebook(tmp_path: Path) -> None:
    before = notebook("%matplotlib inline", BROKEN)
    done = piped(before, "--fix", "--stdin-filename", "train.ipynb", folder=tmp_path)
    assert done.returncode == 0
    assert json.loads(done.stdout) == json.loads(notebook("%matplotlib inline", MENDED))


def test_the_settings_are_those_of_the_file_that_it_is_named_after(tmp_path: Path) -> None:
    write(str(tmp_path / "src" / "shapecheck.toml"), 'ignore = ["SHP2"]\n')
    assert piped(BROKEN, "--stdin-filename", "src/train.py", folder=tmp_path).returncode == 0
    assert piped(BROKEN, "--stdin-filename", "train.py", folder=tmp_path).returncode == 1


def test_the_files_that_it_imports_are_read_and_never_written(tmp_path: Path) -> None:
    model = (
        "import torch\n\n\nclass Net(torch.nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        "        self.head = torch.nn.Linear(768, 5)\n\n    def forward(self, x):\n        return self.head(x)\n"
    )
    script = "import torch\nfrom model import Net\nscores = Net()(torch.zeros(8, 512))\n"
    file = write(str(tmp_path / "model.py"), model)
    for words in (["--fix"], ["--add-ignores"], ["--diff"]):
        done = piped(script, *words, "--stdin-filename", "train.py", folder=tmp_path)
        assert (done.returncode, file.read_text()) == (1, model)
        assert done.stdout.decode() == ("" if words == ["--diff"] else script)


def test_comments_are_added_to_the_text(tmp_path: Path) -> None:
    done = piped(BROKEN, "--add-ignores=legacy", "--stdin-filename", "train.py", folder=tmp_path)
    assert done.returncode == 0
    assert done.stdout.decode() == BROKEN.replace("5)\n", "5)  # shapecheck: ignore[SHP201] -- legacy\n")


def test_a_baseline_cannot_be_written_from_it(tmp_path: Path) -> None:
    done = piped(BROKEN, "--baseline", "known.json", "--update-baseline", folder=tmp_path)
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr == b"shapecheck: --update-baseline records what is in files, not standard input\n"
