"""A script that raises: the operator, its operands, the user's line, and PyTorch's own words."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from shapecheck.tracer import TraceResult

Trace = Callable[..., TraceResult]

HEADER = """
import torch
import torch.nn.functional as F
from torch import nn
torch.manual_seed(0)
"""

FAULTS = {
    "nn.Linear(7, 3)(torch.ones(4, 5))": "torch.nn.Linear",
    "nn.Linear(7, 3)(torch.ones(4, 7)) @ torch.ones(4, 2)": "torch.matmul",
    "torch.cat([nn.Linear(7, 3)(torch.ones(4, 7)), torch.ones(5, 2)], dim=1)": "torch.cat",
    "nn.Linear(7, 3)(torch.ones(4, 7)).view(5, 3)": "torch.view",
    "nn.Linear(7, 3)(torch.ones(4, 7)) + torch.ones(4, 5)": "torch.add",
    "nn.Conv2d(3, 8, 3)(torch.ones(2, 1, 9, 9))": "torch.nn.Conv2d",
    "nn.LSTM(4, 6)(torch.ones(2, 3, 5))": "torch.nn.LSTM",
    "nn.BatchNorm1d(4)(nn.Linear(7, 3)(torch.ones(2, 7)))": "torch.nn.BatchNorm1d",
    "nn.CrossEntropyLoss()(nn.Linear(7, 3)(torch.ones(4, 6, 7)), torch.tensor([0] * 4))": "torch.nn.CrossEntropyLoss",
    "F.cross_entropy(nn.Linear(7, 3)(torch.ones(2, 7)), torch.tensor([1, 5]))": "torch.nn.functional.cross_entropy",
    "F.cross_entropy(nn.Linear(7, 3)(torch.ones(2, 7)), torch.tensor([[1], [0]]))": "torch.nn.functional.cross_entropy",
    "nn.BCEWithLogitsLoss()(nn.Linear(7, 1)(torch.ones(2, 7)), torch.ones(2))": "torch.nn.BCEWithLogitsLoss",
    "nn.Embedding(10, 4)(torch.tensor([3, 10]))": "torch.nn.Embedding",
    "nn.Linear(7, 3)(torch.ones(2, 7)).gather(1, torch.tensor([[0], [3]]))": "torch.gather",
    "nn.Linear(7, 3)(torch.ones(2, 7))[:, :, 0]": "torch.Tensor.__getitem__",
    "nn.Linear(7, 3)(torch.ones(2, 7)).backward()": "torch.Tensor.backward",
    "nn.MultiheadAttention(8, 2)(*[torch.ones(2, 3, 6)] * 3)": "torch.nn.MultiheadAttention",
    "nn.MultiheadAttention(8, 2)(torch.ones(2, 3, 8), *[torch.ones(4, 3, 6)] * 2)": "torch.nn.MultiheadAttention",
}


def really(line: str) -> str:
    """What PyTorch itself raises."""
    with pytest.raises(Exception) as caught:
        exec(HEADER + line, {})
    return str(caught.value)


@pytest.mark.parametrize("line", FAULTS)
def test_errors_read_as_pytorch_itself_says_them(trace: Trace, line: str) -> None:
    result = trace(HEADER + line)
    error = result.error
    assert result.status == "raised" and error is not None
    assert error.message == really(line)
    assert error.shape_reason
    assert error.op.rpartition(".")[2] == FAULTS[line].rpartition(".")[2]
    assert error.span is not None and error.span.line == 6


def test_the_stages_up_to_an_error_are_there_and_the_failing_one_has_the_message(trace: Trace) -> None:
    result = trace(HEADER + "x = nn.Linear(7, 3)(torch.ones(4, 7))\ny = nn.Linear(4, 2)(x)\n")
    *before, failing = result.graph.stages
    assert [stage.message for stage in before] == [None, None]
    assert failing.message == "mat1 and mat2 shapes cannot be multiplied (4x3 and 4x2)"
    assert failing.module is not None and failing.module.params["in_features"].value == 4


def test_an_error_deep_in_calls_has_the_chain_of_the_users_lines(trace: Trace) -> None:
    result = trace("""
        import torch
        class Net(torch.nn.Module):
            def __init__(self):
                super().__init__()
                self.fc = torch.nn.Linear(3, 2)
            def forward(self, x):
                return self.fc(x)
        def main():
            Net()(torch.ones(1, 4))
        main()
    """)
    assert result.error is not None
    assert [(frame.span.line, frame.function) for frame in result.error.chain] == [
        (11, "<module>"), (10, "main"), (8, "Net.forward")
    ]  # fmt: skip
    assert result.error.operands[0] == (1, 4)


def test_an_error_that_the_script_swallows_is_still_a_stage_with_a_message(trace: Trace) -> None:
    result = trace("""
        import torch
        try:
            torch.nn.Linear(3, 2)(torch.ones(1, 4))
        except RuntimeError:
            pass
    """)
    assert result.status == "completed" and result.error is None
    assert result.graph.stages[-1].message is not None


@pytest.mark.parametrize(
    "text",
    [
        "raise ValueError('no data')",
        "open('/nowhere/at/all').read() + 1",
        "import torch\ntorch.ones(3).foo",
        "{}['key']",
        "assert 1 == 2",
    ],
)
def test_the_scripts_own_errors_are_not_shape_errors(trace: Trace, text: str) -> None:
    result = trace(text)
    assert result.error is None or not result.error.shape_reason


@pytest.mark.parametrize(
    "line",
    [
        "out.pooler_output.shape",
        "hidden, pooled = out",
        "out[1]",
        "out['pooler_output']",
    ],
)
def test_what_a_model_output_does_not_offer_is_a_shape_reason(trace: Trace, line: str) -> None:
    result = trace(f"""
        import torch
        from transformers import DistilBertConfig, DistilBertModel
        model = DistilBertModel(DistilBertConfig(dim=8, n_layers=1, n_heads=2, hidden_dim=8, vocab_size=50))
        out = model(torch.ones(2, 5, dtype=torch.long))
        {line}
    """)
    assert result.error is not None and result.error.shape_reason
    assert result.error.span is not None and result.error.span.line == 6


def test_the_second_run_names_the_sizes_of_an_error(trace: Trace) -> None:
    result = trace("""
        import torch
        from transformers import AutoTokenizer
        tokenizer = AutoTokenizer.from_pretrained("bert-base-uncased")
        ids = tokenizer(["a text", "another longer text"], return_tensors="pt", padding=True)["input_ids"]
        torch.nn.Embedding(40000, 4)(ids) @ torch.ones(5, 2)
    """)
    assert result.error is not None
    assert result.error.operands == ((2, "seq", 4), (5, 2))
