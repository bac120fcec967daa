"""Modules by name, as ``python -m`` finds and runs them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from shapecheck.cli import cli
from shapecheck.entry import file_of, root_of
from shapecheck.errors import UsageError
from shapecheck.tracer import Tracer, TraceRequest

TRAIN = """
import json, sys
import torch
from lib.sizes import WIDTH
from .model import Net
found = [__name__, __spec__.name, __package__, sys.argv[1:], sys.path[0] in ("", PLACE)]
print(json.dumps(found))
assert found == {found}, found
Net(WIDTH)(torch.ones(3, WIDTH)).mean().backward()
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    files = {
        "lib/__init__.py": "",
        "lib/sizes.py": "WIDTH = 7\n",
        "pkg/__init__.py": "",
        "pkg/model.py": "import torch\n\n\nclass Net(torch.nn.Linear):\n    def __init__(self, width):\n"
        "        super().__init__(width, 2)\n",
        "pkg/train.py": TRAIN.replace("PLACE", repr(str(tmp_path))).format(
            found=["__main__", "pkg.train", "pkg", ["--epochs", "2"], True]
        ),
        "pkg/__main__.py": TRAIN.replace("PLACE", repr(str(tmp_path))).format(
            found=["__main__", "pkg.__main__", "pkg", ["--epochs", "2"], True]
        ),
        "pkg/empty/__init__.py": "",
        "src/inner/tool.py": "",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.mark.parametrize(
    ("name", "file"),
    [("pkg.train", "pkg/train.py"), ("pkg", "pkg/__main__.py"), ("inner.tool", "src/inner/tool.py")],
)
def test_a_name_leads_to_the_file_that_python_would_run(project: Path, name: str, file: str) -> None:
    path = file_of(name, project)
    assert path == project / file
    assert root_of(name, path) == (project / "src" if file.startswith("src") else project)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("pkg.trian", "did you mean pkg.train?"),
        ("pkg/train.py", "is no module name: did you mean pkg.train?"),
        ("pkg.empty", "a package without a __main__.py"),
        ("nothing.like.it", "there is no module nothing.like.it here"),
    ],
)
def test_a_wrong_name_is_told_with_the_nearest_right_one(project: Path, name: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        file_of(name, project)


@pytest.mark.parametrize("name", ["pkg.train", "pkg"])
def test_a_module_runs_as_under_python_m(project: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project)
    really = subprocess.run([sys.executable, "-m", name, "--epochs", "2"], cwd=project, capture_output=True, text=True)
    assert really.returncode == 0, really.stderr
    with Tracer() as tracer:
        result = tracer.trace(TraceRequest(file_of(name, Path()), ["--epochs", "2"], timeout=60, module=name))
    assert result.status == "completed", result.reason
    assert str(result.graph.stages[1].out.shape) == "(3, 2)"


def test_the_command_takes_a_module_and_refuses_one_with_each(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project)
    done = CliRunner().invoke(cli, ["run", "--no-server", "-m", "pkg.train", "--", "--epochs", "2"])
    assert done.exit_code == 0 and "stages of pkg/train.py" in done.output, done.output
    refused = CliRunner().invoke(cli, ["run", "-m", "pkg.train", "--each"])
    assert isinstance(refused.exception, UsageError) and "leave out --each" in str(refused.exception)
