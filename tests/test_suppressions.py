"""Comments that silence a rule, and those that silence nothing."""

from __future__ import annotations

import pytest

from shapecheck import suppressions
from shapecheck.edits import edited
from shapecheck.findings import Finding
from shapecheck.places import Span
from shapecheck.selection import Selection


def finding(line: int = 1, rule: str = "SHP101", end_line: int = 0) -> Finding:
    return Finding(rule, "name", "error", "message", Span("a.py", line, 1, end_line or line, 5))


def left(text: str, *findings: Finding) -> list[str]:
    """The rules that are still reported, those of unused comments included."""
    comments = suppressions.read("a.py", text)
    kept = suppressions.silence(findings, comments) + suppressions.unused(comments, lambda _: Selection())
    return [found.rule for found in kept]


@pytest.mark.parametrize(
    "comment",
    [
        "# shapecheck: ignore[SHP101]",
        "# shapecheck: ignore[SHP1]",
        "# shapecheck:ignore[shp101]",
        "# shapecheck: ignore",
        "# noqa: SHP101",
        "# noqa: E501, SHP101",
        "# type: ignore  # shapecheck: ignore[SHP101]",
    ],
)
def test_a_comment_on_the_line_silences(comment: str) -> None:
    assert left(f"y = f(x)  {comment}\n", finding()) == []


def test_a_comment_for_another_rule_silences_nothing() -> None:
    assert left("y = f(x)  # shapecheck: ignore[SHP201]\n", finding()) == ["SHP101", "SHP901"]


def test_a_comment_on_another_line_silences_nothing() -> None:
    assert left("y = f(x)\nz = 1  # shapecheck: ignore[SHP101]\n", finding()) == ["SHP101", "SHP901"]


def test_a_comment_at_the_end_of_a_long_expression_silences() -> None:
    assert left("y = f(\n    x,\n)  # shapecheck: ignore[SHP101]\n", finding(end_line=3)) == []


def test_a_comment_for_the_file_silences_everywhere_in_it() -> None:
    text = "# shapecheck: ignore-file[SHP101]\nx = 1\ny = 2\n"
    assert left(text, finding(2), finding(3), finding(3, "SHP201")) == ["SHP201"]


def test_of_several_codes_the_idle_ones_are_named() -> None:
    comments = suppressions.read("a.py", "y = f(x)  # shapecheck: ignore[SHP101, SHP201]\n")
    suppressions.silence([finding()], comments)
    (unused,) = suppressions.unused(comments, lambda _: Selection())
    assert "SHP201" in unused.message
    assert "SHP101" not in unused.message


def test_a_mistyped_code_is_unused() -> None:
    assert left("y = f(x)  # shapecheck: ignore[SHP999]\n") == ["SHP901"]


def test_a_comment_for_a_rule_that_was_not_asked_for_is_not_unused() -> None:
    comments = suppressions.read("a.py", "y = f(x)  # shapecheck: ignore[SHP101]\n")
    assert suppressions.unused(comments, lambda _: Selection(ignore=("SHP101",))) == []


def test_a_bare_noqa_belongs_to_others() -> None:
    assert left("y = f(x)  # noqa\n", finding()) == ["SHP101"]


def test_the_words_in_a_string_are_no_comment() -> None:
    assert left('y = "# shapecheck: ignore"\n', finding()) == ["SHP101"]


def test_the_fix_of_an_unused_comment_removes_it() -> None:
    text = "y = f(x)  # shapecheck: ignore[SHP101]\n"
    (unused,) = suppressions.unused(suppressions.read("a.py", text), lambda _: Selection())
    assert edited(text, unused.fixes[0].edits) == "y = f(x)\n"


def test_a_comment_that_also_speaks_to_another_tool_is_left_alone() -> None:
    (unused,) = suppressions.unused(suppressions.read("a.py", "x = 1  # noqa: E501, SHP101\n"), lambda _: Selection())
    assert unused.fixes == ()


def test_a_file_that_does_not_tokenize_keeps_the_comments_before_that() -> None:
    assert left("y = f(x)  # shapecheck: ignore[SHP101]\nz = (\n", finding()) == []


def test_what_one_process_saw_used_is_used() -> None:
    text = "y = f(x)  # shapecheck: ignore[SHP101]\n"
    used, idle = suppressions.read("a.py", text), suppressions.read("a.py", text)
    suppressions.silence([finding()], used)
    assert suppressions.unused(idle + used, lambda _: Selection()) == []
