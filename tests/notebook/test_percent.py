"""Scripts in cells (``# %%``): raw magics do no harm, and stay as they are when a fix is written."""

from __future__ import annotations

import ast
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from shapecheck import notebook
from shapecheck.cli import cli
from shapecheck.reports.forms import FOR_PROGRAMS

SPYDER = """\
# %% Setup
%matplotlib inline
import torch
from torch import nn

# !pip install torch
# %load_ext autoreload

# %% Model
layer = nn.Linear(512, 3)
files = !ls
%time scores = layer(torch.zeros(8, 768))

# %%
%%bash
ls
"""


def test_raw_magics_of_a_script_in_cells_become_python_on_the_same_lines() -> None:
    text = notebook.plain(SPYDER)
    ast.parse(text)
    assert notebook.own(text) == SPYDER
    assert notebook.plain(text) == text
    own, python = SPYDER.splitlines(), text.splitlines()
    assert {own[at]: python[at] for at in range(len(own)) if own[at] != python[at]} == {
        "%matplotlib inline": "pass  # %matplotlib inline",
        "files = !ls": "files = get_ipython()",
        "%time scores = layer(torch.zeros(8, 768))": "pass; scores = layer(torch.zeros(8, 768))",
        "%%bash": "pass  # %%bash",
        "ls": "pass  # ls",
    }


@pytest.mark.parametrize(
    "text",
    [
        "%matplotlib inline\nx = 1\n",
        "# %%\nx = 1\n# %matplotlib inline\n",
        "# %% [markdown]\n# a text\n\n# %%\ns = '''\n%time\n'''\nx = a % b\n",
        "# + tags=[]\nx = 1\n# -\n",
        "s = '# %%'\nx = 1\n",
    ],
)
def test_other_scripts_are_left_alone(text: str) -> None:
    assert notebook.plain(text) == text


@pytest.mark.parametrize("command", ["check", "run"])
def test_a_fault_in_a_script_in_cells_is_found_and_mended(tmp_path: Path, command: str) -> None:
    path = tmp_path / "spyder.py"
    path.write_bytes(SPYDER.replace("\n", "\r\n").encode())
    result = CliRunner().invoke(cli, [command, "--fix", str(path)], standalone_mode=False)
    assert result.exception is None, result.output
    assert "fixed" in result.output
    mended = SPYDER.replace("nn.Linear(512, 3)", "nn.Linear(768, 3)")
    assert path.read_bytes() == mended.replace("\n", "\r\n").encode()


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        ("import torch\n# %% Data\nx = 1\n", 1, "cell 1"),
        ("import torch\n# %% Data\nx = 1\n", 3, "cell 2: Data"),
        ("# -*- coding: utf-8 -*-\n#%% Data\nx = 1\n#%%\ny = 1\n", 3, "cell 1: Data"),
        ("# -*- coding: utf-8 -*-\n#%% Data\nx = 1\n#%%\ny = 1\n", 5, "cell 2"),
        ('# %% Fit it [markdown] tags=["a b"] slideshow={"x": 1}\n# text\nx = 1\n', 3, "cell 1: Fit it"),
        ("# %% [markdown]\n# text\n# %%% Train = fit\nx = 1\n", 4, "cell 2: Train = fit"),
        ("# In[3]:\nx = 1\n# In[ ]:\ny = 1\n", 4, "cell 2"),
        ("x = 1\n", 1, ""),
        ("x = 5 %% 3\n", 1, ""),
    ],
)
def test_the_cell_of_a_line_is_known_by_its_number_and_its_title(text: str, line: int, told: str) -> None:
    assert notebook.section(text, line) == told


@pytest.mark.parametrize("form", ["full", "concise", *FOR_PROGRAMS])
def test_the_cell_of_a_finding_is_named_in_every_form(form: str, tmp_path: Path) -> None:
    path = tmp_path / "spyder.py"
    path.write_text(SPYDER)
    told = CliRunner().invoke(cli, ["check", "--output-format", form, str(path)], standalone_mode=False).stdout
    assert "cell 2: Model" in told


def test_a_report_and_a_diff_show_a_script_as_its_author_wrote_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("spyder.py").write_text(SPYDER)
    report, diff = (
        CliRunner().invoke(cli, ["check", *asked, "spyder.py"], standalone_mode=False).stdout
        for asked in ((), ("--diff",))
    )
    assert " 12 | %time scores = layer(torch.zeros(8, 768))\n" in report
    assert " files = !ls\n" in diff
    subprocess.run(["git", "apply"], input=diff, text=True, check=True)
    assert Path("spyder.py").read_text() == SPYDER.replace("nn.Linear(512, 3)", "nn.Linear(768, 3)")
