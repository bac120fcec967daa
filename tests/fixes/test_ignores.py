"""`--add-ignores`: where comments go, what they say, and that they silence what they are written for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shapecheck import suppressions
from shapecheck.findings import Finding
from shapecheck.fixes.ignores import commented
from shapecheck.places import Span
from tests.saying import BROKEN, FINE, write


def finding(line: int, rule: str = "SHP201", end_line: int = 0, traced: bool = False) -> Finding:
    evidence = ("traced",) if traced else ("static",)
    return Finding(rule, "name", "error", "m", Span("a.py", line, 1, end_line or line, 2), evidence=evidence)


def after(text: str, *findings: Finding, reason: str = "") -> str:
    """The text with its comments, in which nothing is left to silence, and nothing to add."""
    texts, _ = commented(findings, {"a.py": text}, reason)
    new = texts.get("a.py", text)
    kept, _ = suppressions.sift(findings, suppressions.read("a.py", new))
    assert kept == []
    return new


@pytest.mark.parametrize(
    ("before", "lines", "expected"),
    [
        ("y = f(x)\n", [1], "y = f(x)  # shapecheck: ignore[SHP201]\n"),
        ("y = f(x)", [1], "y = f(x)  # shapecheck: ignore[SHP201]"),
        ("y = f(x)   \r\n", [1], "y = f(x)  # shapecheck: ignore[SHP201]\r\n"),
        ("y = f(x)  # a remark\n", [1], "y = f(x)  # a remark  # shapecheck: ignore[SHP201]\n"),
        ("y = f(x)  # type: ignore\n", [1], "y = f(x)  # type: ignore  # shapecheck: ignore[SHP201]\n"),
        ("y = f(\n    x,\n    z,\n)\n", [2], "y = f(\n    x,  # shapecheck: ignore[SHP201]\n    z,\n)\n"),
        ("y = \\\n    f(x)\n", [1], "y = \\\n    f(x)  # shapecheck: ignore[SHP201]\n"),
        ("y = 1 + \\\n    f(x) + \\\n    2\n", [2], "y = 1 + \\\n    f(x) + \\\n    2  # shapecheck: ignore[SHP201]\n"),
        ('y = f("""\na\n""", x)\nz = 1\n', [1], 'y = f("""\na\n""", x)  # shapecheck: ignore[SHP201]\nz = 1\n'),
        ('y = f"""\n{f(x)}\n{\nx}"""\n', [2], 'y = f"""\n{f(x)}\n{\nx}"""  # shapecheck: ignore[SHP201]\n'),
        ("with f(x):\n    pass\n", [1], "with f(x):  # shapecheck: ignore[SHP201]\n    pass\n"),
        ("y = f(x); z = g(x)\n", [1, 1], "y = f(x); z = g(x)  # shapecheck: ignore[SHP201]\n"),
        ("\ufeffy = 'é'\n"[1:], [1], "y = 'é'  # shapecheck: ignore[SHP201]\n"),
    ],
    ids=[
        "plain", "no line end", "blanks and CRLF", "remark", "type comment", "in a call", "backslash",
        "two backslashes", "string", "f-string", "head", "two on a line", "not ASCII",
    ],
)  # fmt: skip
def test_a_comment_stands_where_it_parses_and_works(before: str, lines: list[int], expected: str) -> None:
    assert after(before, *map(finding, lines)) == expected


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ("y = f(x)  # shapecheck: ignore[SHP301]\n", "y = f(x)  # shapecheck: ignore[SHP301, SHP201]\n"),
        (
            "y = f(x)  # shapecheck: ignore[SHP301] -- see #12\n",
            "y = f(x)  # shapecheck: ignore[SHP301, SHP201] -- see #12\n",
        ),
        ("y = f(x)  # noqa: E501, SHP301\n", "y = f(x)  # noqa: E501, SHP301, SHP201\n"),
        (
            "y = f(\n    x\n)  # shapecheck: ignore[SHP301]\n",
            "y = f(\n    x\n)  # shapecheck: ignore[SHP301, SHP201]\n",
        ),
        ("y = f(x)  # noqa: E501\n", "y = f(x)  # noqa: E501  # shapecheck: ignore[SHP201]\n"),
    ],
    ids=["codes", "reason", "noqa", "end of the statement", "noqa of others"],
)
def test_a_comment_that_is_there_takes_the_code_in(before: str, expected: str) -> None:
    line = before.count("\n", 0, before.index("x")) + 1
    assert after(before, finding(line)) == expected


def test_several_rules_share_one_comment_and_a_reason() -> None:
    found = [finding(1, "SHP301"), finding(1), finding(1)]
    assert after("y = f(x)\n", *found, reason="old") == "y = f(x)  # shapecheck: ignore[SHP201, SHP301] -- old\n"


def test_a_reason_is_added_where_there_is_none_and_never_replaced() -> None:
    text = "y = f(x)  # shapecheck: ignore[SHP301]{}\n"
    assert after(text.format(""), finding(1), reason="old").endswith("ignore[SHP301, SHP201] -- old\n")
    assert after(text.format(" -- older"), finding(1), reason="old").endswith("ignore[SHP301, SHP201] -- older\n")


def test_what_only_a_trace_shows_is_not_idle_for_check() -> None:
    assert after("y = f(x)\n", finding(1, traced=True)) == "y = f(x)  # shapecheck: ignore[SHP201, SHP901]\n"


PIECES = st.sampled_from(
    [
        "y = f(x)",
        "y = f(\n    x,\n    z,\n)",
        'y = """\n#\n"""',
        "y = 1 + \\\n    2",
        "if x:\n    y = f(\n        x\n    )",
        "",
        "# a remark",
        "y = f(x)  # shapecheck: ignore[SHP301] -- why",
        "@f(\n    x\n)\ndef g(): pass",
        's = r"""\\\n"""',
    ]
)


@given(st.lists(PIECES, min_size=1, max_size=6), st.data(), st.sampled_from(["\n", "\r\n"]))
def test_wherever_a_finding_stands_a_comment_silences_it(pieces: list[str], data: st.DataObject, end: str) -> None:
    text = "\n".join(pieces)
    lines = text.split("\n")
    at = data.draw(st.lists(st.integers(1, len(lines)).filter(lambda n: lines[n - 1].strip("# ") != ""), max_size=4))
    code = [finding(line) for line in at if not lines[line - 1].startswith("# ")]
    text = text.replace("\n", end)
    once = after(text, *code)
    compile(once, "a.py", "exec")
    assert commented([], {"a.py": once}) == ({}, set())
    assert once.count(end) == text.count(end)


def test_they_are_written_and_silence_and_are_written_once(say: Any) -> None:
    file = write("a.py", BROKEN)
    write("deep/b.py", BROKEN)
    write("fine.py", FINE)
    said = say("check", "--add-ignores")
    assert said.code == 0
    assert "wrote 2 comments in 2 files\n" in said.out
    assert file.read_text() == BROKEN.replace("5)\n", "5)  # shapecheck: ignore[SHP201]\n")
    assert say("check").code == 0
    stamp = file.stat().st_mtime_ns
    assert "wrote" not in say("check", "--add-ignores").out
    assert file.stat().st_mtime_ns == stamp


def test_the_reason_stands_behind_an_equals_sign(say: Any) -> None:
    write("a.py", BROKEN)
    assert say("check", "--add-ignores=as of May", "a.py").code == 0
    assert "ignore[SHP201] -- as of May\n" in Path("a.py").read_text()
    assert say("check", "--output-format", "json").report["suppressed"][0]["reason"] == "as of May"


def test_the_next_word_is_no_reason(say: Any) -> None:
    write("a.py", BROKEN)
    write("b.py", BROKEN)
    assert say("check", "--add-ignores", "a.py").code == 0
    assert Path("b.py").read_text() == BROKEN


def test_encoding_byte_order_mark_line_ends_and_mode_are_kept(say: Any) -> None:
    text = "name = 'René'\n" + BROKEN
    file = write("a.py", b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    file.chmod(0o754)
    assert say("check", "--add-ignores", file).code == 0
    expected = text.replace("5)\n", "5)  # shapecheck: ignore[SHP201]\n").replace("\n", "\r\n")
    assert file.read_bytes() == b"\xef\xbb\xbf" + expected.encode()
    assert file.stat().st_mode & 0o777 == 0o754


def test_a_reason_that_a_file_cannot_hold_is_told_before_any_is_written(say: Any) -> None:
    write("a.py", BROKEN)
    write("b.py", b"# coding: latin-1\n" + BROKEN.encode())
    said = say("check", "--add-ignores=später → nie")
    assert (said.code, said.out, said.err) == (2, "", f"shapecheck: b.py is iso-8859-1, which has no {'→'!r}\n")
    assert Path("a.py").read_text() == BROKEN


def test_a_file_that_cannot_be_written_is_told(say: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    write("a.py", BROKEN)
    monkeypatch.setattr("tempfile.mkstemp", refuse)
    said = say("check", "--add-ignores", "--no-cache")
    assert (said.code, said.out, said.err) == (2, "", "shapecheck: cannot write a.py: Permission denied\n")


def test_what_no_comment_can_silence_is_said(say: Any) -> None:
    write("a.py", BROKEN)
    write("broken.py", "x = (\n")
    said = say("check", "--add-ignores")
    assert said.code == 1
    assert "wrote 1 comment in 1 file\nno comment can silence broken.py:1:5: SHP902\n" in said.out


def test_of_findings_in_a_baseline_none_is_written(say: Any) -> None:
    write("a.py", BROKEN)
    say("check", "--baseline", "known.json", "--update-baseline")
    write("b.py", BROKEN)
    assert say("check", "--baseline", "known.json", "--add-ignores").code == 0
    assert Path("a.py").read_text() == BROKEN
    assert "ignore[SHP201]" in Path("b.py").read_text()


def test_fixes_come_first_and_comments_for_the_rest(say: Any) -> None:
    write("a.py", BROKEN)
    said = say("check", "--fix", "--add-ignores")
    assert (said.code, "wrote" in said.out, "fixed a.py" in said.out) == (0, False, True)


def test_a_fault_that_another_file_leads_to_is_silenced_in_its_own(say: Any) -> None:
    write(
        "model.py",
        "import torch\n\n\nclass Net(torch.nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        "        self.head = torch.nn.Linear(768, 5)\n\n    def forward(self, x):\n        return self.head(x)\n",
    )
    write("train.py", "import torch\nfrom model import Net\nscores = Net()(torch.zeros(8, 512))\n")
    assert say("check", "--add-ignores", "train.py").code == 0
    assert "Linear(768, 5)  # shapecheck: ignore[SHP201, SHP901]\n" in Path("model.py").read_text()
    assert say("check", "model.py").code == 0


def test_comments_go_into_cells_of_a_notebook(say: Any) -> None:
    made = [
        {"cell_type": "code", "source": source, "metadata": {}, "outputs": [], "execution_count": 1}
        for source in ("%matplotlib inline", BROKEN, "%time layer = torch.nn.Linear(768, 7)(torch.zeros(8, 514))\n")
    ]
    document = {"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    file = write("train.ipynb", json.dumps(document, indent=1) + "\n")
    assert say("check", "--add-ignores", file).code == 0
    made[1]["source"] = BROKEN.replace("5)\n", "5)  # shapecheck: ignore[SHP201]\n")
    made[2]["source"] = str(made[2]["source"]).replace("\n", "  # shapecheck: ignore[SHP201]\n")
    assert json.loads(file.read_text()) == document
    assert say("check", file).code == 0


@pytest.mark.parametrize("words", [["--add-ignores", "--diff"], ["--add-ignores=two\nlines"]])
def test_a_wrong_call_is_one_sentence(say: Any, words: list[str]) -> None:
    write("a.py", BROKEN)
    said = say("check", *words)
    assert (said.code, said.out, said.err.count("\n")) == (2, "", 1)
    assert Path("a.py").read_text() == BROKEN
