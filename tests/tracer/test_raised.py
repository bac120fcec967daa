"""An error over shapes that no operator of torch raised: it is told at the user's line, with what stands there."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from shapecheck import engine
from shapecheck.engine import Options
from shapecheck.findings import Finding
from shapecheck.texts import Texts
from shapecheck.tracer import TraceResult

Trace = Callable[..., TraceResult]

HEADER = """
import numpy as np
import torch
scores = torch.nn.Linear(8, 3)(torch.rand(4, 8))
array = scores.detach().numpy()
"""


def findings(result: TraceResult) -> list[Finding]:

    return engine.judged(result.graph, Texts({}), Options())


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("value = scores.item()", ["scores"]),
        ("assert scores", ["scores"]),
        ("first, second = scores.split(1, dim=-1)", ["scores"]),
        ("value = float(array)", ["array"]),
        ("parts = list(scores)\nvalue = [parts[index + 1] for index in range(4)]", ["parts[0]"]),
    ],
)
def test_it_is_a_finding_at_the_raising_line(trace: Trace, line: str, named: list[str]) -> None:
    result = trace(HEADER + line)
    (finding,) = findings(result)
    assert (finding.rule, finding.span.line) == ("SHP230", 6 + line.count("\n"))
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


ADAPTED = """
import torch
from torch import nn
from transformers import BertConfig, BertModel


class Adapter(nn.Module):
    def __init__(self, base, rank):
        super().__init__()
        self.base = base
        self.down = nn.Parameter(torch.zeros(rank, base.in_features))
        self.up = nn.Parameter(torch.zeros({size}, rank))

    def forward(self, x):
        update = nn.functional.linear(nn.functional.linear(x, self.down), self.up)
        return self.base(x) + update


config = BertConfig(
    vocab_size=99, hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=48
)
model = BertModel(config)
for layer in model.encoder.layer:
    layer.intermediate.dense = Adapter(layer.intermediate.dense, 4)
model(torch.ones(2, 9, dtype=torch.long))
"""


def test_what_the_user_put_into_a_librarys_model_is_the_users_own(trace: Trace) -> None:
    (finding,) = findings(trace(ADAPTED.format(size="base.in_features")))
    assert (finding.rule, finding.span.line) == ("SHP214", 12)
    assert next(place.span.line for place in finding.related) == 16


def test_and_it_is_no_fault_where_it_fits(trace: Trace) -> None:
    result = trace(ADAPTED.format(size="base.out_features"))
    assert result.status == "completed" and findings(result) == []
    inside = [stage for stage in result.graph.stages if stage.span.line in (15, 16)]
    assert inside and not any(stage.within for stage in inside)
