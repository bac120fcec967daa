"""What the graph of a traced script holds."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from shapecheck.graph import Stage, Tensor
from shapecheck.tracer import TraceResult

Trace = Callable[..., TraceResult]

CLASSIFIER = """
    import torch
    from torch import nn

    class Net(nn.Module):
        def __init__(self, width):
            super().__init__()
            self.body = nn.Sequential(nn.Linear(width, 7), nn.ReLU())
            self.head = nn.Linear(7, out_features=2)

        def forward(self, x):
            hidden = self.body(x)
            return self.head(hidden.mean(dim=1))

    net = Net(5)
    scores = net(torch.ones(3, 4, 5))
    labels = torch.tensor([0, 1, 1])
    loss = nn.functional.cross_entropy(scores, labels)
    loss.backward()
"""


def stages(result: TraceResult, op: str) -> list[Stage]:
    return [stage for stage in result.graph.stages if stage.op.endswith(op) and not stage.within]


def shape(tensor: Tensor | None) -> str:
    return str(tensor.shape) if tensor is not None else "missing"


def test_functions_methods_and_modules_of_the_user_are_stages_in_order(trace: Trace) -> None:
    result = trace(CLASSIFIER)
    assert result.status == "completed"
    ops = [stage.op.rpartition(".")[2] for stage in result.graph.stages]
    assert ops == ["ones", "Linear", "ReLU", "mean", "Linear", "tensor", "cross_entropy", "backward"]


def test_a_module_stage_has_its_path_parameters_and_place_of_creation(trace: Trace) -> None:
    first, head = stages(trace(CLASSIFIER), "torch.nn.Linear")
    assert first.module is not None and head.module is not None
    assert (first.module.path, head.module.path) == ("body.0", "head")
    assert (head.module.params["in_features"].value, head.module.params["out_features"].value) == (7, 2)
    assert head.module.created is not None and head.module.created.line == 9
    assert shape(head.tensor("input")), shape(head.out) == ("(3, 7)", "(3, 2)")


def test_spans_and_operand_spans_are_exact(trace: Trace) -> None:
    [loss] = stages(trace(CLASSIFIER), "cross_entropy")
    assert (loss.span.line, loss.span.column, loss.span.end_column) == (18, 8, 51)
    assert {name: (s.column, s.end_column) for name, s in loss.input_spans.items()} == {
        "input": (36, 42),
        "target": (44, 50),
    }
    assert loss.tensor("input").text == "scores"  # type: ignore[union-attr]


def test_a_tensor_knows_the_stage_that_made_it(trace: Trace) -> None:
    result = trace(CLASSIFIER)
    [loss] = stages(result, "cross_entropy")
    scores = loss.tensor("input")
    assert scores is not None and scores.producer is stages(result, "torch.nn.Linear")[-1]
    pooled = scores.producer.tensor("input")
    assert pooled is not None and pooled.producer is not None and pooled.producer.op == "torch.mean"


def test_the_calls_that_led_to_a_stage_are_its_context(trace: Trace) -> None:
    [mean] = stages(trace(CLASSIFIER), "mean")
    assert [(frame.span.line, frame.function) for frame in mean.context] == [(16, "Net.forward")]


def test_ids_keep_the_range_of_their_numbers(trace: Trace) -> None:
    labels = stages(trace(CLASSIFIER), "cross_entropy")[0].tensor("target")
    assert labels is not None and (labels.low, labels.high, labels.dtype) == (0, 1, "int64")


def test_operators_methods_and_indexing_have_their_torch_names(trace: Trace) -> None:
    result = trace("""
        import torch
        x = torch.ones(2, 3)
        y = 1 - x
        z = x @ y.T
        w = z[:, 0]
        w += 1
    """)
    assert [stage.op for stage in result.graph.stages][1:] == [
        "torch.rsub", "torch.Tensor.T", "torch.matmul", "torch.Tensor.__getitem__", "torch.add"
    ]  # fmt: skip
    index = result.graph.stages[4]
    assert shape(index.tensor("input")) == "(2, 2)" and shape(index.out) == "(2,)"


def test_what_runs_inside_a_library_module_is_marked_as_its_inside(trace: Trace) -> None:
    result = trace("""
        import torch
        layer = torch.nn.TransformerEncoderLayer(8, 2, batch_first=True)
        layer(torch.ones(2, 3, 8))
    """)
    inner = [stage for stage in result.graph.stages if stage.op == "torch.nn.Linear"]
    assert inner and {stage.within for stage in inner} == {"torch.nn.TransformerEncoderLayer"}
    [outer] = stages(result, "TransformerEncoderLayer")
    assert shape(outer.out) == "(2, 3, 8)"


def test_the_conditions_of_a_stage_say_whether_gradients_and_training_are_on(trace: Trace) -> None:
    result = trace("""
        import torch
        layer = torch.nn.Linear(3, 2)
        layer(torch.ones(1, 3))
        layer.eval()
        with torch.no_grad():
            layer(torch.ones(1, 3))
    """)
    assert [stage.guard for stage in stages(result, "torch.nn.Linear")] == [
        frozenset({"train"}),
        frozenset({"eval", "no_grad"}),
    ]


@pytest.mark.parametrize(("use", "missed"), [("out.last_hidden_state[:, 0]", []), ("pooled.mean()", ["pooler_output"])])
def test_a_field_that_is_none_is_missed_only_where_it_is_used(trace: Trace, use: str, missed: list[str]) -> None:
    result = trace(f"""
        import torch
        from transformers import BertModel
        model = BertModel.from_pretrained("prajjwal1/bert-tiny", add_pooling_layer=False)
        out = model(torch.tensor([[101, 102]]))
        pooled = out.pooler_output
        {use}
    """)
    assert [event.data["name"] for event in result.graph.events if event.data.get("missing")] == missed


def test_sequences_packed_and_padded_are_stages_at_the_lines_that_ask_for_it(trace: Trace) -> None:
    result = trace("""
        import torch
        from torch import nn
        from torch.nn.utils.rnn import pack_padded_sequence, pack_sequence, pad_packed_sequence
        rows = nn.utils.rnn.pad_sequence([torch.ones(5, 4), torch.ones(3, 4)], batch_first=True)
        packed = pack_padded_sequence(rows, torch.tensor([5, 3]), batch_first=True)
        states, lengths = pad_packed_sequence(nn.GRU(4, 6)(packed)[0], batch_first=True)
        again = pack_sequence([torch.ones(2, 4), torch.ones(1, 4)])
    """)
    (padded,) = stages(result, "rnn.pad_sequence")
    (packed,) = stages(result, "pack_padded_sequence")
    (unpacked,) = stages(result, "pad_packed_sequence")
    (listed,) = stages(result, "pack_sequence")
    assert [stage.span.line for stage in (padded, packed, unpacked, listed)] == [5, 6, 7, 8]
    assert packed.tensor("input") is padded.out and shape(padded.out) == "(2, 5, 4)"
    assert {name: shape(tensor) for name, tensor in packed.outputs.items()} == {
        "data": "(8, 4)",
        "batch_sizes": "(5,)",
    }
    assert [shape(tensor) for tensor in unpacked.outputs.values()] == ["(2, 5, 6)", "(2,)"]
    assert shape(listed.outputs["data"]) == "(3, 4)"


def test_packing_that_raises_is_told_with_what_was_packed(trace: Trace) -> None:
    result = trace("""
        import torch
        from torch.nn.utils.rnn import pack_padded_sequence
        pack_padded_sequence(torch.ones(3, 5, 4), torch.tensor([5, 3]), batch_first=True)
    """)
    assert result.error is not None and result.error.certain
    assert result.error.op == "torch.nn.utils.rnn.pack_padded_sequence"
    assert result.error.operands == ((3, 5, 4), (2,))
    assert result.graph.stages[-1].message == result.error.message
