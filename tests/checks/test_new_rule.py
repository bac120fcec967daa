"""The tool that makes the files of a new rule: every heading is there, and the tests refuse what is left to write."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from shapecheck import rulebook

TOOL = Path(__file__).parents[2] / "tools" / "new_rule.py"
spec = importlib.util.spec_from_file_location("new_rule", TOOL)
assert spec is not None and spec.loader is not None
new_rule = importlib.util.module_from_spec(spec)
spec.loader.exec_module(new_rule)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "rules").mkdir()
    return tmp_path


def test_the_files_of_a_rule_are_made_with_every_heading(root: Path) -> None:
    made = new_rule.make(root, "SHP299", "odd-shape", "warning", "0.2.0")
    assert {path.name for path in made} == {"SHP299-odd-shape.md", "bad_first.py", "good_first.py"}
    rule = rulebook.parse(made[0].read_text(), made[0].name)
    assert (rule.code, rule.name, rule.severity, rule.since) == ("SHP299", "odd-shape", "warning", "0.2.0")
    assert tuple(rule.sections) == rulebook.SECTIONS
    assert all("TODO" in text for text in rule.sections.values())


def test_the_broken_fixture_marks_the_line_that_the_rule_is_to_find(root: Path) -> None:
    new_rule.make(root, "SHP299", "odd-shape", "error", "0.2.0")
    fixtures = root / "fixtures" / "rules" / "SHP299"
    assert "# expect: SHP299" in (fixtures / "bad_first.py").read_text()
    assert "# expect" not in (fixtures / "good_first.py").read_text()


def test_a_rule_that_is_no_error_has_places_for_what_shows_its_fault(root: Path) -> None:
    rule, bad, good = new_rule.make(root, "SHP299", "odd-shape", "warning", "0.2.0")
    assert "TODO" in rulebook.parse(rule.read_text(), rule.name).wrong
    assert "# wrong: TODO" in bad.read_text() and "# wrong: TODO" in good.read_text()
    rule, bad, good = new_rule.make(root, "SHP298", "sizes", "error", "0.2.0")
    assert not any("wrong: " in path.read_text() for path in (rule, bad, good))


def test_a_code_that_is_taken_is_refused(root: Path) -> None:
    new_rule.make(root, "SHP299", "odd-shape", "error", "0.2.0")
    with pytest.raises(FileExistsError, match="SHP299"):
        new_rule.make(root, "SHP299", "other-name", "error", "0.2.0")
