"""Scripts that only define models: each is built and called once, with what was made up for it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from shapecheck.tracer import TraceResult

Trace = Callable[..., TraceResult]

MODELS = """
import torch
from torch import nn
from transformers import AutoModel


class Block(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.mix = nn.Linear(dim, dim)

    def forward(self, x):
        return self.mix(x)


class Classifier(nn.Module):
    def __init__(self, {arguments}name="bert-base-uncased"):
        super().__init__()
        self.bert = AutoModel.from_pretrained(name)
        self.block = Block(768)
        self.head = nn.Linear({width}, 5)

    def forward(self, input_ids, attention_mask):
        hidden = self.bert(input_ids, attention_mask=attention_mask).last_hidden_state
        return self.head(self.block(hidden)[:, 0])
"""


def test_a_model_that_is_only_defined_is_built_and_called(trace: Trace) -> None:
    result = trace(MODELS.format(arguments="", width=768))
    assert result.status == "completed", result.reason
    assert [str(stage.out.shape) for stage in result.graph.stages if stage.op == "torch.nn.Linear"][-1] == "(batch, 5)"
    assert "Classifier is only defined: built and called with what was made up for it" in result.assumptions
    assert not any("Block" in text for text in result.assumptions)


def test_what_it_raises_over_inputs_of_a_known_form_is_an_error(trace: Trace) -> None:
    result = trace(MODELS.format(arguments="", width=512))
    assert result.error is not None and result.error.certain
    assert result.error.message.startswith("mat1 and mat2 shapes cannot be multiplied")


@pytest.mark.parametrize("arguments", ["num_features, ", "num_features: int, "])
def test_what_it_raises_after_a_guess_is_held_against_nobody(trace: Trace, arguments: str) -> None:
    result = trace(MODELS.format(arguments=arguments, width="num_features"))
    assert result.status == "completed" and result.error is None
    assert not any(stage.message for stage in result.graph.stages)
    assert any("did not run with what was made up for it" in text for text in result.assumptions)


def test_a_script_that_calls_its_model_itself_is_left_alone(trace: Trace) -> None:
    result = trace(MODELS.format(arguments="", width=512) + "nn.Linear(2, 3)(torch.ones(1, 2))\n")
    assert result.status == "completed", result.reason
    assert not any("Classifier" in text for text in result.assumptions)


def test_cells_marked_in_a_script_are_only_comments(trace: Trace) -> None:
    result = trace("""
        # %% [markdown]
        # A title
        # %%
        import torch
        layer = torch.nn.Linear(2, 3)
        # %% run
        layer(torch.ones(4, 2))
    """)
    assert result.status == "completed" and str(result.graph.stages[-1].out.shape) == "(4, 3)"
