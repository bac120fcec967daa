"""What a layer's state dict holds, against PyTorch's own."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from shapecheck import ops
from shapecheck.dims import Dim
from shapecheck.ops.weights import sized_by, weights

LAYERS: list[tuple[str, list[Any], dict[str, Any]]] = [
    ("Linear", [8, 3], {}),
    ("Linear", [8, 3], {"bias": False}),
    ("Bilinear", [8, 5, 3], {}),
    ("Embedding", [50, 8], {}),
    ("EmbeddingBag", [50, 8], {}),
    ("LayerNorm", [8], {}),
    ("LayerNorm", [(4, 8)], {}),
    ("LayerNorm", [8], {"elementwise_affine": False}),
    ("LayerNorm", [8], {"bias": False}),
    ("RMSNorm", [8], {}),
    ("GroupNorm", [2, 8], {}),
    ("BatchNorm1d", [8], {}),
    ("BatchNorm2d", [8], {"affine": False}),
    ("BatchNorm3d", [8], {"track_running_stats": False}),
    ("PReLU", [8], {}),
    ("Conv1d", [4, 6, 3], {}),
    ("Conv2d", [4, 6, 3], {"groups": 2}),
    ("Conv2d", [4, 6, (3, 5)], {"bias": False}),
    ("Conv3d", [4, 6, 3], {}),
    ("ConvTranspose2d", [4, 6, 3], {"groups": 2}),
    ("LSTM", [5, 7], {"num_layers": 2, "bidirectional": True}),
    ("GRU", [5, 7], {"bias": False}),
    ("RNN", [5, 7], {}),
    ("MultiheadAttention", [8, 2], {}),
    ("MultiheadAttention", [8, 2], {"bias": False}),
    ("ReLU", [], {}),
    ("Dropout", [0.1], {}),
    ("MaxPool2d", [2], {}),
]


@pytest.mark.parametrize(("kind", "args", "kwargs"), LAYERS, ids=lambda value: str(value))
def test_a_layers_entries_are_those_of_torch(kind: str, args: list[Any], kwargs: dict[str, Any]) -> None:
    params = ops.construct(f"torch.nn.{kind}", args, kwargs)
    assert isinstance(params, dict)
    found = weights(f"torch.nn.{kind}", params)
    assert found is not None
    real = getattr(torch.nn, kind)(*args, **kwargs).state_dict()
    assert {name: [dim.value for dim in sizes] for name, sizes in found.items()} == {
        name: list(tensor.shape) for name, tensor in real.items()
    }


def test_a_layer_that_is_not_known_has_no_entries_to_compare() -> None:
    assert weights("transformers.BertModel", {}) is None
    assert weights("torch.nn.TransformerEncoderLayer", {"d_model": Dim(8)}) is None


def test_an_axis_names_the_constructor_argument_that_sized_it() -> None:
    assert sized_by("torch.nn.Embedding", "weight", 0) == "num_embeddings"
    assert sized_by("torch.nn.Conv2d", "weight", 1) == "in_channels"
    assert sized_by("torch.nn.LSTM", "weight_ih_l0", 1) == "input_size"
    assert sized_by("torch.nn.MultiheadAttention", "in_proj_weight", 0) == "embed_dim"
    assert sized_by("Tagger", "positions", 1) == ""
