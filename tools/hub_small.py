"""Small configs and inputs for every architecture, with sizes that cannot be mistaken for each other.

Which inputs a model takes, and of what shape, stands in rules/hub/recipes.csv.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
import transformers
from hub_classes import computed, config_class

from shapecheck.hub.recipes import Recipe, recipe
from shapecheck.tracer.child.recipes import image_size, made

Sizes = dict[str, int]


def _listed(table: str) -> tuple[Sizes, ...]:
    """One dict per column of numbers."""
    lines = [line.split() for line in table.strip().splitlines()]
    return tuple({words[0]: int(words[column]) for words in lines} for column in range(1, len(lines[0])))


CONFIGS = _listed("""
    hidden           32   48   64
    layers            2    3    4
    decoder_layers    5    4    3
    heads             4    6    8
    kv                4    2    8
    inner            40   56   72
    vocab           199  223  251
    positions        70   90  110
    types             6    8    5
    embedding        24   36   44
    labels            7    9   12
    projection       28   20   52
    experts           8   10   12
    patches           5    7    3
    channels         24   20   28
    sources          30   34   38
""")
"""Sets of config values: each attribute that is made small differs between them."""

INPUTS = _listed("""
    batch             3    5    2
    seq              11   13   16
    decoder_seq       9   12    7
    other_seq        15   17   19
    choices           4    6    5
    samples        4000 5700 4700
    frames          100  132  108
    height           64  128   96
    width           192  224  128
    boxes            10   12   14
""")
"""Sets of input sizes."""

RUNS = ((0, 0), (0, 1), (1, 0), (2, 2))
"""Which config meets which input sizes."""

MEANS = {
    "hidden": "hidden_size d_model dim n_embd emb_dim n_embed model_dim pooler_hidden_size pooler_output_size",
    "layers": "num_hidden_layers n_layer n_layers num_layers encoder_layers num_encoder_layers",
    "decoder_layers": "decoder_layers num_decoder_layers",
    "heads": "num_attention_heads n_head n_heads num_heads encoder_attention_heads decoder_attention_heads",
    "kv": "num_key_value_heads",
    "inner": "intermediate_size ffn_dim d_ff n_inner encoder_ffn_dim decoder_ffn_dim d_inner hidden_dim",
    "vocab": "vocab_size",
    "positions": "max_position_embeddings n_positions",
    "embedding": "embedding_size",
    "projection": "projection_dim",
    "types": "type_vocab_size",
    "sources": "max_source_positions",
    "channels": "conv_dim classifier_proj_size",
    "experts": "num_experts n_routed_experts num_local_experts moe_num_experts",
}
ATTRIBUTES = {name: meaning for meaning, names in MEANS.items() for name in names.split()}
HEAD_DIM = 8
HIDDEN_KEYWORDS = {"pooler_hidden_size"}
"""Attributes that a constructor takes among its ``**kwargs``."""
SEEING_OR_HEARING = ("vision_config", "audio_config", "acoustic_config")


WAYS = ("small", "alike", "shallow")
"""How far a config is made small, tried in this order: everything, and what sees or hears gets other widths than what
reads; everything alike; only the number of layers and of words, for configs whose widths depend on each other."""


def small_config(cls: type[Any], which: int, way: str = WAYS[0]) -> Any:
    """A config for a model class with small sizes, in its parts too."""
    config = config_class(cls)()
    values = CONFIGS[which]
    kept = {n: values[n] for n in ("layers", "decoder_layers", "vocab", "labels")} if way == "shallow" else values
    shrink(config, kept, way)
    if "QuestionAnswering" in cls.__name__:
        config.num_labels = 2  # start and end; any other number raises
    return config


def shrink(config: Any, values: Sizes, way: str) -> None:
    """Put small sizes into a config, in place; not where it works a value out itself."""
    settable = vars(config).keys() - (computed(type(config), config) - HIDDEN_KEYWORDS)
    for key, value in [(key, vars(config)[key]) for key in vars(config) if key in settable]:
        size = values.get(ATTRIBUTES.get(key, ""))
        if isinstance(value, transformers.PretrainedConfig):
            wider = {n: v * (2 if n in ("hidden", "heads") else 1) for n, v in values.items()}
            shrink(value, wider if key in SEEING_OR_HEARING and way == "small" else values, way)
        elif size is not None and isinstance(value, int) and not isinstance(value, bool):
            setattr(config, key, size)
        elif size is not None and isinstance(value, (list, tuple)):
            setattr(config, key, [size] * len(value))
        elif key in ("head_dim", "d_kv") and isinstance(value, int) and way != "shallow":
            setattr(config, key, HEAD_DIM)
        elif key == "layer_types" and isinstance(value, list):
            setattr(config, key, (value * values["layers"])[: values["layers"]])
        elif key.endswith("_token_id") and isinstance(value, int) and value >= values["vocab"]:
            setattr(config, key, values["vocab"] - 1)
    if way != "shallow":
        shrink_image(config, values)
    if getattr(config, "pad_token_id", 0) is None and hasattr(config, "vocab_size"):
        config.pad_token_id = 1
    config.num_labels = values["labels"]


def shrink_image(config: Any, values: Sizes) -> None:
    """A few patches instead of a full image."""
    side, patch = getattr(config, "image_size", None), getattr(config, "patch_size", None)
    if isinstance(side, int):
        few = values["patches"] if isinstance(patch, int) and patch > 8 else 8 * values["patches"]
        config.image_size = few * (patch if isinstance(patch, int) else 4)


def wanted(model: Any) -> tuple[Recipe, ...]:
    """The inputs that a model is given, with their recipes."""
    return recipe(type(model).__name__)


def resolved(model: Any, sizes: Sizes, larger: bool = False) -> Sizes:
    """Input sizes as this model takes them: an image as large as its config says, or somewhat larger and no square."""
    return sizes | image_size(model.config, larger)


def told(model: Any, sizes: Sizes) -> Sizes:
    """Those of the sizes that this model's inputs have."""
    words = {word for found in wanted(model) for axis in found.axes for word in axis.split("*")}
    return {name: size for name, size in sizes.items() if name in words}


def small_inputs(model: Any, sizes: Sizes) -> dict[str, torch.Tensor]:
    """The usual inputs of a model, of the given sizes."""
    return made(model.config, wanted(model), sizes)


def small_labels(sizes: Sizes) -> Iterator[dict[str, torch.Tensor | bool]]:
    """What brings a loss: labels per example, per token, per decoder token, per pixel; spans; a switch."""
    batch = sizes["batch"]
    ones = [torch.ones(batch, *rest, dtype=torch.int64) for rest in ((), (sizes["seq"],), (sizes["decoder_seq"],))]
    yield from ({"labels": labels} for labels in ones)
    yield {"labels": torch.ones(batch, sizes["height"], sizes["width"], dtype=torch.int64)}
    yield {"start_positions": ones[0], "end_positions": ones[0]}
    yield {"return_loss": True}
