"""Every rule's text, examples and fixtures, held against what `check` says and what PyTorch does."""

from __future__ import annotations

import string
from pathlib import Path
from typing import Any

import pytest

from shapecheck import rulebook
from shapecheck.resources import rules_dir
from tests import subjects
from tests.fixture_scripts import expected, found

HERE = Path(__file__).parent
FIXTURES = HERE.parent.parent / "fixtures" / "rules"
CODES = [code for code in rulebook.codes() if not code.startswith("SHP9")]
SCRIPTS = sorted(FIXTURES.glob("SHP*/*.py"))
SEEN_ONLY_IN_A_TRACE = {"SHP203", "SHP230", "SHP311", "SHP401", "SHP402", "SHP405", "SHP502"}
"""Rules whose fault the text alone need not show: the fixtures of these are held against PyTorch only."""


@pytest.fixture(scope="session")
def pytorch(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What PyTorch made of every fixture and of every example, by name."""
    return subjects.ended(tmp_path_factory)


@pytest.mark.parametrize("code", rulebook.codes())
def test_a_rules_text_is_complete(code: str) -> None:
    rule = rulebook.rule(code)
    assert rule.code == code
    assert (rules_dir() / f"{code}-{rule.name}.md").is_file()
    assert tuple(rule.sections) == rulebook.SECTIONS
    assert all(rule.sections.values())
    assert rule.fix in ("safe", "unsafe", "none")
    assert not [title for title, text in {**rule.sections, "wrong": rule.wrong}.items() if "TODO" in text]
    for message in rule.messages.values():
        list(string.Formatter().parse(message))


@pytest.mark.parametrize("code", CODES)
def test_a_rule_has_a_bad_and_a_good_fixture(code: str) -> None:
    names = [path.name for path in (FIXTURES / code).glob("*.py")]
    assert any(name.startswith("bad") for name in names) and any(name.startswith("good") for name in names)
    assert any(code in [rule for rule, _ in expected(path.read_text())] for path in (FIXTURES / code).glob("bad*.py"))


@pytest.mark.parametrize("code", CODES)
def test_a_rules_examples_are_what_they_say(code: str, pytorch: dict[str, dict[str, Any]]) -> None:
    rule = rulebook.rule(code)
    bad, good = pytorch[f"examples/{code}.py"], pytorch[f"examples/{code}_instead.py"]
    assert good["raised"] is None or subjects.not_installed(good)
    assert bad["raised"] is not None or rule.severity != "error"
    if bad["raised"] is None:
        assert rule.wrong, (
            f"the example of {code} raises nothing: `wrong` in the front matter of its rule has to show it"
        )
    assert (bad["wrong"], good["wrong"]) == ((True, False) if rule.wrong else (None, None))
    if code not in SEEN_ONLY_IN_A_TRACE:
        assert code in [finding.rule for finding in found("example.py", rule.example)]
    assert [f for f in found("instead.py", rule.use_instead) if f.severity != "info"] == []


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_fixture_is_as_pytorch_has_it(path: Path, pytorch: dict[str, dict[str, Any]]) -> None:
    said = pytorch[f"rules/{path.parent.name}/{path.name}"]
    if subjects.not_installed(said):
        pytest.skip("accelerate is not installed")
    if path.name.startswith("good"):
        assert said["raised"] is None and said["wrong"] in (None, False)
        return
    assert said["raised"] is not None or said["wrong"] is True
    mended = path.with_name(path.name.replace("bad", "good", 1))
    if said["raised"] is None and mended.exists():
        assert pytorch[f"rules/{path.parent.name}/{mended.name}"]["wrong"] is False


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_check_finds_what_a_fixture_expects_and_nothing_else(path: Path) -> None:
    text = path.read_text()
    findings = [(f.rule, f.span.line) for f in found(str(path), text) if f.severity != "info" or f.rule in text]
    if path.parent.name in SEEN_ONLY_IN_A_TRACE:
        assert set(findings) <= set(expected(text))
    else:
        assert findings == expected(text)


@pytest.mark.parametrize("code", CODES)
def test_every_message_can_be_said(code: str) -> None:
    for message in rulebook.rule(code).messages.values():
        assert not message.endswith(".")
        assert message[0] not in string.ascii_uppercase or message.startswith("PyTorch")
