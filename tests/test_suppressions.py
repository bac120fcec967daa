"""Comments that silence a rule, and those that silence nothing."""

from __future__ import annotations

import pytest

from shapecheck import suppressions
from shapecheck.edits import edited
from shapecheck.findings import Finding, Fix
from shapecheck.places import Span
from shapecheck.selection import Selection


def finding(line: int = 1, rule: str = "SHP101", end_line: int = 0) -> Finding:
    return Finding(rule, "name", "error", "message", Span("a.py", line, 1, end_line or line, 5))


def told(text: str, *findings: Finding) -> list[Finding]:
    """What is still reported, unused comments included."""
    comments = suppressions.read("a.py", text)
    kept, _ = suppressions.sift(findings, comments)
    return kept + suppressions.unused(comments, lambda _: Selection())


def left(text: str, *findings: Finding) -> list[str]:
    return [found.rule for found in told(text, *findings)]


def mended(text: str, *findings: Finding) -> str:
    """The text once the fix of the one comment that is complained of is applied."""
    (fix,) = fixes(text, *findings)
    return edited(text, fix.edits)


def fixes(text: str, *findings: Finding) -> list[Fix]:
    return [fix for found in told(text, *findings) if found.rule == "SHP901" for fix in found.fixes]


@pytest.mark.parametrize(
    "comment",
    [
        "# shapecheck: ignore[SHP101]",
        "# shapecheck: ignore[SHP1]",
        "# shapecheck:ignore[shp101]",
        "# Shapecheck: ignore[SHP101]",
        "# shapecheck: ignore [SHP301, SHP1]",
        "# shapecheck: ignore[SHP101] -- token head",
        "# shapecheck: ignore",
        "# shapecheck: ignore -- token head",
        "# noqa: SHP101",
        "# noqa: E501, SHP101",
        "# noqa: shp101",
        "# type: ignore  # shapecheck: ignore[SHP101]",
        "# shapecheck: ignore[SHP101]  # type: ignore",
        "# a remark # shapecheck: ignore[SHP101] -- see #12",
    ],
)
def test_a_comment_on_the_line_silences(comment: str) -> None:
    kept, _ = suppressions.sift([finding()], suppressions.read("a.py", f"y = f(x)  {comment}\n"))
    assert kept == []


def test_a_comment_for_another_rule_silences_nothing() -> None:
    assert left("y = f(x)  # shapecheck: ignore[SHP201]\n", finding()) == ["SHP101", "SHP901"]


def test_a_comment_on_another_line_silences_nothing() -> None:
    assert left("y = f(x)\nz = 1  # shapecheck: ignore[SHP101]\n", finding()) == ["SHP101", "SHP901"]


def test_a_comment_at_the_end_of_a_long_expression_silences() -> None:
    assert left("y = f(\n    x,\n)  # shapecheck: ignore[SHP101]\n", finding(end_line=3)) == []


LONG = "y = f(\n    g(x),\n    h(x),\n)\nz = 1\n"


@pytest.mark.parametrize("line", [1, 2, 4])
def test_in_a_statement_of_several_lines_it_stands_at_the_finding_or_on_the_first_or_last_line(line: int) -> None:
    lines = LONG.splitlines()
    lines[line - 1] += "  # shapecheck: ignore[SHP101]"
    assert left("\n".join(lines), finding(2)) == []


@pytest.mark.parametrize("line", [3, 5])
def test_elsewhere_in_a_statement_of_several_lines_it_silences_nothing(line: int) -> None:
    lines = LONG.splitlines()
    lines[line - 1] += "  # shapecheck: ignore[SHP101]"
    assert left("\n".join(lines), finding(2)) == ["SHP101", "SHP901"]


def test_a_comment_at_the_head_of_a_block_does_not_silence_the_block() -> None:
    text = "if f(\n    x\n):  # shapecheck: ignore[SHP101]\n    y = g(x)\n"
    assert left(text, finding(2), finding(4)) == ["SHP101"]


@pytest.mark.parametrize(
    "statement",
    ['y = f(x, """\na b\n""")  # shapecheck: ignore\n', "y = \\\n  f(x) \\\n  + 1  # shapecheck: ignore\n"],
    ids=["string", "backslash"],
)
@pytest.mark.parametrize("line", [1, 2, 3])
def test_where_no_other_line_takes_a_comment_the_last_one_counts(statement: str, line: int) -> None:
    assert left(statement, finding(line)) == []


def test_lines_that_end_in_a_carriage_return_are_counted_as_python_counts_them() -> None:
    for end in ("\r\n", "\r"):
        assert left(f"x = 1{end}y = f(x)  # shapecheck: ignore[SHP101]{end}", finding(2)) == []


def test_a_comment_for_the_file_silences_everywhere_in_it() -> None:
    text = "# shapecheck: ignore-file[SHP101] -- generated\nx = 1\ny = 2\n"
    assert left(text, finding(2), finding(3), finding(3, "SHP201")) == ["SHP201"]


def test_what_is_silenced_is_kept_with_the_reason() -> None:
    comments = suppressions.read(
        "a.py", "y = f(x)  # shapecheck: ignore[SHP101] -- token head, see #12  # noqa: E501\n"
    )
    _, ((silenced, by),) = suppressions.sift([finding()], comments)
    assert (silenced.rule, by.reason) == ("SHP101", "token head, see #12")


def test_of_several_codes_the_idle_ones_are_named() -> None:
    (unused,) = told("y = f(x)  # shapecheck: ignore[SHP101, SHP201]\n", finding())
    assert "SHP201" in unused.message
    assert "SHP101" not in unused.message


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("SHP1001", "there is no rule SHP1001 for this comment to silence (did you mean SHP101?)"),
        (
            "unpooled-classifier",
            "there is no rule UNPOOLED-CLASSIFIER for this comment to silence (did you mean SHP101?)",
        ),
        ("mypy", "there is no rule MYPY for this comment to silence"),
    ],
)
def test_an_unknown_code_is_told_with_the_nearest(code: str, words: str) -> None:
    (unknown,) = told(f"y = f(x)  # shapecheck: ignore[SHP101, {code}] -- why\n", finding())
    assert unknown.message == words


def test_an_unknown_code_is_not_removed_without_asking() -> None:
    (fix,) = fixes("y = f(x)  # shapecheck: ignore[SHP999]\n")
    assert (fix.safety, fix.why) == ("unsafe", "the code may be mistyped")


@pytest.mark.parametrize(
    "comment",
    [
        "# shapecheck: ignore SHP101",
        "# shapecheck: ignore because",
        "# shapecheck: ignore[]",
        "# shapecheck: ignore[ , ]",
        "# shapecheck: ignore[SHP101",
        "# shapecheck: ignroe[SHP101]",
        "# shapecheck: disable[SHP101]",
    ],
)
def test_a_comment_of_another_form_silences_nothing_and_is_told_the_form(comment: str) -> None:
    found, complaint = told(f"y = f(x)  {comment}\n", finding())
    assert found.rule == "SHP101"
    assert complaint.message.endswith("a suppression reads `# shapecheck: ignore[SHP101] -- reason`")
    assert complaint.fixes == ()


def test_prose_about_shapecheck_is_no_suppression() -> None:
    assert left("# shapecheck: see the documentation\n# ask shapecheck: it knows\n") == []


def test_a_comment_for_a_rule_that_was_not_asked_for_is_not_unused() -> None:
    comments = suppressions.read("a.py", "y = f(x)  # shapecheck: ignore[SHP101]\n")
    assert suppressions.unused(comments, lambda _: Selection(ignore=("SHP101",))) == []


@pytest.mark.parametrize(
    "text",
    [
        "y = f(x)  # shapecheck: ignore[SHP101, SHP901]\n",
        "# shapecheck: ignore-file[SHP901]\ny = f(x)  # shapecheck: ignore[SHP101]\n",
    ],
)
def test_a_comment_may_silence_that_it_is_unused(text: str) -> None:
    assert left(text) == []


def test_a_bare_noqa_belongs_to_others() -> None:
    assert left("y = f(x)  # noqa\n", finding()) == ["SHP101"]


def test_the_words_in_a_string_are_no_comment() -> None:
    assert left('y = "# shapecheck: ignore"\n', finding()) == ["SHP101"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("y = f(x)  # shapecheck: ignore[SHP201]\n", "y = f(x)\n"),
        ("y = f(x)  # shapecheck: ignore[SHP201] -- why, see #12\n", "y = f(x)\n"),
        ("y = f(x)  # shapecheck: ignore[SHP201]  # type: ignore\n", "y = f(x)  # type: ignore\n"),
        ("y = f(x)  # type: ignore  # shapecheck: ignore[SHP201] -- why\n", "y = f(x)  # type: ignore\n"),
        ("x = 1\n    # shapecheck: ignore[SHP201]\ny = f(x)\n", "x = 1\ny = f(x)\n"),
        ("x = 1\r\n# shapecheck: ignore[SHP201]", "x = 1\r\n"),
        ("# shapecheck: ignore-file[SHP201]  # a remark\n", "# a remark\n"),
        ("y = f(x)  # noqa: SHP201\n", "y = f(x)\n"),
        ("y = f(x)  # noqa: SHP201 for now\n", "y = f(x)\n"),
        ("y = f(x)  # noqa: E501, SHP201\n", "y = f(x)  # noqa: E501\n"),
        ("y = f(x)  # noqa: SHP201 E501 for now\n", "y = f(x)  # noqa: E501 for now\n"),
    ],
)
def test_the_fix_of_an_unused_comment_removes_it_and_nothing_else(before: str, after: str) -> None:
    assert mended(before) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("y = f(x)  # shapecheck: ignore[SHP101, SHP201] -- why\n", "y = f(x)  # shapecheck: ignore[SHP101] -- why\n"),
        ("y = f(x)  # shapecheck: ignore[shp204 , shp1,SHP201]\n", "y = f(x)  # shapecheck: ignore[shp1]\n"),
        ("y = f(x)  # noqa: SHP101, E501,SHP201\n", "y = f(x)  # noqa: SHP101, E501\n"),
    ],
)
def test_of_several_codes_the_fix_removes_the_idle_ones(before: str, after: str) -> None:
    assert mended(before, finding()) == after


def test_a_file_that_does_not_tokenize_keeps_the_comments_before_that() -> None:
    assert left("y = f(x)  # shapecheck: ignore[SHP101]\nz = (\n", finding()) == []


def test_what_one_process_saw_used_is_used() -> None:
    text = "y = f(x)  # shapecheck: ignore[SHP101]\n"
    used, idle = suppressions.read("a.py", text), suppressions.read("a.py", text)
    suppressions.sift([finding()], used)
    assert suppressions.unused(idle + used, lambda _: Selection()) == []
