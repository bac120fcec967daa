"""Fixes of operands whose axes do not line up: written where one way fits only, and right under real PyTorch."""

from __future__ import annotations

import textwrap

import pytest

from shapecheck import fixes
from tests.fixture_scripts import found

pytest.importorskip("torch")

HEAD = "import torch\nfrom torch import nn\n"


def mended(text: str, rule: str) -> str | None:
    """A text under the first fix of its first finding of a rule; None where it has none."""
    finding = next(finding for finding in found("a.py", text) if finding.rule == rule)
    return fixes.apply(finding.fixes[0].edits, {"a.py": text})["a.py"] if finding.fixes else None


@pytest.mark.parametrize(
    ("rule", "text", "wanted"),
    [
        (
            "SHP214",
            "weights, images = torch.rand(4), torch.rand(4, 3, 8, 8)\nmixed = weights * images",
            "mixed = weights[:, None, None, None] * images",
        ),
        (
            "SHP214",
            """
            weights = torch.rand(4)
            images, noise = torch.rand(4, 3, 8, 8), torch.rand(4, 3, 8, 8)
            mixed = weights.sqrt() * images + (1 - weights).sqrt() * noise
            """,
            "weights = torch.rand(4)[:, None, None, None]",
        ),
        (
            "SHP214",
            "time = nn.Linear(16, 32)\nmaps = torch.rand(4, 32, 8, 8) + time(torch.rand(4, 16))",
            "+ time(torch.rand(4, 16))[:, :, None, None]",
        ),
        (
            "SHP214",
            "bias = nn.Linear(8, 10)(torch.rand(6, 8))\nout = torch.rand(6, 20, 10) + bias",
            "out = torch.rand(6, 20, 10) + bias.unsqueeze(1)",
        ),
        (
            "SHP211",
            "rows, row = torch.rand(3, 5), torch.rand(3)\nall_rows = torch.cat([rows, row], dim=-1)",
            "torch.cat([rows, row.unsqueeze(-1)], dim=-1)",
        ),
        (
            "SHP313",
            "loss = nn.CrossEntropyLoss()(torch.rand(4, 7, 5), torch.zeros(28, dtype=torch.long))",
            "nn.CrossEntropyLoss()(torch.rand(4, 7, 5).flatten(0, -2), ",
        ),
        (
            "SHP302",
            "loss = nn.CrossEntropyLoss()(torch.rand(4, 5, 8, 8), torch.zeros(4, 1, 8, 8, dtype=torch.long))",
            "torch.zeros(4, 1, 8, 8, dtype=torch.long).squeeze(1))",
        ),
        (
            "SHP209",
            "features, graph = torch.rand(9, 4), torch.rand(9, 9)\nout = torch.mm(features, graph)",
            "torch.mm(graph, features)",
        ),
        (
            "SHP204",
            "images = torch.rand(2, 8, 8, 3)\nmaps = nn.Conv2d(3, 6, 3)(images)",
            "(images.permute(0, 3, 1, 2).contiguous())",
        ),
        (
            "SHP215",
            "noise = torch.rand(8, 16)\nnet = nn.Sequential(nn.ConvTranspose2d(16, 4, 4), nn.Tanh())\nout = net(noise)",
            "net(noise[:, :, None, None])",
        ),
        (
            "SHP202",
            """
            scores, wanted = torch.rand(4, 60, 9).log_softmax(-1), torch.ones(4, 12, dtype=torch.long)
            many, few = torch.full((4,), 60), torch.full((4,), 12)
            loss = nn.CTCLoss()(scores, wanted, many, few)
            """,
            "nn.CTCLoss()(scores.transpose(0, 1), wanted, many, few)",
        ),
        (
            "SHP515",
            "scores = torch.rand(4, 5)\ntwice = scores.max(dim=1) * 2.0",
            "scores.max(dim=1)[0] * 2.0",
        ),
    ],
)
def test_the_one_way_that_fits_is_written_and_runs(rule: str, text: str, wanted: str) -> None:
    script = HEAD + textwrap.dedent(text)
    with pytest.raises((RuntimeError, ValueError, TypeError)):
        exec(script, {})
    after = mended(script, rule)
    assert after is not None and wanted in after
    exec(after, {})


@pytest.mark.parametrize(
    "text",
    [
        "out = torch.rand(4) * torch.rand(4, 4, 8)",
        "out = torch.rand(5) * torch.rand(4, 3, 8, 8)",
        "out = torch.rand(4, 8) * torch.rand(8, 4, 3)",
    ],
    ids=["two ways", "no way", "another order"],
)
def test_where_several_ways_or_none_would_fit_nothing_is_written(text: str) -> None:
    assert mended(HEAD + text, "SHP214") is None
