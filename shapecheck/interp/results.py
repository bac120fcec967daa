"""From what ``shapecheck.ops`` and ``shapecheck.hub`` answer to values of the interpreter, with the tensors among
them."""

from __future__ import annotations

from typing import Any, NamedTuple

from shapecheck.dims import Dim, number
from shapecheck.graph import Tensor
from shapecheck.interp.library.around import PackedValue, ResultTuple
from shapecheck.interp.values import Const, Int, Items, Mapping, TensorValue, Unknown, Value
from shapecheck.ops import Packed, Spec
from shapecheck.places import Span


class Wrapped(NamedTuple):
    """A value, and the tensors in it by the name of the output that each is."""

    value: Value
    tensors: dict[str, Tensor]


def wrap(result: Any, span: Span) -> Wrapped:
    """Make a value of an outcome: a Spec, Dim, plain value, UNKNOWN, or tuples, lists and dicts of these."""
    tensors: dict[str, Tensor] = {}
    return Wrapped(_wrap(result, span, "", tensors), tensors)


def _wrap(result: Any, span: Span, path: str, tensors: dict[str, Tensor]) -> Value:
    kind = type(result)
    if kind is Spec:
        tensor = tensors[path or "out"] = Tensor(result.shape, result.dtype, span=span)
        return TensorValue(tensor)
    if kind is tuple or kind is list:
        parts = [_wrap(part, span, f"{path}.{i}" if path else str(i), tensors) for i, part in enumerate(result)]
        return ResultTuple(parts) if kind is tuple and not path else Items(kind.__name__, parts)
    if kind is dict:
        return Mapping({k: _wrap(part, span, f"{path}.{k}" if path else str(k), tensors) for k, part in result.items()})
    return plain(result)


def plain(result: Any) -> Value:
    """The value of a Dim or a plain Python value; unknown for anything else."""
    kind = type(result)
    if kind is Dim:
        return Int(result)
    if kind is int:
        return Int(number(result))
    if result is None or kind in (bool, str, float, bytes, complex, type(...)):
        return Const(result)
    if isinstance(result, Value):
        return result
    if kind is Packed:
        return PackedValue(result)
    if kind is tuple or kind is list:
        return Items(kind.__name__, [plain(part) for part in result])
    if kind is dict:
        return Mapping({key: plain(part) for key, part in result.items()})
    return Unknown()
