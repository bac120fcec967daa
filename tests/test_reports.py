"""What is printed: the terminal's text and the JSON document, compared with snapshots."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from syrupy.assertion import SnapshotAssertion

from shapecheck import engine
from shapecheck.findings import Finding
from shapecheck.places import Span
from shapecheck.reports import json as json_report
from shapecheck.reports.paint import Paint, columns, wanted
from shapecheck.reports.snippet import Mark, snippet
from shapecheck.reports.table import table
from shapecheck.reports.terminal import Layout, render
from shapecheck.reports.width import columns_wide, legible
from shapecheck.results import Outcome, StageRow, TensorRow
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


@pytest.mark.parametrize("option", ["verbose", "quiet", "statistics"])
def test_how_much_is_printed(option: str, snapshot: SnapshotAssertion) -> None:
    assert render(outcomes.traced(), Layout(**{option: True})) == snapshot


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


def tried(*verdicts: bool | None) -> Outcome:
    """A traced outcome of one finding, whose fixes came to these verdicts."""
    outcome = outcomes.traced()
    finding = outcome.findings[0]
    fixes = (replace(finding.fixes[0], title=f"way {at}", verified=it) for at, it in enumerate(verdicts))
    outcome.findings = [replace(finding, fixes=tuple(fixes))]
    return outcome


@pytest.mark.parametrize(
    ("verdicts", "offered", "said"),
    [
        ((True, False, None), ["way 0"], None),
        ((False, True), ["way 1"], None),
        ((False,), [], "no fix could be proven: the one that was tried does not mend it"),
        ((False, False), [], "no fix could be proven: none of 2 tried mends it"),
        ((False, None), ["way 1"], "no fix could be proven: no patched run came by this place"),
    ],
)
def test_a_run_offers_what_it_has_proven_and_says_when_that_is_nothing(
    verdicts: tuple[bool | None, ...], offered: list[str], said: str | None
) -> None:
    outcome = tried(*verdicts)
    document, text = json_report.document(outcome), render(outcome, Layout())
    (finding,) = document["findings"]
    assert [fix["title"] for fix in finding["fixes"]] == offered
    assert finding["unproven"] == said
    assert document["summary"]["fixable"] == bool(offered)
    assert (said or "") in text
    assert ("no fix could be proven" in text) == (said is not None)
    assert all((f"way {at}" in text) == (f"way {at}" in offered) for at in range(len(verdicts)))


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


def test_a_line_longer_than_the_terminal_is_cut_to_what_is_marked() -> None:
    text = "result = first_function(argument_one, argument_two) + second_function(argument_three)"
    start = text.index("second_function") + 1
    mark = Mark(Span("a.py", 1, start, 1, start + 15), "it is here", root=True)
    assert snippet([text], [mark], 2, Paint(), 40)[1:] == [
        "  1 | ...ment_two) + second_function(...",
        "    |                ^^^^^^^^^^^^^^^",
        "    |           it is here",
    ]


def test_marks_too_far_apart_for_a_narrow_terminal_get_a_line_each() -> None:
    text = "alpha = one(two, three, four, five, six, seven, eight, nine, ten, eleven, twelve, thirteen)"
    marks = [
        Mark(Span("a.py", 1, text.index(word) + 1, 1, text.index(word) + 1 + len(word)), word, root=word == "thirteen")
        for word in ("alpha", "thirteen")
    ]
    assert snippet([text], marks, 2, Paint(), 44)[1:] == [
        "  1 | ..., ten, eleven, twelve, thirteen)",
        "    |                           ^^^^^^^^",
        "    |               thirteen",
        "  1 | alpha = one(two, three, four, five,...",
        "    | ----- alpha",
    ]


LINES = (
    "\tx = f('中文字符很长很长很长很长很长很长很长很长', target, 中, y)",
    "name = 'e\u0301e\u0301 \U0001f600\u2764\ufe0f' ; target = g(name, 'a long tail of words that goes on and on')",
    "    value = self.encoder(self.embedding(input_ids=input_ids, token_type_ids=token_type_ids)).target[:, 0]",
    "target",
)


@pytest.mark.parametrize("columns", [None, 100, 60, 50, 40])
@pytest.mark.parametrize("text", LINES)
def test_what_stands_above_a_mark_is_what_it_marks_however_narrow_the_terminal(text: str, columns: int | None) -> None:
    start = text.index("target") + 1
    mark = Mark(Span("a.py", 1, start, 1, start + 6), "a label of several words to be folded", root=True)
    code, marks, *below = snippet([text], [mark], 2, Paint(), columns)[1:]
    left = marks.index("^")
    at = next(i for i in range(len(code) + 1) if columns_wide(code[:i]) == left)
    assert code[at : at + 6] == "target"
    assert marks[left:].split()[0] == "^" * 6
    assert all(columns_wide(line) <= (columns or 1000) for line in (code, marks, *below))


@pytest.mark.parametrize("columns", [40, 60])
def test_a_report_on_a_narrow_terminal(columns: int, snapshot: SnapshotAssertion) -> None:
    assert render(outcomes.traced(), Layout(columns=columns)) == snapshot


@pytest.mark.parametrize("columns", [40, 50, 60, 80])
@pytest.mark.parametrize("name", EVERY)
def test_no_line_is_wider_than_the_terminal_but_those_that_are_copied(name: str, columns: int) -> None:
    report = render(EVERY[name](), Layout(columns=columns))
    copied = ("      - ", "      + ", "   --> ")
    wide = [line for line in report.splitlines() if columns_wide(line) > columns and not line.startswith(copied)]
    assert wide == []


def test_folding_loses_no_word() -> None:
    wide = render(outcomes.traced(), Layout())
    narrow = render(outcomes.traced(), Layout(columns=40))
    assert " ".join(wide[wide.index("error[") :].split("-->")[0].split()) in " ".join(narrow.split())


def test_letters_that_an_encoding_lacks_leave_every_other_one_in_its_column() -> None:
    text = "x = '中é' \U0001f600 y"
    plain = legible(text, "ascii")
    assert plain == "x = '???' ?? y"
    assert columns_wide(plain) == columns_wide(text)
    assert legible(text, "utf-8") == text
    assert legible("na\udcefve", "utf-8") == "na?ve"


def test_equal_tensors_of_a_tuple_stand_in_one_row_of_the_table() -> None:
    hidden, other = TensorRow(("batch", 768), (2, 768), "float32", "observed"), TensorRow((2,), (2,), None, "known")
    outputs = {"out": other, **{f"hidden.{at}": hidden for at in range(3)}, "hidden.3": other, "pooled": hidden}
    stage = StageRow(0, Span("a.py", 7), "bert", "transformers.BertModel", 1, {"input": hidden}, outputs)
    assert [line.split("  ")[-1].strip() for line in table([stage], Paint())[1:]] == [
        "(2,)",
        "hidden.0-2 (batch, 768)",
        "hidden.3 (2,)",
        "pooled (batch, 768)",
    ]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")


@pytest.mark.usefixtures("plain_environment")
def test_colors_are_for_terminals(monkeypatch: pytest.MonkeyPatch) -> None:
    assert wanted("auto", Terminal())
    assert not wanted("auto", io.StringIO())
    assert wanted("always", io.StringIO())
    assert not wanted("never", Terminal())
    monkeypatch.setenv("TERM", "dumb")
    assert not wanted("auto", Terminal())


@pytest.mark.usefixtures("plain_environment")
def test_colors_are_forced_and_forbidden_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert wanted("auto", io.StringIO())
    assert not wanted("never", Terminal())
    monkeypatch.setenv("NO_COLOR", "1")
    assert not wanted("auto", Terminal())
    assert wanted("always", io.StringIO())


@pytest.mark.usefixtures("plain_environment")
def test_lines_are_folded_for_terminals_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "50")
    assert columns(Terminal()) == 50
    assert columns(io.StringIO()) is None
