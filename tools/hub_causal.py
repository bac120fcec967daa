"""Writes rules/hub/causal.csv: whether a token sees only those before it, measured.

The last token of a text is changed; in a causal model what stands for the first token stays as it was.
"""

from __future__ import annotations

from typing import Any

import torch
from hub_measure import main
from hub_outputs import build, fields_of
from hub_small import INPUTS, small_inputs


def measured(cls: type[Any], way: str) -> list[dict[str, str]]:
    """The row of a class that gives something for every token of a text."""
    model = build(cls, 0, way, attention=None)
    given = small_inputs(model, INPUTS[0])
    if "input_ids" not in given or "decoder_input_ids" in given:
        return []
    other = given | {"input_ids": given["input_ids"].clone()}
    other["input_ids"][..., -1] = 7
    with torch.no_grad():
        before, after = (next(iter_tensors(fields_of(model(**g)), INPUTS[0]["seq"]), None) for g in (given, other))
    if before is None or after is None or torch.equal(before[:, -1], after[:, -1]):
        return []
    return [{"model_class": cls.__name__, "causal": "yes" if torch.equal(before[:, 0], after[:, 0]) else "no"}]


def iter_tensors(fields: dict[str, Any], length: int) -> Any:
    """The fields that hold something for every token."""
    return (v for v in fields.values() if isinstance(v, torch.Tensor) and v.dim() == 3 and v.shape[1] == length)


if __name__ == "__main__":
    main("causal", measured)
