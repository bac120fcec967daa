"""Notebooks: their code cells are read, run and mended as one text."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner, Result

from shapecheck import notebook
from shapecheck.cli import cli
from shapecheck.errors import UnreadableSource

SCHEMA = json.loads((Path(__file__).parents[1] / "docs" / "schema.json").read_text())

BROKEN = [
    ["%matplotlib inline\n", "!pip install transformers\n", "import torch\n", "from torch import nn"],
    ["%%bash\n", "echo $HOME\n"],
    ["from transformers import AutoModel, AutoTokenizer\n", "files = !ls\n", "AutoModel?\n", "display(files)"],
    [
        "tokenizer = AutoTokenizer.from_pretrained('bert-base-uncased')\n",
        "bert = AutoModel.from_pretrained('bert-base-uncased')\n",
        "head = nn.Linear(768, 3)",
    ],
    [
        "%%time\n",
        "batch = tokenizer(['a b', 'c d e'], padding=True, return_tensors='pt')\n",
        "%time out = bert(**batch)\n",
        "logits = head(out.last_hidden_state)\n",
        "loss = nn.CrossEntropyLoss()(logits, torch.zeros(2, dtype=torch.long))",
    ],
]


def written(folder: Path, cells: list[list[str]]) -> Path:
    made = [{"cell_type": "code", "source": cell, "metadata": {}, "outputs": []} for cell in cells]
    prose = {"cell_type": "markdown", "source": ["# A title"], "metadata": {}}
    path = folder / "train.ipynb"
    path.write_text(json.dumps({"cells": [prose, *made], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, indent=1))
    return path


def test_the_text_of_a_notebook_is_python_and_leads_back_to_the_same_notebook(tmp_path: Path) -> None:
    data = written(tmp_path, BROKEN).read_bytes()
    text = notebook.text_of(data)
    compile(text, "train.ipynb", "exec")
    assert json.loads(notebook.updated(data, text)) == json.loads(data)
    assert notebook.cell_of(text, text.splitlines().index("head = nn.Linear(768, 3)") + 1) == (5, 3)
    changed = notebook.updated(data, text.replace("nn.Linear(768, 3)", "nn.Linear(768, 4)"))
    assert json.loads(changed)["cells"][4]["source"][-1] == "head = nn.Linear(768, 4)"


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b"print(1)", b'{"cells": 3}'])
def test_what_is_no_notebook_is_said_to_be_none(data: bytes) -> None:
    with pytest.raises(UnreadableSource, match="not a notebook"):
        notebook.text_of(data)


@pytest.mark.parametrize("command", ["check", "run"])
def test_a_fault_is_found_in_its_cell(tmp_path: Path, command: str) -> None:
    path = written(tmp_path, BROKEN)
    result = CliRunner().invoke(cli, [command, "--output-format", "json", str(path)], standalone_mode=False)
    assert result.exception is None, result.output
    report = json.loads(result.stdout)
    jsonschema.Draft202012Validator(SCHEMA).validate(report)
    (finding,) = report["findings"]
    places = [finding, *finding["related"], *(edit for fix in finding["fixes"] for edit in fix["edits"])]
    assert {(place["path"], place["cell"]) for place in places} <= {(str(path), 5), (str(path), 6)}
    assert (finding["rule"], finding["cell"], finding["line"], finding["column"]) == ("SHP101", 6, 4, 15)
    if command == "run":
        assert report["trace"]["reason"].startswith("RuntimeError at cell 6, line 5")


@pytest.mark.parametrize("command", ["check", "run"])
def test_the_report_shows_the_cell_as_its_author_sees_it(tmp_path: Path, command: str) -> None:
    path = written(tmp_path, BROKEN)
    result = CliRunner().invoke(cli, [command, str(path)], standalone_mode=False)
    assert result.exception is None, result.output
    assert f"{path}:cell 6:4:15" in result.stdout
    assert " 3 | %time out = bert(**batch)" in result.stdout
    assert "notebook line" not in result.stdout


def test_a_fix_is_written_into_the_cell_and_leaves_the_rest_alone(tmp_path: Path) -> None:
    path = written(tmp_path, BROKEN)
    before = json.loads(path.read_bytes())
    arguments = ["check", "--fix", "--pooling", "cls", str(path)]
    result = CliRunner().invoke(cli, arguments, standalone_mode=False)
    assert result.exception is None, result.output
    after = json.loads(path.read_bytes())
    assert after["cells"][:5] == before["cells"][:5]
    assert after["cells"][5]["source"][0] == "%%time\n"
    assert after["cells"][5]["source"][2] == "%time out = bert(**batch)\n"
    assert "[:, 0]" in after["cells"][5]["source"][3]


def command(*arguments: str, stdin: bytes | None = None) -> Result:
    result = CliRunner().invoke(cli, ["check", *arguments], input=stdin, standalone_mode=False)
    assert result.exception is None, result.output
    return result


def test_a_broken_notebook_is_told_with_its_place_and_hides_no_other(tmp_path: Path) -> None:
    written(tmp_path, BROKEN)
    for name, data in {"bad": '{\n"cells": [', "three": '{"worksheets": []}', "list": "[]"}.items():
        (tmp_path / f"{name}.ipynb").write_text(data)
    (tmp_path / "r.ipynb").write_text('{"cells": [], "metadata": {"language_info": {"name": "R"}}}')
    result = command(*(str(path) for path in sorted(tmp_path.iterdir())), "--verbose")
    assert result.return_value == 1
    assert f"{tmp_path / 'bad.ipynb'}:2:11\n" in result.stdout
    assert result.stdout.count("SHP903") == 3
    assert "error[SHP101]" in result.stdout
    assert f"not checked: {tmp_path / 'r.ipynb'}:1: a notebook in R\n" in result.stdout


def test_a_cell_that_does_not_parse_is_told_at_its_place_and_hides_no_other(tmp_path: Path) -> None:
    path = written(tmp_path, [*BROKEN, ["x = 1\n", "y = (\n"], ["%time z = [\n"]])
    result = command(str(path))
    assert result.return_value == 1
    assert "error[SHP101]" in result.stdout
    assert f"{path}:cell 7:2:5" in result.stdout
    assert f"{path}:cell 8:1:11" in result.stdout
    assert " 1 | %time z = [\n" in result.stdout


@pytest.mark.parametrize("command", ["check", "run"])
def test_a_statement_behind_a_magic_is_told_in_the_columns_of_the_cell(tmp_path: Path, command: str) -> None:
    loop = "%time for x in [torch.zeros(8, 768)]: y = head(x)"
    path = written(tmp_path, [["import torch\n", "head = torch.nn.Linear(512, 3)"], [loop]])
    result = CliRunner().invoke(cli, [command, "--output-format", "json", str(path)], standalone_mode=False)
    assert result.exception is None, result.output
    (finding,) = json.loads(result.stdout)["findings"]
    assert (3, 1, loop.index("head(x)") + 1) in {
        (one["cell"], one["line"], one["column"]) for one in finding["related"]
    }


def test_a_fix_behind_a_magic_is_written_where_it_is_shown(tmp_path: Path) -> None:
    loop = "%%time for x in [1]: y = torch.nn.Linear(512, 3)(torch.zeros(8, 768))"[1:]
    path = written(tmp_path, [["import torch\n"], [loop]])
    (finding,) = json.loads(command("--output-format", "json", str(path)).stdout)["findings"]
    (edit,) = finding["fixes"][0]["edits"]
    assert loop[edit["column"] - 1 : edit["end_column"] - 1] == "512"
    command("--fix", str(path))
    assert json.loads(path.read_text())["cells"][2]["source"] == [loop.replace("512", "768")]


def test_a_cell_that_is_no_python_is_called_a_cell(tmp_path: Path) -> None:
    path = written(tmp_path, [["x = (\n"]])
    assert "Python cannot parse this cell: " in command(str(path)).stdout


def test_a_notebook_is_read_and_mended_on_standard_input(tmp_path: Path) -> None:
    data = written(tmp_path, BROKEN).read_bytes()
    asked = ("--pooling", "cls", "--stdin-filename", "a.ipynb", "-")
    assert "a.ipynb:cell 6:4:15" in command(*asked, stdin=data).stdout
    assert "+++ b/a.ipynb:cell 6\n" in command("--diff", *asked, stdin=data).stdout
    mended = command("--fix", *asked, stdin=data).stdout
    assert mended.encode() == data.replace(b"out.last_hidden_state", b"out.last_hidden_state[:, 0]")


def test_comments_in_cells_silence_and_are_removed(tmp_path: Path) -> None:
    line = "%time h = torch.nn.Linear(512, 3)(torch.zeros(2, 768))"
    path = written(tmp_path, [["import torch\n", f"{line}\n", "!ls"]])
    before = path.read_text()
    assert command("--add-ignores", str(path)).return_value == 0
    assert path.read_text() == before.replace(line, f"{line}  # shapecheck: ignore[SHP201]")
    path.write_text(path.read_text().replace("Linear(512", "Linear(768"))
    assert "SHP901" in command(str(path)).stdout
    command("--fix", str(path))
    assert path.read_text() == before.replace("Linear(512", "Linear(768")


def test_cells_that_ran_in_another_order_are_noted(tmp_path: Path) -> None:
    path = written(tmp_path, [["x = 1"], ["y = 2"]])
    path.write_text(path.read_text().replace('"source": [\n    "x', '"execution_count": 2,\n "source": [\n    "x'))
    path.write_text(path.read_text().replace('"source": [\n    "y', '"execution_count": 1,\n "source": [\n    "y'))
    told = f"assumed: the cells of {path} run in the order they stand in; they were executed as 2, 1\n"
    assert told in command(str(path)).stdout


def test_a_script_that_a_cell_runs_defines_its_names(tmp_path: Path) -> None:
    (tmp_path / "layers.py").write_text("import torch\nhead = torch.nn.Linear(512, 3)\n")
    path = written(tmp_path, [["import torch\n", "%run layers.py\n", "head(torch.zeros(2, 768))"]])
    assert f"{tmp_path / 'layers.py'}:2:24" in command(str(path)).stdout
