"""`shapecheck check` and `shapecheck rule` from the outside: what is printed where, and the exit code."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from shapecheck import engine, interp
from shapecheck.cli import cli
from shapecheck.graph import ShapeGraph
from shapecheck.source import Source
from tests.saying import BROKEN, FINE, Said, write

ROOT = Path(__file__).parents[1]


def test_a_script_whose_shapes_fit_exits_with_0(say: Any) -> None:
    said = say("check", write("fine.py", FINE))
    assert (said.code, said.err) == (0, "")
    assert said.out.startswith("nothing found; 1 file in ")


def test_a_script_whose_shapes_do_not_fit_exits_with_1_and_shows_the_line(say: Any) -> None:
    said = say("check", write("train.py", BROKEN))
    assert said.code == 1
    assert "error[SHP201] linear-in-features: " in said.out
    assert "train.py:" in said.out


def test_json_stands_alone_on_standard_output(say: Any) -> None:
    said = say("check", "--output-format", "json", write("train.py", BROKEN))
    assert said.rules == ["SHP201"]
    assert said.report["trace"]["status"] is None
    assert said.report["stages"]
    assert said.err == ""


def test_the_stages_of_a_tree_are_in_the_json_only_if_asked_for(say: Any) -> None:
    write("deep/a.py", BROKEN)
    assert say("check", "--output-format", "json", "deep").report["stages"] == []
    assert say("check", "--output-format", "json", "--verbose", "deep").report["stages"]


def test_without_paths_the_folder_is_checked(say: Any) -> None:
    write("a.py", BROKEN)
    write("deep/b.py", BROKEN)
    assert say("check", "--output-format", "json").report["summary"]["files"] == 2


def test_a_path_that_does_not_exist_is_one_sentence_and_2(say: Any) -> None:
    assert say("check", "nowhere.py") == Said(2, "", "shapecheck: nowhere.py does not exist\n")


def test_a_folder_without_python_files_is_said_to_be_one(say: Any) -> None:
    Path("empty").mkdir()
    said = say("check", "empty")
    assert said.code == 0
    assert "no Python files" in said.out


def test_an_unknown_option_names_the_nearest(say: Any) -> None:
    said = say("check", "--poolin", "cls")
    assert (said.code, said.out) == (2, "")
    assert said.err == "shapecheck: No such option '--poolin'. Did you mean '--pooling'?\n"


def test_an_unknown_command_is_one_sentence(say: Any) -> None:
    said = say("chekc")
    assert said.code == 2
    assert said.err.count("\n") == 1


def test_a_file_in_place_of_a_command_is_answered_with_the_command_that_takes_it(say: Any) -> None:
    write("train.py", BROKEN)
    said = say("train.py")
    assert (said.code, said.out) == (2, "")
    assert said.err == "shapecheck: train.py is no command: did you mean shapecheck check train.py?\n"


def test_an_unknown_rule_is_one_sentence(say: Any) -> None:
    said = say("check", "--select", "SHQ201")
    assert (said.code, said.err) == (2, "shapecheck: there is no rule SHQ201 (did you mean SHP201?)\n")


def test_a_syntax_error_is_a_finding_at_its_place_and_the_others_are_checked(say: Any) -> None:
    write("broken.py", "x = 1\ny = (\n")
    write("train.py", BROKEN)
    said = say("check", "--output-format", "json")
    assert said.code == 1
    assert sorted(said.rules) == ["SHP201", "SHP902"]
    (finding,) = (f for f in said.report["findings"] if f["rule"] == "SHP902")
    assert (finding["path"], finding["line"], finding["column"]) == ("broken.py", 2, 5)


def test_a_file_that_does_not_decode_is_a_finding_and_the_others_are_checked(say: Any) -> None:
    write("latin.py", b"x = 1\nname = 'Ren\xe9'\n")
    write("train.py", BROKEN)
    said = say("check", "--output-format", "json")
    assert (said.code, sorted(said.rules)) == (1, ["SHP201", "SHP903"])


def test_an_empty_file_is_fine(say: Any) -> None:
    assert say("check", write("empty.py", "")).code == 0


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The interpreter fails on files named odd.py."""
    sound = interp.analyze

    def analyze(source: Source, transformers: str | None) -> ShapeGraph:
        if source.path.endswith("odd.py"):
            raise KeyError("a fault of ours")
        return sound(source, transformers)

    monkeypatch.setattr(engine.interp, "analyze", analyze)


@pytest.mark.usefixtures("failing")
def test_our_own_failure_on_one_file_exits_with_2_and_the_others_are_checked(say: Any) -> None:
    write("odd.py", FINE)
    write("train.py", BROKEN)
    said = say("check", "--jobs", "1", "--output-format", "json")
    assert (said.code, said.rules) == (2, ["SHP201"])
    assert said.err.startswith("shapecheck: failed on odd.py with KeyError: 'a fault of ours'")
    assert "report it" in said.err
    assert any("shapecheck itself failed" in place["reason"] for place in said.report["not_checked"])


@pytest.mark.usefixtures("failing")
def test_exit_zero_does_not_hide_our_own_failure(say: Any) -> None:
    assert say("check", "--exit-zero", write("odd.py", FINE)).code == 2


def test_exit_zero_hides_findings(say: Any) -> None:
    assert say("check", "--exit-zero", write("train.py", BROKEN)).code == 0


def test_fail_on_decides_what_exits_with_1(say: Any) -> None:
    write("train.py", FINE.replace("768))", "768))  # shapecheck: ignore[SHP201]"))
    assert say("check", "train.py").code == 1
    assert say("check", "--fail-on", "error", "train.py").code == 0


def test_rules_are_chosen_by_prefix(say: Any) -> None:
    write("train.py", BROKEN)
    assert say("check", "--select", "SHP1", "train.py").code == 0
    assert say("check", "--ignore", "SHP2", "train.py").code == 0
    assert say("check", "--select", "SHP1", "--extend-select", "SHP201", "train.py").code == 1


def test_a_comment_silences_a_finding(say: Any) -> None:
    mute = "  # shapecheck: ignore[SHP201]\n"
    found = say("check", "--output-format", "json", write("train.py", BROKEN)).report["findings"][0]["line"]
    lines = BROKEN.splitlines()
    lines[found - 1] += mute.rstrip()
    assert say("check", "--output-format", "json", write("train.py", "\n".join(lines))).rules == []


def test_what_comments_silence_is_listed_on_request_with_the_reasons(say: Any) -> None:
    write("train.py", BROKEN.replace("5)\n", "5)  # shapecheck: ignore[SHP201] -- a narrow model\n"))
    assert "suppressed" not in say("check", "train.py").out
    said = say("check", "--show-suppressed", "train.py")
    assert said.code == 0
    assert "suppressed: train.py:2:25: SHP201 linear-in-features -- a narrow model\n" in said.out
    (listed,) = say("check", "--output-format", "json", "train.py").report["suppressed"]
    assert (listed["rule"], listed["line"], listed["comment_line"]) == ("SHP201", 2, 2)
    assert listed["reason"] == "a narrow model"


def test_of_a_comment_that_is_idle_in_part_fix_leaves_the_rest(say: Any) -> None:
    text = BROKEN.replace("5)\n", "5)  # shapecheck: ignore[SHP201, SHP301] -- a narrow model\n")
    script = write("train.py", text)
    assert say("check", "--fix", script).code == 0
    assert script.read_text() == text.replace(", SHP301", "")


def test_a_comment_that_only_an_importing_file_needs_is_not_idle_without_that_file(say: Any) -> None:
    head = "import torch\n\n\nclass Head(torch.nn.Module):\n    def __init__(self):\n        super().__init__()\n"
    body = "        self.score = torch.nn.Linear(768, 5)  # shapecheck: ignore[SHP201]\n\n"
    write("model.py", head + body + "    def forward(self, x):\n        return self.score(x)\n")
    for name, width in (("narrow", 512), ("wide", 768)):
        write(f"{name}.py", f"import torch\nfrom model import Head\nscores = Head()(torch.zeros(8, {width}))\n")
    assert say("check", "wide.py").code == 0
    assert say("check", ".").code == 0
    assert say("check", "model.py", "wide.py", "--output-format", "json").rules == ["SHP901"]


def test_standard_input_is_named_by_its_option() -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "shapecheck",
            "check",
            "-",
            "--stdin-filename",
            "src/train.py",
            "--output-format",
            "json",
        ],
        input=BROKEN.encode(),
        capture_output=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 1
    (finding,) = json.loads(done.stdout)["findings"]
    assert (finding["rule"], finding["path"]) == ("SHP201", "src/train.py")


def test_standard_input_beside_a_path_is_refused(say: Any) -> None:
    said = say("check", "-", "train.py")
    assert (said.code, said.err) == (2, "shapecheck: '-' reads standard input and cannot stand beside other paths\n")


def test_a_report_goes_to_a_file(say: Any) -> None:
    said = say("check", "--output-format", "json", "--output-file", "report.json", write("train.py", BROKEN))
    assert (said.code, said.out) == (1, "")
    assert json.loads(Path("report.json").read_text())["summary"]["errors"] == 1


def test_a_report_that_cannot_be_written_is_one_sentence(say: Any) -> None:
    said = say("check", "--output-file", "no/such/folder.txt", write("train.py", BROKEN))
    assert said.code == 2
    assert said.err == "shapecheck: cannot write no/such/folder.txt: No such file or directory\n"


@pytest.mark.skipif(sys.platform != "linux", reason="names of any bytes")
@pytest.mark.parametrize("name", ["line\nend.py", os.fsdecode(b"latin-\xe9.py"), "emoji \U0001f600.py"], ids=ascii)
def test_a_file_may_have_any_name(say: Any, name: str) -> None:
    script = write(f"src/{name}", BROKEN)
    (finding,) = say("check", "--output-format", "json", "--jobs", "2").report["findings"]
    assert os.fsencode(finding["path"]) == os.fsencode(script)
    assert say("check", "--output-format", "json", "--output-file", "report.json").code == 1
    assert json.loads(Path("report.json").read_text(encoding="utf-8"))["findings"] == [finding]
    assert say("check", "--output-file", "report.txt").code == 1
    assert os.fsencode(script) in Path("report.txt").read_bytes()
    assert say("check", "--diff", script).out.startswith("--- a/src/")


def test_statistics_count_each_rule(say: Any) -> None:
    write("a.py", BROKEN)
    write("b.py", BROKEN)
    said = say("check", "--statistics").out
    assert said.startswith("    2  SHP201  [*]  linear-in-features\n[*] fixable with `--fix`\n")
    assert "-->" not in said
    (count,) = say("check", "--statistics", "--output-format", "json").report["statistics"]
    assert count == {"rule": "SHP201", "name": "linear-in-features", "count": 2, "fixable": 2}


def test_quiet_prints_the_findings_alone(say: Any) -> None:
    assert say("check", "-q", write("fine.py", FINE)).out == ""


def test_verbose_prints_every_shape_that_is_known(say: Any) -> None:
    assert "(8, 768)" in say("check", "-v", write("fine.py", FINE)).out


def test_several_processes_say_what_one_says(say: Any) -> None:
    for number in range(6):
        write(f"file{number}.py", BROKEN if number % 2 else FINE)
    one, two = (say("check", "--jobs", jobs, "--output-format", "json").report for jobs in ("1", "2"))
    assert one["findings"] == two["findings"]
    assert one["stages"] == two["stages"]
    assert one["summary"]["errors"] == 3


def test_no_cache_is_accepted(say: Any) -> None:
    assert say("check", "--no-cache", write("fine.py", FINE)).code == 0


def test_colors_are_kept_from_pipes_and_given_on_request(say: Any) -> None:
    write("train.py", BROKEN)
    assert "\x1b[" not in say("check", "train.py").out
    assert "\x1b[" in say("check", "--color", "always", "train.py").out


UNPOOLED = (ROOT / "fixtures" / "scripts" / "module_cls_broken.py").read_text()


def test_a_diff_shows_what_fix_would_write_and_writes_nothing(say: Any) -> None:
    script = write("train.py", UNPOOLED)
    said = say("check", "--diff", "--pooling", "cls", script)
    assert said.code == 1
    assert said.out.startswith("--- a/train.py\n+++ b/train.py\n@@ ")
    assert "-    logits = classifier(hidden)" in said.out
    assert "+    logits = classifier(hidden[:, 0])" in said.out
    assert script.read_text() == UNPOOLED


def test_a_diff_applied_is_what_fix_writes(say: Any) -> None:
    script = write("train.py", UNPOOLED)
    diff = say("check", "--diff", "--pooling", "mean", script).out
    subprocess.run(["git", "apply", "-"], input=diff.encode(), check=True)
    patched = script.read_bytes()
    script.write_text(UNPOOLED)
    say("check", "--fix", "--pooling", "mean", script)
    assert script.read_bytes() == patched


def test_fix_says_what_it_wrote(say: Any) -> None:
    said = say("check", "--fix", "--pooling", "cls", write("train.py", UNPOOLED))
    assert said.code == 0
    assert "fixed train.py: pool with the [CLS] token (SHP101)\n" in said.out


def test_fix_keeps_encoding_byte_order_mark_and_line_ends(say: Any) -> None:
    text = UNPOOLED.replace("Forty minutes", "Quarante minutes, c'était long")
    script = write("train.py", b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    say("check", "--fix", "--pooling", "cls", script)
    data = script.read_bytes()
    assert data.startswith(b'\xef\xbb\xbf"""')
    assert "c'était".encode() in data
    assert b"hidden[:, 0]" in data
    assert data.count(b"\n") == data.count(b"\r\n")


def test_an_unused_comment_is_removed_by_fix(say: Any) -> None:
    script = write("fine.py", FINE.replace("768))", "768))  # shapecheck: ignore[SHP201]"))
    assert say("check", "--fix", script).code == 0
    assert script.read_text() == FINE


def test_unsafe_fixes_apply_the_first_proposal(say: Any) -> None:
    script = write("train.py", UNPOOLED)
    assert say("check", "--fix", "--unsafe-fixes", script).code == 0
    assert "hidden[:, 0]" in script.read_text()


def test_options_that_contradict_each_other_are_refused(say: Any) -> None:
    assert say("check", "--quiet", "--verbose").code == 2
    assert say("check", "--diff", "--output-format", "json").code == 2


def test_rule_prints_the_rule_book(say: Any) -> None:
    said = say("rule", "SHP101")
    assert said.code == 0
    assert said.out.startswith("# SHP101 unpooled-classifier\n")
    assert "## Why is this bad" in said.out


def test_rule_all_lists_every_rule(say: Any) -> None:
    listed = say("rule", "--all").out.splitlines()
    assert len(listed) == len(list((ROOT / "rules").glob("SHP*.md")))
    assert listed[0].split()[0] == "SHP101"


def test_rule_is_rendered_where_colors_are(say: Any) -> None:
    said = say("rule", "SHP101", "--color", "always")
    plain = click.unstyle(said.out)
    assert plain != said.out
    assert plain.startswith("SHP101 unpooled-classifier\n\nSeverity: error. Fix: unsafe.")
    assert "\n    logits = classifier(hidden[:, 0])\n" in plain
    assert not set("#`") & set(plain)


def test_a_rendered_rule_has_all_the_words_of_its_text_and_fits_the_terminal(
    say: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    rendered = click.unstyle(say("rule", "SHP101", "--color", "always").out)
    raw = re.sub(r"^```.*\n|^#+ |`", "", say("rule", "SHP101", "--color", "never").out, flags=re.MULTILINE)
    assert rendered.split() == raw.split()
    assert max(len(line) for line in rendered.splitlines() if not line.startswith("    ")) <= 60


@pytest.mark.parametrize(("arguments", "sentence"), [(["SHQ101"], "there is no rule SHQ101"), ([], "name one rule")])
def test_rule_without_a_rule_is_one_sentence(say: Any, arguments: list[str], sentence: str) -> None:
    said = say("rule", *arguments)
    assert said.code == 2
    assert sentence in said.err


def test_help_names_every_command() -> None:
    listed = CliRunner().invoke(cli, ["--help"]).output
    assert all(command in listed for command in cli.commands)
    assert "..." not in listed.split("Commands:")[1]


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--output-format", "json", "a.py"), "--each prints one report after another"),
        (("--output-file", "report.txt", "a.py"), "--each prints one report after another"),
        (("a.py", "--", "b.py"), "b.py does not exist, and with --each every argument is a script"),
    ],
)
def test_each_script_needs_a_report_of_its_own_and_a_file(
    words: tuple[str, ...], why: str, say: Any, tmp_path: Path
) -> None:
    (tmp_path / "a.py").write_text(FINE)
    said = say("run", "--each", *words)
    assert said.code == 2
    assert why in said.err
    assert said.out == ""
