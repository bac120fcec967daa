"""numpy's functions and methods of arrays: what they do to shapes is what torch's do, under other names.

Where an array operator certainly fails, numpy's own words are given; what only torch refuses (a mean of whole numbers,
``t()`` of three axes) says nothing about an array.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from shapecheck.ops.values import NotKnown, Outcome, Spec, is_tensor, listed
from shapecheck.shapes import Conflict, Shape

PREFIX = "numpy."
_METHOD = "numpy.ndarray."
_NAMES = {
    "concatenate": "cat",
    "transpose": "permute",
    "power": "pow",
    "expand_dims": "unsqueeze",
    "max": "amax",
    "min": "amin",
    "array_equal": "equal",
    "floordiv": "floor_divide",
    "truediv": "div",
    "mod": "remainder",
    "and_": "bitwise_and",
    "or_": "bitwise_or",
    "xor": "bitwise_xor",
    "invert": "bitwise_not",
    "pos": "positive",
}
"""What torch calls otherwise: functions, methods, and operators of Python."""

FUNCTIONS = frozenset(
    """
    argmax argmin mean sum exp log sqrt abs concatenate stack where squeeze transpose matmul zeros_like ones_like
    clip arange linspace eye sin cos tan tanh log1p expm1 log2 log10 sign square floor ceil round power maximum minimum
    cumsum isnan vstack hstack expand_dims var std max min amax amin all any prod argsort reshape ravel tile
    """.split()
)
METHODS = frozenset(
    """
    squeeze reshape flatten ravel mean sum max min argmax argmin std var prod all any clip round argsort transpose
    __getitem__
    """.split()
)
OPERATORS = frozenset(
    "add sub mul truediv floordiv mod pow matmul and_ or_ xor lt le gt ge eq ne neg pos invert".split()
)
"""What works on arrays as on tensors; by any other name numpy does something of its own (``dot``, ``linalg``)."""

_ALIKE = {
    "broadcast": "operands could not be broadcast together with shapes {shapes}",
    "concat": "all the input array dimensions except for the concatenation axis must match exactly: {shapes}",
    "inner": "matmul: the operands {shapes} have a mismatch in their core dimension",
    "numel": "cannot reshape array of shape {shapes}",
}
"""Conflicts of torch that numpy has as well, in its words."""


def torch_name(op: str) -> str:
    """The operator of torch that does to shapes what one of numpy does; empty where there is none.

    >>> torch_name("numpy.concatenate"), torch_name("numpy.ndarray.max"), torch_name("numpy.dot")
    ('torch.cat', 'torch.Tensor.amax', '')
    """
    last = op.rpartition(".")[2]
    if last not in (METHODS if op.startswith(_METHOD) else FUNCTIONS | OPERATORS):
        return ""
    head = "torch.Tensor." if op.startswith(_METHOD) else "torch."
    return head + _NAMES.get(last, last)


def judged(run: Callable[..., Outcome], args: Sequence[Any], kwargs: Mapping[str, Any]) -> Outcome:
    """What torch's operator gives for these arguments, as far as it holds for arrays."""
    outcome = run(args, kwargs)
    if isinstance(outcome, Conflict) and outcome.kind == "dtype":
        outcome = run([_untyped(value) for value in args], {name: _untyped(value) for name, value in kwargs.items()})
    if not isinstance(outcome, Conflict):
        return outcome
    words = _ALIKE.get(outcome.kind)
    if words is None:
        return NotKnown(f"numpy may do otherwise: {outcome.message}")
    told = words.format(shapes=" ".join(f"({_sizes(shape)})" for shape in _shapes([*args, *kwargs.values()])))
    return replace(outcome, message=told)


def _untyped(value: Any) -> Any:
    return Spec(value.shape) if is_tensor(value) else value


def _sizes(shape: Shape) -> str:
    return f"{listed(shape)}," if shape.rank == 1 else listed(shape)


def _shapes(args: Sequence[Any]) -> list[Shape]:
    found: list[Shape] = []
    for value in args:
        if is_tensor(value):
            found.append(value.shape)
        elif isinstance(value, (list, tuple)):
            found += _shapes(value)
    return found
