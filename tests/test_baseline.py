"""Findings that are known already: what brings one back, what hides none, and the file that they are kept in."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shapecheck.baseline import Baseline
from shapecheck.engine import Options, check_data
from shapecheck.findings import Finding
from shapecheck.places import Span
from shapecheck.results import Outcome
from shapecheck.selection import Selection
from tests.saying import BROKEN, FINE, write


def findings_in(text: str, path: str = "train.py", rule: str = "SHP201") -> list[Finding]:
    """A finding on each line that calls `bad`."""
    at = [(number, line.find("bad(") + 1) for number, line in enumerate(text.splitlines(), 1)]
    return [Finding(rule, "name", "error", "m", Span(path, n, c, n, c + 3), entry=path) for n, c in at if c]


def baseline_of(text: str, path: str = "train.py") -> Baseline:
    empty = Baseline(Path("baseline.json"), Counter())
    matched = empty.match(findings_in(text, path), {path: text})
    return empty.renewed(matched, Counter(), {path: text})


def new_in(text: str, baseline: Baseline, path: str = "train.py") -> list[int]:
    """The lines of the findings that are reported."""
    return [found.span.line for found in baseline.match(findings_in(text, path), {path: text}).new]


TEXT = "class Net:\n    def forward(self, x):\n        return bad(x, 'a, b')\n\ny = bad(1)\n"


@pytest.mark.parametrize(
    "after",
    [
        TEXT,
        "import os\n\n\n" + TEXT,
        TEXT.replace("\n", "\r\n"),
        TEXT.replace("bad(x, 'a, b')", "bad(x,'a, b')  # a remark"),
        TEXT.replace("        return", "        z = 3\n        if x:\n            return"),
        TEXT.replace("class Net:", "@decorated\nclass Net(\n    Base,\n):"),
        "y = bad(1)\n" + TEXT.removesuffix("y = bad(1)\n"),
    ],
    ids=["unchanged", "shifted", "line ends", "reformatted", "reindented", "other lines", "moved"],
)
def test_an_unrelated_edit_brings_nothing_back(after: str) -> None:
    assert new_in(after, baseline_of(TEXT)) == []


@pytest.mark.parametrize(
    ("after", "line"),
    [
        (TEXT.replace("bad(x, 'a, b')", "bad(x, 'a,b')"), 3),
        (TEXT.replace("forward", "backward"), 3),
        (TEXT.replace("bad(1)", "bad(2)"), 5),
        (TEXT + "y = bad(1)\n", 6),
    ],
    ids=["another text", "another function", "another argument", "one more"],
)
def test_another_finding_is_reported(after: str, line: int) -> None:
    assert new_in(after, baseline_of(TEXT)) == [line]


def test_another_rule_or_file_is_reported() -> None:
    baseline = baseline_of(TEXT)
    assert new_in(TEXT, baseline, "other.py") == [3, 5]
    matched = baseline.match(findings_in(TEXT, rule="SHP301"), {"train.py": TEXT})
    assert (len(matched.new), len(matched.known)) == (2, 0)


FILLER = st.sampled_from(["", "# a remark", "x = 1", "z = good(2)", "if x: pass", "text = '''a'''"])
BAD = st.sampled_from(["a = bad(1)", "a = bad(1)  # with a remark", "b = bad(2)"])


@st.composite
def programs(draw: st.DrawFn) -> list[tuple[str, list[str]]]:
    """The lines of a module and of two functions, each with its name."""
    return [(name, draw(st.lists(FILLER | BAD, max_size=8))) for name in ("", "f", "g")]


def text_of(program: list[tuple[str, list[str]]]) -> str:
    parts = []
    for name, lines in program:
        indent = "    " if name else ""
        parts += [f"def {name}():", "    pass"] if name else []
        parts += [indent + line if line else "" for line in lines]
    return "\n".join(parts) + "\n"


def kinds(program: list[tuple[str, list[str]]]) -> Counter[tuple[str, str]]:
    """How many findings of each content there are."""
    return Counter((name, line.partition("  #")[0]) for name, lines in program for line in lines if "bad(" in line)


@given(programs(), st.data())
def test_lines_that_come_and_go_around_findings_bring_none_back_and_hide_no_new_one(
    before: list[tuple[str, list[str]]], data: st.DataObject
) -> None:
    after = []
    for name, lines in before:
        edited = [line for line in lines if "bad(" in line or data.draw(st.booleans())]
        for line in data.draw(st.lists(FILLER | BAD, max_size=5)):
            edited.insert(data.draw(st.integers(0, len(edited))), line)
        after.append((name, edited))
    text = text_of(after)
    matched = baseline_of(text_of(before)).match(findings_in(text), {"train.py": text})
    lines = text.splitlines()
    reported = Counter(lines[found.span.line - 1].partition("  #")[0].strip() for found in matched.new)
    added = kinds(after) - kinds(before)
    assert reported == Counter(line for _, line in added.elements())
    assert len(matched.known) == kinds(before).total()
    assert not matched.left


CODE = [
    "import torch",
    "class Net(torch.nn.Module):",
    "    def __init__(self):",
    "        super().__init__()",
    "        self.head = torch.nn.Linear(768, 5)",
    "    def forward(self, x):",
    "        return self.head(x)",
    "net = Net()",
    "scores = net(torch.zeros(8, 512))",
]
NEW = "other = torch.nn.Linear(64, 5)(torch.zeros(8, 32))"


@settings(max_examples=25)
@given(
    st.lists(st.tuples(st.integers(0, len(CODE)), st.sampled_from(["", "# a remark", "import os"])), max_size=8),
    st.booleans(),
)
def test_what_a_check_finds_is_known_again_wherever_it_moves_to(edits: list[tuple[int, str]], new: bool) -> None:
    def checked(lines: list[str]) -> Outcome:
        return check_data("\n".join(lines).encode(), "train.py", Options())

    lines = [*CODE, NEW] if new else list(CODE)
    for at, line in sorted(edits, reverse=True):
        indent = re.match(" *", (lines[at] if at < len(lines) else ""))
        lines.insert(at, (indent[0] if indent else "") + line)
    before, after = checked(CODE), checked(lines)
    empty = Baseline(Path("baseline.json"), Counter())
    known = empty.renewed(empty.match(before.findings, before.sources), Counter(), before.sources)
    matched = known.match(after.findings, after.sources)
    assert len(before.findings) == len(matched.known) == 1
    assert [found.span.line for found in matched.new] == [at for at, line in enumerate(lines, 1) if line == NEW]


def test_what_is_left_is_stale_only_where_it_was_looked_for() -> None:
    baseline = baseline_of(TEXT)
    matched = baseline.match([], {})
    everywhere = lambda path: Selection()  # noqa: E731
    write_nothing = Outcome(entries=["train.py"])
    assert baseline.stale(matched.left, write_nothing, everywhere).total() == 2
    assert baseline.stale(matched.left, write_nothing, lambda path: Selection(select=("SHP1",))).total() == 0


@pytest.fixture
def two(say: Any) -> Any:
    """Two files with a fault each, recorded."""
    write("src/a.py", BROKEN)
    write("src/b.py", BROKEN)
    said = say("check", "--baseline", "known.json", "--update-baseline")
    assert said.code == 0
    assert "recorded 2 findings in known.json (2 new, 0 dropped)\n" in said.out
    return say


def test_recorded_findings_are_not_reported_and_counted(two: Any) -> None:
    said = two("check", "--baseline", "known.json")
    assert said.code == 0
    assert "2 findings in known.json are not shown\n" in said.out
    report = two("check", "--baseline", "known.json", "--output-format", "json").report
    assert report["findings"] == []
    assert report["baseline"] == {"path": "known.json", "hidden": 2, "stale": [], "recorded": None}


def test_without_the_option_they_are_reported(two: Any) -> None:
    assert two("check").code == 1


def test_a_new_finding_beside_recorded_ones_is_reported(two: Any) -> None:
    write("src/c.py", BROKEN)
    said = two("check", "--baseline", "known.json", "--output-format", "json")
    assert (said.code, [finding["path"] for finding in said.report["findings"]]) == (1, ["src/c.py"])


def test_it_holds_from_another_folder(two: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    project = Path.cwd()
    monkeypatch.chdir("src")
    assert two("check", ".", "--baseline", "../known.json").code == 0
    monkeypatch.chdir(project.parent)
    assert two("check", project, "--baseline", project / "known.json").code == 0


def test_entries_without_a_finding_are_told_and_change_no_exit_code(two: Any) -> None:
    write("src/a.py", FINE)
    said = two("check", "--baseline", "known.json")
    assert said.code == 0
    assert (
        "1 entry of known.json matches nothing any more: --update-baseline drops them, --verbose lists them\n"
        in said.out
    )
    told = "no longer found: src/a.py: SHP201: layer = torch.nn.Linear(768, 5)\n"
    assert told in two("check", "--verbose", "--baseline", "known.json").out
    assert two("check", "--baseline", "known.json", "--output-format", "json").report["baseline"]["stale"] == [
        {"entry": "src/a.py: SHP201: layer = torch.nn.Linear(768, 5)", "count": 1}
    ]


def test_an_update_drops_what_was_mended_and_keeps_what_was_not_looked_at(two: Any) -> None:
    write("src/a.py", FINE)
    assert "(0 new, 0 dropped)" in two("check", "src/b.py", "--baseline", "known.json", "--update-baseline").out
    assert "(0 new, 0 dropped)" in two("check", "--select", "SHP1", "--baseline", "known.json", "--update-baseline").out
    assert len(json.loads(Path("known.json").read_text())["findings"]) == 2
    said = two("check", "--baseline", "known.json", "--update-baseline")
    assert "recorded 1 finding in known.json (0 new, 1 dropped)\n" in said.out


def test_entries_of_a_deleted_file_are_told_whatever_was_checked(two: Any) -> None:
    Path("src/a.py").unlink()
    assert "1 entry of known.json" in two("check", "src/b.py", "--baseline", "known.json").out


def test_what_an_importing_file_leads_to_is_kept_while_that_file_is_not_checked(say: Any) -> None:
    write(
        "model.py",
        "import torch\n\nclass Net(torch.nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        "        self.head = torch.nn.Linear(768, 5)\n\n    def forward(self, x):\n        return self.head(x)\n",
    )
    write("train.py", "import torch\nfrom model import Net\nscores = Net()(torch.zeros(8, 512))\n")
    found = say("check", "train.py", "--output-format", "json").report["findings"]
    assert [finding["path"] for finding in found] == ["model.py"]
    say("check", "train.py", "--baseline", "known.json", "--update-baseline")
    assert say("check", "train.py", "--baseline", "known.json").code == 0
    assert "matches nothing" not in say("check", "model.py", "--baseline", "known.json").out
    write("train.py", "import torch\nfrom model import Net\nscores = Net()(torch.zeros(8, 768))\n")
    assert "matches nothing" in say("check", "train.py", "--baseline", "known.json").out


def test_the_file_is_the_same_whoever_writes_it(two: Any) -> None:
    first = Path("known.json").read_bytes()
    stamp = Path("known.json").stat().st_mtime_ns
    two("check", "src/b.py", "src/a.py", "--jobs", "2", "--baseline", "known.json", "--update-baseline")
    assert (Path("known.json").read_bytes(), Path("known.json").stat().st_mtime_ns) == (first, stamp)
    assert b"\\\\" not in first and str(Path.cwd()).encode() not in first


def test_a_file_that_cannot_be_read_is_never_recorded(say: Any) -> None:
    write("broken.py", "x = (\n")
    assert say("check", "--baseline", "known.json", "--update-baseline").code == 1
    assert say("check", "--baseline", "known.json").code == 1


def test_fix_mends_new_findings_and_leaves_recorded_ones(two: Any) -> None:
    write("src/c.py", BROKEN)
    assert two("check", "--fix", "--baseline", "known.json").code == 0
    assert Path("src/a.py").read_text() == BROKEN
    assert Path("src/c.py").read_text() != BROKEN


def test_a_baseline_of_a_settings_file_holds_for_its_project(two: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    write("shapecheck.toml", 'baseline = "known.json"\n')
    assert two("check").code == 0
    monkeypatch.chdir("src")
    assert two("check").code == 0
    assert two("check", "--isolated").code == 1
    assert two("check", "--baseline=").code == 1


def test_standard_input_is_held_against_the_file_that_it_is_named_after(
    two: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    import io

    for name, code in (("src/a.py", 0), ("src/other.py", 1)):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"\n\n" + BROKEN.encode())))
        assert two("check", "-", "--stdin-filename", name, "--baseline", "known.json").code == code


def test_a_notebook_keeps_its_findings_when_cells_come_before_them(say: Any) -> None:
    def notebook(*cells: str) -> str:
        made = [
            {"cell_type": "code", "source": c, "metadata": {}, "outputs": [], "execution_count": None} for c in cells
        ]
        return json.dumps({"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})

    write("train.ipynb", notebook(BROKEN))
    assert say("check", "train.ipynb", "--baseline", "known.json", "--update-baseline").code == 0
    write("train.ipynb", notebook("x = 1\ny = 2", "%matplotlib inline", BROKEN))
    assert say("check", "train.ipynb", "--baseline", "known.json").code == 0


def test_entries_of_a_file_that_cannot_be_parsed_are_not_missed(two: Any) -> None:
    write("src/a.py", "x = (\n")
    said = two("check", "--baseline", "known.json", "--update-baseline")
    assert said.code == 1
    assert "recorded 2 findings in known.json (0 new, 0 dropped)\n" in said.out


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('{"version": 1, "findings": [\n<<<<<<< HEAD\n', "is broken: expecting value in line 2"),
        ("[]", "is broken: it is no list of findings"),
        ('{"version": 9, "findings": []}', "is broken: its version is 9, and this shapecheck knows 1"),
        (
            '{"version": 1, "findings": [{"path": "a.py"}]}',
            "is broken: finding 1 does not have the keys path, rule, scope,",
        ),
        (
            '{"version": 1, "findings": [{"path": "a", "rule": "b", "scope": "", "text": "", "count": 0}]}',
            "is broken: finding 1 has a value of another kind",
        ),
        (b"\xff\xfe\x00", "is broken: "),
    ],
)
@pytest.mark.parametrize("update", [[], ["--update-baseline"]], ids=["read", "update"])
def test_a_broken_baseline_is_one_sentence(say: Any, content: str | bytes, words: str, update: list[str]) -> None:
    file = write("known.json", content)
    write("a.py", BROKEN)
    before = file.read_bytes()
    said = say("check", "--baseline", "known.json", *update)
    assert (said.code, said.out, said.err.count("\n")) == (2, "", 1)
    assert f"the baseline known.json {words}" in said.err
    assert file.read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--baseline", "none.json"], "there is no baseline none.json: --update-baseline writes it"),
        (
            ["--update-baseline"],
            "--update-baseline wants to know which: --baseline FILE, or `baseline` in the settings",
        ),
        (
            ["--baseline", "none.json", "--update-baseline", "--since", "HEAD"],
            "--update-baseline records every finding: leave out --since and --diff",
        ),
        (["--baseline", "."], "cannot read the baseline .: Is a directory"),
        (["--baseline", "no/folder/known.json", "--update-baseline"], "cannot write the baseline no/folder/known.json"),
    ],
)
def test_a_wrong_call_is_one_sentence(say: Any, arguments: list[str], sentence: str) -> None:
    write("a.py", BROKEN)
    said = say("check", "a.py", *arguments)
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith(f"shapecheck: {sentence}")
