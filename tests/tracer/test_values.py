"""Numbers that an untrained model does not have: made up, said, and their shapes not trusted."""

from __future__ import annotations

import textwrap
from collections.abc import Callable

import pytest

from shapecheck.graph import Tensor
from shapecheck.tracer import TraceResult

Trace = Callable[..., TraceResult]


def status(tensor: Tensor) -> set[str]:
    return {dim.status for dim in tensor.shape.dims}


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("loss.item()", ".item()"),
        ("scores.tolist()", ".tolist()"),
        ("scores.detach().numpy()", ".numpy()"),
        ("float(loss)", "__float__"),
        ("f'{loss:.3f}'", "__format__"),
        ("bool(loss > 1)", "bool()"),
    ],
)
def test_a_number_read_from_a_model_is_written_down_as_invented(trace: Trace, line: str, what: str) -> None:
    result = trace(f"""
        import torch
        scores = torch.nn.Linear(3, 2)(torch.ones(4, 3))
        loss = scores.mean()
        value = {line}
    """)
    assert result.status == "completed", result.reason
    assert [(made.what, made.span.line) for made in result.invented if made.span] == [(what, 5)]


def test_an_assertion_on_an_unknown_number_holds(trace: Trace) -> None:
    result = trace("""
        import torch
        scores = torch.nn.Linear(3, 2)(torch.ones(4, 3))
        assert torch.isfinite(scores).all()
        if torch.isnan(scores).any():
            raise SystemExit("diverged")
    """)
    assert result.status == "completed", result.reason


def test_a_shape_that_depends_on_unknown_numbers_is_invented_and_so_is_what_follows(trace: Trace) -> None:
    result = trace("""
        import torch
        scores = torch.nn.Linear(3, 2)(torch.ones(4, 3))
        chosen = scores[scores > 0]
        twice = chosen * 2
    """)
    assert [status(stage.out) for stage in result.graph.stages[-2:]] == [{"invented"}, {"invented"}]


def test_a_shape_that_depends_on_known_numbers_is_observed(trace: Trace) -> None:
    result = trace("""
        import torch
        scores = torch.nn.Linear(3, 2)(torch.ones(4, 3))
        mask = torch.tensor([True, False, True, True])
        kept = scores[mask]
    """)
    kept = result.graph.stages[-1].out
    assert str(kept.shape) == "(3, 2)" and status(kept) == {"observed"}


def test_ids_and_masks_are_real(trace: Trace) -> None:
    result = trace("""
        import torch
        ids = torch.tensor([[5, 0], [7, 8]])
        lengths = (ids > 0).sum(dim=1)
        assert lengths.tolist() == [1, 2]
        assert int(ids.max()) == 8
    """)
    assert result.status == "completed" and not result.invented


def test_half_precision_deepcopy_and_state_dicts_work_without_numbers(trace: Trace) -> None:
    result = trace("""
        import copy
        import torch
        net = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.BatchNorm1d(2))
        twin = copy.deepcopy(net)
        twin.load_state_dict(net.state_dict())
        net.to(torch.bfloat16)
        assert net[0].weight.dtype == torch.bfloat16 and twin[0].weight.dtype == torch.float32
        assert net[0].weight.requires_grad
        torch.nn.utils.clip_grad_norm_(twin.parameters(), 1.0)
        assert twin(torch.ones(4, 3)).dtype == torch.float32
    """)
    assert result.status == "completed", result.reason


def test_packed_sequences_run(trace: Trace) -> None:
    result = trace("""
        import torch
        from torch import nn
        from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence
        embed, lstm = nn.Embedding(10, 4), nn.LSTM(4, 6, batch_first=True, bidirectional=True)
        ids, lengths = torch.ones(3, 5, dtype=torch.long), torch.tensor([5, 3, 2])
        packed = pack_padded_sequence(embed(ids), lengths, batch_first=True)
        out, (h, c) = lstm(packed)
        padded, lengths = pad_packed_sequence(out, batch_first=True)
        assert padded.shape == (3, 5, 12) and lengths.tolist() == [5, 3, 2] and h.shape == (2, 3, 6)
    """)
    assert result.status == "completed", result.reason
    assert not result.invented


def test_truth_values_that_libraries_ask_for_neither_raise_nor_loop_for_ever(trace: Trace) -> None:
    result = trace("""
        import torch
        weight = torch.nn.Linear(4, 3).weight
        torch.nn.init.trunc_normal_(weight)
        assert torch.distributions.Categorical(weight.softmax(-1)).sample().shape == (3,)
    """)
    assert result.status == "completed", result.reason


@pytest.mark.parametrize(
    "text",
    [
        "model = transformers.ViTModel(transformers.ViTConfig(image_size=32, patch_size=8, **sizes))",
        """
        model = transformers.BertModel(transformers.BertConfig(vocab_size=20, **sizes))
        model.resize_token_embeddings(22)
        assert model.get_input_embeddings().weight.shape == (22, 32)
        """,
    ],
    ids=["truncated", "resized"],
)
def test_filling_weights_makes_nothing_up(trace: Trace, text: str) -> None:
    sizes = '{"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 64}'
    result = trace(f"import transformers\nsizes = {sizes}\n{textwrap.dedent(text)}")
    assert result.status == "completed", result.reason
    assert not result.invented


def test_a_number_read_after_a_loss_is_told_from_one_that_it_may_rest_on(trace: Trace) -> None:
    result = trace("""
        import torch
        scores = torch.nn.Linear(3, 2)(torch.ones(4, 3))
        best = scores.argmax().item()
        loss = torch.nn.functional.cross_entropy(scores, torch.tensor([0, 1, 0, 1]))
        shown = loss.item()
    """)
    assert [(made.span.line, made.late) for made in result.invented if made.span] == [(4, False), (6, True)]


def test_ids_beyond_an_axis_raise_however_large_the_other_axes_are(trace: Trace) -> None:
    result = trace("""
        import torch
        rows = torch.empty(1 << 20, 512)
        rows.index_select(1, torch.tensor([0, 511]))
        rows.index_select(1, torch.tensor([0, 512]))
    """)
    assert (
        result.error is not None
        and result.error.message == "INDICES element is out of DATA bounds, id=512 axis_dim=512"
    )
    assert result.error.span is not None and result.error.span.line == 5


def test_a_list_that_a_made_up_number_left_empty_is_no_fault_of_the_script(trace: Trace) -> None:
    result = trace("""
        import torch
        scores = torch.nn.Linear(3, 2)(torch.ones(4, 3))
        kept = [row for row in scores if row.sum() > 2]
        print(torch.stack(kept))
    """)
    assert result.error is not None and not result.error.certain and not result.error.shape_reason
    assert not [stage for stage in result.graph.stages if stage.message]


def test_a_list_that_is_empty_by_itself_is_one(trace: Trace) -> None:
    result = trace("""
        import torch
        scores = torch.nn.Linear(3, 2)(torch.ones(4, 3))
        print(torch.stack([]))
    """)
    assert [stage.op for stage in result.graph.stages if stage.message] == ["torch.stack"]


def test_a_count_is_not_zero_whether_it_is_read_or_asked(trace: Trace) -> None:
    result = trace("""
        import torch
        scores = torch.nn.Linear(3, 2)(torch.ones(4, 3))
        count = (scores > 0).sum()
        kept = []
        if count:
            kept.append(scores)
        if (scores > 1).sum():
            raise ValueError("scores are out of range")
        print(torch.stack(kept))
    """)
    assert result.status == "completed", result.reason
