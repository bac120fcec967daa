"""Writes rules/hub/sequence_heads.csv: the heads that are handed every token and pool for themselves, measured.

A layer put in the place of such a head (``model.classifier = nn.Linear(...)``) gets (batch, seq, hidden), and its
scores have a token axis that the model's loss does not expect. Heads that consist of one layer are not meant.
"""

from __future__ import annotations

from typing import Any

import torch
from hub_measure import main
from hub_outputs import build
from hub_small import INPUTS, small_inputs


def measured(cls: type[Any], way: str) -> list[dict[str, str]]:
    """The row of a class whose ``classifier`` is a module of several layers and takes every token."""
    model = build(cls, 0, way, attention=None)
    head = getattr(model, "classifier", None)
    if head is None or isinstance(head, torch.nn.Linear) or not any(True for _ in head.children()):
        return []
    ranks: list[int] = []
    head.register_forward_pre_hook(lambda module, args: ranks.append(args[0].dim()))
    given = small_inputs(model, INPUTS[0])
    with torch.no_grad():
        logits = model(**given).logits
    return [{"model_class": cls.__name__, "path": "classifier"}] if ranks == [3] and logits.dim() == 2 else []


if __name__ == "__main__":
    main("sequence_heads", measured)
