"""The shape semantics of torch: what every operator, Tensor method and nn module does to shapes and types.

Knowledge stands in ``rules/ops/*.toml``; what a line cannot say is a small function in the family's file here.
Pure and free of torch; the tables are read at the first use.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from shapecheck.dims import Truth, number
from shapecheck.ops import arrays
from shapecheck.ops.call import Call, holds_tensors
from shapecheck.ops.elementwise import onto
from shapecheck.ops.tables import Entry, entry
from shapecheck.ops.values import (
    UNKNOWN,
    Batches,
    Clash,
    NotKnown,
    Outcome,
    Packed,
    Result,
    Spec,
    Unclear,
    as_dim,
    is_tensor,
)
from shapecheck.shapes import Conflict

__all__ = [
    "UNKNOWN",
    "Batches",
    "NotKnown",
    "Outcome",
    "Packed",
    "Result",
    "Spec",
    "apply",
    "bind",
    "canonical",
    "construct",
    "forward",
    "holds_tensors",
    "index",
]


def canonical(name: str) -> str | None:
    """The one name of an operator under any of its names; None if it is not known.

    >>> canonical("torch.nn.functional.relu"), canonical("torch.Tensor.relu_")
    ('torch.relu', 'torch.relu')
    >>> canonical("torch.nn.modules.linear.Linear")
    'torch.nn.Linear'
    """
    if name.startswith(arrays.PREFIX):
        return name if entry(arrays.torch_name(name)) else None
    found = entry(name)
    return found.name if found else None


def is_module(op: str) -> bool:
    """Whether a name is that of a layer."""
    found = entry(op)
    return found is not None and found.is_module


def bind(op: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, Any] | None:
    """Arguments by parameter name, defaults filled in (for a module: those of ``forward``); None if they do not fit."""
    found = entry(arrays.torch_name(op) if op.startswith(arrays.PREFIX) else op)
    return found.parameters.bind(args, kwargs) if found else None


def apply(op: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Outcome:
    """What a function or a method of a tensor or an array (which comes first) gives."""
    if op.startswith(arrays.PREFIX):
        return arrays.judged(lambda given, named: apply(arrays.torch_name(op), given, named), args, kwargs)
    found = entry(op)
    if found is None or found.is_module:
        return NotKnown(f"{op} is not an operator that shapecheck knows")
    bound = found.parameters.bind(args, kwargs)
    if bound is None:
        return NotKnown(f"the arguments of {found.name} do not fit its signature")
    outcome = _run(found, bound)
    return _written_back(found, bound, outcome) if is_in_place(op) else outcome


def construct(cls: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, Any] | Conflict | None:
    """The constructor parameters of an nn.Module by name, or what its constructor raises; None if it is not known."""
    found = entry(cls)
    if found is None or not found.is_module:
        return None
    params = found.constructor.bind(args, kwargs)
    if params is None:
        return None
    for dividend, divisor, message in found.divisible:
        left, right = as_dim(params[dividend]), as_dim(params[divisor])
        if (left % right).compare(number(0)) is Truth.DIFFERENT:
            words = message.format(**params)
            return Conflict("parameter", words, left, right, dividend, divisor)
    return params


def forward(cls: str, params: Mapping[str, Any], args: Sequence[Any], kwargs: Mapping[str, Any]) -> Outcome:
    """What calling an nn.Module gives, whose constructor parameters are known by name (missing ones are unknown)."""
    found = entry(cls)
    if found is None or not found.is_module:
        return NotKnown(f"{cls} is not a module that shapecheck knows")
    bound = found.parameters.bind(args, kwargs)
    if bound is None:
        return NotKnown(f"the arguments of {found.name} do not fit its forward")
    every = dict.fromkeys(found.constructor.blank, UNKNOWN)
    return _run(found, {**every, **params, **bound})


def index(tensor: Any, key: Any) -> Outcome:
    """``tensor[key]``; key: Dim or int, slice of those, None, Ellipsis, bool, tensor, list, or a tuple of these."""
    return apply("torch.Tensor.__getitem__", (tensor, key), {})


def is_in_place(op: str) -> bool:
    """Whether a name is that of a form that writes into its input: ``add_``, ``__iadd__``."""
    last = op.rpartition(".")[2]
    return last.startswith("__i") if last.endswith("__") else last.endswith("_")


_RESHAPING = frozenset(
    (
        "as_strided_",
        "resize_",
        "resize_as_",
        "set_",
        "squeeze_",
        "swapaxes_",
        "swapdims_",
        "t_",
        "transpose_",
        "unsqueeze_",
    )
)


def reshapes_in_place(op: str) -> bool:
    """Whether a name is that of a form that gives its own input another shape: ``unsqueeze_``, ``resize_``."""
    return op.endswith("_") and op.rpartition(".")[2] in _RESHAPING


def _written_back(found: Entry, bound: dict[str, Any], outcome: Outcome) -> Outcome:
    """An in-place form keeps the input's shape and type; a result that broadcasts beyond the input is refused."""
    if found.rule not in ("broadcasted", "divided") or not isinstance(outcome, Result) or not is_tensor(bound["input"]):
        return outcome
    try:
        onto(Call(found, bound), outcome.value.shape)
    except Clash as clash:
        return clash.conflict
    return Result(Spec(bound["input"].shape, bound["input"].dtype))


def _run(found: Entry, bound: dict[str, Any]) -> Outcome:
    try:
        value = found.handler(Call(found, bound))
    except Clash as clash:
        return clash.conflict
    except Unclear as unclear:
        return NotKnown(f"{found.name}: {unclear}")
    return value if isinstance(value, (NotKnown, Result)) else Result(value)
