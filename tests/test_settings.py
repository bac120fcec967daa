"""Settings files: which one holds for a file, what it decides, and what is said of one that is wrong."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shapecheck import settings
from shapecheck.errors import UsageError
from shapecheck.settings import Lookup, files, keys_of
from tests.saying import BROKEN, FINE, write

TUPLES = """\
from transformers import BertModel
model = BertModel.from_pretrained("bert-base-uncased")
hidden, pooled = model(input_ids=ids)
"""


def ignoring(code: str) -> str:
    return f'ignore = ["{code}"]\n'


def found(say: Any, *arguments: str) -> list[str]:
    """Where something is found."""
    return [finding["path"] for finding in say("check", "--output-format", "json", *arguments).report["findings"]]


# -- which file --------------------------------------------------------------------------------------------------------


def test_each_file_has_the_settings_of_its_own_nearest_file(say: Any) -> None:
    for path in ("a.py", "one/b.py", "one/deep/c.py", "two/d.py"):
        write(path, BROKEN)
    write("pyproject.toml", "[project]\nname = 'x'\n[tool.shapecheck]\n" + ignoring("SHP2"))
    write("one/shapecheck.toml", "")
    write("two/pyproject.toml", "[project]\nname = 'shapecheck-user'\n")
    assert found(say) == found(say, "--jobs", "2") == ["one/b.py", "one/deep/c.py"]
    assert found(say, "one/b.py", "two/d.py") == ["one/b.py"]


def test_in_one_folder_the_hidden_file_comes_first_and_pyproject_last(say: Any) -> None:
    write("a.py", BROKEN)
    write("pyproject.toml", "[tool.shapecheck]\n" + ignoring("SHP2"))
    assert found(say) == []
    write("shapecheck.toml", "")
    assert found(say) == ["a.py"]
    write(".shapecheck.toml", ignoring("SHP2"))
    assert found(say) == []


def test_a_finding_goes_by_the_settings_of_the_file_that_it_stands_in(say: Any) -> None:
    write("lib/__init__.py", "")
    write("lib/layers.py", "import torch\nhead = torch.nn.Linear(768, 5)\n")
    write("train.py", "import torch\nfrom lib.layers import head\nhead(torch.zeros(8, 512))\n")
    assert found(say, "train.py") != []
    place = found(say, "train.py")[0]
    write(Path(place).parent / "shapecheck.toml" if "/" in place else "shapecheck.toml", ignoring("SHP2"))
    assert found(say, "train.py") == []


def test_config_names_the_one_file_and_isolated_none(say: Any) -> None:
    write("src/a.py", BROKEN)
    write("src/shapecheck.toml", ignoring("SHP2"))
    write("ci/all.toml", 'per-file-ignores = { "/other" = ["SHP2"] }')
    write("ci/none.toml", 'per-file-ignores = { "/src" = ["SHP2"] }')
    assert found(say) == found(say, "--config", "ci/none.toml") == []
    assert found(say, "--isolated") == found(say, "--config", "ci/all.toml") == ["src/a.py"]
    assert say("check", "--isolated", "--config", "ci/all.toml").code == 2
    assert say("check", "--config", "gone.toml").err == "shapecheck: --config: there is no file gone.toml\n"


def test_settings_begin_with_those_that_they_extend(say: Any) -> None:
    write("shapecheck.toml", 'extend = "shared/base.toml"\nfail-on = "info"\nseverities = { SHP2 = "info" }\n')
    write("shared/base.toml", 'fail-on = "error"\npooling = "mean"\nseverities = { SHP1 = "off", SHP2 = "off" }\n')
    write("a.py", BROKEN)
    assert say("check").code == 1
    here = Lookup().of("a.py")
    assert (here.pooling, here.fail_on) == ("mean", "info")
    assert dict(here.severities) == {"SHP1": "off", "SHP2": "info"}


@pytest.mark.parametrize("extended", ["shapecheck.toml", "./sub/../shapecheck.toml", "b.toml"])
def test_settings_that_extend_each_other_are_refused(say: Any, extended: str) -> None:
    write("shapecheck.toml", f'extend = "{extended}"')
    write("b.toml", 'extend = "shapecheck.toml"')
    said = say("check")
    assert said.code == 2
    assert said.err.endswith("shapecheck.toml extends itself in a circle\n")


def test_settings_that_are_extended_must_be_there(say: Any) -> None:
    write("shapecheck.toml", 'extend = "gone.toml"')
    told = "shapecheck: shapecheck.toml: extend: cannot read gone.toml: No such file or directory\n"
    assert say("check").err == told


def test_a_pyproject_that_is_named_must_have_our_section(say: Any) -> None:
    write("base/pyproject.toml", "[project]\nname = 'shapecheck-user'\n")
    told = "shapecheck: base/pyproject.toml has no [tool.shapecheck]\n"
    assert say("check", "--config", "base/pyproject.toml").err == told
    write("shapecheck.toml", 'extend = "base/pyproject.toml"')
    assert say("check").err == told


def test_the_settings_of_an_imported_file_may_be_wrong_too(say: Any) -> None:
    """They are read where a finding stands in that file, also in another process."""
    write("src/lib/__init__.py", "")
    write("src/lib/layers.py", "import torch\nhead = torch.nn.Linear(768, 5)\n")
    write("src/lib/shapecheck.toml", "jbs = 1")
    write("pyproject.toml", "")
    for name in ("a.py", "b.py"):
        write(f"app/{name}", "import torch\nfrom lib.layers import head\nhead(torch.zeros(8, 512))\n")
    for jobs in ("1", "2"):
        said = say("check", "--jobs", jobs, "app")
        assert (said.code, said.out) == (2, "")
        assert said.err == "shapecheck: src/lib/shapecheck.toml:1: jbs: there is no such key (did you mean jobs?)\n"


def test_standard_input_goes_by_the_settings_of_its_name(
    say: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def piped(*arguments: str) -> list[str]:
        with open(write("text", BROKEN)) as file, monkeypatch.context() as patch:
            patch.setattr("sys.stdin", file)
            return found(say, "-", "--stdin-filename", "src/new.py", *arguments)

    assert piped() == ["src/new.py"]
    assert piped("--force-exclude", "--exclude", "src/") == []
    write("src/shapecheck.toml", ignoring("SHP2"))
    assert piped() == []


# -- the command line --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "arguments", "code"),
    [
        ('fail-on = "error"\nseverities = { SHP2 = "warning" }', [], 0),
        ('fail-on = "error"\nseverities = { SHP2 = "warning" }', ["--fail-on", "warning"], 1),
        ('ignore = ["SHP201"]', [], 0),
        ('ignore = ["SHP201"]', ["--select", "SHP2"], 1),
        ('ignore = ["SHP201"]', ["--extend-select", "SHP201"], 1),
        ('ignore = ["SHP2"]', ["--extend-select", "SHP1"], 0),
        ('severities = { SHP2 = "off" }', [], 0),
        ('severities = { SHP2 = "off" }', ["--select", "SHP201"], 1),
        ('severities = { SHP201 = "off" }', ["--select", "SHP201"], 1),
        ('severities = { SHP201 = "off" }', ["--extend-select", "SHP201"], 1),
        ('severities = { SHP201 = "off" }', ["--extend-select", "SHP1"], 0),
        ('severities = { SHP2 = "off", SHP201 = "warning" }', [], 1),
        ('select = ["SHP2"]', ["--ignore", "SHP201"], 0),
        ('select = ["SHP1"]', [], 0),
        ('select = ["SHP1"]\nextend-select = ["SHP201"]', [], 1),
        ('per-file-ignores = { "a.py" = ["SHP2"] }', ["--select", "SHP201"], 0),
    ],
)
def test_the_command_line_beats_settings_and_settings_beat_defaults(
    say: Any, file: str, arguments: list[str], code: int
) -> None:
    write("shapecheck.toml", file)
    assert say("check", *arguments, write("a.py", BROKEN)).code == code


def test_the_form_of_the_report_is_that_of_the_command_line_else_of_the_settings(say: Any) -> None:
    write("shapecheck.toml", 'output-format = "json"\njobs = 1')
    script = write("a.py", BROKEN)
    assert say("check", script).rules == ["SHP201"]
    assert say("check", "--output-format", "full", script).out.startswith("error[SHP201]")
    assert say("check", "--diff", script).out.startswith("--- a/a.py")


def test_a_pooling_that_settings_name_makes_its_fix_safe(say: Any) -> None:
    write("shapecheck.toml", 'pooling = "cls"')
    broken = Path(__file__).parents[1] / "fixtures" / "scripts" / "module_cls_broken.py"
    script = write("train.py", broken.read_text())
    assert say("check", "--fix", script).code == 0
    assert "hidden[:, 0]" in script.read_text()


# -- what settings decide ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("severity", ["error", "warning", "info"])
def test_severities_hold_in_every_form_of_the_report(say: Any, severity: str) -> None:
    write("shapecheck.toml", f'severities = {{ SHP201 = "{severity}" }}\nfail-on = "warning"')
    script = write("a.py", BROKEN)
    said = say("check", "--output-format", "json", script)
    assert said.code == (severity != "info")
    assert [finding["severity"] for finding in said.report["findings"]] == [severity]
    assert said.report["summary"][f"{severity}s"] == 1
    assert say("check", script).out.startswith(f"{severity}[SHP201]")
    level = {"info": "note"}.get(severity, severity)
    (result,) = json.loads(say("check", "--output-format", "sarif", script).out)["runs"][0]["results"]
    assert result["level"] == level
    assert say("check", "--output-format", "github", script).out.startswith(f"::{level.replace('note', 'notice')} ")


@pytest.mark.parametrize(
    ("pattern", "left"),
    [
        ("tests/", ["a.py", "src/b.py"]),
        ("*.py", []),
        ("/src/*.py", ["a.py", "src/tests/c.py"]),
        ("!src/", ["src/b.py", "src/tests/c.py"]),
        ("**/tests/[abc].py", ["a.py", "src/b.py"]),
    ],
)
def test_rules_are_off_in_the_files_that_a_pattern_fits(say: Any, pattern: str, left: list[str]) -> None:
    for path in ("a.py", "src/b.py", "src/tests/c.py"):
        write(path, BROKEN)
    write("shapecheck.toml", f'per-file-ignores = {{ "{pattern}" = ["SHP2"] }}')
    assert sorted(found(say)) == left


@pytest.mark.parametrize("comment", ["ignore[SHP201]", "ignore[SHP2]", "ignore"])
def test_a_comment_for_a_rule_that_is_off_in_the_file_is_not_unused(say: Any, comment: str) -> None:
    script = write("a.py", BROKEN.replace("768, 5)", f"768, 5)  # shapecheck: {comment}"))
    write("b.py", FINE.replace("768, 5)", f"768, 5)  # shapecheck: {comment}"))
    write("shapecheck.toml", 'per-file-ignores = { "a.py" = ["SHP201"] }')
    assert found(say) == ["b.py"]
    assert found(say, "--select", "SHP2,SHP901", str(script)) == []


@pytest.mark.parametrize("text", ['ignore = ["SHP902"]', 'per-file-ignores = { "*" = ["SHP9"] }'])
def test_a_file_that_does_not_parse_is_not_checked_where_that_is_no_finding(say: Any, text: str) -> None:
    write("shapecheck.toml", 'select = ["SHP1"]')
    assert say("check", write("a.py", "def f(:\n")).code == 1
    write("shapecheck.toml", text)
    said = say("check", "--output-format", "json", "a.py")
    assert (said.code, said.rules) == (0, [])
    (place,) = said.report["not_checked"]
    assert (place["path"], place["line"]) == ("a.py", 1)


@pytest.mark.parametrize(("version", "rules"), [("3.5.1", []), ("4.57", ["SHP504"]), ("5", ["SHP504"])])
def test_the_version_of_transformers_says_whether_models_return_tuples(
    say: Any, version: str, rules: list[str]
) -> None:
    script = write("a.py", TUPLES)
    write("requirements.txt", "transformers<4\n" if rules else "transformers>=5\n")
    before = say("check", "--output-format", "json", script).rules
    write("shapecheck.toml", f'transformers-version = "{version}"')
    after = say("check", "--output-format", "json", script).rules
    assert (bool(before), bool(after)) == (not rules, bool(rules))


def test_excludes_and_gitignore_hold_for_a_search(say: Any) -> None:
    for path in ("a.py", "gen/b.py", "out/c.py", "build/d.py"):
        write(path, BROKEN)
    write(".gitignore", "out\n")
    write("shapecheck.toml", 'extend-exclude = ["gen/"]')
    assert found(say) == ["a.py"]
    assert found(say, "gen/b.py") == ["gen/b.py"]
    assert found(say, "--force-exclude", "gen/b.py") == []
    assert sorted(found(say, "--no-respect-gitignore")) == ["a.py", "out/c.py"]
    assert sorted(found(say, "--exclude", "*.txt")) == ["a.py", "build/d.py"]
    assert found(say, "--extend-exclude", "a.py,nothing") == []


def test_outcomes_are_kept_where_the_settings_say_and_removed_there(say: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SHAPECHECK_CACHE_DIR")
    write("shapecheck.toml", 'cache-dir = ".cache"')
    say("check", write("src/a.py", FINE))
    assert Path(".cache").is_dir()
    monkeypatch.chdir("src")
    assert say("clean").out.startswith("removed the outcome of 1 file from ")


# -- what a script is traced with --------------------------------------------------------------------------------------

TABLES = """
[[run]]
timeout = 30
env = { A = "1", B = "2" }
[[run]]
paths = ["train_*.py", "jobs/"]
args = ["--epochs", "1"]
env = { B = "3" }
python = "../venv/bin/python"
[[run]]
paths = ["/jobs/long.py"]
timeout = 600
memory = 4096
inputs = { ids = "int64[batch,16]", use_cache = false }
[[run]]
paths = ["none.py"]
args = []
"""


def test_later_tables_stand_over_earlier_ones(tmp_path: Path) -> None:
    (tmp_path / "shapecheck.toml").write_text(TABLES)
    lookup = Lookup()
    other, short, long = (lookup.run_of(tmp_path / name) for name in ("x.py", "train_a.py", "jobs/long.py"))
    assert (other.timeout, other.args, dict(other.env)) == (30, None, {"A": "1", "B": "2"})
    assert (short.timeout, short.args, dict(short.env)) == (30, ("--epochs", "1"), {"A": "1", "B": "3"})
    assert Path(short.python or "").resolve() == tmp_path.parent / "venv" / "bin" / "python"
    assert (long.timeout, long.memory, long.args) == (600, 4096, ("--epochs", "1"))
    assert lookup.run_of(tmp_path / "jobs" / "none.py").args == ()
    assert dict(long.inputs) == {"ids": "int64[batch,16]", "use_cache": "False"}


SCRIPT = """\
import os, sys
import torch
layer = torch.nn.Linear(int(os.environ["WIDTH"]), 5)
layer(torch.zeros(8, int(sys.argv[1])))
"""
MODEL = """\
import torch
class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.head = torch.nn.Linear(100, 3)
    def forward(self, features):
        return self.head(features)
"""


def test_a_script_is_run_with_its_arguments_and_variables(say: Any) -> None:
    script = write("train.py", SCRIPT)
    write("shapecheck.toml", '[[run]]\npaths = ["train.py"]\nargs = ["512"]\nenv = { WIDTH = "300" }')
    told = say("run", "--output-format", "json", script)
    assert told.rules == ["SHP201"]
    assert "(8x512 and 300x5)" in told.report["trace"]["error"]["message"]
    assert say("run", "--output-format", "json", script, "--", "300").rules == []


@pytest.mark.parametrize("off", ['ignore = ["SHP201"]', 'per-file-ignores = { "*.py" = ["SHP2"] }'])
def test_a_script_that_raises_over_what_settings_silence_exits_with_0(say: Any, off: str) -> None:
    script = write("train.py", BROKEN)
    assert say("run", script).code == 1
    write("shapecheck.toml", off)
    said = say("run", "--output-format", "json", script)
    assert (said.code, said.rules, said.report["trace"]["status"]) == (0, [], "raised")


def test_a_model_that_is_only_defined_gets_its_inputs(say: Any) -> None:
    script = write("net.py", MODEL)
    tables = '[[run]]\ninputs = { features = "float32[batch,300]", other = 1 }'
    write("shapecheck.toml", f'torch-version = "1.13"\n{tables}')
    ran = say("run", "--output-format", "json", script)
    assert ran.rules == ["SHP201"]
    assert any(told.endswith("where the settings say 1.13") for told in ran.report["assumptions"])
    told = "no model of the script takes the input other that the settings name"
    assert (
        told
        in say("run", "--output-format", "json", write("good.py", MODEL.replace("100", "300"))).report["assumptions"]
    )
    assert say("trace", f"{script}::Net").code == 1
    assert say("trace", "--input", "features=float32[2,100]", f"{script}::Net").code == 0
    assert say("trace", "--isolated", f"{script}::Net").code == 0


def test_a_script_that_is_excluded_is_run_unless_that_is_forced(say: Any) -> None:
    script = write("legacy/train.py", FINE)
    write("shapecheck.toml", 'exclude = ["legacy"]')
    assert say("run", "--output-format", "json", "--force-exclude", script).report["summary"]["files"] == 0
    assert say("run", "--output-format", "json", script).report["summary"]["files"] == 1


# -- what is wrong -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("selct = []", "1: selct: there is no such key (did you mean select?)"),
        ("per_file_ignores = {}", "1: per_file_ignores: there is no such key (did you mean per-file-ignores?)"),
        ("\njobs = 'two'", '2: jobs: expected a whole number of 0 or more, not "two"'),
        ("jobs = true", "1: jobs: expected a whole number of 0 or more, not true"),
        ("jobs = -1", "1: jobs: expected a whole number of 0 or more, not -1"),
        ("select = 'SHP1'", '1: select: expected a list of rule codes or beginnings of codes, not "SHP1"'),
        ("# why\nselect = [\n 'SHP1',\n 'SHQ1',\n]", "2: select: there is no rule SHQ1 (did you mean SHP1?)"),
        ("ignore = ['SHP1', 5]", "1: ignore[1]: expected a list of rule codes or beginnings of codes, not 5"),
        ("[severities]\nSHP1 = 'of'", '2: severities.SHP1: expected one of error, warning, info, off, not "of"'),
        ("severities = { SHX1 = 'off' }", "1: severities.SHX1: there is no rule SHX1 (did you mean SHP1?)"),
        ("[per-file-ignores]\n'a b/' = 'SHP1'", '2: per-file-ignores."a b/": expected a list of rule codes'),
        (
            "[per-file-ignores]\n'# x' = ['SHP1']",
            '2: per-file-ignores."# x": expected a pattern as in .gitignore, not "# x"',
        ),
        ("exclude = 'build'", '1: exclude: expected a list of patterns as in .gitignore, not "build"'),
        ("fail-on = 'eror'", '1: fail-on: expected one of error, warning, info, not "eror" (did you mean error?)'),
        ("pooling = 'first'", '1: pooling: expected one of cls, mean, max, last, pooler, not "first"'),
        ("torch-version = 2.4", '1: torch-version: expected a version such as "4.57", not 2.4'),
        ("transformers-version = '>=4'", '1: transformers-version: expected a version such as "4.57", not ">=4"'),
        ("transformers-version = 'four'", '1: transformers-version: expected a version such as "4.57", not "four"'),
        ("force-exclude = 'yes'", '1: force-exclude: expected true or false, not "yes"'),
        ("baseline = ''", '1: baseline: expected a path, not ""'),
        ("run = 5", "1: run: expected tables [[tool.shapecheck.run]], not 5"),
        ("[[run]]\n[[run]]\ntimeout = 0", "3: run[1].timeout: expected a number of seconds of 0.1 or more, not 0"),
        ("[[run]]\nmemory = 1.5", "2: run[0].memory: expected a whole number of megabytes of 64 or more, not 1.5"),
        ("[[run]]\narg = []", "2: run[0].arg: there is no such key (did you mean args?)"),
        ("[[run]]\nenv = { A = 1 }", "2: run[0].env.A: expected a text, under the name of a variable, not 1"),
        ("[[run]]\nenv = { LD_PRELOAD = 'a.so' }", "2: run[0].env.LD_PRELOAD: it is read when Python starts, before"),
        ("[[run]]\ninputs = { x = 'int65[2]' }", "2: run[0].inputs.x: int65 is no dtype; one of float32"),
        ("[[run]]\ninputs = { x = [1] }", "2: run[0].inputs.x: expected a dtype with sizes"),
        ("\n\nselect = [", "3: not TOML: "),
        ("a = 1\na = 2", "2: not TOML: cannot overwrite a value"),
        ("x = '\udcff'", "1: not UTF-8 text, which TOML must be"),
    ],
)
@pytest.mark.parametrize("name", ["shapecheck.toml", "pyproject.toml"])
def test_what_is_wrong_is_told_in_a_sentence_with_file_line_and_key(
    say: Any, name: str, text: str, sentence: str
) -> None:
    line, _, told = sentence.partition(": ")
    if name == "pyproject.toml":
        text = text.replace("[[", "[[tool.shapecheck.").replace("[severities]", "[tool.shapecheck.severities]")
        text = text.replace("[per-file-ignores]", "[tool.shapecheck.per-file-ignores]")
        text = text if "[tool" in text else f"[tool.shapecheck]\n{text}"
        line = str(int(line) + text.startswith("[tool.shapecheck]"))
        told = told if told.startswith("not ") else f"tool.shapecheck.{told}"
    write(name, text.encode("utf-8", "surrogateescape"))
    write("a.py", BROKEN)
    said = say("check")
    assert said.code == 2 and said.out == ""
    assert said.err.startswith(f"shapecheck: {name}:{line}: {told}")
    assert said.err.count("\n") == 1


def test_a_pyproject_that_is_not_ours_may_be_broken(say: Any) -> None:
    write("pyproject.toml", "[tool.other\n")
    assert say("check", write("a.py", FINE)).code == 0


def test_a_wrong_file_in_a_folder_below_is_told_before_anything_is_looked_at(say: Any) -> None:
    write("a.py", BROKEN)
    write("sub/b.py", BROKEN)
    write("sub/shapecheck.toml", "jbs = 1")
    said = say("check", "--jobs", "2")
    assert (said.code, said.out) == (2, "")
    assert said.err == "shapecheck: sub/shapecheck.toml:1: jbs: there is no such key (did you mean jobs?)\n"


SETTERS = {
    "jobs": ["jobs = 1", '"jobs" = 1', "jobs = [\n 1,\n # jobs = 2\n]", 'jobs = """\n[x]\njobs = 3\n"""'],
    "exclude": ["exclude = []", "exclude = ['jobs',\n'run']"],
    "severities": ["severities = { a = 1 }", "[severities]\na = 1", "severities.a = 1"],
    "run": ["[[run]]\na = 1", "run = [{ a = 1 }]"],
}


@given(st.data())
def test_the_line_of_a_key_is_where_its_statement_begins(data: st.DataObject) -> None:
    keys = data.draw(st.permutations(sorted(SETTERS)))
    statements = {key: data.draw(st.sampled_from(SETTERS[key])) for key in keys}
    ordered = sorted(keys, key=lambda key: statements[key].startswith("["))  # tables come last
    text, lines = "", {}
    for key in ordered:
        text += data.draw(st.sampled_from(["", "\n", "# jobs = 5\n\n", "  # exclude\n"]))
        lines[key] = text.count("\n") + 1
        text += statements[key] + "\n"
    assert {key: files.line_of(text, (key,)) for key in keys} == lines


# -- what crosses to others --------------------------------------------------------------------------------------------


def test_a_lookup_says_the_same_in_another_process(tmp_path: Path) -> None:
    (tmp_path / "shapecheck.toml").write_text('per-file-ignores = { "a.py" = ["SHP1"] }\npooling = "mean"')
    lookup = Lookup.of_command({"ignore": ("SHP2",)})
    other = pickle.loads(pickle.dumps(lookup))
    settings._of_its_own.cache_clear()
    settings._rules.cache_clear()
    for path in (str(tmp_path / "a.py"), str(tmp_path / "b.py")):
        assert lookup.key(path) == other.key(path)
    assert lookup.key(str(tmp_path / "a.py")) != lookup.key(str(tmp_path / "b.py"))


def test_the_digest_of_a_file_follows_what_decides_on_its_findings(tmp_path: Path) -> None:
    def digest(text: str) -> str:
        (tmp_path / "shapecheck.toml").write_text(text)
        return Lookup().key(str(tmp_path / "a.py"))

    plain = digest("")
    assert digest('fail-on = "error"\njobs = 2\nexclude = ["x"]\noutput-format = "json"\n[[run]]\ntimeout = 5') == plain
    others = [
        'select = ["SHP1"]',
        'ignore = ["SHP1"]',
        'severities = { SHP1 = "info" }',
        'per-file-ignores = { "*" = ["SHP1"] }',
        'transformers-version = "3.0"',
        'pooling = "cls"',
    ]
    assert len({plain, *map(digest, others)}) == len(others) + 1


def test_a_new_lookup_sees_what_changed_in_a_file(tmp_path: Path) -> None:
    script = tmp_path / "a.py"
    assert Lookup().of(script).pooling is None
    (tmp_path / "shapecheck.toml").write_text('pooling = "cls"')
    assert Lookup().of(script).pooling == "cls"
    with pytest.raises(UsageError, match="there is no file"):
        Lookup.of_command({}, str(tmp_path / "gone.toml"))


# -- shapecheck config -------------------------------------------------------------------------------------------------


def told(say: Any, *arguments: str) -> dict[str, tuple[Any, str]]:
    document = json.loads(say("config", "--output-format", "json", *arguments).out)
    return {key: (one["value"], one["origin"]) for key, one in document["settings"].items()}


def test_config_shows_every_key_its_value_and_where_it_comes_from(say: Any) -> None:
    write("base.toml", 'ignore = ["SHP3"]\nextend-exclude = ["old/"]\njobs = 2\n')
    write(
        "shapecheck.toml",
        'extend = "base.toml"\nextend-exclude = [\n  "gen/",\n]\n[[run]]\npaths = ["a*.py"]\nargs = []\n',
    )
    write("sub/pyproject.toml", "\n[tool.shapecheck]\nper-file-ignores = { 'a.py' = ['SHP1'] }\njobs = 7\n")
    write("sub/a.py", "")
    here, below = told(say), told(say, "sub/a.py")
    assert list(here) == list(keys_of())
    assert here["extend-exclude"] == (["old/", "gen/"], "base.toml:2, shapecheck.toml:2")
    assert here["ignore"] == (["SHP3"], "base.toml:1")
    assert here["run"] == ([{"paths": ["a*.py"], "args": []}], "shapecheck.toml:5")
    assert here["fail-on"] == ("warning", "default")
    assert below["per-file-ignores"] == ({"a.py": ["SHP1"]}, "sub/pyproject.toml:3")
    assert below["ignore"] == ([], "default")
    assert below["jobs"] == (2, "base.toml:3")
    assert told(say, "--jobs", "3")["jobs"] == (3, "command line")
    assert told(say, "--ignore", "SHP1")["ignore"] == (["SHP3", "SHP1"], "base.toml:1, command line")
    assert told(say, "--isolated")["jobs"] == (0, "default")
    assert told(say)["cache-dir"][1] == "environment"


def test_config_is_a_table_to_read(say: Any) -> None:
    write("shapecheck.toml", 'pooling = "mean"\nper-file-ignores = { "a.py" = ["SHP1", "SHP6"] }')
    write("a.py", "")
    said = say("config", "a.py")
    assert said.code == 0
    lines = said.out.splitlines()
    assert lines[0] == "settings of a.py: shapecheck.toml"
    assert [line.split(maxsplit=2) for line in lines if line.startswith("  pooling")] == [
        ["pooling", "shapecheck.toml:1", '"mean"']
    ]
    assert any(line.split() == ["torch-version", "default", "not", "known"] for line in lines)
    assert lines[-1] == "off in this file: SHP1, SHP6"
    assert say("config", "gone.py").err == "shapecheck: gone.py does not exist\n"
