"""Shapes that the author wrote down are used, and wrong ones are found."""

from __future__ import annotations

from textwrap import dedent

import pytest

from shapecheck import checks, flow, interp
from shapecheck.findings import Finding
from shapecheck.graph import ShapeGraph
from shapecheck.source import Source

HEAD = "import torch\nfrom torch import nn, Tensor\nfrom jaxtyping import Float, Int\n"


def graph_of(text: str) -> ShapeGraph:
    return interp.analyze(Source("script.py", HEAD + dedent(text)))


def findings(text: str) -> list[Finding]:
    graph = graph_of(text)
    flow.annotate(graph, {"script.py": HEAD + dedent(text)}.get)
    return checks.run(graph)


def last(text: str) -> str:
    """The shape of the last stage's output."""
    return str(graph_of(text).stages[-1].out.shape)


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("x = load()  # shape: (batch, seq, 768)\ny = nn.Linear(768, 5)(x)", "(batch, seq, 5)"),
        ("x = load()  # Shape [B x T x 8]\ny = nn.Linear(8, 5)(x)", "(B, T, 5)"),
        ("x = load()  # shape: (n, 8) -> (n, 4)\ny = x.sum(1)", "(n,)"),
        ("def f():\n    return load()  # shape: (b, 3)\ny = f().t()", "(3, b)"),
        ('x: Float[Tensor, "batch 6"] = load()\ny = x.t()', "(6, batch)"),
        ('def f(x: Float[Tensor, "b h w=7"]):\n    return x.sum(1)\nf(load())', "(b, 7)"),
        ('def f(x: Float[Tensor, "b h"] | None = None):\n    return x.t()\nf(load())', "(h, b)"),
        ('def f(x) -> Float[Tensor, "b 9"]:\n    return g(x)\ny = f(load()).t()', "(9, b)"),
        ('def f(x: Float[Tensor, "b *rest 9"]):\n    return torch.sum(x, -1)\nf(load())', "(b, ...)"),
        (
            "class M(nn.Module):\n  def forward(self, x):\n    assert x.shape == (4, 9)\n    return x.t()\nM()(load())",
            "(9, 4)",
        ),
        (
            "class M(nn.Module):\n  def forward(self, x):\n    assert x.dim() == 3 and x.size(-1) == 9\n"
            "    return x.transpose(1, 2)\nM()(load())",
            "(?, 9, ?)",
        ),
    ],
)
def test_what_is_written_down_is_known(text: str, shape: str) -> None:
    assert last(text) == shape


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("x = torch.zeros(4, 5)\nassert x.shape == (4, 6)", "SHP701", 5),
        ("x = torch.zeros(4, 5)\nassert (4, 6) == tuple(x.shape)", "SHP701", 5),
        ("x = torch.zeros(4, 5)\nassert x.ndim == 3, 'three'", "SHP701", 5),
        ("x = torch.zeros(4, 5)\nassert len(x.shape) == 2 and x.shape[-1] == 4", "SHP701", 5),
        ("x = torch.zeros(4, 5)\nassert x.shape[:1] == (5,)", "SHP701", 5),
        ("x = torch.zeros(4, 5)  # shape: (batch, 6)", "SHP702", 4),
        ("x = torch.zeros(4, 5)  # shape: (batch, seq, 5)", "SHP702", 4),
        ('x: Float[Tensor, "a 6"] = torch.zeros(4, 5)', "SHP702", 4),
        ('def f(x) -> Float[Tensor, "a"]:\n    return x\nf(torch.zeros(4, 5))', "SHP702", 4),
        (
            'def f(x: Float[Tensor, "n 5"], y: Int[Tensor, "n"]):\n    return x\nf(torch.zeros(4, 5), torch.arange(3))',
            "SHP702",
            4,
        ),
    ],
)
def test_what_is_wrong_is_found(text: str, code: str, line: int) -> None:
    (finding,) = findings(text)
    assert (finding.rule, finding.span.line) == (code, line)


@pytest.mark.parametrize(
    "text",
    [
        "x = torch.zeros(4, 5)  # shape: (batch, hidden)\ny = torch.zeros(7, 2)  # shape: (batch, hidden)",
        "x = torch.zeros(4, 5)  # shape: (5,) or (4, 5)",
        "x = torch.zeros(4, 5)  # shape: (..., 5)",
        "x = torch.zeros(4, 5)  # shape: (b*4, h+1)",
        "def f(x):\n    return x  # shape: (n, 5)\nf(torch.zeros(4, 5))\nf(torch.zeros(6, 5))",
        'def f(x: Float[Tensor, "n 5"]):\n    return x\nf(torch.zeros(4, 5))\nf(torch.zeros(6, 5))',
        'def f(x: Float[Tensor, "#n 5"], y: Float[Tensor, "n 5"]):\n    pass\nf(torch.zeros(1, 5), torch.zeros(6, 5))',
        "from typing import Union\ndef f(x: Union[list, '4 5']):\n    return x\nf(torch.zeros(3))",
        "n = int(input())\nx = torch.zeros(n, 5)\nassert x.shape == (3, 5)",
        "def f(x, n):\n    if n:\n        assert x.shape == (3, 5)\n    return x",
        "x = torch.zeros(4, 5)\nassert x.shape != (4, 6) and x.shape[0] in (3, 4)",
    ],
)
def test_what_may_be_right_is_no_finding(text: str) -> None:
    assert findings(text) == []


def test_a_fault_that_rests_on_a_noted_size_is_a_warning() -> None:
    (finding,) = findings("x = load()  # shape: (batch, 512)\ny = nn.Linear(768, 5)(x)")
    assert finding.severity == "warning"


def test_an_annotated_parameter_is_believed_before_what_its_use_suggests() -> None:
    text = """
        class Net(nn.Module):
            def forward(self, input_ids: Int[Tensor, "batch choices seq"]):
                return input_ids.flatten(0, 1)
        """
    assert last(text) == "(batch*choices, seq)"
    assert findings(text) == []


@pytest.mark.parametrize("arm", ["else:\n            return step(q.squeeze(2))", "return step(q.squeeze(2))"])
def test_an_axis_that_may_be_squeezed_away_is_not_counted(arm: str) -> None:
    text = f"""
def step(q):
    b, h, d = q.shape
    return q
class Net(nn.Module):
    def __init__(self, hidden_size):
        super().__init__()
        self.fc = nn.Linear(hidden_size, hidden_size)
    def forward(self, x):
        b, s, h = x.shape
        q = self.fc(x).view(b, s, 4, -1).transpose(1, 2)
        if s > 1:
            return q
        {arm}
"""
    assert findings(text) == []
