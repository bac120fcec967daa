"""An error over shapes that no operator of torch raised: it is told at the user's line, with what stands there."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from shapecheck import checks, flow
from shapecheck.findings import Finding
from shapecheck.tracer import TraceResult

Trace = Callable[..., TraceResult]

HEADER = """
import numpy as np
import torch
scores = torch.nn.Linear(8, 3)(torch.rand(4, 8))
array = scores.detach().numpy()
"""


def findings(result: TraceResult) -> list[Finding]:
    flow.annotate(result.graph, {}.get)
    return checks.run(result.graph)


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("value = scores.item()", ["scores"]),
        ("assert scores", ["scores"]),
        ("first, second = scores.split(1, dim=-1)", ["scores"]),
        ("value = np.vdot(array, np.zeros((2, 3)))", ["array"]),
    ],
)
def test_it_is_a_finding_at_the_raising_line(trace: Trace, line: str, named: list[str]) -> None:
    result = trace(HEADER + line)
    (finding,) = findings(result)
    assert (finding.rule, finding.span.line) == ("SHP230", 6)
    assert [shape.name for shape in finding.shapes] == named
    assert result.error is not None and finding.torch_says == result.error.message


@pytest.mark.parametrize(
    "line",
    [
        "first, second = 'a b c'.split()",
        "raise ValueError('too many values to unpack (expected 2)')",
        "value = [1, 2][5]",
        "value = {}['scores']",
        "value = scores.missing",
        "def forward(x, mask):\n    return x\nforward(scores)",
    ],
)
def test_what_is_not_about_tensors_is_none(trace: Trace, line: str) -> None:
    assert findings(trace(HEADER + line)) == []


def test_an_operator_that_a_rule_explains_is_told_once(trace: Trace) -> None:
    found = findings(trace(HEADER + "value = torch.nn.Linear(5, 2)(scores)"))
    assert [finding.rule for finding in found] == ["SHP201"]
