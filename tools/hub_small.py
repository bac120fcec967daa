"""Small configs and inputs for every architecture, with sizes that cannot be mistaken for each other."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import torch
import transformers

Sizes = dict[str, int]

CONFIGS: tuple[dict[str, int], ...] = (
    {
        "hidden": 32,
        "layers": 2,
        "decoder_layers": 5,
        "heads": 4,
        "kv": 4,
        "inner": 40,
        "vocab": 199,
        "positions": 70,
        "embedding": 24,
        "labels": 7,
        "projection": 28,
    },
    {
        "hidden": 48,
        "layers": 3,
        "decoder_layers": 4,
        "heads": 6,
        "kv": 2,
        "inner": 56,
        "vocab": 223,
        "positions": 90,
        "embedding": 36,
        "labels": 9,
        "projection": 20,
    },
)
"""Two sets of config values: each attribute that is made small differs between them."""

INPUTS: tuple[Sizes, ...] = (
    {"batch": 3, "seq": 11, "decoder_seq": 8, "choices": 4, "samples": 4000, "frames": 100},
    {"batch": 5, "seq": 13, "decoder_seq": 10, "choices": 6, "samples": 5600, "frames": 130},
)
"""Two sets of input sizes."""

MEANS = {
    "hidden": "hidden_size d_model dim n_embd embed_dim emb_dim n_embed model_dim pooler_hidden_size",
    "layers": "num_hidden_layers n_layer n_layers num_layers encoder_layers num_encoder_layers",
    "decoder_layers": "decoder_layers num_decoder_layers",
    "heads": "num_attention_heads n_head n_heads num_heads encoder_attention_heads decoder_attention_heads",
    "kv": "num_key_value_heads",
    "inner": "intermediate_size ffn_dim d_ff n_inner encoder_ffn_dim decoder_ffn_dim d_inner hidden_dim ffn_hidden_size",
    "vocab": "vocab_size",
    "positions": "max_position_embeddings n_positions",
    "embedding": "embedding_size",
    "projection": "projection_dim",
}
ATTRIBUTES = {name: meaning for meaning, names in MEANS.items() for name in names.split()}
HEAD_DIM = 8


def small_config(cls: type[Any], which: int) -> Any:
    """A config of the class with small sizes, in its parts too."""
    config = cls()
    shrink(config, CONFIGS[which])
    return config


def shrink(config: Any, values: dict[str, int]) -> None:
    """Put small sizes into a config, in place."""
    for key, value in list(vars(config).items()):
        if isinstance(value, transformers.PreTrainedConfig):
            shrink(value, values)
        elif key in ATTRIBUTES and isinstance(value, int) and not isinstance(value, bool):
            setattr(config, key, values[ATTRIBUTES[key]])
        elif key in ("head_dim", "d_kv") and isinstance(value, int):
            setattr(config, key, HEAD_DIM)
        elif key == "layer_types" and isinstance(value, list):
            setattr(config, key, (value * values["layers"])[: values["layers"]])
    for key, value in list(vars(config).items()):
        if key.endswith("_token_id") and isinstance(value, int) and value >= values["vocab"]:
            setattr(config, key, values["vocab"] - 1)
    config.num_labels = values["labels"]


def small_inputs(model: Any, sizes: Sizes) -> dict[str, Any]:
    """The usual inputs of a model: ids, and decoder ids where the class wants them."""
    takes = inspect.signature(model.forward).parameters
    text = model.config.get_text_config() if hasattr(model.config, "get_text_config") else model.config
    vocab = getattr(text, "vocab_size", None) or 100
    batch = (
        (sizes["batch"], sizes["choices"]) if type(model).__name__.endswith("ForMultipleChoice") else (sizes["batch"],)
    )
    given: dict[str, Any] = {}
    if model.main_input_name == "input_ids":
        given["input_ids"] = ids(*batch, sizes["seq"], vocab=vocab)
        if "attention_mask" in takes:
            given["attention_mask"] = torch.ones(*batch, sizes["seq"], dtype=torch.int64)
    if "decoder_input_ids" in takes:
        given["decoder_input_ids"] = ids(*batch, sizes["decoder_seq"], vocab=vocab)
    return given


def ids(*shape: int, vocab: int) -> torch.Tensor:
    """Token ids that avoid the first ones, which are often special."""
    return torch.randint(min(5, vocab - 1), vocab - 2, shape)


def small_labels(model: Any, sizes: Sizes) -> Iterator[torch.Tensor]:
    """Labels that a head may take: one class id per example, then per token, then per decoder token."""
    batch = sizes["batch"]
    yield torch.ones(batch, dtype=torch.int64)
    for length in ("seq", "decoder_seq"):
        yield torch.ones(batch, sizes[length], dtype=torch.int64)
