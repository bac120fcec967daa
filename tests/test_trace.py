"""`shapecheck trace` from the outside: its report, its exit codes, and what a very large model costs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

pytest.importorskip("torch")
pytest.importorskip("transformers")

ROOT = Path(__file__).parents[1]
SCHEMA = json.loads((ROOT / "docs" / "schema.json").read_text())

NET = """from torch import nn

class Net(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.first, self.last = nn.Linear(8, 16), nn.Linear(width, 2)

    def forward(self, x):
        return self.last(self.first(x))
"""

SEVENTY_BILLION = {
    "architectures": ["LlamaForCausalLM"],
    "model_type": "llama",
    "hidden_size": 8192,
    "intermediate_size": 28672,
    "num_attention_heads": 64,
    "num_hidden_layers": 80,
    "num_key_value_heads": 8,
    "vocab_size": 128256,
    "max_position_embeddings": 8192,
    "torch_dtype": "bfloat16",
}

MEASURED = """
import json, resource, sys
from shapecheck import cli
code = cli.cli.main(sys.argv[1:], standalone_mode=False)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024, file=sys.stderr)
sys.exit(code)
"""
"""Runs shapecheck, and says how many megabytes its largest process had."""


def trace(*arguments: str | Path, folder: Path, program: tuple[str, ...] = ("-m", "shapecheck")) -> Any:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "NO_COLOR": "1"}
    environment.pop("VIRTUAL_ENV", None)
    command = [sys.executable, *program, "trace", "--no-server", *map(str, arguments)]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=600)


@pytest.fixture
def net(tmp_path: Path) -> Path:
    (tmp_path / "net.py").write_text(NET)
    return tmp_path


def test_a_forward_that_runs_through_is_a_table_and_exit_code_0(net: Path) -> None:
    done = trace("net.py::Net", "--arg", "width=16", "--input", "x=float32[batch,5,8]", folder=net)
    assert (done.returncode, done.stderr) == (0, "")
    rows = [line.split("  ") for line in done.stdout.splitlines() if "Linear" in line]
    assert [[cell.strip() for cell in row if cell.strip()] for row in rows] == [
        ["9", "first", "Linear", "(batch, 5, 8)", "(batch, 5, 16)"],
        ["9", "last", "Linear", "(batch, 5, 16)", "(batch, 5, 2)"],
    ]
    assert "trace completed: the forward ran through" in done.stdout


def test_shapes_that_do_not_fit_are_findings_and_exit_code_1(net: Path) -> None:
    done = trace("net.py::Net", "--arg", "width=15", "--output-format", "json", folder=net)
    document = json.loads(done.stdout)
    jsonschema.Draft202012Validator(SCHEMA).validate(document)
    (finding,) = document["findings"]
    assert (done.returncode, finding["line"], finding["evidence"]) == (1, 6, ["traced"])
    assert [fix["verified"] for fix in finding["fixes"]] == [True]
    assert document["trace"]["error"]["op"] == "torch.nn.Linear"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("net.py::Other",), "net.py has no torch.nn.Module Other"),
        (("net.py",), "name the class as well: net.py::Net"),
        (("net.py::Net", "--arg", "depth=3"), "unexpected keyword argument 'depth'"),
    ],
)
def test_where_no_forward_could_be_run_it_is_one_sentence_and_exit_code_2(
    net: Path, arguments: tuple[str, ...], said: str
) -> None:
    done = trace(*arguments, folder=net)
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (2, "", 1)
    assert said in done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="a process says its largest size in other units elsewhere")
def test_seventy_billion_parameters_need_less_than_one_and_a_half_gigabytes(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps(SEVENTY_BILLION))
    done = trace(tmp_path, "--output-format", "json", folder=tmp_path, program=("-c", MEASURED))
    assert done.returncode == 0, done.stderr
    final = json.loads(done.stdout)["stages"][-1]
    assert (final["op"], final["outputs"]["logits"]["shape"]) == (
        "transformers.LlamaForCausalLM",
        ["batch", "seq", 128256],
    )
    assert int(done.stderr.split()[-1]) < 1536


def test_a_checkpoints_stages_are_told_by_their_modules_and_not_by_lines(tmp_path: Path) -> None:
    done = trace("prajjwal1/bert-tiny", "--verbose", folder=tmp_path)
    heading, first = done.stdout.splitlines()[1:3]
    assert heading.split()[0] == "module" and first.split()[0] == "embeddings.word_embeddings", done.stdout
