"""`shapecheck run` from the outside: real traces, and what is said when there can be none."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from tests.saying import Said

pytest.importorskip("torch")

ROOT = Path(__file__).parents[1]
SCRIPTS = ROOT / "fixtures" / "scripts"


def run(*arguments: str | Path, folder: Path) -> Said:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "NO_COLOR": "1"}
    environment.pop("VIRTUAL_ENV", None)
    command = [sys.executable, "-m", "shapecheck", "run", *map(str, arguments)]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=600)
    assert "Traceback" not in done.stdout + done.stderr
    return Said(done.returncode, done.stdout, done.stderr)


def write(folder: Path, text: str) -> Path:
    path = folder / "train.py"
    path.write_text(text)
    return path.relative_to(folder)


def test_a_missing_pooling_is_seen_by_both_and_every_pooling_is_verified(tmp_path: Path) -> None:
    script = write(tmp_path, (SCRIPTS / "module_cls_broken.py").read_text())
    said = run("--output-format", "json", script, folder=tmp_path)
    report = said.report
    (finding,) = report["findings"]
    assert (said.code, said.err) == (1, "")
    assert (finding["rule"], finding["line"], finding["evidence"]) == ("SHP101", 27, ["static", "traced"])
    assert {fix["strategy"]: fix["verified"] for fix in finding["fixes"]} == dict.fromkeys(
        ("cls", "mean", "max", "last", "pooler"), True
    )
    assert report["trace"]["status"] == "raised"
    assert report["trace"]["error"]["operands"] == [[6, "seq", 2], [6]]
    models = [stage for stage in report["stages"] if stage["op"] == "transformers.BertModel"]
    assert models[0]["outputs"]["last_hidden_state"]["shape"] == [6, "seq", 768]


def test_the_pooling_that_was_asked_for_is_written_and_the_script_then_runs_through(tmp_path: Path) -> None:
    script = write(tmp_path, (SCRIPTS / "loader_mean_broken.py").read_text())
    said = run("--fix", "--pooling", "mean", script, folder=tmp_path)
    assert said.code == 0
    assert "fixed train.py: mean over the tokens under the attention mask (SHP101)" in said.out
    assert 'attention_mask"].unsqueeze(-1)' in (tmp_path / script).read_text()


def test_a_script_that_raises_at_once_is_told_by_its_line(tmp_path: Path) -> None:
    said = run(write(tmp_path, 'import torch\nraise RuntimeError("no data today")\n'), folder=tmp_path)
    assert said.code == 0
    assert "trace raised: RuntimeError at line 2: no data today\n" in said.out


def test_a_script_that_loops_for_ever_is_stopped_at_its_time_limit(tmp_path: Path) -> None:
    said = run("--timeout", "2", write(tmp_path, "while True:\n    pass\n"), folder=tmp_path)
    assert said.code == 0
    assert "trace timeout: the script ran past the time limit of 2 s" in said.out


def test_a_script_that_ends_itself_is_told_by_its_line(tmp_path: Path) -> None:
    said = run(write(tmp_path, "import sys\nsys.exit(3)\n"), folder=tmp_path)
    assert said.code == 0
    assert "line 2" in said.out


ARGUMENTS = """\
import argparse
import torch
parser = argparse.ArgumentParser()
parser.add_argument("--width", type=int, required=True)
layer = torch.nn.Linear(parser.parse_args().width, 2)
layer(torch.zeros(4, 768))
"""


@pytest.mark.parametrize(("width", "code"), [("768", 0), ("512", 1)])
def test_the_script_gets_its_arguments(width: str, code: int, tmp_path: Path) -> None:
    said = run("--output-format", "json", write(tmp_path, ARGUMENTS), "--", "--width", width, folder=tmp_path)
    assert said.code == code
    assert [finding["rule"] for finding in said.report["findings"]] == ["SHP201"] * code


def test_a_package_that_is_missing_is_named_and_does_not_stop_the_trace(tmp_path: Path) -> None:
    text = "import torch\nimport nowhere_to_be_found\nnowhere_to_be_found.setup()\nprint(torch.zeros(4, 3))\n"
    said = run(write(tmp_path, text), folder=tmp_path)
    assert said.code == 0
    assert "nowhere_to_be_found is not installed" in said.out


WRONG = "import torch\nlayer = torch.nn.Linear(768, 5)\nscores = layer(torch.zeros(8, 512))\n"


def test_without_torch_the_static_half_decides_and_the_sentence_says_what_to_type(tmp_path: Path) -> None:
    venv.create(tmp_path / "bare", with_pip=False)
    said = run("--python", "bare", write(tmp_path, WRONG), folder=tmp_path)
    assert said.code == 1
    assert "error[SHP201]" in said.out
    assert "trace unavailable: torch is not installed" in said.out
    assert "pip install 'torch-shapecheck[trace]'" in said.out


def test_a_syntax_error_is_a_finding_and_nothing_is_run(tmp_path: Path) -> None:
    said = run("--output-format", "json", write(tmp_path, "x = (\n"), folder=tmp_path)
    assert (said.code, said.report["findings"][0]["rule"], said.report["trace"]["status"]) == (1, "SHP902", None)


@pytest.mark.parametrize(
    ("script", "sentence"),
    [("gone.py", "gone.py does not exist"), (".", ". is a folder; run takes a script")],
)
def test_what_is_no_script_is_one_sentence(script: str, sentence: str, tmp_path: Path) -> None:
    assert run(script, folder=tmp_path) == Said(2, "", f"shapecheck: {sentence}\n")


def test_what_the_script_prints_does_not_reach_the_report(tmp_path: Path) -> None:
    said = run("--output-format", "json", write(tmp_path, 'print("hello")\n'), folder=tmp_path)
    assert said.report["findings"] == []


def test_what_only_a_last_batch_of_one_row_shows_is_a_warning(tmp_path: Path) -> None:
    script = write(
        tmp_path,
        """\
import pandas as pd
import torch
from torch.utils.data import DataLoader, TensorDataset

labels = torch.tensor(pd.read_csv("data.csv")["label"].tolist())
net = torch.nn.Linear(5, 2)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
for x, y in DataLoader(TensorDataset(torch.ones(len(labels), 5), labels), batch_size=8):
    optimizer.zero_grad()
    scores = net(x).squeeze()
    torch.nn.functional.cross_entropy(scores.log_softmax(dim=1), y).backward()
    optimizer.step()
""",
    )
    said = run("--output-format", "json", script, folder=tmp_path)
    (finding,) = said.report["findings"]
    assert (finding["rule"], finding["severity"], finding["line"]) == ("SHP605", "warning", 10)
    assert finding["message"].startswith("if the last batch is a single row, ")
    assert said.report["trace"]["status"] == "completed"


GUESSED = """\
import argparse
import torch

parser = argparse.ArgumentParser()
parser.add_argument("--width", type=int, required=True)
width = parser.parse_args().width
print(torch.nn.Linear(width, 3)(torch.zeros(4, 768)).shape)
"""


@pytest.mark.parametrize(("given", "severity", "code"), [((), "warning", 1), (("--", "--width", "512"), "error", 1)])
def test_an_error_behind_a_guessed_argument_is_only_a_warning(
    tmp_path: Path, given: tuple[str, ...], severity: str, code: int
) -> None:
    said = run("--output-format", "json", write(tmp_path, GUESSED), *given, folder=tmp_path)
    assert [(finding["rule"], finding["severity"]) for finding in said.report["findings"]] == [("SHP201", severity)]
    assert said.code == code


ONLY_TRACED = """\
import torch

layer = torch.nn.Linear(768, 5)
scores = layer(torch.zeros(8, eval("512")))
"""


def test_a_comment_for_what_only_a_trace_shows_settles_both_commands(tmp_path: Path) -> None:
    script = write(tmp_path, ONLY_TRACED)
    said = run("--quiet", "--add-ignores=by design", script, folder=tmp_path)
    assert (said.code, said.out) == (0, "")
    assert "Linear(768, 5)  # shapecheck: ignore[SHP201, SHP901] -- by design\n" in (tmp_path / script).read_text()
    check = [sys.executable, "-m", "shapecheck", "check", "--quiet", str(tmp_path / script)]
    done = subprocess.run(check, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")


def test_a_script_that_raises_over_a_known_finding_exits_with_0(tmp_path: Path) -> None:
    script = write(tmp_path, ONLY_TRACED)
    assert run("--baseline", "known.json", "--update-baseline", script, folder=tmp_path).code == 0
    said = run("--baseline", "known.json", script, folder=tmp_path)
    assert said.code == 0
    assert "trace raised: " in said.out
    assert "1 finding in known.json is not shown\n" in said.out
