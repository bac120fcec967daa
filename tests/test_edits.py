"""Text edits: applied in the coordinates of the text as it is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shapecheck.edits import edited, lines_of, unified_diff
from shapecheck.errors import FixConflict
from shapecheck.findings import Edit
from shapecheck.places import Span

TEXT = "hidden = encoder(x)\nlogits = head(hidden)\n"


def edit(line: int, column: int, end_line: int, end_column: int, text: str) -> Edit:
    return Edit(Span("a.py", line, column, end_line, end_column), text)


def test_an_edit_replaces_its_span() -> None:
    assert edited(TEXT, [edit(2, 15, 2, 21, "pooled")]).splitlines()[1] == "logits = head(pooled)"


def test_an_empty_span_inserts() -> None:
    assert edited(TEXT, [edit(2, 21, 2, 21, "[:, 0]")]).splitlines()[1] == "logits = head(hidden[:, 0])"


def test_edits_of_one_text_do_not_move_each_other() -> None:
    both = edited(TEXT, [edit(2, 1, 2, 1, "pooled = hidden[:, 0]\n"), edit(2, 15, 2, 21, "pooled")])
    assert both == "hidden = encoder(x)\npooled = hidden[:, 0]\nlogits = head(pooled)\n"


def test_the_same_edit_twice_counts_once() -> None:
    twice = [edit(2, 21, 2, 21, "[:, 0]")] * 2
    assert edited(TEXT, twice) == edited(TEXT, twice[:1])


def test_overlapping_edits_are_refused() -> None:
    with pytest.raises(FixConflict, match="overlap"):
        edited(TEXT, [edit(1, 1, 1, 7, "states"), edit(1, 5, 1, 9, "x")])


@pytest.mark.parametrize("span", [(9, 1, 9, 1), (1, 1, 9, 1), (2, 3, 2, 99)])
def test_an_edit_beyond_the_text_is_refused(span: tuple[int, int, int, int]) -> None:
    with pytest.raises(FixConflict, match="beyond"):
        edited(TEXT, [edit(*span, "x")])


def test_other_line_ends_stay_as_they_are() -> None:
    assert edited("a = 1\r\nb = 2\r\n", [edit(2, 5, 2, 6, "3")]) == "a = 1\r\nb = 3\r\n"


@given(st.text(alphabet="ab\r\n\x0c\u2028 "))
def test_lines_are_cut_at_line_ends_alone_and_nothing_is_lost(text: str) -> None:
    lines = lines_of(text)
    assert "".join(lines) == text
    assert all(line.rstrip("\r\n") == line.replace("\r", "").replace("\n", "") for line in lines)


def test_a_diff_names_the_file_and_says_where_the_last_line_end_is_missing() -> None:
    diff = unified_diff("src/a.py", "x = 1\ny = 2", "x = 1\ny = 3")
    assert diff.startswith("--- a/src/a.py\n+++ b/src/a.py\n")
    assert "-y = 2\n\\ No newline at end of file\n+y = 3\n\\ No newline at end of file\n" in diff


def test_nothing_changed_is_no_diff() -> None:
    assert unified_diff("a.py", TEXT, TEXT) == ""
