"""What counts tokens where texts are wanted, and what PyTorch says of it."""

from __future__ import annotations

import pytest

from tests.fixture_scripts import found

SCRIPT = """\
import torch
from torch import nn
from transformers import AutoModel, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("distilbert-base-uncased")
encoder = AutoModel.from_pretrained("distilbert-base-uncased")
head = nn.Linear(768, 1)
texts = ["a good film", "bad", "it was a slow place", "hello", "no", "rain", "the food", "sunny"]
batch = tokenizer(texts, padding=True, return_tensors="pt")
hidden = encoder(**batch).last_hidden_state
scores = head(hidden[0])
loss = {loss}(scores{squeezed}, torch.rand(8))
"""


@pytest.mark.parametrize("loss", ["nn.MSELoss()", "nn.L1Loss()"])
def test_one_row_for_each_token_raises_where_a_loss_compares_rows(loss: str) -> None:
    (finding,) = [
        f for f in found("train.py", SCRIPT.format(loss=loss, squeezed=".squeeze(-1)")) if f.severity != "info"
    ]
    assert (finding.rule, finding.severity, finding.span.line) == ("SHP103", "error", 11)
    assert (
        finding.torch_says
        == "The size of tensor a (seq) must match the size of tensor b (8) at non-singleton dimension 0"
    )


def test_a_column_for_the_tokens_is_broadcast_and_no_error() -> None:
    (finding,) = [f for f in found("train.py", SCRIPT.format(loss="nn.MSELoss()", squeezed="")) if f.severity != "info"]
    assert (finding.rule, finding.severity) == ("SHP601", "warning")
    assert finding.torch_says == ""
