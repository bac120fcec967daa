"""Values as JSON-able records: tensors by number, modules by class, plain values as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from shapecheck.tracer.child.session import Session

DEPTH = 4
LENGTH = 64


def describe(session: Session, value: Any, depth: int = DEPTH) -> Any:
    """A record of a value. What cannot be told is ``{"of": <type name>}``."""
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, (int, float)):
        return value if type(value) in (int, float) else type(value).__mro__[-2](value)
    if isinstance(value, torch.Tensor):
        return tensor_record(session, value)
    if isinstance(value, torch.nn.Module):
        return session.modules.record(value)
    if value is Ellipsis:
        return {"ellipsis": True}
    if isinstance(value, torch.dtype):
        return {"dtype": str(value).removeprefix("torch.")}
    if isinstance(value, slice):
        return {"slice": [describe(session, part, depth - 1) for part in (value.start, value.stop, value.step)]}
    if depth and isinstance(value, dict) and len(value) <= LENGTH:
        return {"dict": {str(k): describe(session, v, depth - 1) for k, v in value.items()}}
    if depth and isinstance(value, (list, tuple)) and len(value) <= LENGTH:
        items = [describe(session, item, depth - 1) for item in value]
        return {"list": items} if isinstance(value, list) else {"tuple": items}
    return {"of": type(value).__name__}
