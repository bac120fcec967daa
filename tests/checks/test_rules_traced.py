"""The rules on traced graphs: what a fixture expects is there, nothing else is, and a trace refutes nothing true."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from shapecheck import engine, merge
from shapecheck.engine import Options
from shapecheck.source import read
from shapecheck.tracer import Tracer, TraceRequest
from tests.fixture_scripts import expected

pytest.importorskip("torch")
pytestmark = pytest.mark.xdist_group("rules_traced")

FIXTURES = Path(__file__).parents[2] / "fixtures" / "rules"
CODES = sorted(path.name for path in FIXTURES.glob("SHP[1-6]*"))
STATIC_ONLY = {
    "SHP219": "raised where the layer is built, before there is a stage",
    "SHP223": "Python's own error",
    "SHP407": "raised by the tokenizer",
    "SHP506": "Python's own error",
    "SHP515": "Python's own error",
    "SHP509": "Python's own error",
    "SHP510": "raised by the Trainer",
    "SHP612": "the trace knows numbers, not what they are products of",
}
"""Rules whose fault a trace does not show by its shapes; it must leave the finding alone."""
NO_TRACE = {
    "SHP311": "removes a folder that the guard keeps",
    "SHP405": "removes a folder that the guard keeps",
    "SHP406": "removes a folder that the guard keeps",
    "SHP409": "the vision model takes longer to build than a test may",
    "SHP410": "the vision model takes longer to build than a test may",
}
"""Rules whose fixture a trace does not get through."""


@pytest.fixture(scope="session")
def tracer() -> Iterator[Tracer]:
    with Tracer() as started:
        yield started


@pytest.mark.parametrize("code", [code for code in CODES if code not in NO_TRACE])
def test_check_and_trace_agree_on_a_rules_fixture(code: str, tracer: Tracer) -> None:
    script = sorted((FIXTURES / code).glob("bad*.py"))[0]
    half = engine.static(read(script), Options())
    result = tracer.trace(TraceRequest(script, [], None, 120.0, 8192, {}))
    traced = engine.judged(result.graph, half.texts, Options())
    merged = merge.merge(half.findings, traced, result.graph, result.status)
    assert [(f.rule, f.span.line) for f in merged if f.severity != "info" or f.rule == code] == expected(
        script.read_text()
    )
    assert ("traced" in merged[0].evidence) is (code not in STATIC_ONLY)
