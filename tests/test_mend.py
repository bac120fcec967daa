"""Applying fixes: rounds, conflicts, and what is never applied."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from shapecheck.findings import Edit, Finding, Fix
from shapecheck.mend import Mending, applicable, combined, repeat
from shapecheck.places import Span
from shapecheck.results import Outcome

TEXT = "a = 1\nb = 2\n"


def fix(line: int, text: str = "0", title: str = "set to 0") -> Fix:
    return Fix(title, (Edit(Span("a.py", line, 5, line, 6), text),))


def finding(line: int, *fixes: Fix) -> Finding:
    return Finding("SHP201", "name", "error", "message", Span("a.py", line, 1, line, 6), fixes=fixes)


def outcome(*findings: Finding) -> Outcome:
    return Outcome(list(findings), sources={"a.py": TEXT})


def test_fixes_of_one_file_are_applied_together() -> None:
    texts, done = combined(outcome(finding(1, fix(1)), finding(2, fix(2))), Mending())
    assert texts == {"a.py": "a = 0\nb = 0\n"}
    assert len(done) == 2


def test_of_two_fixes_in_each_others_way_the_later_one_waits() -> None:
    texts, done = combined(outcome(finding(1, fix(1, "7")), finding(1, fix(1, "8"))), Mending())
    assert texts == {"a.py": "a = 7\nb = 2\n"}
    assert len(done) == 1


@pytest.mark.parametrize("unsafe", [False, True])
def test_an_unsafe_fix_waits_until_it_is_asked_for(unsafe: bool) -> None:
    choice = replace(fix(1), safety="unsafe", why="a choice")
    assert (applicable(finding(1, choice), Mending(unsafe=unsafe)) is choice) == unsafe


def test_a_fix_that_a_trace_refuted_is_never_applied() -> None:
    assert applicable(finding(1, replace(fix(1), verified=False)), Mending(unsafe=True)) is None


def test_rounds_go_on_while_fixes_lead_to_fewer_findings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.py").write_text(TEXT)

    def find() -> Outcome:
        text = Path("a.py").read_text()
        wrong = [line for line in (1, 2) if not text.splitlines()[line - 1].endswith("0")]
        found = [finding(line, *([fix(line)] if line == wrong[0] else [])) for line in wrong]
        return Outcome(found, sources={"a.py": text})

    mended = repeat(find, Mending(write=True))
    assert Path("a.py").read_text() == "a = 0\nb = 0\n"
    assert (len(mended.findings), len(mended.applied)) == (0, 2)


def test_a_fix_that_helps_nothing_is_not_applied_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.py").write_text(TEXT)

    def find() -> Outcome:
        text = Path("a.py").read_text()
        grow = Fix("grow", (Edit(Span("a.py", 1, 1, 1, 1), "#\n"),))
        return Outcome([finding(1, grow)], sources={"a.py": text})

    assert len(repeat(find, Mending(write=True)).applied) == 1
    assert Path("a.py").read_text() == "#\n" + TEXT


def test_a_diff_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    shown = repeat(lambda: outcome(finding(1, fix(1))), Mending(diff=True))
    assert "-a = 1\n+a = 0\n" in shown.diff
    assert list(tmp_path.iterdir()) == []
