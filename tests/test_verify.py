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
) -> bool | None:
    """What a verifier says of a fix whose patched copy gives the findings ``left`` when traced, ``read`` when read."""
    overlays = []

    def trace(request: TraceRequest) -> TraceResult:
        overlays.append(request.overlay)
        graph = ShapeGraph("traced")
        if reached:
            graph.add(Stage("f", Span("a.py", reached, 8, reached, 20), message=message))
        return TraceResult(status, "", graph)

    def read_again(source: Source) -> list[Finding]:
        assert source.text == overlays[-1]["a.py"] != TEXT
        return list(read)

    request, texts = TraceRequest(Path("a.py")), Texts({"a.py": TEXT})
    verifier = Verifier(trace, lambda graph, texts: list(left), read_again, request, texts, under or {})
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
