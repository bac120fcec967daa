"""The kit that shows scripts wrong: a claim is true of a fault, not of what is right, and refused where it is mute."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch")

from tests import properties
from tests.properties import Vacuous

HEAD = "import torch\nfrom torch import nn\n"


def wrong(claim: str, *lines: str) -> bool:
    return properties.wrong(claim, Path("script.py"), HEAD + "\n".join(lines))


SCORES = "x = torch.randn(4, 3)"
IDS = "ids = torch.tensor([[5, 6, 7, 8], [9, 4, 0, 0]])"
STATES = "states = nn.Embedding(20, 6)(ids)"


@pytest.mark.parametrize(
    ("claim", "bad", "good"),
    [
        ('mixes("x", "out")', [SCORES, "out = x.softmax(dim=0)"], [SCORES, "out = x.softmax(dim=1)"]),
        ('mixes("x", "out")', [SCORES, "out = x.argmax(dim=0)"], [SCORES, "out = x.argmax(dim=1)"]),
        ('mixes("x", "out")', [SCORES, "out = x.cumsum(dim=0)"], [SCORES, "out = x.cumsum(dim=1)"]),
        ('mixes("x", "out")', [SCORES, "out = x.cumsum(dim=0).flip(0).cumsum(0)"], [SCORES, "out = x"]),
        ('mixes("x", "out", rows=1)', [SCORES, "out = x.view(3, 4)"], [SCORES, "out = x.t()"]),
        ('ignores("x", "out")', [SCORES, "out = x[0]"], [SCORES, "out = x.sum(dim=0)"]),
        (
            'ignores("ids", "out", axis=1)',
            [IDS, STATES, "out = states[:, 0]"],
            [IDS, STATES, "out = nn.GRU(6, 2, batch_first=True)(states)[0][:, -1]"],
        ),
        (
            'counts_padding("ids", "out")',
            [IDS, STATES, "out = states.mean(dim=1)"],
            [IDS, STATES, "out = (states * (ids != 0)[:, :, None]).sum(dim=1)"],
        ),
        (
            'counts_padding("ids", "out", side="left")',
            ["ids = torch.tensor([[5, 6, 7, 8], [0, 0, 9, 4]])", STATES, "out = states[:, 0]"],
            ["ids = torch.tensor([[5, 6, 7, 8], [0, 0, 9, 4]])", STATES, "out = states[:, -1]"],
        ),
        (
            'counts_padding("ids", "out")',
            [IDS, STATES, "out = states.cumsum(1).flip(1)"],
            [IDS, STATES, "out = states"],
        ),
        (
            'loses_order("x", "out")',
            [SCORES, "out = x + torch.arange(4)[:, None]"],
            [SCORES, "out = x + torch.arange(3)"],
        ),
        ('loses_order("x", "out", axis=1)', [SCORES, "out = x.cumsum(dim=1)"], [SCORES, "out = x.exp()"]),
        ("differs(out, x.sum(dim=1))", [SCORES, "out = x.sum(dim=0)"], [SCORES, "out = x.t().sum(dim=0)"]),
        ("differs(out, x)", [SCORES, "out = x + 1e-3"], [SCORES, "out = x * (1 + 1e-7)"]),
        ("uneven(out, dim=1)", [SCORES, "out = x.softmax(dim=0)"], [SCORES, "out = x.softmax(dim=1)"]),
        ("uneven(out, dim=1)", ["out = torch.randn(4, 1).softmax(dim=1)"], ["out = torch.randn(4, 2).softmax(dim=1)"]),
        ('misnoted("x")', [SCORES + "  # shape: (batch, 4)"], [SCORES + "  # shape: (batch, 3)"]),
        ('misnoted("x")', [SCORES + "  # shape: (batch, 3, 1)"], [SCORES + "  # shape: (batch, n) -> (4, n)"]),
    ],
)
def test_a_claim_is_true_of_a_fault_and_false_of_what_is_right(claim: str, bad: list[str], good: list[str]) -> None:
    assert wrong(claim, *bad) is True
    assert wrong(claim, *good) is False


@pytest.mark.parametrize("claim", ['mixes("x", "out")', 'loses_order("x", "out")'])
def test_a_claim_on_an_output_that_does_not_depend_on_the_input_tells_nothing(claim: str) -> None:
    with pytest.raises(Vacuous, match="out does not depend on x"):
        wrong(claim, SCORES, "out = torch.ones(4, 3)")


def test_a_claim_on_a_variable_that_is_never_set_is_refused() -> None:
    with pytest.raises(AssertionError, match="sets no variable y"):
        wrong('ignores("y", "x")', SCORES)


def test_runs_differ_in_nothing_but_the_change() -> None:
    model = "out = nn.Sequential(nn.Linear(3, 8), nn.BatchNorm1d(8), nn.Dropout(0.5))(x)"
    assert wrong('mixes("x", "out")', SCORES, model) is False


def test_modules_drop_again_when_a_claim_has_been_judged() -> None:
    import torch

    wrong('mixes("x", "out")', SCORES, "out = nn.Dropout(0.5)(x)")
    assert (torch.nn.Dropout(0.5)(torch.ones(100)) == 0).any()


@pytest.mark.parametrize(
    "lines",
    [
        ["texts = ['a', 'b c']", "out = torch.tensor([float(len(text)) for text in texts])"],
        ["texts = torch.tensor([0.0, 1.0])", "out = texts * 2"],
        ["texts = torch.tensor([True, False])", "out = ~texts"],
        ["texts = nn.Linear(2, 2)(torch.ones(2, 2))", "out = texts * 2", "out.sum().backward()"],
        ["texts = {'input_ids': torch.tensor([[1, 2], [3, 4]])}", "out = texts['input_ids'].sum(dim=1)"],
    ],
    ids=["strings", "marks", "truths", "outputs of a layer", "a batch of a tokenizer"],
)
def test_every_kind_of_input_can_be_changed(lines: list[str]) -> None:
    assert wrong('mixes("texts", "out")', *lines) is False
    assert wrong('ignores("texts", "out")', *lines) is False
