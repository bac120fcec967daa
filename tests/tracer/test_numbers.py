"""Sizes that a script takes from numbers which an untrained model does not have: what is made with them is invented."""

from __future__ import annotations

import textwrap
from collections.abc import Callable

import pytest

from shapecheck.graph import Tensor
from shapecheck.tracer import TraceResult

Trace = Callable[..., TraceResult]

MODEL = """
import json, math, pickle, copy
import torch
from torch import nn
import torch.nn.functional as F
x = torch.ones(4, 6)
scores = nn.Linear(6, 8)(x)
loss = scores.mean()
"""


def last(result: TraceResult) -> Tensor:
    assert result.status == "completed", result.reason
    return result.graph.stages[-1].out


def is_invented(tensor: Tensor) -> bool:
    return {dim.status for dim in tensor.shape.dims} == {"invented"}


@pytest.mark.parametrize(
    "line",
    [
        "torch.zeros(scores.argmax().item(), 5)",
        "torch.zeros(int(scores.argmax()), 5)",
        "torch.zeros(int(0.5 * scores.argmax().item()) + 1, 5)",
        "torch.zeros(max(1, round(loss.item() * 7)), 5)",
        "torch.zeros(math.ceil(float(loss)), 5)",
        "torch.zeros([k + 1 for k in scores.argmax(1).tolist()])",
        "torch.zeros(sum(map(int, scores.argmax(1).tolist())) + 1)",
        "x[:, : scores.argmax()]",
        "x[scores.argmax().item() :]",
        "x.narrow(0, 0, scores.argmax().item())",
        "x.view(2 * scores.argmax().item(), -1)",
        "x.repeat(scores.argmax().item(), 1)",
        "F.pad(x, (0, scores.argmax().item()))",
        "F.interpolate(x[None], size=scores.argmax().item())",
        "x.split(scores.argmax().item())[0] + 0",
        "F.one_hot(torch.tensor([0, 0]), scores.argmax().item())",
        "torch.ones(len(scores[scores > 0]))",
        "torch.ones(scores[scores > 0].shape[0])",
        "torch.ones(scores[scores > 0].numel() // 2)",
        "nn.Linear(scores.argmax().item(), 5)(torch.ones(3, 1))",
        "nn.AdaptiveAvgPool1d(scores.argmax().item())(x)",
    ],
)
def test_a_tensor_whose_size_was_read_out_of_a_model_is_invented(trace: Trace, line: str) -> None:
    assert is_invented(last(trace(MODEL + f"made = {line}\n")))


@pytest.mark.parametrize(
    "line",
    [
        "scores * loss.item()",
        "scores + scores.argmax().item()",
        "loss.item() * scores",
        "torch.full((4, 8), loss.item())",
        "torch.tensor([loss.item(), 1.0])",
        "torch.tensor(scores.argmax(1).tolist())",
        "torch.randint(0, 2 + scores.argmax().item(), (4,))",
        "scores[scores.argmax().item()]",
        "scores[:, scores.argmax(0).tolist()[0]]",
        "F.dropout(scores, loss.item())",
        "scores.clamp(max=loss.item())",
        "scores.masked_fill(scores > 0, float(loss))",
        "scores.roll(scores.argmax().item(), 0)",
    ],
)
def test_a_number_that_is_no_size_leaves_shapes_observed(trace: Trace, line: str) -> None:
    result = trace(MODEL + f"made = {line}\n")
    assert {dim.status for dim in last(result).shape.dims} == {"observed"}
    assert result.invented


def test_writing_a_made_up_number_of_rows_leaves_the_shape_of_what_is_written_to(trace: Trace) -> None:
    result = trace(
        MODEL
        + textwrap.dedent("""
            rows = torch.zeros(4, 8)
            rows[: scores.argmax().item()] = 1.0
            rows[0, :1] = scores[scores > 0][:1]
            twice = rows * 2
        """)
    )
    assert {dim.status for dim in last(result).shape.dims} == {"observed"}


def test_a_loss_over_a_made_up_size_says_so(trace: Trace) -> None:
    result = trace(
        MODEL
        + textwrap.dedent("""
            kept = int(scores.sigmoid().mean() * 8)
            head = nn.Linear(kept, 3)
            logits = head(scores[:, :kept])
            cost = F.cross_entropy(logits, torch.zeros(4, dtype=torch.long))
        """)
    )
    stage = next(s for s in result.graph.stages if s.op.endswith("cross_entropy"))
    logits, target = stage.tensor("input"), stage.tensor("target")
    assert logits is not None and is_invented(logits)
    assert target is not None and not is_invented(target)


def test_a_model_of_transformers_takes_inputs_of_a_made_up_length(trace: Trace) -> None:
    result = trace(
        MODEL
        + textwrap.dedent("""
            from transformers import BertConfig, BertModel
            sizes = dict(hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64)
            model = BertModel(BertConfig(vocab_size=50, **sizes))
            ids = torch.zeros(2, 9, dtype=torch.long)[:, : 4 + scores.argmax().item()]
            states = model(ids, attention_mask=torch.ones_like(ids)).last_hidden_state
        """)
    )
    assert is_invented(last(result)) and str(last(result).shape) == "(2, 5, 32)"


def test_a_training_loop_that_reads_its_loss_to_show_it_has_nothing_invented(trace: Trace) -> None:
    result = trace("""
        import torch
        from torch import nn
        from torch.utils.data import DataLoader, TensorDataset
        model, criterion = nn.Linear(6, 3), nn.CrossEntropyLoss()
        optimizer = torch.optim.AdamW(model.parameters())
        scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer)
        loader = DataLoader(TensorDataset(torch.randn(10, 6), torch.randint(0, 3, (10,))), batch_size=4)
        best, losses = float("inf"), []
        for epoch in range(2):
            total = correct = 0
            for rows, labels in loader:
                optimizer.zero_grad()
                scores = model(rows)
                loss = criterion(scores, labels)
                loss.backward()
                optimizer.step()
                total += loss.item() * len(rows)
                correct += (scores.argmax(1) == labels).sum().item()
                losses.append(float(loss))
            mean = total / len(loader.dataset)
            scheduler.step(mean)
            print(f"{epoch:2d} {mean:.4f} {correct / 10:.1%} {max(losses):6.2f} {round(mean, 2)}")
            best = min(best, mean)
        history = torch.tensor(losses).mean()
    """)
    assert result.status == "completed", result.reason
    assert result.invented
    assert {dim.status for stage in result.graph.stages for t in stage.tensors() for dim in t.shape.dims} == {
        "observed"
    }


def test_a_number_that_was_read_is_an_ordinary_number_to_everyone(trace: Trace) -> None:
    result = trace(
        MODEL
        + textwrap.dedent("""
            import decimal, fractions, operator, statistics
            n, p = scores.argmax().item(), loss.item()
            assert isinstance(n, int) and isinstance(p, float) and not isinstance(n, float)
            assert json.loads(json.dumps({"n": n, "p": p})) == {"n": n, "p": p}
            assert type(pickle.loads(pickle.dumps(n))) is int and copy.deepcopy(p) == p
            assert (str(n), repr(p), f"{n:03d}", f"{p:.1f}", "%d" % n) == ("1", repr(float(str(p))), "001", "0.7", "1")
            assert [7, 8][n] == 8 and list(range(n)) == [0] and {1: "one"}[n] == "one" and "ab" * n == "ab"
            assert (n + 1, 3 - n, n / 2, 5 // (n + 1), -n, 2 ** n, n << 2, divmod(7, n + 1)) == (
                2, 2, 0.5, 2, -1, 2, 4, (3, 1))
            assert isinstance(n + 1, int) and isinstance(n / 2, float) and isinstance(n * 0.5, float)
            assert isinstance(0.5 * n, float) and int(0.5 * (n + 1)) == 1 and round(p) == 1 and round(p, 1) == 0.7
            assert math.floor(p) == 0 and math.sqrt(n) == 1.0 and statistics.mean([n, 3]) == 2
            assert decimal.Decimal(n) == 1 and fractions.Fraction(1, 2) + n == fractions.Fraction(3, 2)
            assert n == True and hash(n) == hash(1) and bool(n - 1) is False and operator.index(n) == 1
            assert int("7") == 7 and int("ff", 16) == 255 and int() == 0 and float("1e3") == 1000 and len("abc") == 3
            assert sorted([p, 0.1, n]) == [0.1, p, 1] and complex(n) == 1 + 0j and n.bit_length() == 1
            assert int(scores[0, 0] * 0 + 1) in (0, 1)
        """)
    )
    assert result.status == "completed", result.reason


def test_an_error_is_certain_where_no_made_up_number_could_avert_it(trace: Trace) -> None:
    widths = trace(MODEL + "torch.lerp(scores, torch.ones(4, 7), loss.item())\n")
    assert widths.error is not None and widths.error.certain
    size = trace(MODEL + "torch.ones(4, 7).view(scores.argmax().item() + 4, -1)\n")
    assert size.error is not None and not size.error.certain
