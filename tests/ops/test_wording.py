"""The conflicts that people meet most read as PyTorch's own eager messages, with the same numbers."""

from __future__ import annotations

from typing import Any

import pytest

from shapecheck.shapes import Conflict
from tests.ops.harness import Case, T, run_ours, run_torch

IDS = "int64"


def called(op: str, *shapes: Any, **kwargs: Any) -> Case:
    """A call with tensors of these shapes."""
    return Case(op, tuple(T(one) if isinstance(one, tuple) else one for one in shapes), kwargs)


def layer(op: str, init: tuple[Any, ...], *operands: Any, **init_kwargs: Any) -> Case:
    """A module made with ``init`` and called."""
    return Case(op, tuple(T(one) if isinstance(one, tuple) else one for one in operands), {}, init, init_kwargs)


F = "torch.nn.functional."
CASES = [
    layer("torch.nn.Linear", (775, 64), (4, 783)),
    layer("torch.nn.Linear", (775, 64), (2, 3, 783)),
    layer("torch.nn.Linear", (5, 4), (3,)),
    layer("torch.nn.Linear", (5, 4), T((2, 5), IDS)),
    called(F + "linear", (4, 7), (3, 6)),
    called("torch.matmul", (2, 3), (4, 5)),
    called("torch.matmul", (2, 3, 4), (2, 5, 6)),
    called("torch.matmul", (2, 3, 4), (5, 6)),
    called("torch.matmul", (3,), (4,)),
    called("torch.matmul", (2, 3), (4,)),
    called("torch.matmul", (2, 3, 4), (5, 4, 6)),
    called("torch.bmm", (2, 3, 4), (2, 5, 6)),
    called("torch.bmm", (2, 3, 4), (3, 4, 6)),
    called("torch.bmm", (3, 4), (3, 4, 6)),
    called("torch.mm", (2, 3), (4, 5)),
    called("torch.add", (2, 3), (2, 4)),
    called("torch.mul", (4, 1, 3), (5, 4, 2)),
    called("torch.cat", [T((2, 34)), T((3, 34))], dim=1),
    called("torch.cat", [T((2, 3)), T((2, 3, 4))], dim=1),
    called("torch.stack", [T((2, 3)), T((2, 4))]),
    called("torch.Tensor.view", (2, 3, 4), 2, 5, -1),
    called("torch.Tensor.view", (2, 3, 4), 5, 5),
    called("torch.reshape", (2, 3, 4), [-1, 7]),
    called("torch.permute", (2, 3, 4), [0, 1]),
    called("torch.transpose", (2, 3), 1, 2),
    called("torch.unsqueeze", (2, 3), 4),
    called("torch.mean", (2, 3), dim=2),
    called("torch.softmax", (2, 3), dim=5),
    called("torch.Tensor.expand", (2, 3), 4, 3),
    called("torch.Tensor.expand", (2, 3), 3),
    called("torch.split", (2, 7), [3, 3], dim=1),
    called("torch.topk", (2, 3), 5),
    called("torch.Tensor.__getitem__", (2, 3), (0, 5)),
    called("torch.Tensor.__getitem__", (2, 3), (0, 0, 0)),
    called("torch.Tensor.__getitem__", (2, 3), T((4,), "bool")),
    called("torch.Tensor.__setitem__", (2, 3), 0, T((4,))),
    called("torch.gather", (2, 3), 1, T((2,), IDS)),
    called("torch.gather", (2, 3), 1, T((4, 3), IDS)),
    called("torch.index_select", (2, 3), 0, T((2, 2), IDS)),
    called("torch.Tensor.item", (3,)),
    called("torch.Tensor.size", (3,), 2),
    called("torch.einsum", "bid,bjd->bij", (2, 3, 4), (2, 5, 6)),
    called("torch.einsum", "bid,bjd->bij", (2, 3), (2, 5, 6)),
    called(F + "cross_entropy", (4, 3, 5), T((4,), IDS)),
    called(F + "cross_entropy", (2, 3), T((12,), IDS)),
    called(F + "cross_entropy", (8, 5), T((8, 1), IDS)),
    called(F + "cross_entropy", (8, 5), T((8, 5), IDS)),
    called(F + "cross_entropy", (8, 5), (8,)),
    called(F + "cross_entropy", (2, 3, 4, 4), T((2, 4, 5), IDS)),
    called(F + "cross_entropy", (2, 3, 4, 4), T((2, 4), IDS)),
    called(F + "nll_loss", (4, 3), T((5,), IDS)),
    called(F + "binary_cross_entropy_with_logits", (8, 6), (8, 5)),
    called(F + "binary_cross_entropy_with_logits", (8, 1), (8,)),
    called(F + "binary_cross_entropy_with_logits", (8,), T((8,), IDS)),
    called(F + "binary_cross_entropy", (8, 1), (8,)),
    called(F + "binary_cross_entropy", (8,), T((8,), IDS)),
    called(F + "mse_loss", (8, 3), (8, 4)),
    called(F + "kl_div", (8, 3), T((8, 3), IDS)),
    called(F + "cosine_embedding_loss", (8, 3), (8, 3), (8, 1)),
    called(F + "triplet_margin_loss", (8, 3), (8, 3), (3,)),
    called(F + "margin_ranking_loss", (8,), (8,), (8, 1)),
    called(F + "multilabel_margin_loss", (8, 3), T((8, 4), IDS)),
    called(F + "ctc_loss", (5, 2, 3), T((3, 2), IDS), [5, 5], [2, 2]),
    called(F + "embedding", (2, 3), (4, 5)),
    called(F + "pad", (2, 3), [1] * 6),
    called(F + "interpolate", (2, 3, 4), size=8, mode="bilinear"),
    called(F + "pixel_shuffle", (1, 7, 2, 2), 2),
    called(F + "scaled_dot_product_attention", (2, 3, 4), (2, 5, 6), (2, 5, 6)),
    layer("torch.nn.Conv1d", (768, 100, 2), (4, 16, 768)),
    layer("torch.nn.Conv2d", (3, 8, 3), (4, 1, 28, 28)),
    layer("torch.nn.Conv2d", (3, 8, 3), (1, 28, 28)),
    layer("torch.nn.Conv2d", (3, 8, 3), (28, 28)),
    layer("torch.nn.Conv2d", (3, 8, 5), (4, 3, 3, 3)),
    layer("torch.nn.Conv2d", (3, 8, 3), (4, 28, 28, 3)),
    layer("torch.nn.ConvTranspose2d", (3, 8, 3), (4, 5, 8, 8)),
    layer("torch.nn.MaxPool2d", (4,), (2, 3, 3, 3)),
    layer("torch.nn.MaxPool2d", (2,), (3, 3)),
    layer("torch.nn.AvgPool2d", (2,), (3, 3)),
    layer("torch.nn.AvgPool1d", (5,), (2, 3, 4)),
    layer("torch.nn.MaxPool1d", (5,), (2, 3, 4)),
    layer("torch.nn.LayerNorm", (768,), (2, 3, 512)),
    layer("torch.nn.LayerNorm", ((4, 768),), (2, 3, 768)),
    layer("torch.nn.BatchNorm1d", (768,), (4, 16, 768)),
    layer("torch.nn.BatchNorm1d", (3,), (4, 3, 5, 5)),
    layer("torch.nn.BatchNorm2d", (3,), (4, 3)),
    layer("torch.nn.BatchNorm2d", (3,), (4, 4, 5, 5)),
    layer("torch.nn.GroupNorm", (2, 4), (4, 6, 5)),
    layer("torch.nn.InstanceNorm2d", (3,), (4, 3)),
    layer("torch.nn.Embedding", (10, 4), (2, 3)),
    layer("torch.nn.LSTM", (8, 4), (2, 3, 7)),
    layer("torch.nn.LSTM", (8, 4), (2, 3, 5, 8)),
    layer("torch.nn.GRU", (8, 128, 2), (4, 4, 8), (4, 2, 128)),
    layer("torch.nn.LSTM", (8, 128, 2), (4, 4, 8), [T((4, 2, 128)), T((4, 2, 128))]),
    layer("torch.nn.GRU", (8, 128), (4, 4, 8), (4, 128)),
    layer("torch.nn.LSTMCell", (8, 4), (2, 7)),
    layer("torch.nn.GRUCell", (8, 4), (2, 8), (3, 4)),
    layer("torch.nn.MultiheadAttention", (8, 2), (3, 4, 6), (3, 4, 6), (3, 4, 6)),
    layer("torch.nn.MultiheadAttention", (8, 2), (3, 4, 8), (3, 8), (3, 8)),
    layer("torch.nn.MultiheadAttention", (8, 2), (3, 4, 8), (5, 2, 8), (5, 2, 8)),
    layer("torch.nn.MultiheadAttention", (9, 2), (3, 4, 9), (3, 4, 9), (3, 4, 9)),
    layer("torch.nn.GroupNorm", (3, 4), (4, 4, 5)),
    layer("torch.nn.Conv2d", (3, 4, 3), (4, 3, 5, 5), groups=2),
    layer("torch.nn.TransformerEncoderLayer", (8, 3), (3, 4, 8)),
    layer("torch.nn.TransformerEncoderLayer", (8, 2), (3, 4, 6)),
    layer("torch.nn.Unflatten", (1, (2, 3)), (4, 7)),
    layer("torch.nn.GLU", (), (4, 7)),
    layer("torch.nn.Unfold", (3,), (1, 2, 3, 4, 7)),
    layer("torch.nn.CrossEntropyLoss", (), (3, 5), T((4,), IDS)),
    layer("torch.nn.BCEWithLogitsLoss", (), (8, 6), (8, 5)),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.op.rpartition('.')[2]}-{CASES.index(case)}")
def test_a_conflict_reads_as_torch_says_it(case: Case) -> None:
    theirs, ours = run_torch(case, "cpu"), run_ours(case)
    assert isinstance(theirs, Exception), f"torch gives {theirs}"
    assert isinstance(ours, Conflict), ours
    assert ours.message == str(theirs)
