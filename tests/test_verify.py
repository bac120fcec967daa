"""When a fix counts as verified: the patched copy traced, the finding gone, none new, its place reached."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from shapecheck.findings import Edit, Evidence, Finding, Fix
from shapecheck.graph import ShapeGraph, Stage
from shapecheck.places import Span
from shapecheck.source import Source
from shapecheck.texts import Texts
from shapecheck.tracer import TraceRequest, TraceResult
from shapecheck.tracer.api import Status
from shapecheck.verify import Verifier

TEXT = "hidden = encoder(x)\nlogits = head(hidden)\nloss = f(logits, y)\n"


def finding(line: int = 2, rule: str = "SHP101", severity: str = "error", *fixes: Fix) -> Finding:
    at, symptom = Span("a.py", line, 10, line, 22), Span("a.py", 3, 8, 3, 20)
    return Finding(rule, "name", severity, "message", at, fixes=fixes, symptom=symptom)  # type: ignore[arg-type]


IN_PLACE = Fix("in place", (Edit(Span("a.py", 2, 21, 2, 21), "[:, 0]"),))
A_LINE_ABOVE = Fix("a line above", (Edit(Span("a.py", 2, 1, 2, 1), "hidden = hidden[:, 0]\n"),))


def verdict(
    fix: Fix,
    *left: Finding,
    status: Status = "completed",
    reached: int | None = 3,
    message: str | None = None,
    others: tuple[Finding, ...] = (),
    read: tuple[Finding, ...] = (),
    under: dict[tuple[str, str, int], tuple[Edit, ...]] | None = None,
    ends: set[tuple[str, int]] | None = None,
    good: int | None = None,
) -> bool | None:
    """What a verifier says of a fix whose patched copy gives the findings ``left`` when traced, ``read`` when read."""
    overlays = []

    def trace(request: TraceRequest) -> TraceResult:
        overlays.append(request.overlay)
        graph = ShapeGraph("traced")
        if reached:
            graph.add(Stage("f", Span("a.py", reached, 8, reached, 20), message=message))
        if good:
            graph.add(Stage("g", Span("a.py", reached or 3, good, reached or 3, good + 12)))
        return TraceResult(status, "", graph)

    def read_again(source: Source) -> list[Finding]:
        assert source.text == overlays[-1]["a.py"] != TEXT
        return list(read)

    request, texts = TraceRequest(Path("a.py")), Texts({"a.py": TEXT})
    verifier = Verifier(trace, lambda graph, texts: list(left), read_again, request, texts, under or {}, ends or set())
    first, *_ = verifier.verified([finding(2, "SHP101", "error", fix), *others])
    return first.fixes[0].verified


def test_a_fix_is_verified_if_nothing_is_left_and_its_place_was_reached() -> None:
    assert verdict(IN_PLACE) is True


def test_a_place_that_moved_down_is_found_again() -> None:
    assert verdict(A_LINE_ABOVE, reached=4) is True


def test_a_fix_that_leaves_the_finding_is_not_verified() -> None:
    assert verdict(IN_PLACE, finding()) is False


def test_a_fix_that_brings_another_finding_is_not_verified() -> None:
    assert verdict(IN_PLACE, finding(3, "SHP601", "warning")) is False


def test_a_finding_in_the_text_alone_counts_too() -> None:
    assert verdict(IN_PLACE, read=(finding(),)) is False


def test_an_info_does_not_count() -> None:
    assert verdict(IN_PLACE, finding(2, "SHP102", "info")) is True


def test_a_finding_that_was_there_before_does_not_count_even_where_it_moved() -> None:
    other = finding(3, "SHP601", "warning")
    assert verdict(A_LINE_ABOVE, finding(4, "SHP601", "warning"), reached=4, others=(other,)) is True


def test_a_fix_whose_place_was_never_reached_is_not_tried() -> None:
    assert verdict(IN_PLACE, reached=None) is None


def test_a_fix_that_makes_the_script_raise_before_its_place_is_refuted() -> None:
    assert verdict(IN_PLACE, status="raised", reached=1) is False


def test_a_fix_whose_place_still_raises_is_refuted() -> None:
    assert verdict(IN_PLACE, status="raised", message="Expected target size") is False


def test_a_script_that_raises_for_its_own_reasons_later_does_not_refute() -> None:
    assert verdict(IN_PLACE, status="raised") is True


@pytest.mark.parametrize("status", ["unavailable", "timeout"])
def test_without_a_trace_nothing_is_said(status: Status) -> None:
    assert verdict(IN_PLACE, status=status, reached=None) is None


@pytest.mark.parametrize(("status", "verified"), [("completed", True), ("raised", False), ("timeout", None)])
def test_a_line_that_calls_no_operator_was_passed_if_the_script_ended_there_and_now_goes_on(
    status: Status, verified: bool | None
) -> None:
    assert verdict(IN_PLACE, status=status, reached=None, ends={("a.py", 3)}) is verified


@pytest.mark.parametrize(("status", "verified"), [("completed", True), ("timeout", None)])
def test_a_fix_under_which_a_script_that_failed_runs_to_its_end_was_executed(
    status: Status, verified: bool | None
) -> None:
    assert verdict(IN_PLACE, status=status, reached=None, ends={("a.py", 9)}) is verified
    assert verdict(IN_PLACE, status=status, reached=None) is None


def test_what_another_finding_says_of_the_same_place_is_not_held_against_a_fix_that_got_by_there() -> None:
    other = finding(1, "SHP204")
    same = {"status": "raised", "message": "another layer's error", "others": (other,)}
    assert verdict(IN_PLACE, other, **same, good=8) is True  # type: ignore[arg-type]
    assert verdict(IN_PLACE, other, **same) is False  # type: ignore[arg-type]
    assert verdict(IN_PLACE, **same, good=8) is False  # type: ignore[arg-type]


def test_an_error_beside_it_on_its_line_is_another_ones() -> None:
    def trace(request: TraceRequest) -> TraceResult:
        graph = ShapeGraph("traced")
        graph.add(Stage("f", Span("a.py", 3, 8, 3, 20)))
        graph.add(Stage("g", Span("a.py", 3, 22, 3, 30), message="another"))
        return TraceResult("raised", "", graph)

    texts = Texts({"a.py": TEXT})
    verifier = Verifier(trace, lambda graph, texts: [], lambda source: [], TraceRequest(Path("a.py")), texts)
    (mended,) = verifier.verified([finding(2, "SHP101", "error", IN_PLACE)])
    assert mended.fixes[0].verified is True


def test_one_fault_in_two_places_is_mended_by_both_fixes_together() -> None:
    first, second = (Fix(f"way {n}", (Edit(Span("a.py", n, 1, n, 1), "a"),)) for n in (1, 2))
    behind = replace(finding(2, "SHP208", "error", second), evidence=("traced",), symptom=Span("a.py", 2, 8, 2, 20))

    def trace(request: TraceRequest) -> TraceResult:
        graph = ShapeGraph("traced")
        for line in (2, 3):
            graph.add(Stage("f", Span("a.py", line, 8, line, 20)))
        return TraceResult("completed", "\n".join(request.overlay["a.py"].splitlines()), graph)

    def judge(graph: ShapeGraph, texts: Texts) -> list[Finding]:
        text = texts("a.py") or ""
        return [] if "ahidden" in text and "alogits" in text else [behind]

    request, under = TraceRequest(Path("a.py")), {("SHP208", "a.py", 2): first.edits}
    verifier = Verifier(trace, judge, lambda source: [], request, Texts({"a.py": TEXT}), under)
    mended, _ = verifier.verified([finding(1, "SHP208", "error", first), behind])
    assert [(fix.title, fix.verified) for fix in mended.fixes] == [("way 1; at line 2 way 2", True), ("way 1", False)]
    assert mended.fixes[0].edits == (*first.edits, *second.edits)


def test_every_first_fix_is_tried_before_a_second_one() -> None:
    tried: list[str] = []

    def trace(request: TraceRequest) -> TraceResult:
        tried.append(request.overlay["a.py"])
        graph = ShapeGraph("traced")
        graph.add(Stage("f", Span("a.py", 3, 8, 3, 20)))
        return TraceResult("completed", "", graph)

    def ways(line: int) -> list[Fix]:
        return [Fix(f"{line}.{n}", (Edit(Span("a.py", line, 1, line, 1), f"x{line}{n}_"),)) for n in range(9)]

    verifier = Verifier(
        trace, lambda graph, texts: [], lambda source: [], TraceRequest(Path("a.py")), Texts({"a.py": TEXT})
    )
    mended = verifier.verified([finding(1, "SHP101", "error", *ways(1)), finding(2, "SHP102", "error", *ways(2))])
    assert "x10_" in tried[0] and "x20_" in tried[1] and len(tried) < 18
    assert [f.fixes[0].verified for f in mended] == [True, True]


def test_a_fix_that_does_not_parse_is_refuted() -> None:
    assert verdict(Fix("broken", (Edit(Span("a.py", 2, 21, 2, 21), "["),))) is False


def test_verified_fixes_come_first() -> None:
    def trace(request: TraceRequest) -> TraceResult:
        graph = ShapeGraph("traced")
        good = "[:, 0]" in request.overlay["a.py"]
        graph.add(Stage("f", Span("a.py", 3, 8, 3, 20), message=None if good else "no"))
        return TraceResult("completed" if good else "raised", "", graph)

    refuted = Fix("refuted", (Edit(Span("a.py", 2, 21, 2, 21), ".t()"),))
    verifier = Verifier(
        trace, lambda graph, texts: [], lambda source: [], TraceRequest(Path("a.py")), Texts({"a.py": TEXT})
    )
    (mended,) = verifier.verified([finding(2, "SHP101", "error", refuted, IN_PLACE)])
    assert [(fix.title, fix.verified) for fix in mended.fixes] == [("in place", True), ("refuted", False)]


@pytest.mark.parametrize(("evidence", "verified"), [(("traced",), False), (("static", "traced"), True)])
def test_a_further_fault_that_only_the_trace_under_this_very_fix_shows_may_be_its_own_doing(
    evidence: tuple[Evidence, ...], verified: bool
) -> None:
    further = replace(finding(3, "SHP302"), evidence=evidence)
    under = {("SHP302", "a.py", 3): IN_PLACE.edits}
    assert verdict(IN_PLACE, further, others=(further,), under=under) is verified
