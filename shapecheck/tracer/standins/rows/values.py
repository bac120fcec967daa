"""What values become as they go into a table, and as it gives them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    pass


def collected(results: list[Any], batched: bool) -> dict[str, list[Any]]:
    """The columns of what a mapped function returned, row by row or batch by batch."""
    given = [result for result in results if hasattr(result, "items")]
    columns: dict[str, list[Any]] = {name: [] for result in given[:1] for name in result}
    for result in given:
        for name in columns:
            value = _plain_value(result[name])
            columns[name] += list(value) if batched else [value]
    return columns


def _plain_value(value: Any) -> Any:
    """Tables keep no tensors: they become lists, as in Arrow."""
    if isinstance(value, torch.Tensor) or type(value).__module__ == "numpy":
        return value.tolist()
    if isinstance(value, (list, tuple)) and value and isinstance(value[0], torch.Tensor):
        return [part.tolist() for part in value]
    return value


def formatted(value: Any, kind: str | None) -> Any:
    """A value as a table of a format (``torch``, ``numpy``, None for plain values) gives it."""
    if kind == "torch":
        return as_tensor(value)
    if kind == "numpy":
        import numpy

        return numpy.asarray(value)
    return value


def as_tensor(value: Any) -> Any:
    """A value as ``with_format("torch")`` gives it: strings stay, ragged lists become lists of tensors."""
    if isinstance(value, str) or value is None or isinstance(value, torch.Tensor):
        return value
    if isinstance(value, dict):
        return {key: as_tensor(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)) and any(isinstance(part, (str, dict)) or part is None for part in value):
        return [as_tensor(part) for part in value]
    try:
        made = torch.tensor(value)
    except (TypeError, ValueError):
        return [as_tensor(part) for part in value] if isinstance(value, (list, tuple)) else value
    return made.float() if made.dtype == torch.float64 else made
