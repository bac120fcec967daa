"""Values as JSON-able records: tensors by number, modules by class, plain values as they are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import torch

from shapecheck.places import Span
from shapecheck.tracer.child import arrays
from shapecheck.tracer.child.fakes import is_fake

if TYPE_CHECKING:
    from shapecheck.tracer.child.session import Session

_DEPTH = 4
_LENGTH = 64
_RANGE_LIMIT = 1 << 20
_INTEGERS = (torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8)


def describe(session: Session, value: Any, depth: int = _DEPTH) -> Any:
    """A record of a value. What cannot be told is ``{"of": <type name>}``."""
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, (int, float)):
        return int(value) if isinstance(value, int) else float(value)
    if isinstance(value, torch.Tensor):
        return tensor(session, value)
    if isinstance(value, torch.nn.Module):
        return session.modules.record(value)
    array = arrays.shadow(value)
    if array is not None:
        return tensor(session, array)
    if value is Ellipsis:
        return {"ellipsis": True}
    if isinstance(value, torch.dtype):
        return {"dtype": dtype_name(value)}
    if isinstance(value, Span):
        return {"span": value}
    if isinstance(value, slice):
        return {"slice": [describe(session, part, depth - 1) for part in (value.start, value.stop, value.step)]}
    if depth and is_mapping(value) and len(value) <= _LENGTH:
        return {"dict": {str(k): describe(session, v, depth - 1) for k, v in value.items()}}
    if depth and isinstance(value, (list, tuple)) and len(value) <= _LENGTH:
        items = [describe(session, item, depth - 1) for item in value]
        return {"list": items} if isinstance(value, list) else {"tuple": items}
    stage = session.stage_of(value)
    return {"stage": stage} if stage is not None else {"of": type(value).__name__}


def is_mapping(value: Any) -> bool:
    """Whether a value has keys and values as a dict has (transformers' BatchEncoding is not one)."""
    return isinstance(value, dict) or (hasattr(value, "items") and hasattr(value, "keys") and hasattr(value, "__len__"))


def tensor(session: Session, value: torch.Tensor) -> dict[str, Any]:
    """A record of a tensor: number, sizes, dtype, and the notes on it."""
    mark = session.marks.of(value)
    record: dict[str, Any] = {
        "t": mark.number,
        "sizes": [int(n) for n in value.shape],
        "dtype": dtype_name(value.dtype),
    }
    if mark.status != "observed":
        record["status"] = mark.status
    if mark.role:
        record["role"] = mark.role
    if mark.padding:
        record["padding"] = mark.padding
    if (
        value.dtype in _INTEGERS
        and not is_fake(value)
        and 0 < value.numel() <= _RANGE_LIMIT
        and value.device.type == "cpu"
    ):
        low, high = value.aminmax()
        record["low"], record["high"] = int(low), int(high)
    return record


def dtype_name(dtype: torch.dtype) -> str:
    """torch's name of a dtype without the prefix."""
    return str(dtype).removeprefix("torch.")


def tensors_of(value: Any, prefix: str = "") -> Iterator[tuple[str, torch.Tensor]]:
    """The tensors in a result, each with its field: ``out``, ``0``, ``last_hidden_state``, ``hidden_states.3``."""
    if isinstance(value, torch.Tensor):
        yield prefix or "out", value
    elif is_mapping(value):
        for key, item in value.items():
            yield from tensors_of(item, f"{prefix}.{key}" if prefix else str(key))
    elif isinstance(value, (list, tuple)):
        names = getattr(value, "_fields", None) or _sequence_fields(value)
        for name, item in zip(names, value, strict=False):
            yield from tensors_of(item, f"{prefix}.{name}" if prefix else str(name))


def _sequence_fields(value: list[Any] | tuple[Any, ...]) -> list[str]:
    """Names of torch's structured results (``torch.max``: values, indices), else positions."""
    names = (
        [n for n in ("values", "indices") if hasattr(value, n)]
        if type(value).__module__ == "torch.return_types"
        else []
    )
    if type(value).__module__ == "torch.return_types" and len(names) != len(value):
        names = [n for n in dir(value) if not n.startswith(("_", "n_")) and n not in ("count", "index")]
    return names if len(names) == len(value) else [str(i) for i in range(len(value))]
