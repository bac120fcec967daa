"""``generate``: one step of the model, and made-up tokens of the asked-for form."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from shapecheck.tracer.child.session import Session

_MAIN = ("input_ids", "inputs_embeds", "input_features", "input_values", "pixel_values")


def install(session: Session) -> None:
    """Patch ``GenerationMixin.generate`` as soon as transformers defines it."""

    def patch(module: Any) -> None:
        def generate(self: Any, inputs: Any = None, generation_config: Any = None, **kwargs: Any) -> Any:
            return _generate(session, self, inputs, generation_config, kwargs)

        module.GenerationMixin.generate = generate

    session.on_import("transformers.generation.utils", patch)


@torch.no_grad()  # type: ignore[untyped-decorator]
def _generate(session: Session, model: Any, inputs: Any, config: Any, options: dict[str, Any]) -> Any:
    """Ids of one new token for each row: (rows, tokens given + 1), or (rows, 2) behind a decoder's start token."""
    known = set(inspect.signature(model.forward).parameters) - {"labels"}
    given = {name: value for name, value in options.items() if name in known and value is not None}
    if inputs is not None:
        given.setdefault(model.main_input_name, inputs)
    main = next((given[name] for name in _MAIN if isinstance(given.get(name), torch.Tensor)), None)
    if main is None:
        raise ValueError("generate() was given neither ids nor other inputs")
    rows = main.shape[0]
    prompt = torch.zeros(rows, 1, dtype=torch.long) if model.config.is_encoder_decoder else given.get("input_ids")
    if prompt is None:
        prompt = torch.zeros(rows, 0, dtype=torch.long)
    if model.config.is_encoder_decoder:
        given.setdefault("decoder_input_ids", prompt)
    output = model(**given)
    settings = config if config is not None else getattr(model, "generation_config", None)
    several = options.get("num_return_sequences") or getattr(settings, "num_return_sequences", None) or 1
    ids = torch.cat([prompt, prompt.new_zeros(rows, 1)], dim=1).repeat_interleave(int(several), dim=0)
    session.invent("length of generate()", 1)
    session.mark(ids, role="ids", status="invented")
    if not options.get("return_dict_in_generate"):
        return ids
    from transformers.generation.utils import GenerateDecoderOnlyOutput

    return GenerateDecoderOnlyOutput(
        sequences=ids, scores=(output.logits[:, -1],), hidden_states=(output.get("hidden_states"),)
    )
