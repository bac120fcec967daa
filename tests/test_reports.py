"""What is printed: the terminal's text and the JSON document, compared with snapshots."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from syrupy.assertion import SnapshotAssertion

from shapecheck import engine
from shapecheck.findings import Finding
from shapecheck.places import Span
from shapecheck.reports import json as json_report
from shapecheck.reports.paint import Paint, wanted
from shapecheck.reports.snippet import Mark, snippet
from shapecheck.reports.terminal import Layout, render
from shapecheck.results import Outcome
from tests import outcomes

PROJECT = Path(__file__).parents[1] / "fixtures" / "projects" / "keywords"

SCHEMA: dict[str, Any] = json.loads((Path(__file__).parents[1] / "docs" / "schema.json").read_text())
EVERY: dict[str, Callable[[], Outcome]] = {
    "checked": outcomes.checked,
    "traced": outcomes.traced,
    "busy": outcomes.busy,
    "nothing": lambda: Outcome(files=2, seconds=0.1),
}


@pytest.mark.parametrize("name", EVERY)
def test_the_terminal_report(name: str, snapshot: SnapshotAssertion) -> None:
    assert render(EVERY[name](), Layout()) == snapshot


@pytest.mark.parametrize("layout", [Layout(verbose=True), Layout(quiet=True), Layout(statistics=True)], ids=str)
def test_how_much_is_printed(layout: Layout, snapshot: SnapshotAssertion) -> None:
    assert render(outcomes.traced(), layout) == snapshot


def test_verbose_lists_the_shape_of_every_expression_of_a_program(
    snapshot: SnapshotAssertion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(PROJECT)
    outcome = engine.check(["keywords/train.py"], engine.Options(shapes=True))
    assert outcome.stages == [] and outcome.findings == []
    outcome.seconds = 0.1
    assert render(outcome, Layout(verbose=True)) == snapshot


def test_colors_only_add_codes_to_the_text() -> None:
    import re

    plain, colored = (render(outcomes.busy(), Layout(Paint(on))) for on in (False, True))
    assert plain != colored
    assert re.sub(r"\x1b\[[0-9;]*m", "", colored) == plain


@pytest.mark.parametrize("name", EVERY)
def test_the_json_report(name: str, snapshot: SnapshotAssertion) -> None:
    assert json_report.render(EVERY[name]()) == snapshot


@pytest.mark.parametrize("name", EVERY)
def test_the_json_report_is_of_the_published_form(name: str) -> None:
    jsonschema.Draft202012Validator(SCHEMA).validate(json.loads(json_report.render(EVERY[name](), statistics=True)))


def test_the_schema_itself_is_valid() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_a_place_of_which_only_the_line_is_known_is_still_a_span() -> None:
    outcome = Outcome([Finding("SHP201", "linear-in-features", "error", "message", Span("a.py", 3))])
    (finding,) = json_report.document(outcome)["findings"]
    assert (finding["line"], finding["column"], finding["end_line"], finding["end_column"]) == (3, 1, 3, 1)


def lines(text: str, *marks: Mark) -> list[str]:
    return snippet(text.splitlines(), marks, 2, Paint())


def test_marks_stand_under_their_words_after_tabs_and_wide_letters() -> None:
    assert lines("\tx = f('中', y)", Mark(Span("a.py", 1, 13, 1, 14), "here", root=True))[1:] == [
        "  1 |     x = f('中', y)",
        "    |                 ^ here",
    ]


def test_without_columns_the_whole_statement_is_marked() -> None:
    assert lines("    y = f(x)", Mark(Span("a.py", 1), "here", root=True))[2] == "    |     ^^^^^^^^ here"


def test_a_span_of_several_lines_is_marked_to_the_end_of_its_first() -> None:
    assert lines("y = f(\n    x)", Mark(Span("a.py", 1, 5, 2, 7), "", root=True))[2] == "    |     ^^"


def test_a_mark_beyond_the_text_is_left_out() -> None:
    assert lines("x = 1", Mark(Span("a.py", 9, 1, 9, 2), "gone", root=True)) == ["    |"]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_colors_are_for_terminals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert wanted("auto", Terminal())
    assert not wanted("auto", io.StringIO())
    monkeypatch.setenv("NO_COLOR", "1")
    assert not wanted("auto", Terminal())
    assert wanted("always", io.StringIO())
    monkeypatch.delenv("NO_COLOR")
    assert not wanted("never", Terminal())
