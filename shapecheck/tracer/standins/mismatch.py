"""Weights that would not fit: sizes of the checkpoint against those of the model that is to take them.

Without weights nothing is loaded, so what ``from_pretrained`` would refuse is found by building the checkpoint's own
architecture, on the meta device, and comparing the shapes of equally named parameters.
"""

from __future__ import annotations

from typing import Any

import torch

Shapes = dict[str, tuple[int, ...]]

_NO_MATTER = frozenset(
    """
    num_hidden_layers encoder_layers decoder_layers num_layers n_layer n_layers num_decoder_layers pad_token_id
    bos_token_id eos_token_id sep_token_id decoder_start_token_id forced_bos_token_id forced_eos_token_id
    output_hidden_states output_attentions return_dict use_cache is_decoder add_cross_attention chunk_size_feed_forward
    """.split()
)


def mismatched(model: Any, own: Any, used: Any) -> dict[str, tuple[tuple[int, ...], tuple[int, ...]]]:
    """Parameters whose shape differs: name -> (shape in the checkpoint, shape in the model).

    Args:
        model: the model that was built.
        own: the checkpoint's own config.
        used: the config that the model was built from, of the same class.
    """
    if not _sizes_differ(own, used):
        return {}
    prefix = f"{model.base_model_prefix}."
    stored = _stored_shapes(own)
    found = {}
    for name, parameter in model.named_parameters():
        shape = tuple(parameter.shape)
        for key in (name, prefix + name, name.removeprefix(prefix)):
            if key in stored:
                if stored[key] != shape:
                    found[name] = (stored[key], shape)
                break
    return found


def error(model: Any, found: dict[str, tuple[tuple[int, ...], tuple[int, ...]]]) -> RuntimeError:
    """What the installed transformers raises for these parameters."""
    from transformers import __version__

    if int(__version__.split(".")[0]) >= 5:
        return RuntimeError(
            "You set `ignore_mismatched_sizes` to `False`, thus raising an error. For details look at the above report!"
        )
    lines = "\n\t".join(
        f"size mismatch for {name}: copying a param with shape torch.Size({list(stored)}) from checkpoint, "
        f"the shape in current model is torch.Size({list(shape)})."
        for name, (stored, shape) in found.items()
    )
    return RuntimeError(
        f"Error(s) in loading state_dict for {type(model).__name__}:\n\t{lines}\n\tYou may consider adding "
        "`ignore_mismatched_sizes=True` in the model `from_pretrained` method."
    )


def _sizes_differ(own: Any, used: Any) -> bool:
    if type(own) is not type(used):
        return False
    theirs = vars(used)
    if own.num_labels != used.num_labels and getattr(own, "architectures", None):
        return True
    return any(
        isinstance(value, (int, list))
        and not isinstance(value, bool)
        and key not in _NO_MATTER
        and theirs.get(key) != value
        for key, value in vars(own).items()
    )


def _stored_shapes(own: Any) -> Shapes:
    """The shapes in the checkpoint: those of the architecture that it names, else of the type's base model."""
    import transformers

    named = [getattr(transformers, name, None) for name in own.architectures or ()]
    auto = transformers.AutoModel
    base = auto._model_mapping.get(type(own), None)
    cls = next((found for found in named if found is not None), base)
    cls = cls[0] if isinstance(cls, (tuple, list)) else cls
    if cls is None:
        return {}
    with torch.device("meta"):
        stored = cls(own)
    return {name: tuple(parameter.shape) for name, parameter in stored.named_parameters()}
